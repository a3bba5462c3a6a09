//! Events with owned payloads, so that runs can be compared.

use hybi::{
    ChunkEvent, Close, Connection, Error, Event, ExtendedEvent, Inbox, Outbox, Role, Storage,
    frame::{Kind as MessageKind, Reserved},
};

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}

/// An event with an owned payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedEvent {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    /// A message of a custom extension with its reserved bits, RSV1 the highest.
    Extended(Kind, u8, Vec<u8>),
    /// A frame of a custom extension: its opcode, FIN, and its reserved bits.
    Frame(u8, bool, u8, Vec<u8>),
}

impl OwnedEvent {
    /// A complete message.
    pub fn message(kind: Kind, bytes: Vec<u8>) -> Self {
        match kind {
            Kind::Text => Self::Text(String::from_utf8(bytes).expect("a text is UTF-8")),
            Kind::Binary => Self::Binary(bytes),
        }
    }

    /// Whether this is a message rather than a control frame.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    fn close(close: Close<'_>) -> Self {
        Self::Close(close.code().map(Into::into), close.reason().into())
    }
}

impl From<Event<'_>> for OwnedEvent {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.into()),
            Event::Binary(data) => Self::Binary(data.into()),
            Event::Ping(payload) => Self::Ping(payload.into()),
            Event::Pong(payload) => Self::Pong(payload.into()),
            Event::Close(close) => Self::close(close),
        }
    }
}

impl From<ExtendedEvent<'_>> for OwnedEvent {
    fn from(event: ExtendedEvent<'_>) -> Self {
        match event {
            ExtendedEvent::Event(event) => event.into(),
            ExtendedEvent::Message(message) => {
                let kind = match message.kind {
                    MessageKind::Text => Kind::Text,
                    MessageKind::Binary => Kind::Binary,
                };
                Self::Extended(kind, number(message.reserved), message.payload.into())
            }
            ExtendedEvent::Frame(frame) => Self::Frame(
                frame.opcode as u8,
                frame.fin,
                number(frame.reserved),
                frame.payload.into(),
            ),
        }
    }
}

/// The reserved bits as a number, RSV1 the highest.
pub fn number(reserved: Reserved) -> u8 {
    let bits = [Reserved::RSV1, Reserved::RSV2, Reserved::RSV3];
    bits.iter().fold(0, |number, bit| number << 1 | u8::from(reserved.contains(*bit)))
}

/// The reserved bits of a number, RSV1 the highest.
pub fn reserved(number: u8) -> Reserved {
    let bits = [(4, Reserved::RSV1), (2, Reserved::RSV2), (1, Reserved::RSV3)];
    let set = bits.iter().filter(|(bit, _)| number & bit != 0);
    set.fold(Reserved::NONE, |set, (_, bit)| set.union(*bit))
}

/// Assembles messages that are received in chunks.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    /// The message in progress.
    pub open: Option<(Kind, Vec<u8>)>,
}

impl Joiner {
    /// Receives the next event, with messages whole or in chunks. `None` if there is none, `Some(None)`
    /// for a part of a message.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    #[allow(clippy::option_option)]
    pub fn receive<R: Role, S: Storage>(
        &mut self,
        connection: &mut Connection<R>,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
        whole: bool,
    ) -> Result<Option<Option<OwnedEvent>>, Error> {
        if whole {
            let event = connection.receive(inbox, outbox)?;
            Ok(event.map(|event| Some(event.into())))
        } else {
            let event = connection.receive_chunk(inbox, outbox)?;
            Ok(event.map(|event| self.join(event)))
        }
    }

    /// Adds a chunk or a control frame. Returns the event that it completes.
    pub fn join(&mut self, event: ChunkEvent<'_>) -> Option<OwnedEvent> {
        match event {
            ChunkEvent::Text { text, fragment } => {
                self.chunk(Kind::Text, text.as_bytes(), fragment.is_last())
            }
            ChunkEvent::Binary { data, fragment } => {
                self.chunk(Kind::Binary, data, fragment.is_last())
            }
            ChunkEvent::Ping(payload) => Some(OwnedEvent::Ping(payload.into())),
            ChunkEvent::Pong(payload) => Some(OwnedEvent::Pong(payload.into())),
            ChunkEvent::Close(close) => Some(OwnedEvent::close(close)),
        }
    }

    fn chunk(&mut self, kind: Kind, bytes: &[u8], last: bool) -> Option<OwnedEvent> {
        assert!(last || !bytes.is_empty(), "an empty chunk that is not the last");
        let (open, mut message) = self.open.take().unwrap_or((kind, Vec::new()));
        assert_eq!(open, kind, "the kind changes within a message");
        message.extend_from_slice(bytes);
        if last {
            return Some(OwnedEvent::message(kind, message));
        }
        self.open = Some((kind, message));
        None
    }
}
