//! The policy, from the query of a URI.

use hybi::deflate::Deflate;

use crate::Failure;

/// How one connection is to compress, and to split what it sends.
pub(crate) struct Policy {
    /// The size of the fragments that messages are sent in, if they are.
    pub(crate) fragment_size: Option<usize>,
    /// `None` to go without compression.
    pub(crate) deflate: Option<Deflate>,
}

impl Policy {
    /// Reads a query such as `send_window=12&receive_context_takeover=1`. Even the shortest messages are
    /// compressed.
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
                "send_context_takeover" => deflate.send_context_takeover(value == 1),
                "receive_context_takeover" => deflate.receive_context_takeover(value == 1),
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
    format!("{pair}: not a part of a policy").into()
}
