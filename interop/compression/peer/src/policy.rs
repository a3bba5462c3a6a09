//! The policy, from the query of a URI.

use hybi::deflate::Deflate;

use crate::Failure;

/// How a connection compresses, and how it fragments messages.
pub(crate) struct Policy {
    /// The size of fragments, if messages are fragmented.
    pub(crate) fragment_size: Option<usize>,
    /// `None` for no compression.
    pub(crate) deflate: Option<Deflate>,
}

impl Policy {
    /// Parses a query such as `send_window=12&receive_takeover=1`. The threshold is 0, so that messages of
    /// any length are compressed.
    pub(crate) fn parse(query: &str) -> Result<Self, Failure> {
        let mut fragment_size = None;
        let mut deflate = Deflate::new().threshold(0);
        let mut compression = true;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| invalid(pair))?;
            let value: u16 = value.parse().map_err(|_| invalid(pair))?;
            let bits = u8::try_from(value).unwrap_or(u8::MAX);
            deflate = match name {
                "send_window" => deflate.send_window(bits),
                "receive_window" => deflate.receive_window(bits),
                "send_takeover" => deflate.send_context_takeover(value == 1),
                "receive_takeover" => deflate.receive_context_takeover(value == 1),
                "insist" => deflate.require_receive_window(value == 1),
                "level" => deflate.level(bits),
                "compression" => {
                    compression = value == 1;
                    deflate
                }
                "fragment_size" => {
                    fragment_size = Some(value.into());
                    deflate
                }
                _ => return Err(invalid(pair)),
            };
        }
        Ok(Self { fragment_size, deflate: compression.then_some(deflate) })
    }
}

fn invalid(pair: &str) -> Failure {
    format!("{pair}: not a setting of a policy").into()
}
