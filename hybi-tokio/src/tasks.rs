//! The tasks that wait for a connection.
//!
//! Input wakes the task that receives. Everything else, such as room in the socket or a deadline, wakes
//! both, because both may wait for it, and a stream and a timer store one waker each.

use std::{
    sync::Arc,
    task::{Context, Wake, Waker},
};

use atomic_waker::AtomicWaker;

/// The tasks that wait for a connection, which may be the same one.
#[derive(Debug)]
pub(crate) struct Tasks {
    waiting: Arc<Waiting>,
    /// Wakes both.
    both: Waker,
}

#[derive(Debug, Default)]
struct Waiting {
    receiving: AtomicWaker,
    sending: AtomicWaker,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.receiving.wake();
        self.sending.wake();
    }
}

impl Tasks {
    pub(crate) fn new() -> Self {
        let waiting = Arc::new(Waiting::default());
        let both = Waker::from(Arc::clone(&waiting));
        Self { waiting, both }
    }

    /// This task receives. Returns a context that wakes both.
    pub(crate) fn receive(&self, context: &Context<'_>) -> Context<'_> {
        self.waiting.receiving.register(context.waker());
        Context::from_waker(&self.both)
    }

    /// This task sends. Returns a context that wakes both.
    pub(crate) fn send(&self, context: &Context<'_>) -> Context<'_> {
        self.waiting.sending.register(context.waker());
        Context::from_waker(&self.both)
    }
}
