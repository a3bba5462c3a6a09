//! The measured traffic: consecutive messages, in pieces.

use hybi::{
    Client, Config, Connection, Error, Event, Fragment, Inbox, Role, Server, random::OsEntropy,
};

/// The payload of each fragment of a message in fragments, in bytes.
pub(crate) const FRAGMENT: usize = 64;

/// The type of a message.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Content {
    Binary,
    /// Text in several languages, so that it is not all ASCII.
    Text,
}

/// Settings that allow the largest message.
fn config() -> Config {
    Config::new().max_message_size(1 << 30).max_frame_size(1 << 30).outbox_high_water(usize::MAX)
}

/// A payload of this many bytes.
pub(crate) fn payload(length: usize) -> String {
    const WORDS: &str = "Water boils. Wasser kocht über. Вода кипит. 水が沸く。";
    let mut text = WORDS.repeat(length / WORDS.len());
    for character in WORDS.chars() {
        if text.len() + character.len_utf8() <= length {
            text.push(character);
        }
    }
    text.extend(std::iter::repeat_n('.', length - text.len()));
    text
}

/// A server that receives, with its buffers.
pub(crate) struct Receiver {
    websocket: Connection<Server>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            websocket: Connection::server(config()),
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: Vec::new(),
        }
    }

    /// Receives the bytes of a client in reads of `piece` bytes, and passes each message to `show`.
    pub(crate) fn receive(
        &mut self,
        wire: &[u8],
        piece: usize,
        mut show: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let Self { websocket, inbox, outbox } = self;
        let mut rest = wire;
        while !rest.is_empty() {
            let spare = inbox.spare()?;
            let (read, after) = rest.split_at(piece.min(spare.len()).min(rest.len()));
            spare[..read.len()].copy_from_slice(read);
            rest = after;
            inbox.commit(read.len())?;
            while let Some(event) = websocket.receive(inbox, outbox)? {
                match event {
                    Event::Text(text) => show(text.as_bytes()),
                    Event::Binary(data) => show(data),
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// An endpoint that sends, with an outbox that keeps its memory.
pub(crate) struct Sender<R: Role> {
    websocket: Connection<R>,
    outbox: Vec<u8>,
    frame_size: usize,
}

impl Sender<Server> {
    /// A server that sends frames of at most this size.
    pub(crate) fn server(frame_size: usize) -> Self {
        Self { websocket: Connection::server(config()), outbox: Vec::new(), frame_size }
    }
}

impl Sender<Client> {
    /// A client that sends frames of at most this size.
    pub(crate) fn client(frame_size: usize) -> Self {
        let websocket = Connection::client(config(), OsEntropy::new());
        Self { websocket, outbox: Vec::new(), frame_size }
    }
}

impl<R: Role> Sender<R> {
    /// Sends a message and returns the bytes to write.
    pub(crate) fn send(&mut self, message: &str, content: Content) -> Result<&[u8], Error> {
        let Self { websocket, outbox, frame_size } = self;
        outbox.clear();
        match content {
            Content::Binary => Fragment::split_binary(message.as_bytes(), *frame_size)
                .try_for_each(|(piece, last)| {
                    websocket.send_binary_fragment(piece, last, outbox)
                })?,
            Content::Text => Fragment::split_text(message, *frame_size)
                .try_for_each(|(piece, last)| websocket.send_text_fragment(piece, last, outbox))?,
        }
        Ok(outbox)
    }

    /// The same in fragments that are sent one by one.
    pub(crate) fn send_fragments(&mut self, message: &str) -> Result<&[u8], Error> {
        self.outbox.clear();
        for (piece, last) in Fragment::split_binary(message.as_bytes(), FRAGMENT) {
            self.websocket.send_binary_fragment(piece, last, &mut self.outbox)?;
        }
        Ok(&self.outbox)
    }
}
