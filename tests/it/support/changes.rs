//! Checks that inboxes may be swapped, cloned, shared, released, or replaced by smaller ones.
//!
//! A test feeds a conversation up to some byte, receives some of its events, and then changes the
//! inbox. If the old inbox was empty, the conversation continues in the new one. If it held part of
//! a message, the connection returns [`Misuse::InboxChanged`] and continues with the old inbox.

use hybi::{Connection, Error, Inbox, LimitExceeded, Misuse, Server, State, Storage};

use super::feed::{Heard, join, own};

/// The bytes that a client sends to a server, and the events at the server, up to the Close.
pub(crate) struct Conversation {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) heard: Vec<Heard>,
    /// Creates the server's connection.
    pub(crate) server: fn() -> Connection<Server>,
}

/// A server in the middle of a conversation.
struct Receiver {
    websocket: Connection<Server>,
    chunks: bool,
    heard: Vec<Heard>,
    joined: Vec<u8>,
}

impl Receiver {
    fn new(conversation: &Conversation, chunks: bool) -> Self {
        Self { websocket: (conversation.server)(), chunks, heard: Vec::new(), joined: Vec::new() }
    }

    /// Receives one event.
    fn next<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<bool, Error> {
        let outbox = &mut Vec::new();
        if self.chunks {
            let chunk = self.websocket.receive_chunk(inbox, outbox)?;
            self.heard.extend(chunk.as_ref().and_then(|chunk| join(chunk, &mut self.joined)));
            Ok(chunk.is_some())
        } else {
            let event = self.websocket.receive(inbox, outbox)?;
            self.heard.extend(event.as_ref().map(own));
            Ok(event.is_some())
        }
    }

    /// Feeds the rest of the bytes and receives all events.
    fn finish<S: Storage>(&mut self, inbox: &mut Inbox<S>, mut rest: &[u8]) -> Result<(), Error> {
        loop {
            while self.next(inbox)? {}
            if rest.is_empty() {
                return Ok(());
            }
            let taken = inbox.copy_from(rest);
            assert!(taken > 0, "an inbox without pending events has room");
            rest = &rest[taken..];
        }
    }
}

/// Feeds the first `fed` bytes and receives `events` events. `None` if there are fewer.
fn begin(
    conversation: &Conversation,
    chunks: bool,
    fed: usize,
    events: usize,
) -> Option<(Receiver, Inbox)> {
    let mut receiver = Receiver::new(conversation, chunks);
    let mut inbox = Inbox::with_capacity(4096);
    assert_eq!(inbox.copy_from(&conversation.bytes[..fed]), fed);
    for _ in 0..events {
        if !receiver.next(&mut inbox).unwrap() {
            return None;
        }
    }
    Some((receiver, inbox))
}

/// Continues with another inbox.
fn go_on<S: Storage>(
    conversation: &Conversation,
    mut receiver: Receiver,
    mut original: Inbox,
    mut other: Inbox<S>,
    rest: &[u8],
) {
    let was_empty = original.is_empty() && other.is_empty();
    // Unread bytes do not belong to a message yet, so their loss is not detected.
    let only_unread = other.is_empty() && !original.unread().is_empty();
    let has_ended = receiver.websocket.state() != State::Open;
    match receiver.next(&mut other) {
        Err(Error::Misuse(Misuse::InboxChanged)) => {
            assert!(!was_empty, "{}", conversation.name);
            receiver.finish(&mut original, rest).unwrap();
            assert_eq!(receiver.heard, conversation.heard, "{}", conversation.name);
            assert!(original.is_empty());
        }
        result if !was_empty => {
            assert!(only_unread || has_ended, "{}: {result:?}", conversation.name);
            let _ = result.and_then(|_| receiver.finish(&mut other, rest));
        }
        result => match result.and_then(|_| receiver.finish(&mut other, rest)) {
            Ok(()) => {
                assert_eq!(receiver.heard, conversation.heard, "{}", conversation.name);
                assert!(other.is_empty());
            }
            Err(error) => {
                let is_too_small = matches!(error, Error::Limit(LimitExceeded::InboxSize { .. }));
                assert!(is_too_small, "{}: {error}", conversation.name);
                assert!(conversation.heard.starts_with(&receiver.heard), "{}", conversation.name);
                assert!(other.is_empty());
            }
        },
    }
}

/// Changes the inbox at every point of a conversation.
pub(crate) fn change_everywhere(conversation: &Conversation, foreign: impl Fn() -> Inbox) {
    for chunks in [false, true] {
        let mut whole = Receiver::new(conversation, chunks);
        let mut inbox = Inbox::with_capacity(64);
        whole.finish(&mut inbox, &conversation.bytes).unwrap();
        assert_eq!(whole.heard, conversation.heard, "{}", conversation.name);
        assert!(inbox.is_empty());

        for fed in (0..=conversation.bytes.len()).step_by(if cfg!(miri) { 31 } else { 1 }) {
            let rest = &conversation.bytes[fed..];
            for events in 0.. {
                let begin = || begin(conversation, chunks, fed, events);
                let Some((receiver, inbox)) = begin() else { break };
                go_on(conversation, receiver, inbox, Inbox::with_capacity(64), rest);
                for size in [0, 1, 6, 16, 150, 300, 5000] {
                    let Some((receiver, inbox)) = begin() else { break };
                    go_on(conversation, receiver, inbox, Inbox::over(vec![0; size]), rest);
                }
                let Some((receiver, inbox)) = begin() else { break };
                let mut released = inbox.clone();
                released.release();
                go_on(conversation, receiver, inbox, released, rest);

                let Some((receiver, inbox)) = begin() else { break };
                go_on(conversation, receiver, inbox, foreign(), rest);

                // A clone continues like the original.
                let Some((mut receiver, inbox)) = begin() else { break };
                receiver.finish(&mut inbox.clone(), rest).unwrap();
                assert_eq!(receiver.heard, conversation.heard, "{}", conversation.name);
            }
        }
    }
}

/// Checks that two connections can share an inbox while it is empty.
pub(crate) fn share_everywhere(first: &Conversation, second: &Conversation) {
    for chunks in [false, true] {
        for cut in (0..=first.bytes.len()).step_by(if cfg!(miri) { 31 } else { 1 }) {
            let mut shared = Inbox::with_capacity(64);
            let (mut one, mut two) = (Receiver::new(first, chunks), Receiver::new(second, chunks));
            one.finish(&mut shared, &first.bytes[..cut]).unwrap();
            if shared.is_empty() {
                two.finish(&mut shared, &second.bytes).unwrap();
            } else {
                let result = two.finish(&mut shared, &[]);
                let held = result == Err(Misuse::InboxChanged.into());
                // Only part of a header can be held outside a message.
                assert!(held || shared.unread().len() < 14, "{}, {cut}: {result:?}", first.name);
                two.finish(&mut Inbox::with_capacity(64), &second.bytes).unwrap();
            }
            one.finish(&mut shared, &first.bytes[cut..]).unwrap();
            assert_eq!(one.heard, first.heard, "{}, {cut}", first.name);
            assert_eq!(two.heard, second.heard, "{}, {cut}", second.name);
            assert!(shared.is_empty());
        }
    }
}
