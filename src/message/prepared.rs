//! A message that is framed once and sent to many clients.

#[cfg(feature = "deflate")]
mod compressed;

use alloc::vec::Vec;

use crate::frame::{Header, Kind};

/// A complete frame, ready to be sent on any number of server connections.
///
/// See [`Connection::send_prepared`](crate::Connection::send_prepared) and
/// [`Connection::frame_prepared`](crate::Connection::frame_prepared).
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
    kind: Kind,
    /// The length of the header.
    header_len: usize,
    /// The frame with a payload that was compressed independently of other messages, and the window
    /// that it needs, in bits.
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

    /// The kind of the message.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The length of the uncompressed payload in bytes.
    pub(crate) fn payload_len(&self) -> usize {
        self.frame.len() - self.header_len
    }

    /// The uncompressed frame.
    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// The compressed frame, and the window that it needs, in bits.
    pub(crate) fn compressed_frame(&self) -> Option<(&[u8], u8)> {
        self.compressed.as_ref().map(|(frame, window)| (&frame[..], *window))
    }

    fn new(kind: Kind, payload: &[u8]) -> Self {
        let header = Header::data(kind.opcode(), true, payload);
        Self {
            frame: encode(header, payload),
            kind,
            header_len: header.encoded_len(),
            compressed: None,
        }
    }
}

fn encode(header: Header, payload: &[u8]) -> Vec<u8> {
    let header = header.encode();
    let mut frame = Vec::with_capacity(header.len() + payload.len());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(payload);
    frame
}

/// Shows the length, not the contents.
impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepared({} bytes)", self.frame.len())
    }
}
