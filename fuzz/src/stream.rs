//! Generates streams of frames that are mostly valid, so that they get past the first header.

use arbitrary::Arbitrary;

/// The most bytes of a stream, so that a run stays short.
const MAX_STREAM: usize = 12 * 1024;

/// A stream of arbitrary bytes, or of frames that are mostly valid.
#[derive(Debug, Arbitrary)]
pub enum Stream<'a> {
    Bytes(&'a [u8]),
    Frames(Vec<Frame<'a>>),
}

/// A frame.
#[derive(Debug, Arbitrary)]
pub struct Frame<'a> {
    opcode: Opcode,
    more: bool,
    key: [u8; 4],
    flaw: u8,
    payload: Payload<'a>,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

#[derive(Debug, Arbitrary)]
enum Payload<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
    Repeated(char, u16),
    Close(u16, &'a str),
}

impl Stream<'_> {
    /// The bytes on the wire, masked if they are from a client.
    pub fn bytes(&self, masked: bool) -> Vec<u8> {
        let frames = match self {
            Stream::Bytes(bytes) => return bytes.to_vec(),
            Stream::Frames(frames) => frames,
        };
        let mut bytes = Vec::new();
        for frame in frames {
            frame.append(masked, &mut bytes);
            if bytes.len() > MAX_STREAM {
                break;
            }
        }
        bytes.truncate(MAX_STREAM);
        bytes
    }
}

impl Frame<'_> {
    fn append(&self, masked: bool, bytes: &mut Vec<u8>) {
        let mut payload = self.payload.bytes();
        let mut first = self.opcode as u8;
        if first >= 8 {
            payload.truncate(125);
        }
        if first >= 8 || !self.more {
            first |= 0x80;
        }
        let mut masked = masked;
        let mut declared = payload.len();
        let mut width = match declared {
            0..126 => 0,
            126..0x1_0000 => 2,
            _ => 8,
        };
        match self.flaw {
            0 => masked = !masked,
            1 => width = 2,
            2 => width = 8,
            3 => first ^= 0x80,
            4 => first ^= 0x10 << (declared % 3),
            5 => first = self.key[0],
            6 => declared += 1,
            7 => declared = declared.saturating_sub(1),
            8 => (declared, width) = (usize::from_be_bytes([self.key[0]; 8]), 8),
            _ => {}
        }
        bytes.push(first);
        let mask = if masked { 0x80 } else { 0 };
        let long = (declared as u64).to_be_bytes();
        match width {
            0 => bytes.push(mask + long[7] % 0x80),
            2 => bytes.extend([mask + 126, long[6], long[7]]),
            _ => {
                bytes.push(mask + 127);
                bytes.extend(long);
            }
        }
        let mut key = [0; 4];
        if masked {
            key = self.key;
            bytes.extend(key);
        }
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

impl Payload<'_> {
    fn bytes(&self) -> Vec<u8> {
        match *self {
            Payload::Bytes(bytes) => bytes.to_vec(),
            Payload::Text(text) => text.into(),
            Payload::Repeated(character, count) => {
                character.to_string().repeat(usize::from(count % 5000)).into()
            }
            Payload::Close(code, reason) => {
                // Half of them are in the small range of valid codes.
                let code = if code % 2 == 0 { code / 2 } else { 1000 + code % 16 };
                [&code.to_be_bytes(), reason.as_bytes()].concat()
            }
        }
    }
}
