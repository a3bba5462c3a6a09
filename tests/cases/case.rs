//! A case: what the peer sends, and what the endpoint must do.

use super::wire::{Answer, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

/// A case of the suite. The peer sends each step, and reads its answers before the next one.
pub(crate) struct Case {
    pub(crate) number: String,
    pub(crate) steps: Box<dyn Iterator<Item = Step>>,
    pub(crate) end: End,
}

pub(crate) struct Step {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) cut: Cut,
    /// Everything that the endpoint sends after this step, except for a Close.
    pub(crate) answers: Vec<Answer>,
}

/// What the peer writes.
pub(crate) enum Piece {
    /// A frame with this first byte.
    Frame(u8, Vec<u8>),
    /// A header with this first byte and length.
    Header(u8, usize),
    /// A part of the payload after a [`Header`](Self::Header).
    Payload(Vec<u8>),
    /// A message of this opcode, compressed as negotiated, in frames of at most this many bytes.
    Compressed(u8, Vec<u8>, usize),
}

/// How the bytes of a step are split into reads.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    Whole,
    /// Each frame is a read.
    Frames,
    /// Each read has this many bytes.
    Every(usize),
}

/// How the connection ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// After the last step, the peer sends a Close with 1000, and the endpoint echoes it.
    PeerCloses,
    /// The last step contains a Close, and the endpoint replies with this code.
    Reply(Option<u16>),
    /// The endpoint fails the connection in the last step, with this code.
    Fails(u16),
}

impl Case {
    pub(crate) fn new(number: impl Into<String>, steps: Vec<Step>, end: End) -> Self {
        Self { number: number.into(), steps: Box::new(steps.into_iter()), end }
    }

    /// A case of one step.
    pub(crate) fn single(number: impl Into<String>, step: Step, end: End) -> Self {
        Self::new(number, vec![step], end)
    }
}

impl Step {
    pub(crate) fn new(pieces: Vec<Piece>, cut: Cut, answers: Vec<Answer>) -> Self {
        Self { pieces, cut, answers }
    }

    /// A step that the endpoint does not answer, or only by a Close.
    pub(crate) fn silent(pieces: Vec<Piece>, cut: Cut) -> Self {
        Self::new(pieces, cut, Vec::new())
    }
}

/// A frame that is not the last one of its message, or the only one if it is a control frame.
pub(crate) fn open(opcode: u8, payload: impl AsRef<[u8]>) -> Piece {
    Piece::Frame(opcode, payload.as_ref().to_vec())
}

/// The last frame of a message.
pub(crate) fn last(opcode: u8, payload: impl AsRef<[u8]>) -> Piece {
    Piece::Frame(FIN | opcode, payload.as_ref().to_vec())
}

pub(crate) fn text(payload: impl AsRef<[u8]>) -> Piece {
    last(TEXT, payload)
}

pub(crate) fn ping(payload: impl AsRef<[u8]>) -> Piece {
    last(PING, payload)
}

pub(crate) fn pong(payload: impl AsRef<[u8]>) -> Piece {
    last(PONG, payload)
}

/// A Close with this code and reason.
pub(crate) fn close(code: u16, reason: impl AsRef<[u8]>) -> Piece {
    last(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

/// A message in frames of `size` bytes; the last one has the rest.
pub(crate) fn fragments(opcode: u8, payload: &[u8], size: usize) -> Vec<Piece> {
    let count = payload.len().div_ceil(size).max(1);
    let frame = |index: usize| {
        let part = payload[index * size..].iter().take(size).copied().collect();
        let opcode = if index == 0 { opcode } else { CONTINUATION };
        let fin = if index + 1 == count { FIN } else { 0 };
        Piece::Frame(fin | opcode, part)
    };
    (0..count).map(frame).collect()
}

/// The same message, sent back.
pub(crate) fn echo(opcode: u8, payload: impl AsRef<[u8]>) -> Answer {
    let payload = payload.as_ref().to_vec();
    match opcode {
        TEXT => Answer::Text(payload),
        BINARY => Answer::Binary(payload),
        PING => Answer::Pong(payload),
        _ => panic!("opcode {opcode} is not answered"),
    }
}
