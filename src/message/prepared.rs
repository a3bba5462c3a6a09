//! A message put into its frame once, for many receivers.

use alloc::vec::Vec;

use super::Kind;
use crate::frame::Header;

/// A message in its frame, ready to be sent by any number of servers' connections.
///
/// ```
/// use hybi::{Config, Connection, Prepared};
///
/// let news = Prepared::text("the kettle boils");
/// let mut outbox = Vec::new();
/// for mut websocket in [Connection::server(Config::new()), Connection::server(Config::new())] {
///     websocket.send_prepared(&news, &mut outbox)?;
/// }
/// # Ok::<(), hybi::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    frame: Vec<u8>,
}

impl Prepared {
    /// Prepares a text message.
    pub fn text(text: &str) -> Self {
        Self::new(Kind::Text, text.as_bytes())
    }

    /// Prepares a binary message.
    pub fn binary(data: &[u8]) -> Self {
        Self::new(Kind::Binary, data)
    }

    /// The whole frame as a server sends it.
    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    fn new(kind: Kind, payload: &[u8]) -> Self {
        let header = Header::data(kind.opcode(), true, payload).encode();
        let mut frame = Vec::with_capacity(header.len() + payload.len());
        frame.extend_from_slice(&header);
        frame.extend_from_slice(payload);
        Self { frame }
    }
}

/// Shows how long it is, not what it says.
impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepared({} bytes)", self.frame.len())
    }
}
