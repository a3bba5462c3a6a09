//! An outbox that follows other output.

use hybi::{Outbox, frame::Header};

/// An outbox whose bytes are written after those that another buffer holds, such as a batch that is being
/// written. It reports them as pending too, so that the deadlines know of all output that waits.
pub(crate) struct Following<'o, O> {
    /// The number of bytes that the other buffer holds.
    pub(crate) ahead: usize,
    pub(crate) outbox: &'o mut O,
}

impl<O: Outbox> Outbox for Following<'_, O> {
    fn pending(&self) -> usize {
        self.ahead.saturating_add(self.outbox.pending())
    }

    fn room(&self) -> usize {
        self.outbox.room()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.outbox.append(bytes);
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        self.outbox.append_frame(header, payload);
    }
}
