//! Masking: the XOR of a client's payload with its masking key (RFC 6455, section 5.3).
//!
//! This module owns the key and its phase: a payload may be handed over in pieces of any length,
//! and each piece goes on where the one before it ended. It knows nothing of frames.
//!
//! It is masked in safe Rust over blocks of fixed size, which the compiler turns into vector
//! instructions: those of the target, and with the feature `simd` the widest that the processor
//! has. The same pass reports whether every byte that it wrote is ASCII, which spares the receiver
//! of text a second one.
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
use blocks::long;
use blocks::{Across, InPlace, Left, Route, Slot};

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
use crate::simd::long;
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
        self.pass_over(InPlace(data), false);
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
        self.pass_over(Across { from: &from[..length], to: &mut to[..length] }, false);
        length
    }

    /// Unmasks in place, and tells whether the result is ASCII.
    #[inline]
    pub(crate) fn apply_watching_ascii(&mut self, data: &mut [u8]) -> IsAscii {
        self.pass_over(InPlace(data), true)
    }

    /// Unmasks the bytes at `from` while moving them left to `to`, in one pass, and tells whether
    /// the result is ASCII, if that is to be watched.
    ///
    /// `to` must not lie behind `from.start`.
    #[inline]
    pub(crate) fn shift(
        &mut self,
        buffer: &mut [u8],
        from: Range<usize>,
        to: usize,
        watching: bool,
    ) -> IsAscii {
        debug_assert!(to <= from.start);
        if to == from.start {
            return self.pass_over(InPlace(&mut buffer[from]), watching);
        }
        let gap = from.start - to;
        self.pass_over(Left { buffer: &mut buffer[to..from.end], gap }, watching)
    }

    /// Tells whether the result is ASCII, if that is to be watched.
    #[inline]
    fn pass_over(&mut self, route: impl Route, watching: bool) -> IsAscii {
        let length = route.from().len();
        let mask = *self;
        *self = mask.after(length);
        let seen = match length {
            0..4 => blocks::bytewise(route, mask),
            4..8 => blocks::short::<4>(route, mask),
            8..16 => blocks::short::<8>(route, mask),
            16..32 => blocks::short::<16>(route, mask),
            32..64 => blocks::short::<32>(route, mask),
            64..=128 => blocks::short::<64>(route, mask),
            _ => long(route, mask, watching),
        };
        IsAscii(watching && seen & TOP_BITS == 0)
    }

    /// The key as it applies so many bytes later.
    #[inline]
    fn after(self, length: usize) -> Self {
        #[allow(clippy::cast_possible_truncation)] // below four
        let turned = u32::from_le_bytes(self.key).rotate_right(8 * (length % 4) as u32);
        Self { key: turned.to_le_bytes() }
    }

    /// The key over and over.
    #[inline]
    fn repeated<const N: usize>(self) -> [u8; N] {
        let mut pattern = [0; N];
        for word in pattern.as_chunks_mut::<4>().0 {
            *word = self.key;
        }
        pattern
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

    /// Every way through the short forms, and the long one with every number of blocks in a turn.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..=300).chain((320..=704).step_by(64)).chain((337..=700).step_by(37))
    }

    // 6455-5.3-e, P-mk-a, P-mk-b
    #[test]
    fn every_length_alignment_and_phase_matches_the_definition() {
        for length in lengths() {
            for offset in 0..64 {
                for phase in 0..4 {
                    let mut expected: [u8; 800] = sample();
                    reference(&mut expected[offset..][..length], phase);

                    let mut actual: [u8; 800] = sample();
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let ascii = mask.apply_watching_ascii(&mut actual[offset..][..length]);
                    assert_eq!(actual, expected, "length {length}, offset {offset}");
                    assert_eq!(ascii.0, expected[offset..][..length].is_ascii());

                    let mut copied: [u8; 800] = sample();
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let source = &sample::<800>()[offset..][..length];
                    assert_eq!(mask.copy(source, &mut copied[offset..]), length);
                    assert_eq!(copied, expected);
                }
            }
        }
    }

    #[test]
    fn one_byte_that_is_not_ascii_is_seen_wherever_it_stands() {
        for length in lengths() {
            for at in 0..length {
                let mut payload = [0; 704];
                payload[at] = 0x80;
                reference(&mut payload[..length], 0);
                let ascii = Mask::new(KEY).apply_watching_ascii(&mut payload[..length]);
                assert!(!ascii.0, "byte {at} of {length}");
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
        for length in lengths() {
            for gap in [0, 1, 2, 13, 63, 64, 65, 100, 300] {
                let mut moved: [u8; 1100] = sample();
                let mut expected = moved;
                let mut payload = moved;
                let from = 20 + gap..20 + gap + length;
                let payload = &mut payload[from.clone()];
                reference(payload, 0);
                let mut unwatched = moved;
                let ascii = Mask::new(KEY).shift(&mut moved, from.clone(), 20, true);
                expected[20..][..length].copy_from_slice(payload);
                assert_eq!(moved[..20 + length], expected[..20 + length]);
                assert_eq!(moved[20 + gap + length..], expected[20 + gap + length..]);
                assert_eq!(ascii.0, payload.is_ascii(), "length {length}, gap {gap}");

                let ascii = Mask::new(KEY).shift(&mut unwatched, from, 20, false);
                assert_eq!(unwatched, moved);
                assert!(!ascii.0);
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
