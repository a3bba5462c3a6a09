//! The message that is being decompressed.
//!
//! It is longer than what is read, so it cannot be reassembled in place. Its memory belongs to the
//! inbox, so that its event borrows the inbox like any other.

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

/// Decompressed data: what is not delivered, and room for more.
///
/// Invariant: `start <= end <= capacity`.
#[derive(Clone)]
pub(crate) struct Inflated {
    memory: Growing,
    /// Where what is not delivered starts.
    start: usize,
    /// Where it ends.
    end: usize,
    /// The highest `end` since the last message was given up.
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

    /// How many bytes are not delivered.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// The memory from the first byte that is not delivered on, with room for at least one byte
    /// and for at most `limit` more, and how much of it is in use. Memory grows to twice its size
    /// when it is full, and never beyond the limit by more than the usual size.
    pub(crate) fn room(&mut self, limit: usize) -> (&mut [u8], usize) {
        // In chunks, only the start of a character is left. A whole message stays where it is.
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
            self.memory.grow((capacity * 2).clamp(1, most));
        }
        let end = self.memory.bytes().len().min(most);
        (&mut self.memory.bytes_mut()[..end], self.end)
    }

    /// Adds `length` bytes that were written after those in use.
    pub(crate) fn commit(&mut self, length: usize) {
        self.end = (self.end + length).min(self.memory.bytes().len());
    }

    /// Validates the last `length` bytes; see [`Account::feed`].
    pub(crate) fn validate(
        &mut self,
        validator: &mut Validator,
        length: usize,
    ) -> Result<(), InvalidUtf8> {
        let range = self.end - length..self.end;
        self.text.feed(validator, self.memory.bytes(), range, IsAscii::UNKNOWN)
    }

    /// Called when the inbox is empty: frees, after some time, what a large message needed.
    pub(crate) fn on_empty(&mut self) {
        if self.is_empty() && !self.memory.bytes().is_empty() {
            self.memory.on_empty(self.peak.max(self.end));
            self.peak = 0;
            self.start = 0;
            self.end = 0;
            self.text = Account::unchecked_from(0);
        }
    }

    /// Frees all but the last `kept` bytes, because they are delivered, and returns their range.
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

    /// The text in a range that was delivered.
    pub(crate) fn text(&self, text: &TextRange) -> Option<&str> {
        text.get(&self.memory)
    }

    /// The bytes in a range that was delivered.
    pub(crate) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.memory.bytes().get(range.clone()).unwrap_or_default()
    }

    /// What is not delivered.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.memory.bytes()[self.start..self.end]
    }

    /// Moves what is held to another inbox, and leaves nothing.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::replace(self, Self::new())
    }

    /// Drops all that is held, and frees the memory.
    pub(crate) fn release(&mut self) {
        self.start = 0;
        self.end = 0;
        self.peak = 0;
        self.text = Account::unchecked_from(0);
        self.memory.release();
    }
}
