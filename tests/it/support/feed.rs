//! Feeds bytes to an endpoint in every way, and collects the results.

use hybi::{
    ChunkEvent, Client, Close, Config, Connection, Error, Event, Inbox, Role, Server, State,
    Storage,
    random::{Entropy, EntropyError},
};

use super::wire::{From, KEY};

/// Always returns the masking key of the example in section 5.7, so that the bytes are known.
#[derive(Clone, Debug)]
pub(crate) struct ExampleKey;

impl Entropy for ExampleKey {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.iter_mut().zip(KEY.iter().cycle()).for_each(|(byte, key)| *byte = *key);
        Ok(())
    }
}

pub(crate) fn server(config: Config) -> Connection<Server> {
    Connection::server(config)
}

pub(crate) fn client(config: Config) -> Connection<Client<ExampleKey>> {
    Connection::client(config, ExampleKey)
}

/// An event that owns its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

pub(crate) fn text(text: &str) -> Heard {
    Heard::Text(text.into())
}

pub(crate) fn binary(data: &[u8]) -> Heard {
    Heard::Binary(data.into())
}

/// The final state of an endpoint and everything that it delivered and sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) heard: Vec<Heard>,
    pub(crate) error: Option<Error>,
    pub(crate) outbox: Vec<u8>,
    pub(crate) state: State,
    pub(crate) close_code: Option<u16>,
}

impl Outcome {
    fn of<R: Role>(
        websocket: &Connection<R>,
        heard: Vec<Heard>,
        error: Option<Error>,
        outbox: Vec<u8>,
    ) -> Self {
        let (state, close_code) = (websocket.state(), websocket.close_code());
        Self { heard, error, outbox, state, close_code }
    }
}

/// How the input is split into reads.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    Whole,
    /// Into pieces of this many bytes.
    Every(usize),
    /// Into two pieces at this index.
    At(usize),
    /// At these indexes, in ascending order.
    AtAll(Vec<usize>),
}

impl Cut {
    pub(crate) fn pieces<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            Self::Whole => vec![bytes],
            Self::Every(length) => bytes.chunks(*length).collect(),
            Self::At(index) => {
                let (head, tail) = bytes.split_at(*index);
                vec![head, tail]
            }
            Self::AtAll(places) => {
                let places = || places.iter().copied();
                let pieces = [0].into_iter().chain(places()).zip(places().chain([bytes.len()]));
                pieces.map(|(start, end)| &bytes[start..end]).collect()
            }
        }
    }

    /// Whole, in pieces of 1 and 7 bytes, and in two at every index. Long inputs skip some indexes,
    /// and Miri gets only three of these.
    pub(crate) fn all(length: usize) -> Vec<Self> {
        if cfg!(miri) {
            return vec![Self::Whole, Self::Every(7), Self::At(length / 2)];
        }
        let step = length / 600 + 1;
        let splits = (0..=length).step_by(step).map(Self::At);
        [Self::Whole, Self::Every(1), Self::Every(7)].into_iter().chain(splits).collect()
    }
}

/// Feeds the peer of `from` and receives whole messages, by `receive` and by `advance`, which must
/// give the same results.
pub(crate) fn feed(from: From, config: Config, bytes: &[u8], cut: &Cut) -> Outcome {
    let inbox = || Inbox::with_capacity(64);
    let (received, looked) = match from {
        From::Client => (
            receive(&mut server(config), inbox(), bytes, cut),
            look(&mut server(config), inbox(), bytes, cut),
        ),
        From::Server => (
            receive(&mut client(config), inbox(), bytes, cut),
            look(&mut client(config), inbox(), bytes, cut),
        ),
    };
    assert_eq!(received, looked, "`receive` and `advance` differ");
    received
}

/// The same with an inbox of a fixed size.
pub(crate) fn feed_fixed<const N: usize>(
    from: From,
    config: Config,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    match from {
        From::Client => receive(&mut server(config), Inbox::over([0; N]), bytes, cut),
        From::Server => receive(&mut client(config), Inbox::over([0; N]), bytes, cut),
    }
}

/// The same in chunks, which are joined again.
pub(crate) fn feed_chunks(from: From, config: Config, bytes: &[u8], cut: &Cut) -> Outcome {
    match from {
        From::Client => receive_chunks(&mut server(config), Inbox::over([0; 160]), bytes, cut),
        From::Server => receive_chunks(&mut client(config), Inbox::over([0; 160]), bytes, cut),
    }
}

/// Receives whole messages.
pub(crate) fn receive<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    let (mut heard, mut outbox) = (Vec::new(), Vec::new());
    let error = hand_over(inbox, bytes, cut, |inbox| {
        let event = websocket.receive(inbox, &mut outbox)?;
        heard.extend(event.as_ref().map(own));
        Ok(event.is_some())
    });
    Outcome::of(websocket, heard, error, outbox)
}

/// The same by `advance` and `Inbox::event`.
fn look<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    let (mut heard, mut outbox) = (Vec::new(), Vec::new());
    let error = hand_over(inbox, bytes, cut, |inbox| {
        let is_found = websocket.advance(inbox, &mut outbox)?;
        assert_eq!(inbox.event(), inbox.event(), "`event` is repeatable");
        heard.extend(inbox.event().as_ref().map(own));
        assert_eq!(is_found, inbox.event().is_some());
        assert!(!matches!(
            inbox.chunk_event(),
            Some(ChunkEvent::Text { .. } | ChunkEvent::Binary { .. })
        ));
        Ok(is_found)
    });
    Outcome::of(websocket, heard, error, outbox)
}

/// Receives in chunks, which are joined again.
pub(crate) fn receive_chunks<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    let (mut heard, mut joined, mut outbox) = (Vec::new(), Vec::new(), Vec::new());
    let error = hand_over(inbox, bytes, cut, |inbox| {
        let chunk = websocket.receive_chunk(inbox, &mut outbox)?;
        heard.extend(chunk.as_ref().and_then(|chunk| join(chunk, &mut joined)));
        Ok(chunk.is_some())
    });
    Outcome::of(websocket, heard, error, outbox)
}

/// Copies the pieces into an inbox as it has room. `next` receives once and returns whether there
/// was an event.
pub(crate) fn hand_over<S: Storage>(
    mut inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
    mut next: impl FnMut(&mut Inbox<S>) -> Result<bool, Error>,
) -> Option<Error> {
    let mut error = None;
    for mut piece in cut.pieces(bytes) {
        loop {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            loop {
                match next(&mut inbox) {
                    Ok(true) => assert_eq!(error, None, "nothing is delivered after an error"),
                    Ok(false) => break,
                    Err(found) => {
                        assert_eq!(error.replace(found), None, "an error is reported once");
                    }
                }
            }
            if piece.is_empty() {
                break;
            }
        }
    }
    error
}

/// Adds a chunk to the message so far. Returns a control frame at once, and a message at its end.
pub(crate) fn join(chunk: &ChunkEvent<'_>, joined: &mut Vec<u8>) -> Option<Heard> {
    match *chunk {
        ChunkEvent::Text { text, fragment } => {
            let last = fragment.is_last();
            assert!(last || !text.is_empty(), "only the last chunk may be empty");
            joined.extend_from_slice(text.as_bytes());
            last.then(|| Heard::Text(String::from_utf8(std::mem::take(joined)).unwrap()))
        }
        ChunkEvent::Binary { data, fragment } => {
            let last = fragment.is_last();
            assert!(last || !data.is_empty(), "only the last chunk may be empty");
            joined.extend_from_slice(data);
            last.then(|| Heard::Binary(std::mem::take(joined)))
        }
        ChunkEvent::Ping(data) => Some(Heard::Ping(data.into())),
        ChunkEvent::Pong(data) => Some(Heard::Pong(data.into())),
        ChunkEvent::Close(close) => Some(heard_close(&close)),
    }
}

pub(crate) fn own(event: &Event<'_>) -> Heard {
    match *event {
        Event::Text(text) => Heard::Text(text.into()),
        Event::Binary(data) => Heard::Binary(data.into()),
        Event::Ping(data) => Heard::Ping(data.into()),
        Event::Pong(data) => Heard::Pong(data.into()),
        Event::Close(close) => heard_close(&close),
    }
}

fn heard_close(close: &Close<'_>) -> Heard {
    Heard::Close(close.code().map(hybi::CloseCode::get), close.reason().into())
}
