//! Incremental validation of UTF-8 (RFC 6455, section 8.1; RFC 3629).
//!
//! A text message may be cut anywhere, even inside a character, by a fragment or by a read. The
//! [`Validator`] takes the pieces as they arrive, and fails at the first byte that no following
//! bytes could make valid. It stores only an incomplete character, up to three bytes, and knows
//! nothing of frames.
//!
//! ```text
//!                first bytes of a character
//!   ┌──────────┐ ─────────────────────────► ┌────────────┐ ◄─┐ more of it
//!   │ Complete │                            │ Incomplete │   │
//!   └──────────┘ ◄───────────────────────── └────────────┘ ──┘
//!      ▲    │         rest of it
//!      └────┘ complete characters
//!
//!   in both, a byte that cannot follow: an error
//! ```

use crate::raw;

/// Validates a text that arrives in pieces.
///
/// ```
/// use hybi::utf8::Validator;
///
/// let mut validator = Validator::new();
/// validator.feed(b"na\xc3").unwrap(); // the first byte of "ï"
/// assert!(!validator.is_complete());
/// validator.feed(b"\xafve").unwrap();
/// assert!(validator.is_complete());
///
/// // An overlong form is rejected at its second byte, wherever the text is cut.
/// let error = validator.feed(b"ok \xe0\x80").unwrap_err();
/// assert_eq!(error.offset, 4);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// The bytes of an incomplete character, which may become valid.
    partial: [u8; 3],
    /// The number of bytes in `partial`, 0 to 3.
    length: u8,
}

/// The text is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 at byte {offset}")]
pub struct InvalidUtf8 {
    /// The offset of the first byte that makes the text invalid, from the start of the piece.
    pub offset: usize,
}

impl Validator {
    /// Starts a text.
    pub const fn new() -> Self {
        Self { partial: [0; 3], length: 0 }
    }

    /// Validates the next piece of the text, of any length.
    ///
    /// # Errors
    ///
    /// The offset of the first byte after which no continuation is valid. Do not use the validator
    /// after that.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let mut rest = piece;
        while self.length > 0 {
            let Some((&byte, after)) = rest.split_first() else { return Ok(()) };
            self.complete_with(byte)
                .map_err(|()| InvalidUtf8 { offset: piece.len() - rest.len() })?;
            rest = after;
        }
        rest = raw::ascii::skip(rest);
        if rest.is_empty() {
            return Ok(());
        }
        let (whole, partial) = split_unfinished(rest);
        if !raw::utf8::is_valid_beyond_ascii(whole) || !is_beginning(partial) {
            return Err(InvalidUtf8 { offset: piece.len() - rest.len() + first_impossible(rest) });
        }
        for (kept, byte) in self.partial.iter_mut().zip(partial) {
            *kept = *byte;
            self.length += 1;
        }
        Ok(())
    }

    /// Whether the text may end here: there is no incomplete character.
    pub const fn is_complete(&self) -> bool {
        self.length == 0
    }

    /// The length of the incomplete character at the end of the text so far: 0 to 3 bytes.
    pub fn partial(&self) -> usize {
        // The mask changes nothing. It shows callers that their slices are in bounds.
        usize::from(self.length & 3)
    }

    /// Adds a byte to the character in progress.
    fn complete_with(&mut self, byte: u8) -> Result<(), ()> {
        let length = self.partial();
        let mut character = [0; 4];
        character[..3].copy_from_slice(&self.partial);
        character[length] = byte;
        match core::str::from_utf8(&character[..=length]) {
            // Reset completely, so that all validators at the end of a character are equal.
            Ok(_) => *self = Self::new(),
            Err(error) if error.error_len().is_some() => return Err(()),
            Err(_) => {
                // Fewer than four bytes: four would be a complete character.
                if let Some(kept) = self.partial.get_mut(length) {
                    *kept = byte;
                    self.length += 1;
                }
            }
        }
        Ok(())
    }
}

/// Splits off the incomplete character at the end of `bytes`, according to its first byte.
fn split_unfinished(bytes: &[u8]) -> (&[u8], &[u8]) {
    if let Some((whole, partial @ [0xc2..=0xf4])) = bytes.split_last_chunk() {
        return (whole, partial);
    }
    if let Some((whole, partial @ [0xe0..=0xf4, 0x80..=0xbf])) = bytes.split_last_chunk() {
        return (whole, partial);
    }
    if let Some((whole, partial @ [0xf0..=0xf4, 0x80..=0xbf, 0x80..=0xbf])) =
        bytes.split_last_chunk()
    {
        return (whole, partial);
    }
    (bytes, &[])
}

/// Whether `bytes` can be the start of a character. They are [unfinished](split_unfinished), so only
/// the second byte is left to check.
fn is_beginning(bytes: &[u8]) -> bool {
    // Not overlong, no surrogate, not above U+10FFFF (RFC 3629, section 4).
    !matches!(
        bytes,
        [0xe0, 0x80..=0x9f, ..]
            | [0xed, 0xa0..=0xbf, ..]
            | [0xf0, 0x80..=0x8f, ..]
            | [0xf4, 0x90..=0xbf, ..]
    )
}

/// The offset of the first byte that makes `bytes` invalid.
#[cold]
fn first_impossible(bytes: &[u8]) -> usize {
    let Some((valid_up_to, Some(error_len))) = raw::utf8::first_error(bytes) else {
        return bytes.len();
    };
    // `error_len` is the number of bytes that could still have become a character, but at least 1.
    let begins = bytes.get(valid_up_to).is_some_and(|byte| matches!(byte, 0xc2..=0xf4));
    if begins { valid_up_to + error_len } else { valid_up_to }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::raw::utf8::{is_valid, is_valid_beyond_ascii, text};

    /// The offset of the first impossible byte, found by trying every prefix.
    fn reference(bytes: &[u8]) -> Option<usize> {
        (0..bytes.len()).find(|&index| !could_be_valid(&bytes[..=index]))
    }

    fn could_be_valid(bytes: &[u8]) -> bool {
        match core::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        }
    }

    fn at_every_split(bytes: &[u8]) {
        let expected = reference(bytes);
        let step = if cfg!(miri) { 1 + bytes.len() / 8 } else { 1 };
        for split in (0..=bytes.len()).step_by(step) {
            let mut validator = Validator::new();
            let (head, tail) = bytes.split_at(split);
            let found = match validator.feed(head) {
                Err(error) => Some(error.offset),
                Ok(()) => validator.feed(tail).err().map(|error| split + error.offset),
            };
            assert_eq!(found, expected, "{bytes:02x?} split at {split}");
            if found.is_none() {
                assert_eq!(validator.is_complete(), core::str::from_utf8(bytes).is_ok());
            }
        }
        let mut validator = Validator::new();
        let bytewise = (0..bytes.len()).find(|&i| validator.feed(&bytes[i..=i]).is_err());
        assert_eq!(bytewise, expected, "{bytes:02x?} byte by byte");
    }

    // 3629-3-a, P-u8-a
    #[test]
    fn every_two_byte_prefix_agrees_with_the_standard_library() {
        let step = if cfg!(miri) { 51 } else { 1 };
        for first in (0..=0xff).step_by(step) {
            for second in (0..=0xff).step_by(step) {
                at_every_split(&[first, second]);
                at_every_split(&[b'a', first, second, 0x80, 0x80, b'z']);
            }
        }
    }

    // 3629-3-a, 6455-8.1-b
    #[test]
    fn a_text_of_any_length_is_judged_as_by_the_standard_library() {
        let text = "aé€𝄞".repeat(20);
        let (start_step, end_step) = if cfg!(miri) { (5, 61) } else { (1, 1) };
        for start in (0..12).step_by(start_step) {
            for end in (start..text.len()).step_by(end_step) {
                let mut bytes = Vec::from(&text.as_bytes()[start..end]);
                assert_eq!(raw::ascii::skip(&bytes).is_empty(), bytes.is_ascii());
                assert_judged_as_by_the_standard_library(&bytes);
                if let Some(last) = bytes.last_mut() {
                    *last = 0xff;
                    assert_judged_as_by_the_standard_library(&bytes);
                }
            }
        }
    }

    /// The same in vectors of each length that this processor has.
    fn is_valid_in_each_form(bytes: &[u8]) -> bool {
        let is_valid = is_valid_beyond_ascii(bytes);
        #[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
        for (index, form) in raw::utf8::forms().enumerate() {
            assert_eq!(form(bytes), is_valid, "form {index}: {bytes:02x?}");
        }
        is_valid
    }

    fn assert_judged_as_by_the_standard_library(bytes: &[u8]) {
        let expected = core::str::from_utf8(bytes);
        assert_eq!(is_valid(bytes), expected.is_ok(), "{bytes:02x?}");
        assert_eq!(is_valid_in_each_form(bytes), expected.is_ok(), "{bytes:02x?}");
        assert_eq!(text(bytes), expected.ok());
    }

    // 3629-3-a: every bound of every rule is a bound of one of these ranges.
    #[test]
    fn every_sequence_of_four_bytes_is_judged_as_by_the_standard_library() {
        let bytes = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ];
        // Where a block of 64 or 32 bytes ends, in the middle of one, and at the end of the text.
        let mut text = [b'a'; 132];
        for number in (0..24_usize.pow(4)).step_by(if cfg!(miri) { 20_011 } else { 1 }) {
            let sequence = [1, 24, 576, 13_824].map(|scale| bytes[number / scale % 24]);
            for at in [29, 30, 31, 61, 62, 63, 93, 94, 95, 100, 128] {
                text[at..at + 4].copy_from_slice(&sequence);
                let expected = core::str::from_utf8(&sequence).is_ok();
                assert_eq!(is_valid_in_each_form(&text), expected, "{sequence:02x?} at {at}");
                text[at..at + 4].fill(b'a');
            }
        }
    }

    // 3629-3-a: long texts are scanned for ASCII first, in pieces at aligned addresses.
    #[test]
    fn an_invalid_byte_at_any_place_of_a_long_text_is_found() {
        let mut memory = [b'a'; 1200];
        let ranges = [(7, 300), (0, 70), (5, 200), (3, 900), (63, 1100), (1, 1190), (0, 1200)];
        let (count, step) = if cfg!(miri) { (2, 131) } else { (7, 1) };
        for (start, end) in ranges.into_iter().take(count) {
            assert!(is_valid(&memory[start..end]));
            for at in (start..end).step_by(step) {
                memory[at] = 0xff;
                assert!(!is_valid(&memory[start..end]), "{start}..{end}, {at}");
                memory[at] = b'a';
            }
        }
        // Continuations alone.
        memory.fill(0x80);
        for length in (1..memory.len()).step_by(step) {
            assert!(!is_valid(&memory[..length]), "{length}");
        }
    }

    // 3629-3-a
    #[test]
    fn every_character_is_valid_and_none_without_its_last_byte() {
        let mut text = [b'a'; 132];
        let characters = '\u{80}'..=char::MAX;
        for character in characters.step_by(if cfg!(miri) { 20_011 } else { 1 }) {
            let at = character as usize % 128;
            let length = character.encode_utf8(&mut text[at..]).len();
            assert!(is_valid_in_each_form(&text), "{character:?}");
            assert!(!is_valid_in_each_form(&text[..at + length - 1]), "{character:?}");
            text[at + length - 1] = b'a';
            assert!(!is_valid_in_each_form(&text), "{character:?}");
            text[at..at + length].fill(b'a');
        }
    }

    // 3629-3-a: blocks of ASCII are passed over together, but for what stands before them.
    #[test]
    fn a_character_is_not_complete_because_much_ascii_follows() {
        for length in (200..700).step_by(if cfg!(miri) { 500 } else { 1 }) {
            for beginning in [&b"\xc3"[..], b"\xe2", b"\xe2\x82", b"\xf0\x9f", b"\xf0\x9f\x98"] {
                let before = "€".repeat(length / 3) + &"a".repeat(length % 3);
                let mut bytes = Vec::from(before);
                bytes.extend_from_slice(beginning);
                bytes.resize(1100, b'a');
                assert_judged_as_by_the_standard_library(&bytes);
                bytes[length..length + beginning.len()].fill(b'a');
                assert_judged_as_by_the_standard_library(&bytes);
            }
        }
    }

    // 3629-3-a, 6455-8.1-b
    #[test]
    fn one_wrong_byte_is_found_wherever_it_stands() {
        let text = "aé€𝄞 plain, and quite a lot of it; €ß".repeat(20);
        for end in (0..text.len()).step_by(if cfg!(miri) { 599 } else { 7 }) {
            let mut bytes = Vec::from(&text.as_bytes()[..end]);
            assert_judged_as_by_the_standard_library(&bytes);
            for at in (0..end).step_by(if cfg!(miri) { 199 } else { 1 }) {
                for wrong in [0x80, 0xc3, 0xe2, 0xf0, 0xff] {
                    let right = core::mem::replace(&mut bytes[at], wrong);
                    assert_judged_as_by_the_standard_library(&bytes);
                    bytes[at] = right;
                }
            }
        }
    }

    // 6455-5.6-a, 6455-8.1-b
    #[test]
    fn every_character_may_be_cut_anywhere() {
        for text in ["é", "€", "𝄞", "κόσμε", "a\u{10ffff}b", "\u{0}\u{fffe}\u{ffff}\u{feff}"]
        {
            at_every_split(text.as_bytes());
            for end in 1..text.len() {
                at_every_split(&text.as_bytes()[..end]);
            }
        }
    }

    // 6455-8.1-b: a validator in this state shows that the text so far ends with a character.
    #[test]
    fn a_complete_character_leaves_no_trace() {
        for character in ["é", "€", "𝄞"] {
            for split in 1..character.len() {
                let mut validator = Validator::new();
                let (head, tail) = character.as_bytes().split_at(split);
                validator.feed(head).unwrap();
                assert_ne!(validator, Validator::new());
                validator.feed(tail).unwrap();
                assert_eq!(validator, Validator::new(), "{character} split at {split}");
            }
        }
    }

    // 3629-3-a: the error is at the byte that proves it, deep inside a long text too.
    #[test]
    fn long_texts_fail_at_the_first_impossible_byte() {
        let wrong: [&[u8]; 8] = [
            b"\xff",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\x80",
            b"\xe2\x82\x28",
            b"\xf0\x9f\x98\x28",
            b"\xc3\x28",
        ];
        for wrong in wrong {
            for before in [0, 64, 1, 15, 31, 100].into_iter().take(if cfg!(miri) { 2 } else { 6 }) {
                let mut bytes: Vec<u8> = "ä".repeat(before).into_bytes();
                bytes.extend_from_slice(wrong);
                bytes.extend_from_slice("ö".repeat(70).as_bytes());
                at_every_split(&bytes);
            }
        }
    }
}
