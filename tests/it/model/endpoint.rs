//! The crate's connection, driven by the steps of the model.

use std::fmt::Debug;

use hybi::{
    ChunkEvent, Close, CloseCode, Connection, Error, Event as Delivered, FixedOutbox, Fragment,
    Inbox, Misuse, Outbox,
    random::{Entropy, EntropyError},
};

use super::{
    terms::{self, DATA, Event, Fault, Fin, Kind, Outcome, PING, PONG, Role, Status, Step},
    wire,
};

/// The size of an outbox that does not grow, in bytes: room for one frame of a client, or for a few
/// frames of a server.
pub(crate) const OUTBOX: usize = 10;

/// A source of masking keys, which may have none.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) exist: bool,
}

impl Entropy for Keys {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        if self.exist { Ok(()) } else { Err(EntropyError) }
    }
}

/// An outbox that grows, or a fixed one that is full at first.
enum Out {
    Growing(Vec<u8>),
    Fixed(FixedOutbox<[u8; OUTBOX]>),
}

pub(crate) struct Endpoint<R: hybi::Role> {
    role: Role,
    websocket: Connection<R>,
    inbox: Inbox,
    outbox: Out,
}

impl<R: hybi::Role + Debug> Endpoint<R> {
    pub(crate) fn new(role: Role, websocket: Connection<R>, grows: bool) -> Self {
        let outbox = if grows {
            Out::Growing(Vec::new())
        } else {
            let mut full = FixedOutbox::over([0; OUTBOX]);
            full.append(&[0xee; OUTBOX]);
            Out::Fixed(full)
        };
        Self { role, websocket, inbox: Inbox::with_capacity(1024), outbox }
    }

    /// Takes a step and returns its outcome.
    pub(crate) fn observe(&mut self, step: Step) -> Outcome {
        let before = self.outbox.pending();
        let result = self.act(step);
        let written = match step {
            Step::Drain => Vec::new(),
            _ => wire::decode(self.role, &self.outbox.bytes()[before..]),
        };
        Outcome { result, written, status: self.status() }
    }

    /// Takes a step.
    pub(crate) fn act(&mut self, step: Step) -> Result<Option<Event>, Fault> {
        let Self { websocket, inbox, outbox, .. } = self;
        let fragment = |fin| if fin == Fin::Last { Fragment::Last } else { Fragment::More };
        let sent = match step {
            Step::Arrives(frame) => {
                let bytes = wire::encode(self.role, frame);
                assert_eq!(inbox.copy_from(&bytes), bytes.len(), "the inbox grows");
                Ok(())
            }
            Step::EndOfInput => websocket.end_of_input(),
            Step::Receive => {
                let event = websocket.receive(inbox, outbox).map_err(|error| fault(&error))?;
                return Ok(event.map(delivered));
            }
            Step::ReceiveChunk => {
                let event =
                    websocket.receive_chunk(inbox, outbox).map_err(|error| fault(&error))?;
                return Ok(event.map(chunk));
            }
            Step::Send(Kind::Text) => websocket.send_text(DATA, outbox),
            Step::Send(Kind::Binary) => websocket.send_binary(DATA.as_bytes(), outbox),
            Step::SendFragment(Kind::Text, fin) => {
                websocket.send_text_fragment(DATA, fragment(fin), outbox)
            }
            Step::SendFragment(Kind::Binary, fin) => {
                websocket.send_binary_fragment(DATA.as_bytes(), fragment(fin), outbox)
            }
            Step::SendPing => websocket.send_ping(PING, outbox),
            Step::SendPong => websocket.send_pong(PONG, outbox),
            Step::Close => websocket.close(CloseCode::NORMAL, "", outbox),
            Step::CloseWithoutCode => websocket.close_without_code(outbox),
            Step::Drain => {
                outbox.clear();
                Ok(())
            }
        };
        sent.map(|()| None).map_err(|error| fault(&error))
    }

    pub(crate) fn should_close_transport(&self) -> bool {
        self.websocket.should_close_transport()
    }

    /// The bytes that it would still send if there were room.
    pub(crate) fn unsent(&mut self) -> Vec<u8> {
        let mut outbox = Vec::new();
        let _ = self.websocket.receive_chunk(&mut self.inbox, &mut outbox);
        outbox
    }

    /// The complete state of the endpoint. Endpoints with equal keys behave the same from here on.
    ///
    /// The debug output of the connection contains all its fields except for the payload of a
    /// pending pong and the masking key of a frame in progress. Here all pings are equal, and
    /// frames arrive complete. The inbox grows, so its behavior depends on its contents but not on
    /// their position. Only the room in the outbox matters.
    pub(crate) fn key(&self) -> String {
        let Self { websocket, inbox, outbox, .. } = self;
        let unread = inbox.unread();
        format!("{websocket:?} {} {unread:?} {}", inbox.is_empty(), outbox.room())
    }

    fn status(&self) -> Status {
        let websocket = &self.websocket;
        Status {
            state: match websocket.state() {
                hybi::State::Open => terms::State::Open,
                hybi::State::CloseSent => terms::State::CloseSent,
                hybi::State::CloseReceived => terms::State::CloseReceived,
                hybi::State::Closed => terms::State::Closed,
                hybi::State::Failed => terms::State::Failed,
                hybi::State::Ended => terms::State::Ended,
                hybi::State::Lost => terms::State::Lost,
                other => panic!("the model has no such state: {other:?}"),
            },
            should_close_transport: websocket.should_close_transport(),
            is_closing: websocket.is_closing(),
            close_code: websocket.close_code(),
        }
    }
}

fn delivered(event: Delivered<'_>) -> Event {
    match event {
        Delivered::Text(text) => Event::Message(Kind::Text, text.into()),
        Delivered::Binary(data) => Event::Message(Kind::Binary, data.into()),
        Delivered::Ping(data) => Event::Ping(data.into()),
        Delivered::Pong(data) => Event::Pong(data.into()),
        Delivered::Close(close) => closed(close),
    }
}

fn chunk(event: ChunkEvent<'_>) -> Event {
    let fin = |last| if last { Fin::Last } else { Fin::More };
    match event {
        ChunkEvent::Text { text, fragment } => {
            Event::Chunk(Kind::Text, text.into(), fin(fragment.is_last()))
        }
        ChunkEvent::Binary { data, fragment } => {
            Event::Chunk(Kind::Binary, data.into(), fin(fragment.is_last()))
        }
        ChunkEvent::Ping(data) => Event::Ping(data.into()),
        ChunkEvent::Pong(data) => Event::Pong(data.into()),
        ChunkEvent::Close(close) => closed(close),
    }
}

fn closed(close: Close<'_>) -> Event {
    assert_eq!(close.reason(), "");
    Event::Close(close.code().map(CloseCode::get))
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Protocol(violation) => Fault::Failed(violation.close_code().get()),
        Error::ConnectionLost => Fault::Lost,
        Error::Misuse(Misuse::NotOpen) => Fault::NotOpen,
        Error::Misuse(Misuse::MessageOpen) => Fault::MessageOpen,
        Error::Misuse(Misuse::KindChanged) => Fault::KindChanged,
        Error::Misuse(Misuse::ChunksPending) => Fault::ChunksPending,
        Error::OutboxFull(_) | Error::AboveHighWater { .. } => Fault::NoRoom,
        Error::Entropy(_) => Fault::NoKey,
        other => panic!("{other}"),
    }
}

impl Out {
    fn clear(&mut self) {
        match self {
            Self::Growing(bytes) => bytes.clear(),
            Self::Fixed(outbox) => outbox.clear(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Growing(bytes) => bytes,
            Self::Fixed(outbox) => outbox.bytes(),
        }
    }
}

impl Outbox for Out {
    fn pending(&self) -> usize {
        self.bytes().len()
    }

    fn room(&self) -> usize {
        match self {
            Self::Growing(bytes) => bytes.room(),
            Self::Fixed(outbox) => outbox.room(),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        match self {
            Self::Growing(own) => own.extend_from_slice(bytes),
            Self::Fixed(outbox) => outbox.append(bytes),
        }
    }
}
