//! Constructs frames independently of the crate.

use hybi::relay::Side;

/// The masking key of the example in section 5.7, which the client always uses.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const FIN: u8 = 0x80;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = FIN | 0x8;
pub(crate) const PING: u8 = FIN | 0x9;
pub(crate) const PONG: u8 = FIN | 0xa;

pub(crate) const BOTH: [Side; 2] = [Side::Client, Side::Server];

pub(crate) fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

/// A frame as this side sends it.
pub(crate) fn frame(from: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    match from {
        Side::Client => masked(KEY, first, payload),
        Side::Server => plain(first, payload),
    }
}

/// An unmasked frame.
pub(crate) fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    [&header(None, first, payload.len() as u64)[..], payload].concat()
}

/// A frame masked with this key.
pub(crate) fn masked(key: [u8; 4], first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(Some(key), first, payload.len() as u64);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// A Close without a reason, as this side sends it.
pub(crate) fn close(from: Side, code: u16) -> Vec<u8> {
    frame(from, CLOSE, &code.to_be_bytes())
}

/// The header alone.
pub(crate) fn header(key: Option<[u8; 4]>, first: u8, length: u64) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(mask | u8::try_from(length).unwrap()),
        126..=65535 => {
            bytes.push(mask | 0x7e);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(mask | 0x7f);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend(key.into_iter().flatten());
    bytes
}
