//! The command line.

use hybi::{Config, deflate::Deflate, http1::HeadLimits};

const USAGE: &str = "\
usage: serve [ADDR] [OPTIONS]

ADDR is the address to listen on, 127.0.0.1:9001 by default. Sizes are in bytes. The limits for
messages, frames, fragments and the outbox apply to the echo.

  --message-size N    the largest message to receive (16777216)
  --frame-size N      the largest frame to receive (16777216)
  --fragments N       the most fragments of a message to receive (131072)
  --outbox-size N     the high-water mark of the outbox (33554432)
  --head-size N       the largest request head (16384)
  --head-fields N     the most header fields of a request (100)
  --trace             print a timeline of each connection
  --quiet             do not report connections that end with an error";

/// The parsed command line.
pub(crate) struct Arguments {
    pub(crate) address: String,
    pub(crate) config: Config,
    pub(crate) head: HeadLimits,
    pub(crate) deflate: Deflate,
    pub(crate) trace: bool,
    pub(crate) quiet: bool,
}

impl Arguments {
    /// Parses the command line. The error is a message for the user.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            address: "127.0.0.1:9001".into(),
            config: Config::new(),
            head: HeadLimits::new(),
            deflate: Deflate::new(),
            trace: false,
            quiet: false,
        };
        let mut has_address = false;
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
                value.parse::<u32>().map_err(|_| format!("{word} {value}: not a number"))
            };
            let Self { config, head, .. } = &mut arguments;
            match word.as_str() {
                "--message-size" => *config = config.max_message_size(number()?.into()),
                "--frame-size" => *config = config.max_frame_size(number()?.into()),
                "--fragments" => *config = config.max_fragments(number()?),
                "--outbox-size" => *config = config.outbox_high_water(number()? as usize),
                "--head-size" => *head = head.size(number()? as usize),
                "--head-fields" => *head = head.fields(number()? as usize),
                "--trace" => arguments.trace = true,
                "--quiet" => arguments.quiet = true,
                _ if word.starts_with('-') || has_address => return Err(USAGE.into()),
                _ => {
                    arguments.address = word;
                    has_address = true;
                }
            }
        }
        Ok(arguments)
    }
}
