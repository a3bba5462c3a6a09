//! A codec in place of permessage-deflate: run-length encoding.
//!
//! It sets RSV1 on the first frame of a message. The payload is a sequence of pairs: a count from 1
//! to 255, and the byte that is repeated so often. It is not UTF-8 in general, even if the message is
//! a text.

use hybi::{
    CloseCode,
    frame::{Kind, Reserved},
};

pub(crate) const NAME: &str = "x-run-length";

/// The bit that marks an encoded message.
pub(crate) const BIT: Reserved = Reserved::RSV1;

/// Why a message cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A count is 0, or has no byte.
    Malformed,
    /// The decoded message exceeds the limit.
    TooLong,
    /// The decoded text is not UTF-8 (RFC 6455, section 8.1).
    NotUtf8,
}

impl Fault {
    /// The code to close the connection with.
    pub(crate) const fn close_code(self) -> CloseCode {
        match self {
            Self::Malformed => CloseCode::PROTOCOL_ERROR,
            Self::TooLong => CloseCode::MESSAGE_TOO_BIG,
            Self::NotUtf8 => CloseCode::INVALID_PAYLOAD,
        }
    }
}

pub(crate) fn encode(payload: &[u8]) -> Vec<u8> {
    let runs = payload.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(255));
    runs.flat_map(|run| [u8::try_from(run.len()).unwrap(), run[0]]).collect()
}

/// Decodes a message of at most `limit` bytes.
pub(crate) fn decode(kind: Kind, encoded: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut payload = Vec::new();
    for pair in encoded.chunks(2) {
        let &[count, byte] = pair else { return Err(Fault::Malformed) };
        if count == 0 {
            return Err(Fault::Malformed);
        }
        let length = payload.len() + usize::from(count);
        if length > limit {
            return Err(Fault::TooLong);
        }
        payload.resize(length, byte);
    }
    if kind == Kind::Text && std::str::from_utf8(&payload).is_err() {
        return Err(Fault::NotUtf8);
    }
    Ok(payload)
}

/// By hand.
#[test]
fn runs_have_at_most_255_bytes() {
    assert_eq!(encode(b""), b"");
    assert_eq!(encode(b"aab"), b"\x02a\x01b");
    let long = [7; 600];
    assert_eq!(encode(&long), [255, 7, 255, 7, 90, 7]);
    assert_eq!(decode(Kind::Binary, &[255, 7, 255, 7, 90, 7], 600).unwrap(), long);
    assert_eq!(decode(Kind::Binary, &[255, 7, 255, 7, 90, 7], 599), Err(Fault::TooLong));
}
