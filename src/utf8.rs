//! UTF-8, checked as it arrives (RFC 6455, section 8.1; RFC 3629).
//!
//! A text message may be cut anywhere: by a fragment, by a read, inside a character. The
//! [`Validator`] takes the pieces as they come and fails at the first byte that no continuation
//! could make valid, without waiting for the rest. It keeps at most the three bytes of a character
//! that is not complete, and knows nothing of frames.

/// Checks a text that arrives in pieces.
///
/// ```
/// use hybi::utf8::Validator;
///
/// let mut validator = Validator::new();
/// validator.feed(b"na\xc3").unwrap(); // the first half of "ï"
/// assert!(!validator.is_complete());
/// validator.feed(b"\xafve").unwrap();
/// assert!(validator.is_complete());
///
/// // An overlong form is refused at its second byte, wherever the pieces are cut.
/// let error = validator.feed(b"ok \xe0\x80").unwrap_err();
/// assert_eq!(error.offset, 4);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// The bytes of a character that is not complete; valid as far as they go.
    partial: [u8; 3],
    /// How many of them there are, 0 to 3.
    length: u8,
}

/// A byte that cannot be part of UTF-8 where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 at byte {offset}")]
pub struct InvalidUtf8 {
    /// Where it stands, counted from the start of the piece.
    pub offset: usize,
}

/// A byte that is not ASCII has its top bit set.
pub(crate) const TOP_BITS: u64 = 0x8080_8080_8080_8080;

impl Validator {
    /// At the start of a text.
    pub const fn new() -> Self {
        Self { partial: [0; 3], length: 0 }
    }

    /// Takes the next piece of the text.
    ///
    /// # Errors
    ///
    /// The first byte that cannot be continued to valid UTF-8. The validator is of no use after
    /// that.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let mut rest = piece;
        while self.length > 0 {
            let Some((&byte, after)) = rest.split_first() else { return Ok(()) };
            self.complete_with(byte)
                .map_err(|()| InvalidUtf8 { offset: piece.len() - rest.len() })?;
            rest = after;
        }
        let Err(error) = check(rest) else { return Ok(()) };
        let (valid, partial) = rest.split_at(error.valid_up_to);
        if let Some(length) = error.impossible_after {
            let offset = piece.len() - rest.len() + valid.len() + length;
            return Err(InvalidUtf8 { offset });
        }
        for (kept, byte) in self.partial.iter_mut().zip(partial) {
            *kept = *byte;
            self.length += 1;
        }
        Ok(())
    }

    /// Whether the text may end here: no character has begun that is not complete.
    pub const fn is_complete(&self) -> bool {
        self.length == 0
    }

    /// How many bytes of a character that is not complete have been taken, 0 to 3.
    pub fn partial(&self) -> usize {
        usize::from(self.length)
    }

    /// Adds a byte to the character in progress.
    fn complete_with(&mut self, byte: u8) -> Result<(), ()> {
        let length = self.partial();
        let mut character = [0; 4];
        character[..3].copy_from_slice(&self.partial);
        character[length] = byte;
        match core::str::from_utf8(&character[..=length]) {
            Ok(_) => self.length = 0,
            Err(error) if error.error_len().is_some() => return Err(()),
            Err(_) => {
                // Fewer than four bytes, or the character would be complete.
                self.partial[length] = byte;
                self.length += 1;
            }
        }
        Ok(())
    }
}

/// The text in these bytes, if all of them are UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simd")]
    return simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "simd"))]
    return core::str::from_utf8(bytes).ok();
}

/// Whether all of these bytes are UTF-8.
pub(crate) fn is_valid(bytes: &[u8]) -> bool {
    /// Shorter texts are not validated in vectors, but for being padded.
    #[cfg(feature = "simd")]
    const VECTOR: usize = 64;
    #[cfg(feature = "simd")]
    if bytes.len() < VECTOR {
        // A zero is ASCII: it makes nothing valid that was not, and nothing invalid.
        let mut padded = [0; VECTOR];
        padded[..bytes.len()].copy_from_slice(bytes);
        return simdutf8::basic::from_utf8(&padded).is_ok();
    }
    text(bytes).is_some()
}

/// Whether all of these bytes are ASCII; made for few of them.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let seen = words.iter().fold(0, |seen, word| seen | u64::from_ne_bytes(*word));
    rest.iter().fold(seen, |seen, byte| seen | u64::from(*byte)) & TOP_BITS == 0
}

struct Invalid {
    valid_up_to: usize,
    /// Bytes after `valid_up_to` that could still have become a character before the one that
    /// could not; `None` if the input merely ended inside a character.
    impossible_after: Option<usize>,
}

fn check(bytes: &[u8]) -> Result<(), Invalid> {
    #[cfg(feature = "simd")]
    let result = simdutf8::compat::from_utf8(bytes).map_err(|e| (e.valid_up_to(), e.error_len()));
    #[cfg(not(feature = "simd"))]
    let result = core::str::from_utf8(bytes).map_err(|e| (e.valid_up_to(), e.error_len()));
    result.map(|_| ()).map_err(|(valid_up_to, error_len)| Invalid {
        valid_up_to,
        // `error_len` counts the bytes of the maximal valid prefix, but at least one.
        impossible_after: error_len.map(|length| {
            let begins = bytes.get(valid_up_to).is_some_and(|byte| matches!(byte, 0xc2..=0xf4));
            if begins { length } else { 0 }
        }),
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    /// Where the first impossible byte stands, found by trying every prefix with every ending.
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
        for split in 0..=bytes.len() {
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
        for first in 0..=0xff {
            for second in 0..=0xff {
                at_every_split(&[first, second]);
                at_every_split(&[b'a', first, second, 0x80, 0x80, b'z']);
            }
        }
    }

    // 3629-3-a, 6455-8.1-b
    #[test]
    fn a_text_of_any_length_is_judged_as_by_the_standard_library() {
        let text = "aé€𝄞".repeat(20);
        for start in 0..12 {
            for end in start..text.len() {
                let mut bytes = Vec::from(&text.as_bytes()[start..end]);
                assert_eq!(is_ascii(&bytes), bytes.is_ascii());
                assert_eq!(is_valid(&bytes), core::str::from_utf8(&bytes).is_ok());
                if let Some(last) = bytes.last_mut() {
                    *last = 0xff;
                    assert!(!is_valid(&bytes));
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
            for before in [0, 1, 15, 31, 64, 100] {
                let mut bytes: Vec<u8> = "ä".repeat(before).into_bytes();
                bytes.extend_from_slice(wrong);
                bytes.extend_from_slice("ö".repeat(70).as_bytes());
                at_every_split(&bytes);
            }
        }
    }
}
