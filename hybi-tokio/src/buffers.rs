//! Buffers that the connections of a thread share.
//!
//! A connection needs the memory of an inbox and of an outbox while it is busy. When it waits for
//! input, it gives them back, and the next connection on the same thread that becomes readable takes
//! them. So an idle connection holds no buffer, and a busy thread works on memory that is in the cache.

use std::{cell::RefCell, mem, thread::LocalKey};

use hybi::{GrowingOutbox, Inbox};

/// The size of a read.
const CAPACITY: usize = 64 * 1024;

/// The most unused buffers of each kind that a thread keeps. Several are in use while connections
/// wait in the middle of a large message.
const KEPT: usize = 4;

/// Memory in excess of this is freed, in bytes.
const MAX_KEPT_CAPACITY: usize = 2 * 1024 * 1024;

/// A connection that waits in the middle of a message keeps its inbox if the inbox is at most this
/// many times as large as its contents. Otherwise the contents move to a smaller one.
const MAX_EXCESS: usize = 16;

thread_local! {
    static INBOXES: RefCell<Vec<Inbox>> = const { RefCell::new(Vec::new()) };
    static OUTBOXES: RefCell<Vec<GrowingOutbox>> = const { RefCell::new(Vec::new()) };
}

/// An inbox without memory. It allocates on the first read.
pub(crate) fn new_inbox() -> Inbox {
    Inbox::with_capacity(CAPACITY)
}

/// Takes an inbox and an outbox of the thread if the connection has none, before a read.
pub(crate) fn take(inbox: &mut Inbox, outbox: &mut GrowingOutbox) {
    if inbox.capacity() == 0
        && let Some(unused) = INBOXES.with_borrow_mut(Vec::pop)
    {
        *inbox = unused;
    }
    take_outbox(outbox);
}

/// Takes an outbox of the thread if the connection has none, before something is queued.
pub(crate) fn take_outbox(outbox: &mut GrowingOutbox) {
    if outbox.capacity() == 0
        && let Some(unused) = OUTBOXES.with_borrow_mut(Vec::pop)
    {
        *outbox = unused;
    }
}

/// Gives the buffers to the thread, before the connection waits for input. `has_own` is whether the
/// connection has kept an inbox of its own since its last one was empty.
pub(crate) fn give_back(inbox: &mut Inbox, has_own: &mut bool, outbox: &mut GrowingOutbox) {
    let capacity = inbox.capacity();
    if inbox.is_empty() {
        keep(&INBOXES, capacity, mem::replace(inbox, new_inbox()));
        *has_own = false;
    } else if !*has_own && capacity / MAX_EXCESS > inbox.len() {
        // Once only: a message that arrives in small pieces would be moved at each of them.
        let rest = inbox.split_off();
        keep(&INBOXES, capacity, mem::replace(inbox, rest));
        *has_own = true;
    }
    give_back_outbox(outbox);
}

/// Gives the outbox to the thread if it is empty.
pub(crate) fn give_back_outbox(outbox: &mut GrowingOutbox) {
    if outbox.is_empty() {
        keep(&OUTBOXES, outbox.capacity(), mem::take(outbox));
    }
}

/// Keeps an unused buffer of this capacity for the connections of the thread.
fn keep<B>(buffers: &'static LocalKey<RefCell<Vec<B>>>, capacity: usize, unused: B) {
    if (1..=MAX_KEPT_CAPACITY).contains(&capacity) {
        buffers.with_borrow_mut(|buffers| {
            if buffers.len() < KEPT {
                buffers.push(unused);
            }
        });
    }
}
