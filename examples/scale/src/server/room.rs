//! A room: the latest messages, each prepared once, with consecutive numbers.
//!
//! A room does not know its members. Each member has a position of its own and reads from here, so one
//! that is slow delays nobody and needs no queue:
//!
//! ```text
//!            ┌──── at most RING messages ────┐
//!   dropped  │ 41 │ 42 │ 43 │ … │ 551 │ 552 │
//!              ▲ oldest   ▲            ▲     ▲ last
//!                         a slow one   a member that has received everything before 551
//! ```

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hybi_tokio::hybi::{Prepared, deflate::Deflate};
use tokio::sync::watch;

/// The number of messages that a room keeps. A client that reconnects gets those that it missed, if they
/// are among them.
pub(crate) const RING: usize = 512;

#[derive(Debug)]
pub(crate) struct Room {
    name: String,
    ring: Mutex<Ring>,
    /// The number of the last message.
    last: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    /// The number of the first entry, or of the next message if there is none.
    oldest: u64,
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: Box<str>,
    message: Arc<Prepared>,
}

/// What a member finds at its position.
#[derive(Debug)]
pub(crate) enum Found {
    Message(Arc<Prepared>),
    /// The message is not in the ring any more. This is the oldest one that is.
    Dropped(u64),
    /// The message does not exist yet.
    NotYet,
}

impl Room {
    /// An empty room. Its first message will have this number.
    pub(crate) fn new(name: &str, first: u64) -> Self {
        Self {
            name: name.into(),
            ring: Mutex::new(Ring { oldest: first, entries: VecDeque::new() }),
            last: watch::Sender::new(first.saturating_sub(1)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number of the last message.
    pub(crate) fn last(&self) -> u64 {
        *self.last.borrow()
    }

    /// The number of the last message, and notice of its changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    pub(crate) fn get(&self, number: u64) -> Found {
        let ring = self.lock();
        let Some(index) = number.checked_sub(ring.oldest) else {
            return Found::Dropped(ring.oldest);
        };
        let entry = usize::try_from(index).ok().and_then(|index| ring.entries.get(index));
        entry.map_or(Found::NotYet, |entry| Found::Message(Arc::clone(&entry.message)))
    }

    /// Adds a message whose number was assigned elsewhere. One that the room has already is ignored.
    pub(crate) fn insert(&self, number: u64, id: &str, text: &str) {
        let mut ring = self.lock();
        let expected = ring.next();
        if number < expected {
            return;
        }
        if number > expected {
            // The messages between do not exist any more. Members skip them.
            ring.entries.clear();
            ring.oldest = number;
        }
        self.append(&mut ring, id, text);
    }

    /// Adds a message and assigns its number. One whose id is in the ring was sent again, and is ignored.
    pub(crate) fn append_new(&self, id: &str, text: &str) {
        let mut ring = self.lock();
        if ring.entries.iter().all(|entry| *entry.id != *id) {
            self.append(&mut ring, id, text);
        }
    }

    fn append(&self, ring: &mut Ring, id: &str, text: &str) {
        let number = ring.next();
        let message = Prepared::text(&format!("{number} {id} {text}")).compressed(&compression());
        if ring.entries.len() == RING {
            ring.entries.pop_front();
            ring.oldest += 1;
        }
        ring.entries.push_back(Entry { id: id.into(), message: Arc::new(message) });
        self.last.send_replace(number);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// The number of the next message.
    fn next(&self) -> u64 {
        self.oldest + self.entries.len() as u64
    }
}

/// The compression of all connections. Prepared messages do not use the context of a connection, so none
/// is kept: an idle connection holds no window.
pub(crate) fn compression() -> Deflate {
    Deflate::new().send_context_takeover(false).receive_context_takeover(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_message(found: &Found) -> bool {
        matches!(found, Found::Message(_))
    }

    #[test]
    fn a_room_keeps_the_latest_messages() {
        let room = Room::new("kitchen", 1);
        for number in 1..=RING as u64 + 10 {
            room.append_new(&format!("id{number}"), "text");
        }
        assert_eq!(room.last(), RING as u64 + 10);
        assert!(matches!(room.get(10), Found::Dropped(11)));
        assert!(is_message(&room.get(11)));
        assert!(is_message(&room.get(RING as u64 + 10)));
        assert!(matches!(room.get(RING as u64 + 11), Found::NotYet));
    }

    #[test]
    fn a_message_that_is_sent_again_is_added_once() {
        let room = Room::new("kitchen", 1);
        room.append_new("a", "text");
        room.append_new("a", "text");
        room.insert(1, "a", "text");
        assert_eq!(room.last(), 1);
    }

    #[test]
    fn messages_that_do_not_exist_any_more_are_skipped() {
        let room = Room::new("kitchen", 5);
        room.insert(5, "a", "text");
        room.insert(9, "b", "text");
        assert!(matches!(room.get(5), Found::Dropped(9)));
        assert!(is_message(&room.get(9)));
        assert_eq!(room.last(), 9);
    }
}
