//! Which bytes of a buffer are known to be UTF-8.
//!
//! A text message is validated while it arrives, and delivered without a second pass. This module
//! contains the complete argument for its soundness. It runs the validator itself, over the bytes
//! in their buffer ([`Account::feed`], [`TextRange::validate`]), and only it can construct a
//! [`TextRange`] that counts as proven. The surrounding code must uphold three invariants:
//!
//! - It does not write to the bytes between `start` and `end` of an account, nor to those of a
//!   [`TextRange`] before that is dropped. The inbox gives out mutable bytes in two places
//!   (`Inbox::parts`, `Inbox::spare`), and drops its text range in both.
//! - When it moves the bytes, it moves the account with them ([`Account::shift`]).
//! - It passes an [`IsAscii`] only with the bytes that were written by the pass that returned it. Such
//!   bytes are not read again.
//!
//! The account belongs to the buffer, not to the connection. If the caller passes another inbox in
//! the middle of a message, still only bytes that were validated count as text.

use core::ops::Range;

use super::storage::Storage;
use crate::{
    raw::{self, xor::IsAscii},
    utf8::{InvalidUtf8, Validator},
};

/// How much of a text in a buffer is valid. `start..end` is valid UTF-8; the owner of the buffer
/// keeps `start`. The bytes after `end` are the incomplete character in `partial`, or unchecked.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    end: usize,
    partial: Validator,
}

/// A range of a buffer that is read as text. Only this module can construct one that counts as
/// proven.
#[derive(Clone, Debug)]
pub(crate) struct TextRange {
    range: Range<usize>,
    #[cfg_attr(not(feature = "simd"), allow(dead_code))] // safe code validates again
    is_proven: bool,
}

impl Account {
    /// An account for a text at `start`, of which nothing has been checked.
    pub(crate) const fn unchecked_from(start: usize) -> Self {
        Self { end: start, partial: Validator::new() }
    }

    /// Validates `bytes[range]`, the last bytes of the text, as the continuation of what
    /// `validator` has seen. Bytes that the unmasking pass found to be ASCII are not read again.
    #[inline]
    pub(crate) fn feed(
        &mut self,
        validator: &mut Validator,
        bytes: &[u8],
        range: Range<usize>,
        ascii: IsAscii,
    ) -> Result<(), InvalidUtf8> {
        let before = *validator;
        if !(ascii.is_yes() && before.is_complete()) {
            // Bytes that the caller's memory no longer has are not UTF-8.
            let Some(text) = bytes.get(range.clone()) else {
                return Err(InvalidUtf8 { offset: 0 });
            };
            validator.feed(text)?;
        }
        // The validator may have seen bytes of another buffer. They count only if this account has
        // seen the same bytes, up to the start of the range.
        if self.partial == before && self.end + before.partial() == range.start {
            self.partial = *validator;
            self.end = range.end - validator.partial();
        }
        Ok(())
    }

    /// The text in a range that begins at the `start` of this account.
    pub(crate) fn text(&self, range: Range<usize>) -> TextRange {
        let is_proven = self.end == range.end;
        TextRange { range, is_proven }
    }

    /// Moves the start of the text to `start`.
    pub(crate) fn start_at(&mut self, start: usize) {
        if self.end != start {
            *self = Self::unchecked_from(start);
        }
    }

    /// Follows a move of the bytes to the left by `by` bytes.
    pub(crate) fn shift(&mut self, by: usize) {
        self.end -= by;
    }
}

impl TextRange {
    /// A range that is validated when it is read.
    pub(crate) const fn unproven(range: Range<usize>) -> Self {
        Self { range, is_proven: false }
    }

    /// A range of these bytes, or `None` if it is not valid UTF-8. Bytes that the unmasking pass
    /// found to be ASCII are not read again.
    #[inline(always)]
    #[allow(clippy::inline_always)] // on the fast path
    pub(crate) fn validate(bytes: &[u8], range: Range<usize>, ascii: IsAscii) -> Option<Self> {
        if !ascii.is_yes() {
            let text = bytes.get(range.clone())?;
            let is_valid = if ascii.is_no() {
                raw::utf8::is_valid_beyond_ascii(text)
            } else {
                raw::utf8::is_valid(text)
            };
            if !is_valid {
                return None;
            }
        }
        Some(Self { range, is_proven: true })
    }

    /// The length of the text in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.range.end - self.range.start
    }

    /// The text, from the memory that this is a range of. `None` if it is not UTF-8.
    #[cfg_attr(feature = "simd", allow(unsafe_code))]
    #[inline]
    pub(crate) fn get<'b>(&self, memory: &'b impl Storage) -> Option<&'b str> {
        let bytes = memory.bytes().get(self.range.clone())?;
        self.of(bytes, memory)
    }

    #[cfg(feature = "simd")]
    #[allow(unsafe_code)]
    #[inline]
    fn of<'b, S: Storage>(&self, bytes: &'b [u8], _: &S) -> Option<&'b str> {
        if self.is_proven && S::IS_FAITHFUL {
            // SAFETY: this module validated the bytes of a proven range as UTF-8, in this memory,
            // at this position or before they were moved together. The module documentation
            // explains why they have not been written to since. A faithful memory returns what was
            // written.
            return Some(unsafe { raw::utf8::text_unchecked(bytes) });
        }
        raw::utf8::text(bytes)
    }

    #[cfg(not(feature = "simd"))]
    #[allow(clippy::unused_self)] // safe code cannot use the proof
    fn of<'b, S: Storage>(&self, bytes: &'b [u8], _: &S) -> Option<&'b str> {
        raw::utf8::text(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds pieces in order, starting at an offset. Returns the account, the validator, the bytes,
    /// and the end of the pieces.
    fn account(pieces: &[&[u8]], offset: usize) -> (Account, Validator, [u8; 64], usize) {
        let (mut account, mut validator) = (Account::unchecked_from(offset), Validator::new());
        let (mut bytes, mut end) = ([0; 64], offset);
        for piece in pieces {
            let range = end..end + piece.len();
            bytes[range.clone()].copy_from_slice(piece);
            account.feed(&mut validator, &bytes, range.clone(), IsAscii::UNKNOWN).unwrap();
            end = range.end;
        }
        (account, validator, bytes, end)
    }

    // 6455-8.1-b
    #[test]
    fn text_is_proven_up_to_the_last_complete_character() {
        let text = "aé€𝄞".as_bytes();
        for split in 0..=text.len() {
            for end in split..=text.len() {
                let (account, validator, _, held) =
                    account(&[&text[..split], &text[split..end]], 5);
                let complete = held - validator.partial();
                for to in 5..=held {
                    let is_proven = account.text(5..to).is_proven;
                    assert_eq!(is_proven, to == complete, "{split}, {end}, {to}");
                }
            }
        }
    }

    // 6455-8.1-b
    #[test]
    fn bytes_that_another_buffer_began_are_not_proven() {
        // The validator saw the first byte of "é" elsewhere; this buffer has only the second.
        let mut validator = Validator::new();
        validator.feed(b"\xc3").unwrap();
        let mut account = Account::unchecked_from(0);
        account.feed(&mut validator, b"\xa9", 0..1, IsAscii::UNKNOWN).unwrap();
        assert!(!account.text(0..1).is_proven);
        // Bytes after a gap do not count either.
        let mut account = Account::unchecked_from(0);
        account.feed(&mut Validator::new(), b"abc", 1..3, IsAscii::UNKNOWN).unwrap();
        assert!(!account.text(0..3).is_proven);
    }

    #[test]
    fn the_account_follows_the_bytes() {
        let (mut account, _, _, end) = account(&[b"abc", "é".as_bytes()], 7);
        account.shift(7);
        assert!(account.text(0..end - 7).is_proven);
        account.start_at(end - 7);
        assert!(account.text(end - 7..end - 7).is_proven, "an empty text is valid");
        account.start_at(1);
        assert!(!account.text(1..3).is_proven);
    }

    #[test]
    fn a_range_is_proven_only_if_it_is_valid() {
        assert!(TextRange::validate(b"a\xc3\xa9", 0..3, IsAscii::UNKNOWN).unwrap().is_proven);
        assert!(TextRange::validate(b"a\xc3\xa9", 0..2, IsAscii::UNKNOWN).is_none());
        assert!(TextRange::validate(b"abc", 1..4, IsAscii::UNKNOWN).is_none(), "out of bounds");
        assert!(!TextRange::unproven(0..1).is_proven);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn an_unproven_range_is_validated_when_it_is_read() {
        use super::super::storage::sealed::Sealed;
        let mut memory = super::super::Growing::with_capacity(4);
        memory.grow(4);
        memory.bytes_mut().copy_from_slice(b"a\xff\xc3\xa9");
        assert_eq!(TextRange::unproven(0..1).get(&memory), Some("a"));
        assert_eq!(TextRange::unproven(2..4).get(&memory), Some("é"));
        assert_eq!(TextRange::unproven(0..2).get(&memory), None);
        assert_eq!(TextRange::unproven(3..5).get(&memory), None);
        assert_eq!(TextRange { range: 2..4, is_proven: true }.get(&memory), Some("é"));
    }
}
