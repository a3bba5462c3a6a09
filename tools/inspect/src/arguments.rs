//! The command line.

use std::{error::Error, path::PathBuf, sync::Arc};

use hybi::inspect::Limits;

use crate::{har::File, session::Output};

const USAGE: &str = "\
usage: inspect LISTEN TARGET [OPTIONS]      pass connections to LISTEN on to TARGET
       inspect --pcap FILE [OPTIONS]        read a capture of unencrypted connections

LISTEN and TARGET are addresses such as 127.0.0.1:9002.

  --har FILE        also write HTTP Archive 1.2, with the messages as browsers write them
  --quiet           print no lines
  --credentials     show the values of Authorization, Cookie and Set-Cookie
  --excerpt N       show at most N bytes of a payload (80)
  --keep N          keep at most N bytes of a message (1048576)";

/// The parsed command line.
pub(crate) struct Arguments {
    pub(crate) source: Source,
    har: Option<PathBuf>,
    quiet: bool,
    credentials: bool,
    excerpt: usize,
    limits: Limits,
}

/// Where the bytes come from.
pub(crate) enum Source {
    Proxy { listen: String, target: String },
    Capture(PathBuf),
}

impl Arguments {
    /// Parses the command line. The error is a message for the user.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut addresses, mut capture, mut har) = (Vec::new(), None, None);
        let (mut quiet, mut credentials, mut excerpt) = (false, false, 80);
        let mut limits = Limits::new();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            let number = |value: String| {
                value.parse::<usize>().map_err(|_| format!("{value} is not a number"))
            };
            match word.as_str() {
                "--pcap" => capture = Some(PathBuf::from(value()?)),
                "--har" => har = Some(PathBuf::from(value()?)),
                "--excerpt" => excerpt = number(value()?)?,
                "--keep" => limits = limits.message(number(value()?)?),
                "--quiet" => quiet = true,
                "--credentials" => credentials = true,
                _ if word.starts_with('-') => return Err(USAGE.into()),
                _ => addresses.push(word),
            }
        }
        let source = match (capture, addresses.as_slice()) {
            (Some(path), []) => Source::Capture(path),
            (None, [listen, target]) => {
                Source::Proxy { listen: listen.clone(), target: target.clone() }
            }
            _ => return Err(USAGE.into()),
        };
        Ok(Self { source, har, quiet, credentials, excerpt, limits })
    }

    /// Opens the output.
    pub(crate) fn output(&self) -> Result<Output, Box<dyn Error>> {
        let har = match &self.har {
            Some(path) => Some(Arc::new(
                File::create(path)
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?,
            )),
            None => None,
        };
        Ok(Output {
            has_lines: !self.quiet,
            credentials: self.credentials,
            excerpt: self.excerpt,
            limits: self.limits,
            har,
        })
    }
}
