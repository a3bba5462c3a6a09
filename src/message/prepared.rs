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
    #[cfg(feature = "deflate")]
    kind: Kind,
    /// How long the header is.
    #[cfg(feature = "deflate")]
    header: usize,
    /// The same, compressed by itself, with the window that it needs.
    #[cfg(feature = "deflate")]
    compressed: Option<(Vec<u8>, u8)>,
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

    /// Prepares the compressed form too, for connections on which compression with such a window
    /// is in use. It is left out where it would not be shorter.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compressed(self, deflate: &crate::deflate::Deflate) -> Self {
        let compressed =
            deflate.compress_alone(&self.frame[self.header..]).and_then(|(payload, window)| {
                let first = Header::data(self.kind.opcode(), true, &payload);
                let frame = framed(first.with_reserved(crate::frame::Reserved::RSV1), &payload);
                (frame.len() < self.frame.len()).then_some((frame, window))
            });
        Self { compressed, ..self }
    }

    /// The compressed form, for a window of so many bits at least.
    #[cfg(feature = "deflate")]
    pub(crate) fn compressed_frame(&self) -> Option<(&[u8], u8)> {
        self.compressed.as_ref().map(|(frame, window)| (&frame[..], *window))
    }

    fn new(kind: Kind, payload: &[u8]) -> Self {
        let header = Header::data(kind.opcode(), true, payload);
        Self {
            frame: framed(header, payload),
            #[cfg(feature = "deflate")]
            kind,
            #[cfg(feature = "deflate")]
            header: header.encoded_len(),
            #[cfg(feature = "deflate")]
            compressed: None,
        }
    }
}

fn framed(header: Header, payload: &[u8]) -> Vec<u8> {
    let header = header.encode();
    let mut frame = Vec::with_capacity(header.len() + payload.len());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(payload);
    frame
}

/// Shows how long it is, not what it says.
impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepared({} bytes)", self.frame.len())
    }
}
