//! What is on the wire, independently of the crate (RFC 6455, section 5.2). All frames are short.

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What one endpoint sends and the other one reports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// A complete message.
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Code),
    /// A frame that violates the protocol.
    Violation,
}

/// The code of a Close, which may have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Code(pub(crate) Option<u16>);

/// A frame that an endpoint has sent.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// A frame that no endpoint may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    ReservedOpcode,
    /// The client does not mask, or the server does.
    Masking,
    /// A Close with 1005.
    CloseCode,
}

pub(crate) const FAULTS: [Fault; 3] = [Fault::ReservedOpcode, Fault::Masking, Fault::CloseCode];

/// The length of the header of a short frame, with its masking key.
pub(crate) const fn header_len(from: Side) -> usize {
    match from {
        Side::Client => 6,
        Side::Server => 2,
    }
}

/// Encodes a frame that violates the protocol.
pub(crate) fn encode(from: Side, fault: Fault) -> Vec<u8> {
    let (first, payload): (u8, &[u8]) = match fault {
        Fault::ReservedOpcode => (0x83, b""),
        Fault::Masking => (0x81, b""),
        Fault::CloseCode => (0x88, &[0x03, 0xed]),
    };
    let length = u8::try_from(payload.len()).unwrap();
    if (from == Side::Client) == (fault == Fault::Masking) {
        return [&[first, length], payload].concat();
    }
    let masked: Vec<u8> = payload.iter().zip(KEY).map(|(byte, key)| byte ^ key).collect();
    [&[first, 0x80 | length], &KEY[..], &masked].concat()
}

/// Decodes the frames that an endpoint has sent.
pub(crate) fn decode(from: Side, mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let [first, second, ..] = bytes {
        assert_eq!(first & 0x70, 0, "a reserved bit");
        assert_eq!(second & 0x80 != 0, from == Side::Client, "only a client masks");
        let (header, rest) = bytes.split_at(header_len(from));
        let (payload, rest) = rest.split_at(payload_len(header));
        let key = if from == Side::Client { &header[2..] } else { &[0] };
        let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        frames.push(Frame { fin, opcode, payload: payload.collect() });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "an incomplete frame");
    frames
}

/// Cuts frames, which may be faulty, into headers and payloads.
pub(crate) fn cut(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (header, rest) = bytes.split_at(if bytes[1] & 0x80 == 0 { 2 } else { 6 });
        let (payload, rest) = rest.split_at(payload_len(header));
        pieces.extend(
            [header, payload].map(<[u8]>::to_vec).into_iter().filter(|piece| !piece.is_empty()),
        );
        bytes = rest;
    }
    pieces
}

/// The payload length that this header declares.
fn payload_len(header: &[u8]) -> usize {
    let length = usize::from(header[1] & 0x7f);
    assert!(length < 126, "a long frame");
    length
}
