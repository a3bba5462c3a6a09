//! A multiplexer: several streams of messages over one connection.
//!
//! Each of its frames has RSV3. The first byte of the payload is the number of the stream, the rest is
//! a piece of a message of that stream. Within a stream, opcode and FIN have the meaning that they
//! have for fragments (RFC 6455, section 5.4). Frames of different streams, plain messages and control
//! frames may be sent in any order.

use hybi::{
    CloseCode, Connection, Error, Outbox, Role,
    extension::{Claims, ExtensionFrame},
    frame::{Kind, Opcode, Reserved},
};

pub(crate) const NAME: &str = "x-mux";

/// The bit that marks a frame of a stream.
pub(crate) const BIT: Reserved = Reserved::RSV3;

pub(crate) const CLAIMS: Claims = Claims::new().per_frame(BIT);

/// The size of a piece: no frame occupies the connection for longer.
pub(crate) const PIECE: usize = 100;

/// The messages of the streams that are being received. Stream `n` is at index `n`.
pub(crate) struct Streams<const COUNT: usize, const SIZE: usize> {
    streams: [Stream<SIZE>; COUNT],
}

/// A stream with room for a message of `SIZE` bytes.
struct Stream<const SIZE: usize> {
    /// The kind of the message in progress, if there is one.
    open: Option<Kind>,
    length: usize,
    buffer: [u8; SIZE],
}

/// A complete message of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamMessage<'a> {
    pub(crate) stream: u8,
    pub(crate) kind: Kind,
    pub(crate) payload: &'a [u8],
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The frame has another reserved bit, or no payload.
    Malformed,
    /// There is no such stream.
    UnknownStream,
    /// The frame continues nothing, or begins a message inside another one.
    OutOfOrder,
    /// The message exceeds the limit of its stream.
    TooLong,
    /// A text is not UTF-8 (section 8.1).
    NotUtf8,
}

impl Fault {
    /// The code to close the connection with.
    pub(crate) const fn close_code(self) -> CloseCode {
        match self {
            Self::Malformed | Self::UnknownStream | Self::OutOfOrder => CloseCode::PROTOCOL_ERROR,
            Self::TooLong => CloseCode::MESSAGE_TOO_BIG,
            Self::NotUtf8 => CloseCode::INVALID_PAYLOAD,
        }
    }
}

impl<const COUNT: usize, const SIZE: usize> Streams<COUNT, SIZE> {
    pub(crate) const fn new() -> Self {
        Self { streams: [const { Stream { open: None, length: 0, buffer: [0; SIZE] } }; COUNT] }
    }

    /// Adds a frame. Returns the message that it completes, if any.
    pub(crate) fn receive(
        &mut self,
        frame: ExtensionFrame<'_>,
    ) -> Result<Option<StreamMessage<'_>>, Fault> {
        let Some((&number, piece)) = frame.payload.split_first() else {
            return Err(Fault::Malformed);
        };
        if frame.reserved != BIT {
            return Err(Fault::Malformed);
        }
        let stream = self.streams.get_mut(usize::from(number)).ok_or(Fault::UnknownStream)?;
        let kind = match (frame.opcode, stream.open) {
            (Opcode::Text, None) => Kind::Text,
            (Opcode::Binary, None) => Kind::Binary,
            (Opcode::Continuation, Some(kind)) => kind,
            _ => return Err(Fault::OutOfOrder),
        };
        let end = stream.length + piece.len();
        stream.buffer.get_mut(stream.length..end).ok_or(Fault::TooLong)?.copy_from_slice(piece);
        if !frame.fin {
            (stream.open, stream.length) = (Some(kind), end);
            return Ok(None);
        }
        (stream.open, stream.length) = (None, 0);
        let payload = &stream.buffer[..end];
        if kind == Kind::Text && std::str::from_utf8(payload).is_err() {
            return Err(Fault::NotUtf8);
        }
        Ok(Some(StreamMessage { stream: number, kind, payload }))
    }
}

/// A message of a stream that is being sent, piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct Sending<'a> {
    stream: u8,
    opcode: Opcode,
    rest: &'a [u8],
}

impl<'a> Sending<'a> {
    pub(crate) const fn new(message: StreamMessage<'a>) -> Self {
        let StreamMessage { stream, kind, payload } = message;
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        Self { stream, opcode, rest: payload }
    }

    /// Sends the next piece. Returns whether there are more.
    pub(crate) fn send_piece<R: Role>(
        &mut self,
        websocket: &mut Connection<R>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE));
        let mut payload = [self.stream; 1 + PIECE];
        payload[1..=piece.len()].copy_from_slice(piece);
        let (opcode, fin, payload) = (self.opcode, rest.is_empty(), &payload[..=piece.len()]);
        let frame = ExtensionFrame { opcode, fin, reserved: BIT, payload };
        websocket.send_extension_frame(frame, outbox)?;
        (self.opcode, self.rest) = (Opcode::Continuation, rest);
        Ok(!fin)
    }

    /// Sends all pieces.
    pub(crate) fn send_all<R: Role>(
        mut self,
        websocket: &mut Connection<R>,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        while self.send_piece(websocket, outbox)? {}
        Ok(())
    }
}
