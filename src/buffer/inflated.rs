//! The message that is being decompressed.
//!
//! It cannot be put together where it was read, because it is longer than what is read. It lies
//! behind the inbox, so that its event borrows the inbox like any other.

use core::ops::Range;

use super::{
    storage::{Growing, sealed::Sealed},
    valid::ValidText,
};
use crate::utf8::Validator;

/// The usual size, in bytes.
const USUAL: usize = 4 * 1024;

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
    valid: ValidText,
}

impl Inflated {
    pub(crate) const fn new() -> Self {
        Self {
            memory: Growing::with_capacity(USUAL),
            start: 0,
            end: 0,
            peak: 0,
            valid: ValidText::none_from(0),
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
        self.valid.shift(self.start);
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

    /// Takes so many bytes that were put behind those in use, and shows them.
    pub(crate) fn made(&mut self, length: usize) -> &[u8] {
        let from = self.end;
        self.end = (self.end + length).min(self.memory.bytes().len());
        &self.memory.bytes()[from..self.end]
    }

    /// Is told that the inbox is empty, from time to time, and gives back what a large message
    /// needed some time ago.
    pub(crate) fn idle(&mut self) {
        if self.is_empty() && !self.memory.bytes().is_empty() {
            self.memory.idle(self.peak.max(self.end));
            self.peak = 0;
            self.start = 0;
            self.end = 0;
            self.valid = ValidText::none_from(0);
        }
    }

    /// Gives up all but the last bytes: the rest is being delivered.
    pub(crate) fn deliver(&mut self, kept: usize) -> Range<usize> {
        let range = self.start..self.end - kept;
        self.start = range.end;
        self.valid.start_at(range.end);
        range
    }

    /// Says that the last bytes that were made were validated, which took the validator from one
    /// state to the other.
    pub(crate) fn vouch(&mut self, length: usize, before: Validator, after: Validator) {
        self.valid.vouch(self.end, length, before, after);
    }

    /// Whether all but the last bytes is known to be UTF-8.
    pub(crate) fn vouches_for_all_but(&self, kept: usize) -> bool {
        self.valid.reaches(self.end - kept)
    }

    /// What is not delivered.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.memory.bytes()[self.start..self.end]
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.memory.bytes()
    }

    /// Drops all that is held, and gives the memory back.
    pub(crate) fn release(&mut self) {
        self.start = 0;
        self.end = 0;
        self.peak = 0;
        self.valid = ValidText::none_from(0);
        self.memory.release();
    }
}
