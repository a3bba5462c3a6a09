//! Receiving, and reactions to events.

use hybi::{Error, Misuse, State, Storage};
use hybi_fuzz::event::{Kind, OwnedEvent};

use super::{Came, End};
use crate::{role::Endpoint, settings::Reaction};

/// The most reactions of an endpoint, so that two echoes end.
const REACTIONS: usize = 8;

impl<R: Endpoint, S: Storage> End<R, S> {
    /// Receives all events. Returns whether there were any.
    pub(crate) fn drain(&mut self) -> bool {
        let mut some = false;
        // A message that was begun in chunks must be completed in chunks.
        while self.receive(false) || self.receive(self.in_chunks) {
            some = true;
        }
        some
    }

    /// Receives one event. Returns whether there was one.
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
            Ok(Some(event)) => {
                assert!(matches!(before, State::Open | State::CloseSent), "an event after the end");
                if let Some(event) = event {
                    self.on_event(event, before, in_chunks);
                }
            }
            Err(Error::Misuse(Misuse::ChunksPending)) => {
                assert!(self.in_chunks && !in_chunks, "no message was begun in chunks");
                return false;
            }
            Err(error) => {
                assert_eq!(self.input, Came::Garbage, "{error}, but the peer is correct");
                assert!(error.close_code().is_some());
                assert_eq!(self.error.replace(error), None, "a second error");
                assert_eq!(self.state(), State::Failed);
                assert!(self.inbox.is_empty());
            }
        }
        true
    }

    fn on_event(&mut self, event: OwnedEvent, before: State, in_chunks: bool) {
        if event.is_message() {
            assert!(!self.settings.drops(before), "a message that should be dropped");
            let rest = in_chunks || self.joiner.open.is_none();
            assert!(rest, "the rest of a message as a whole message");
            self.in_chunks = false;
        }
        self.events.push((event.clone(), before));
        if self.events.len() <= REACTIONS {
            self.react(event);
        }
    }

    fn react(&mut self, event: OwnedEvent) {
        match (self.settings.reaction, event) {
            (Reaction::Echo, OwnedEvent::Text(text)) => self.message(Kind::Text, text.as_bytes()),
            (Reaction::Echo, OwnedEvent::Binary(data)) => self.message(Kind::Binary, &data),
            (Reaction::Answer, OwnedEvent::Ping(payload)) => self.pong(&payload),
            (Reaction::CloseOnMessage, OwnedEvent::Text(_) | OwnedEvent::Binary(_))
            | (Reaction::CloseOnPing, OwnedEvent::Ping(_))
            | (Reaction::CloseOnPong, OwnedEvent::Pong(_)) => self.close(0, ""),
            _ => {}
        }
    }
}
