//! The positions that divide the memory of an inbox.

use core::ops::Range;

use super::text::{Account, TextRange};
use crate::{
    raw::xor::IsAscii,
    utf8::{InvalidUtf8, Validator},
};

/// How many bytes more than a large message lacks the inbox offers room for. A read that completes the
/// message then returns less than there is room for, which shows that the transport has nothing left
/// to read. One byte of the next message is an incomplete header, so that the message takes the fast
/// path when it has arrived.
pub(super) const EXCESS: usize = 1;

/// The memory grows to what a message needs if that exceeds the double by at most this much.
const LARGE: usize = 4096;

/// The positions that divide an inbox. The documentation of [`buffer`](super) draws them.
///
/// Invariant: `start <= held <= unread <= end <= capacity`.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    /// Where the message in progress starts. Equal to `held` if no part of a message is held.
    pub(crate) start: usize,
    /// The end of its reassembled part.
    pub(crate) held: usize,
    /// The first byte that has not been processed.
    pub(crate) unread: usize,
    /// The end of the received bytes.
    pub(crate) end: usize,
    /// How many more bytes the message, frame or header in progress needs at least. 0 if unknown, or
    /// if they have arrived.
    expected: usize,
    /// Whether the message in progress ends with the expected bytes, if there are any.
    expected_is_last: bool,
    /// The highest `end` since the inbox was empty.
    pub(super) peak: usize,
    text: Account,
    /// How many bytes from `unread` on are already unmasked: compressed payload that waits to be
    /// decompressed.
    pub(crate) unmasked: usize,
}

impl Cursor {
    /// The positions in an unused inbox.
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

    /// Returns to the front of the memory. Nothing may be held.
    pub(super) fn rewind(&mut self) {
        let Self { expected, expected_is_last, .. } = *self;
        *self = Self { expected, expected_is_last, ..Self::NEW };
    }

    /// Moves all positions to the front, and returns the ranges of the bytes that the caller must
    /// move there: the message in progress, and the unread bytes.
    pub(super) fn compact(&mut self) -> (Range<usize>, Range<usize>) {
        let (message, unread) = (self.start..self.held, self.unread..self.end);
        self.text.shift(self.start);
        self.start = 0;
        self.held = message.len();
        self.unread = self.held;
        self.end = self.held + unread.len();
        (message, unread)
    }

    /// The capacity to grow to. It is twice the present one, so that the cost of growing is
    /// proportional to the bytes that arrived. If the end of the message is known and needs less,
    /// or little more, it is what the message needs and [`EXCESS`].
    pub(super) fn larger(&self, capacity: usize) -> usize {
        let twice = capacity.saturating_mul(2);
        let needed = self.end.saturating_add(self.expected).saturating_add(EXCESS);
        let fits = needed <= twice.saturating_add(LARGE);
        if self.expected_is_last && fits { needed } else { twice }
    }

    pub(crate) const fn expected(&self) -> usize {
        self.expected
    }

    /// Adds bytes that were read into the spare room.
    pub(super) fn commit(&mut self, length: usize) {
        self.end += length;
        self.peak = self.peak.max(self.end);
        self.expected = self.expected.saturating_sub(length);
    }

    /// Records that the message, frame or header in progress needs at least `length` more bytes.
    pub(crate) fn expect(&mut self, length: usize) {
        self.expected = length;
        self.expected_is_last = false;
    }

    /// Records that the message in progress ends after exactly `length` more bytes.
    pub(crate) fn expect_last(&mut self, length: usize) {
        self.expected = length;
        self.expected_is_last = true;
    }

    /// The number of received bytes that have not been processed.
    pub(crate) fn available(&self) -> usize {
        self.end - self.unread
    }

    /// The number of reassembled bytes of the message in progress.
    pub(crate) fn message(&self) -> usize {
        self.held - self.start
    }

    /// Whether no part of a message is held.
    #[inline]
    pub(crate) const fn holds_nothing(&self) -> bool {
        self.start == self.held && self.unmasked == 0
    }

    /// Skips `length` unread bytes, which have been processed. If no part of a message is held, all
    /// bytes before them become free.
    pub(crate) fn pass(&mut self, length: usize) {
        debug_assert!(length <= self.available());
        let nothing_held = self.start == self.held;
        self.unread += length;
        if nothing_held {
            self.hold_nothing();
        }
    }

    /// Skips a complete frame, which has been processed, and expects nothing more. Leaves `start` and
    /// `held` where they are, which is faster than [`pass`](Self::pass): the next `pass` or `rewind`
    /// moves them.
    #[inline]
    pub(crate) fn pass_frame(&mut self, length: usize) {
        debug_assert!(length <= self.available());
        // In a shared inbox, another connection may still expect the payload of its frame.
        self.expected = 0;
        self.unread += length;
    }

    /// Adds `length` bytes of payload to the message in progress. The caller has moved them from
    /// `unread` to `held`.
    pub(crate) fn hold(&mut self, length: usize) {
        self.held += length;
        self.unread += length;
    }

    /// Validates the last `length` bytes of the message in progress. See [`Account::feed`].
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

    /// Frees the message up to `to`, which is about to be delivered, and returns the range.
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

    /// Drops all bytes.
    pub(crate) fn clear(&mut self) {
        *self = Self { peak: self.peak, ..Self::NEW };
    }

    fn hold_nothing(&mut self) {
        self.start = self.unread;
        self.held = self.unread;
        self.text = Account::unchecked_from(self.unread);
    }
}
