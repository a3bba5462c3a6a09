//! Encodes the peer's frames and decodes the endpoint's, independently of the crate (RFC 6455,
//! section 5.2).

use super::terms::{Fin, Frame, Kind, Role, Sent, payload};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Encodes a frame from the peer of this endpoint.
pub(crate) fn encode(to: Role, frame: Frame) -> Vec<u8> {
    let (opcode, fin) = match frame {
        Frame::First(Kind::Text, fin) => (1, fin),
        Frame::First(Kind::Binary, fin) => (2, fin),
        Frame::Continuation(fin) => (0, fin),
        Frame::Ping => (9, Fin::Last),
        Frame::Pong => (10, Fin::Last),
        Frame::Close(_) => (8, Fin::Last),
        Frame::Broken => (3, Fin::Last),
    };
    let payload = payload(frame);
    let first = opcode | if fin == Fin::Last { 0x80 } else { 0 };
    let length = u8::try_from(payload.len()).unwrap();
    match to {
        Role::Client => [&[first, length], payload].concat(),
        Role::Server => {
            let masked: Vec<u8> = payload.iter().zip(KEY).map(|(byte, key)| byte ^ key).collect();
            [&[first, 0x80 | length], &KEY[..], &masked].concat()
        }
    }
}

/// Decodes the frames of this endpoint, which are all short.
pub(crate) fn decode(from: Role, mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_eq!(first & 0x70, 0, "a reserved bit");
        assert_eq!(second & 0x80 != 0, from == Role::Client, "only a client masks");
        let length = usize::from(second & 0x7f);
        assert!(length < 126, "a long frame");
        let (key, rest) = rest.split_at(if from == Role::Client { 4 } else { 0 });
        let (payload, rest) = rest.split_at(length);
        let key: &[u8] = if key.is_empty() { &[0] } else { key };
        let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        frames.push(Sent { fin, opcode, payload: payload.collect() });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "an incomplete frame");
    frames
}
