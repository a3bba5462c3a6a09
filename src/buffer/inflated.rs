//! The memory of the message that is being decompressed.
//!
//! A message is longer decompressed than as received, so it cannot be reassembled in place. Its
//! memory belongs to the inbox, so that its event borrows the inbox like any other.

use core::ops::Range;

use super::{
    storage::{Growing, sealed::Sealed},
    text::{Account, TextRange},
};
use crate::{
    raw::xor::IsAscii,
    utf8::{InvalidUtf8, Validator},
};

/// The initial capacity, in bytes.
const INITIAL: usize = 4 * 1024;

/// Decompressed data that has not been delivered, and room for more.
///
/// Invariant: `start <= end <= capacity`.
#[derive(Clone)]
pub(crate) struct Inflated {
    memory: Growing,
    /// Start of the data that has not been delivered.
    start: usize,
    /// Its end.
    end: usize,
    /// The highest `end` since the inbox was last empty.
    peak: usize,
    text: Account,
}

impl Inflated {
    pub(crate) const fn new() -> Self {
        Self {
            memory: Growing::with_capacity(INITIAL),
            start: 0,
            end: 0,
            peak: 0,
            text: Account::unchecked_from(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The number of bytes that have not been delivered.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// The size of the memory, in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.bytes().len()
    }

    /// The memory from the first undelivered byte on, and how many of its bytes are in use. After
    /// these is room for at least one and at most `limit` bytes. The memory doubles when it is
    /// full, and exceeds the limit by at most its initial capacity.
    pub(crate) fn room(&mut self, limit: usize) -> (&mut [u8], usize) {
        // In chunks, only an incomplete character is left to move. A message that is delivered
        // complete is not moved.
        if self.start > 0 {
            self.memory.bytes_mut().copy_within(self.start..self.end, 0);
        }
        self.peak = self.peak.max(self.end);
        self.text.shift(self.start);
        self.end -= self.start;
        self.start = 0;
        let most = self.end.saturating_add(limit.max(1));
        let capacity = self.memory.bytes().len();
        if self.end == capacity {
            self.memory.grow(capacity.saturating_mul(2).clamp(1, most));
        }
        let end = self.memory.bytes().len().min(most);
        (&mut self.memory.bytes_mut()[..end], self.end)
    }

    /// Adds `length` bytes that were written to the room.
    pub(crate) fn commit(&mut self, length: usize) {
        self.end = (self.end + length).min(self.memory.bytes().len());
    }

    /// Validates the last `length` bytes. See [`Account::feed`].
    pub(crate) fn validate(
        &mut self,
        validator: &mut Validator,
        length: usize,
    ) -> Result<(), InvalidUtf8> {
        let range = self.end - length..self.end;
        self.text.feed(validator, self.memory.bytes(), range, IsAscii::UNKNOWN)
    }

    /// Called when the inbox is empty. Frees the memory of a large message after a while.
    pub(crate) fn on_empty(&mut self) {
        if self.is_empty() && !self.memory.bytes().is_empty() {
            self.memory.on_empty(self.peak.max(self.end));
            self.peak = 0;
            self.start = 0;
            self.end = 0;
            self.text = Account::unchecked_from(0);
        }
    }

    /// Frees all but the last `kept` bytes, which are about to be delivered, and returns their
    /// range.
    pub(crate) fn deliver(&mut self, kept: usize) -> Range<usize> {
        let range = self.start..self.end - kept;
        self.start = range.end;
        self.text.start_at(range.end);
        range
    }

    /// The same for a text.
    pub(crate) fn deliver_text(&mut self, kept: usize) -> TextRange {
        let text = self.text.text(self.start..self.end - kept);
        self.deliver(kept);
        text
    }

    /// The text in a range from [`deliver_text`](Self::deliver_text).
    pub(crate) fn text(&self, text: &TextRange) -> Option<&str> {
        text.get(&self.memory)
    }

    /// The bytes in a range from [`deliver`](Self::deliver).
    pub(crate) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.memory.bytes().get(range.clone()).unwrap_or_default()
    }

    /// The bytes that have not been delivered.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.memory.bytes()[self.start..self.end]
    }

    /// Moves the data out, for another inbox, and leaves this one empty.
    pub(crate) fn take(&mut self) -> Self {
        if self.is_empty() {
            return Self::new();
        }
        let mut text = self.text;
        text.shift(self.start);
        let memory = self.memory.with_contents([self.start..self.end, 0..0]);
        let end = self.end - self.start;
        self.start = 0;
        self.end = 0;
        self.text = Account::unchecked_from(0);
        Self { memory, start: 0, end, peak: end, text }
    }

    /// Drops the data and frees the memory.
    pub(crate) fn release(&mut self) {
        self.start = 0;
        self.end = 0;
        self.peak = 0;
        self.text = Account::unchecked_from(0);
        self.memory.release();
    }
}
