//! Masking: the XOR of a client's payload with its masking key (RFC 6455, section 5.3).
//!
//! This module owns the key and its phase: a payload may be handed over in pieces of any length,
//! and each piece goes on where the one before it ended. It knows nothing of frames.
//!
//! The loops are safe Rust over blocks of fixed size, which the compiler turns into vector
//! instructions: those of the target, and with the feature `simd` the widest that the processor
//! has. A loop also reports whether every byte it wrote is ASCII, which spares the receiver of text
//! a second pass.
//!
//! ```
//! use hybi::mask::Mask;
//!
//! let mut payload = *b"Hello";
//! Mask::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut payload);
//! assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455, section 5.7
//! ```

pub(crate) mod blocks;

use core::ops::Range;

#[cfg(not(all(feature = "simd", feature = "std", target_arch = "x86_64")))]
use blocks as loops;
use blocks::{BLOCK, Block, Slot};

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
use crate::simd::wide as loops;
use crate::utf8::TOP_BITS;

/// A masking key, and how far into it the payload has come.
///
/// Masking and unmasking are the same operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// The key, rotated so that its first byte applies to the next byte of payload.
    key: [u8; 4],
}

/// Whether all bytes that a loop wrote are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsAscii(pub(crate) bool);

impl Mask {
    /// Starts a payload with this masking key.
    pub const fn new(key: [u8; 4]) -> Self {
        Self { key }
    }

    /// Masks (or unmasks) the next bytes of the payload in place.
    pub fn apply(&mut self, data: &mut [u8]) {
        self.apply_watching_ascii(data);
    }

    /// Masks the next bytes of the payload from one buffer into another.
    ///
    /// Handles as many bytes as the shorter of the two holds, and returns how many.
    pub fn copy(&mut self, from: &[u8], to: &mut [u8]) -> usize {
        self.copy_to(from, to)
    }

    /// The same, perhaps into room that was never written before.
    #[inline]
    pub(crate) fn copy_to<T: Slot>(&mut self, from: &[u8], to: &mut [T]) -> usize {
        let length = from.len().min(to.len());
        let (from, to) = (&from[..length], &mut to[..length]);
        let (from_blocks, from_tail) = from.as_chunks::<BLOCK>();
        let (to_blocks, to_tail) = to.as_chunks_mut::<BLOCK>();
        if !from_blocks.is_empty() {
            loops::copy(from_blocks, to_blocks, &self.pattern());
        }
        let (from_words, from_rest) = from_tail.as_chunks::<4>();
        let (to_words, to_rest) = to_tail.as_chunks_mut::<4>();
        for (from, to) in from_words.iter().zip(to_words) {
            let word = u32::from_ne_bytes(*from) ^ u32::from_ne_bytes(self.key);
            word.to_ne_bytes().into_iter().zip(to).for_each(|(byte, to)| to.put(byte));
        }
        for ((from, to), key) in from_rest.iter().zip(to_rest).zip(self.key) {
            to.put(from ^ key);
        }
        self.advance(length);
        length
    }

    /// Unmasks in place, and tells whether the result is ASCII.
    #[inline]
    pub(crate) fn apply_watching_ascii(&mut self, data: &mut [u8]) -> IsAscii {
        let length = data.len();
        let (blocks, tail) = data.as_chunks_mut::<BLOCK>();
        let mut seen = if blocks.is_empty() { 0 } else { loops::apply(blocks, &self.pattern()) };
        let short = u32::from_ne_bytes(self.key);
        let long = u64::from(short) | u64::from(short) << 32;
        let (words, rest) = tail.as_chunks_mut::<8>();
        for word in words {
            let bits = u64::from_ne_bytes(*word) ^ long;
            *word = bits.to_ne_bytes();
            seen |= bits;
        }
        let (words, rest) = rest.as_chunks_mut::<4>();
        for word in words {
            let bits = u32::from_ne_bytes(*word) ^ short;
            *word = bits.to_ne_bytes();
            seen |= u64::from(bits);
        }
        for (byte, key) in rest.iter_mut().zip(self.key) {
            *byte ^= key;
            seen |= u64::from(*byte);
        }
        self.advance(length);
        IsAscii(seen & TOP_BITS == 0)
    }

    /// Unmasks the bytes at `from` while moving them left to `to`, in one pass.
    ///
    /// `to` must not lie behind `from.start`.
    pub(crate) fn shift(&mut self, buffer: &mut [u8], from: Range<usize>, to: usize) -> IsAscii {
        debug_assert!(to <= from.start);
        let length = from.len();
        let pattern = self.pattern();
        let gap = from.start - to;
        let buffer = &mut buffer[to..from.end];
        let mut seen = loops::shift(buffer, gap, &pattern);
        for (index, key) in (length - length % BLOCK..length).zip(pattern) {
            let byte = buffer[gap + index] ^ key;
            buffer[index] = byte;
            seen |= u64::from(byte);
        }
        self.advance(length);
        IsAscii(seen & TOP_BITS == 0)
    }

    /// The key, repeated to fill a block.
    fn pattern(self) -> Block {
        let mut pattern = [0; BLOCK];
        for word in pattern.as_chunks_mut::<4>().0 {
            *word = self.key;
        }
        pattern
    }

    fn advance(&mut self, length: usize) {
        #[allow(clippy::cast_possible_truncation)] // below four
        let turned = u32::from_le_bytes(self.key).rotate_right(8 * (length % 4) as u32);
        self.key = turned.to_le_bytes();
    }
}

/// Shows nothing of the key: whoever knows it can choose the bytes on the wire.
impl core::fmt::Debug for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mask(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// The definition in section 5.3, to the letter.
    fn reference(data: &mut [u8], phase: usize) {
        for (index, byte) in data.iter_mut().enumerate() {
            *byte ^= KEY[(index + phase) % 4];
        }
    }

    fn sample<const N: usize>() -> [u8; N] {
        core::array::from_fn(|index| u8::try_from(index * 7 % 251).unwrap())
    }

    // 6455-5.3-e, P-mk-a, P-mk-b
    #[test]
    fn every_length_alignment_and_phase_matches_the_definition() {
        for length in 0..=300 {
            for offset in 0..4 {
                for phase in 0..4 {
                    let mut expected: [u8; 320] = sample();
                    reference(&mut expected[offset..][..length], phase);

                    let mut actual: [u8; 320] = sample();
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let ascii = mask.apply_watching_ascii(&mut actual[offset..][..length]);
                    assert_eq!(actual, expected, "length {length}, offset {offset}");
                    assert_eq!(ascii.0, expected[offset..][..length].is_ascii());

                    let mut copied: [u8; 320] = sample();
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let source = &sample::<320>()[offset..][..length];
                    assert_eq!(mask.copy(source, &mut copied[offset..]), length);
                    assert_eq!(copied, expected);
                }
            }
        }
    }

    // P-mk-a
    #[test]
    fn a_payload_in_two_pieces_equals_one() {
        for split in 0..=150 {
            let mut expected: [u8; 150] = sample();
            reference(&mut expected, 0);
            let mut actual: [u8; 150] = sample();
            let mut mask = Mask::new(KEY);
            let (head, tail) = actual.split_at_mut(split);
            mask.apply(head);
            mask.apply(tail);
            assert_eq!(actual, expected, "split at {split}");
        }
    }

    // P-mk-b
    #[test]
    fn moving_left_unmasks_and_touches_nothing_else() {
        for length in [0, 1, 3, 4, 63, 64, 65, 128, 200] {
            for gap in [0, 1, 2, 13, 64, 100] {
                let mut moved: [u8; 400] = sample();
                let mut expected = moved;
                let mut payload: [u8; 400] = sample();
                let payload = &mut payload[20 + gap..][..length];
                reference(payload, 0);
                let ascii = Mask::new(KEY).shift(&mut moved, 20 + gap..20 + gap + length, 20);
                expected[20..][..length].copy_from_slice(payload);
                assert_eq!(moved[..20 + length], expected[..20 + length]);
                assert_eq!(moved[20 + gap + length..], expected[20 + gap + length..]);
                assert_eq!(ascii.0, payload.is_ascii());
            }
        }
    }

    // P-fd-g
    #[test]
    fn a_key_of_zero_changes_nothing() {
        let mut data: [u8; 100] = sample();
        Mask::new([0; 4]).apply(&mut data);
        assert_eq!(data, sample());
    }
}
