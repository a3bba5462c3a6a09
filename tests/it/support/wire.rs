//! Constructs frames independently of the crate.

/// The masking key of the example in section 5.7.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The sender of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Client,
    Server,
}

pub(crate) const BOTH: [From; 2] = [From::Client, From::Server];

/// A frame: its first byte, the length in its minimal encoding, the masking key if the sender is a
/// client, and the payload.
pub(crate) fn frame(from: From, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(from, first, payload.len() as u64);
    match from {
        From::Server => bytes.extend_from_slice(payload),
        From::Client => {
            bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ KEY[i % 4]));
        }
    }
    bytes
}

/// The header alone.
pub(crate) fn header(from: From, first: u8, length: u64) -> Vec<u8> {
    let masked = if from == From::Client { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(masked | u8::try_from(length).unwrap()),
        126..=65535 => {
            bytes.push(masked | 0x7e);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(masked | 0x7f);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    if from == From::Client {
        bytes.extend_from_slice(&KEY);
    }
    bytes
}

/// The body of a Close frame.
pub(crate) fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
