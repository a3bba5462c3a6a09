//! Events that own what they say, so that runs can be compared.

use hybi::{ChunkEvent, Close, Connection, Error, Event, Inbox, Outbox, Role, Storage};

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}

/// What was heard from a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

impl Heard {
    /// A whole message.
    pub fn message(kind: Kind, bytes: Vec<u8>) -> Self {
        match kind {
            Kind::Text => Self::Text(String::from_utf8(bytes).expect("a text is UTF-8")),
            Kind::Binary => Self::Binary(bytes),
        }
    }

    /// Whether it is a message, and not a control frame.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    fn close(close: Close<'_>) -> Self {
        Self::Close(close.code().map(Into::into), close.reason().into())
    }
}

impl From<Event<'_>> for Heard {
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

/// Puts messages that come in chunks together.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    /// The message in progress.
    pub open: Option<(Kind, Vec<u8>)>,
}

impl Joiner {
    /// Receives the next event, of whole messages or of messages in chunks, or `None` when there
    /// is none; inside it `None` for a part of a message.
    ///
    /// # Errors
    ///
    /// As the connection's.
    #[allow(clippy::option_option)]
    pub fn receive<R: Role, S: Storage>(
        &mut self,
        connection: &mut Connection<R>,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
        whole: bool,
    ) -> Result<Option<Option<Heard>>, Error> {
        if whole {
            let event = connection.receive(inbox, outbox)?;
            Ok(event.map(|event| Some(event.into())))
        } else {
            let event = connection.receive_chunk(inbox, outbox)?;
            Ok(event.map(|event| self.join(event)))
        }
    }

    /// Takes an event; yields what is complete with it.
    pub fn join(&mut self, event: ChunkEvent<'_>) -> Option<Heard> {
        match event {
            ChunkEvent::Text { text, fragment } => {
                self.chunk(Kind::Text, text.as_bytes(), fragment.is_last())
            }
            ChunkEvent::Binary { data, fragment } => {
                self.chunk(Kind::Binary, data, fragment.is_last())
            }
            ChunkEvent::Ping(payload) => Some(Heard::Ping(payload.into())),
            ChunkEvent::Pong(payload) => Some(Heard::Pong(payload.into())),
            ChunkEvent::Close(close) => Some(Heard::close(close)),
        }
    }

    fn chunk(&mut self, kind: Kind, bytes: &[u8], last: bool) -> Option<Heard> {
        assert!(last || !bytes.is_empty(), "a chunk is empty, and not the last");
        let (open, mut message) = self.open.take().unwrap_or((kind, Vec::new()));
        assert_eq!(open, kind, "a message changes its kind");
        message.extend_from_slice(bytes);
        if last {
            return Some(Heard::message(kind, message));
        }
        self.open = Some((kind, message));
        None
    }
}
