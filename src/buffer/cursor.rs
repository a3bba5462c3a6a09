//! Where things lie in an inbox.

use core::ops::Range;

use super::text::{Account, TextRange};
use crate::{
    raw::xor::IsAscii,
    utf8::{InvalidUtf8, Validator},
};

/// From this many missing bytes on, an inbox offers no more room than what is missing, so that
/// the next message begins at the front.
pub(super) const LARGE: usize = 4096;

/// The places that divide an inbox; the documentation of [`buffer`](super) draws them.
///
/// Invariant: `start <= held <= unread <= end <= capacity`.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    /// Where the message in progress starts.
    pub(crate) start: usize,
    /// Where it ends so far.
    pub(crate) held: usize,
    /// The first byte that has not been processed.
    pub(crate) unread: usize,
    /// The end of what has been received.
    pub(crate) end: usize,
    /// How many bytes the receiver lacks for what is in progress; 0 if that is not known.
    expected: usize,
    /// Whether nothing follows the expected bytes that belongs with what is held.
    expected_is_last: bool,
    /// The highest `end` since the inbox was empty.
    pub(super) peak: usize,
    text: Account,
    /// How many bytes from `unread` on are unmasked: compressed payload that waits for room.
    pub(crate) unmasked: usize,
}

impl Cursor {
    /// Of an inbox that has not been used.
    pub(super) const NEW: Self = Self {
        start: 0,
        held: 0,
        unread: 0,
        end: 0,
        expected: 0,
        expected_is_last: false,
        peak: 0,
        text: Account::unchecked_from(0),
        unmasked: 0,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.held && self.unread == self.end
    }

    /// Starts over at the front of the memory: nothing is held.
    pub(super) fn rewind(&mut self) {
        let Self { expected, expected_is_last, .. } = *self;
        *self = Self { expected, expected_is_last, ..Self::NEW };
    }

    /// The bytes that moved to the front: the message in progress, and what follows it.
    pub(super) fn compact(&mut self) -> (Range<usize>, Range<usize>) {
        let (message, unread) = (self.start..self.held, self.unread..self.end);
        self.text.shift(self.start);
        self.start = 0;
        self.held = message.len();
        self.unread = self.held;
        self.end = self.held + unread.len();
        (message, unread)
    }

    /// The capacity to grow to: twice as much, so that growing costs no more than the bytes that
    /// arrived, or exactly what is needed where that is known and little more than twice.
    pub(super) fn larger(&self, capacity: usize) -> usize {
        let twice = capacity.saturating_mul(2);
        let needed = self.end.saturating_add(self.expected);
        if self.expected_is_last && needed <= twice.saturating_add(LARGE) { needed } else { twice }
    }

    pub(super) const fn expected(&self) -> usize {
        self.expected
    }

    /// Adds bytes that were read into the spare room.
    pub(super) fn commit(&mut self, length: usize) {
        self.end += length;
        self.peak = self.peak.max(self.end);
        self.expected = self.expected.saturating_sub(length);
    }

    /// What is in progress lacks this many bytes at least.
    pub(crate) fn expect(&mut self, length: usize) {
        self.expected = length;
        self.expected_is_last = false;
    }

    /// The message in progress lacks exactly this many bytes.
    pub(crate) fn expect_last(&mut self, length: usize) {
        self.expected = length;
        self.expected_is_last = true;
    }

    /// How many bytes have been received and not been processed.
    pub(crate) fn available(&self) -> usize {
        self.end - self.unread
    }

    /// How many bytes of the message in progress are held.
    pub(crate) fn message(&self) -> usize {
        self.held - self.start
    }

    /// Passes over bytes that have been processed. If no message is in progress, all before is
    /// free.
    pub(crate) fn pass(&mut self, length: usize) {
        debug_assert!(length <= self.available());
        let nothing_held = self.start == self.held;
        self.unread += length;
        if nothing_held {
            self.hold_nothing();
        }
    }

    /// The next `length` bytes of the message in progress lie at `held` now: their payload was moved
    /// there from `unread`.
    pub(crate) fn hold(&mut self, length: usize) {
        self.held += length;
        self.unread += length;
    }

    /// Validates the last `length` bytes held; see [`Account::feed`].
    #[inline]
    pub(crate) fn validate(
        &mut self,
        validator: &mut Validator,
        bytes: &[u8],
        length: usize,
        ascii: IsAscii,
    ) -> Result<(), InvalidUtf8> {
        self.text.feed(validator, bytes, self.held - length..self.held, ascii)
    }

    /// Frees the message up to `to`, because it is delivered, and returns its range.
    pub(crate) fn deliver(&mut self, to: usize) -> Range<usize> {
        debug_assert!(self.start <= to && to <= self.held);
        let range = self.start..to;
        self.start = to;
        if self.start == self.held {
            self.hold_nothing();
        } else {
            self.text.start_at(to);
        }
        range
    }

    /// The same for a text.
    pub(crate) fn deliver_text(&mut self, to: usize) -> TextRange {
        let text = self.text.text(self.start..to);
        self.deliver(to);
        text
    }

    /// Drops all that the memory holds.
    pub(crate) fn clear(&mut self) {
        *self = Self { peak: self.peak, ..Self::NEW };
    }

    fn hold_nothing(&mut self) {
        self.start = self.unread;
        self.held = self.unread;
        self.text = Account::unchecked_from(self.unread);
    }
}
