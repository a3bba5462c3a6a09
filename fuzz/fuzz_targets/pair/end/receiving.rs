//! What an end hears, and what it does then.

use hybi::{Error, Misuse, State, Storage};
use hybi_fuzz::event::{Heard, Kind};

use super::{Came, End};
use crate::{role::Endpoint, settings::Reaction};

/// How often an end reacts, so that an echo ends.
const REACTIONS: usize = 8;

impl<R: Endpoint, S: Storage> End<R, S> {
    /// Receives all that has come; tells whether there was anything.
    pub(crate) fn drain(&mut self) -> bool {
        let mut some = false;
        // In the way that the message in progress was begun.
        while self.receive(false) || self.receive(self.in_chunks) {
            some = true;
        }
        some
    }

    /// Receives one event; tells whether there was one.
    pub(crate) fn receive(&mut self, in_chunks: bool) -> bool {
        let before = self.state();
        let Self { connection, inbox, outbox, joiner, .. } = self;
        if self.settings.drops(before) {
            joiner.open = None;
        }
        self.in_chunks |= in_chunks;
        let result = joiner.receive(connection, inbox, outbox, !in_chunks);
        match result {
            Ok(None) => return false,
            Ok(Some(heard)) => {
                assert!(matches!(before, State::Open | State::CloseSent), "an event after the end");
                if let Some(heard) = heard {
                    self.hear(heard, before, in_chunks);
                }
            }
            Err(Error::Misuse(Misuse::ChunksPending)) => {
                assert!(self.in_chunks && !in_chunks, "no message was begun in chunks");
                return false;
            }
            Err(error) => {
                assert_eq!(self.input, Came::Garbage, "{error}, though the peer is not at fault");
                assert!(error.close_code().is_some());
                assert_eq!(self.error.replace(error), None, "a second error");
                assert_eq!(self.state(), State::Failed);
                assert!(self.inbox.is_empty());
            }
        }
        true
    }

    fn hear(&mut self, heard: Heard, before: State, in_chunks: bool) {
        if heard.is_message() {
            assert!(!self.settings.drops(before), "a message is to be dropped");
            let rest = in_chunks || self.joiner.open.is_none();
            assert!(rest, "the rest of a message as a whole one");
            self.in_chunks = false;
        }
        self.heard.push((heard.clone(), before));
        if self.heard.len() <= REACTIONS {
            self.react(heard);
        }
    }

    fn react(&mut self, heard: Heard) {
        match (self.settings.reaction, heard) {
            (Reaction::Echo, Heard::Text(text)) => self.message(Kind::Text, text.as_bytes()),
            (Reaction::Echo, Heard::Binary(data)) => self.message(Kind::Binary, &data),
            (Reaction::Answer, Heard::Ping(payload)) => self.pong(&payload),
            (Reaction::CloseOnMessage, Heard::Text(_) | Heard::Binary(_))
            | (Reaction::CloseOnPing, Heard::Ping(_))
            | (Reaction::CloseOnPong, Heard::Pong(_)) => self.close(0, ""),
            _ => {}
        }
    }
}
