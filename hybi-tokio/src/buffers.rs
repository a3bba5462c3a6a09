//! Buffers that the connections of a thread share.
//!
//! A connection needs the memory of an inbox and of an outbox while it is busy. When it waits for
//! input, it gives them back, and the next connection on the same thread that becomes readable takes
//! them. So an idle connection holds no buffer, and a busy thread works on memory that is in the cache.

use std::{cell::Cell, mem};

use hybi::{GrowingOutbox, Inbox};

/// The size of a read.
const CAPACITY: usize = 64 * 1024;

thread_local! {
    static INBOX: Cell<Option<Inbox>> = const { Cell::new(None) };
    static OUTBOX: Cell<Option<GrowingOutbox>> = const { Cell::new(None) };
}

/// An inbox without memory. It allocates on the first read.
pub(crate) fn new_inbox() -> Inbox {
    Inbox::with_capacity(CAPACITY)
}

/// Whose the buffers of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffers {
    /// They are large, and go back to the thread.
    Shared,
    /// The connection has none.
    Returned,
    /// The inbox holds the beginning of a message, in memory of its own. It is kept until the
    /// message is complete, so that the message is not copied at each wait.
    Own,
}

impl Buffers {
    /// Takes the thread's buffers, before a read.
    pub(crate) fn take(&mut self, inbox: &mut Inbox, outbox: &mut GrowingOutbox) {
        self.take_outbox(outbox);
        if *self != Self::Shared && inbox.is_empty() {
            *inbox = INBOX.take().unwrap_or_else(new_inbox);
            *self = Self::Shared;
        }
    }

    /// Takes the thread's outbox, before something is queued.
    pub(crate) fn take_outbox(self, outbox: &mut GrowingOutbox) {
        if self != Self::Shared
            && outbox.is_empty()
            && let Some(spare) = OUTBOX.take()
        {
            *outbox = spare;
        }
    }

    /// Gives the buffers back, before the connection waits for input.
    pub(crate) fn give_back(&mut self, inbox: &mut Inbox, outbox: &mut GrowingOutbox) {
        match self {
            Self::Shared => {
                let is_empty = inbox.is_empty();
                let rest = if is_empty { new_inbox() } else { inbox.split_off() };
                INBOX.set(Some(mem::replace(inbox, rest)));
                *self = if is_empty { Self::Returned } else { Self::Own };
            }
            Self::Own if inbox.is_empty() => {
                *inbox = new_inbox();
                *self = Self::Returned;
            }
            Self::Own | Self::Returned => {}
        }
        if outbox.is_empty() {
            OUTBOX.set(Some(mem::take(outbox)));
        }
    }
}
