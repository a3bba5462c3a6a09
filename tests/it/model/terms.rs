//! The interface of the connection and the model: the steps that they take, and the outcomes.

/// The role of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Client,
    Server,
}

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// A frame from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Frame {
    First(Kind, Fin),
    Continuation(Fin),
    Ping,
    Pong,
    Close(Body),
    /// A frame whose opcode is reserved.
    Broken,
}

/// Whether a frame ends its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fin {
    More,
    Last,
}

/// The body of the peer's Close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Body {
    /// Code 4000.
    Code,
    Empty,
    /// A single byte.
    Invalid,
}

/// An input or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// A frame of the peer arrives in the inbox.
    Arrives(Frame),
    EndOfInput,
    Receive,
    ReceiveChunk,
    Send(Kind),
    SendFragment(Kind, Fin),
    SendPing,
    SendPong,
    /// With code 1000.
    Close,
    CloseWithoutCode,
    /// The outbox is written to the transport.
    Drain,
}

/// The payload of each kind of frame of the peer.
pub(crate) const fn payload(frame: Frame) -> &'static [u8] {
    match frame {
        Frame::First(Kind::Text, _) => b"t",
        Frame::First(Kind::Binary, _) => b"b",
        Frame::Continuation(_) => b"c",
        Frame::Ping => b"i",
        Frame::Pong => b"o",
        Frame::Close(Body::Code) => &[0x0f, 0xa0],
        Frame::Close(Body::Invalid) => &[0x0f],
        Frame::Close(Body::Empty) | Frame::Broken => b"",
    }
}

/// The payloads of the endpoint's own frames.
pub(crate) const DATA: &str = "d";
pub(crate) const PING: &[u8] = b"p";
pub(crate) const PONG: &[u8] = b"q";

/// The outcome of a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) result: Result<Option<Event>, Fault>,
    pub(crate) written: Vec<Sent>,
    pub(crate) status: Status,
}

/// An event that the endpoint delivers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Message(Kind, Vec<u8>),
    Chunk(Kind, Vec<u8>, Fin),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

/// The error of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The peer violated the protocol. The connection fails with this code.
    Failed(u16),
    Lost,
    NotOpen,
    MessageOpen,
    KindChanged,
    ChunksPending,
    NoRoom,
    NoKey,
}

/// A frame that the endpoint sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(crate) fin: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// The state that an endpoint reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) should_close_transport: bool,
    pub(crate) is_closing: bool,
    pub(crate) close_code: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    CloseSent,
    CloseReceived,
    Closed,
    Failed,
    Ended,
    Lost,
}
