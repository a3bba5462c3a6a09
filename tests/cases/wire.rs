//! Writes and reads frames (RFC 6455, section 5.2) without the crate.

use std::fmt;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Writes the frames of the peer.
pub(crate) struct Writer {
    is_client: bool,
    key: [u8; 4],
    /// How many payload bytes of the frame have been written.
    position: usize,
}

impl Writer {
    pub(crate) fn new(is_client: bool) -> Self {
        Self { is_client, key: [0x11, 0x5a, 0xc3, 0x9e], position: 0 }
    }

    /// Writes a header with the minimal encoding of the length, and a new masking key for a client.
    pub(crate) fn header(&mut self, first: u8, length: usize, wire: &mut Vec<u8>) {
        let mask = if self.is_client { 0x80 } else { 0 };
        wire.push(first);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length @ 0..=125), _) => wire.push(mask | length),
            (_, Ok(length)) => {
                wire.push(mask | 0x7e);
                wire.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                wire.push(mask | 0x7f);
                wire.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        if self.is_client {
            let next = u32::from_be_bytes(self.key).wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a);
            self.key = next.to_be_bytes();
            wire.extend_from_slice(&self.key);
        }
        self.position = 0;
    }

    /// Writes some of the payload.
    pub(crate) fn payload(&mut self, bytes: &[u8], wire: &mut Vec<u8>) {
        let start = wire.len();
        wire.extend_from_slice(bytes);
        if self.is_client {
            let mut key = self.key;
            key.rotate_left(self.position % 4);
            unmask(&mut wire[start..], key);
        }
        self.position += bytes.len();
    }

    pub(crate) fn frame(&mut self, first: u8, payload: &[u8], wire: &mut Vec<u8>) {
        self.header(first, payload.len(), wire);
        self.payload(payload, wire);
    }
}

fn unmask(bytes: &mut [u8], key: [u8; 4]) {
    for four in bytes.chunks_mut(4) {
        for (byte, key) in four.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
}

/// A frame that the endpoint sent, with its payload unmasked.
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

/// Reads the frames of the endpoint.
pub(crate) struct Reader {
    /// Whether the endpoint is a client, which masks its frames.
    is_masked: bool,
    bytes: Vec<u8>,
    /// The start of the next frame in `bytes`.
    start: usize,
}

impl Reader {
    pub(crate) fn new(is_masked: bool) -> Self {
        Self { is_masked, bytes: Vec::new(), start: 0 }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether the endpoint has sent a part of a frame.
    pub(crate) fn is_within_a_frame(&self) -> bool {
        self.start < self.bytes.len()
    }

    /// The next frame if it is complete. An error if its length or its mask is wrong.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        let bytes = &self.bytes[self.start..];
        let [first, second, ..] = *bytes else { return Ok(None) };
        if (second & 0x80 != 0) != self.is_masked {
            return Err(format!("a frame begins with {first:02x} {second:02x}"));
        }
        let (width, least) = match second & 0x7f {
            126 => (2, 126),
            127 => (8, 0x1_0000),
            _ => (0, 0),
        };
        let key_length = if self.is_masked { 4 } else { 0 };
        let header = 2 + width + key_length;
        if bytes.len() < header {
            return Ok(None);
        }
        let length = match width {
            0 => usize::from(second & 0x7f),
            _ => bytes[2..2 + width].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
        };
        if length < least {
            return Err(format!("a length of {length} is in {width} bytes"));
        }
        if bytes.len() - header < length {
            return Ok(None);
        }
        let mut payload = bytes[header..header + length].to_vec();
        if let (true, &[a, b, c, d]) = (self.is_masked, &bytes[2 + width..header]) {
            unmask(&mut payload, [a, b, c, d]);
        }
        self.start += header + length;
        Ok(Some(Frame { first, payload }))
    }
}

/// What an endpoint sends, except for its Close.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
}

/// Long payloads are abbreviated.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, payload) = match self {
            Self::Text(payload) => ("text", payload),
            Self::Binary(payload) => ("binary", payload),
            Self::Pong(payload) => ("pong", payload),
        };
        let start = &payload[..payload.len().min(40)];
        write!(f, "{name} of {} bytes: {}", payload.len(), start.escape_ascii())
    }
}
