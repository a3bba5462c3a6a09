//! Masking: the XOR of a client's payload with its masking key (RFC 6455, section 5.3).
//!
//! This module owns the key and its phase. A payload may be masked in pieces of any length: each
//! piece continues where the previous one ended. It knows nothing of frames.
//!
//! The loops work on blocks of fixed size in safe Rust, which LLVM vectorizes: for the target, and
//! with the feature `simd` for the widest vectors of the processor. The pass that unmasks text also
//! reports whether it is ASCII, which saves a pass to validate it.
//!
//! ```
//! use hybi::mask::Mask;
//!
//! let mut payload = *b"Hello";
//! Mask::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut payload);
//! assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455, section 5.7
//! ```

use crate::raw::xor::{self, IsAscii, Key};

/// A masking key, and the position of the payload in it.
///
/// Masking and unmasking are the same operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// The key, rotated so that its first byte applies to the next byte of the payload.
    key: Key,
}

impl Mask {
    /// Starts at the first byte of a payload with this masking key.
    pub const fn new(key: [u8; 4]) -> Self {
        Self { key }
    }

    /// Masks (or unmasks) the next bytes of the payload in place.
    #[inline]
    pub fn apply(&mut self, data: &mut [u8]) {
        xor::in_place(self.advance(data.len()), data);
    }

    /// Masks the next bytes of the payload from one buffer into another.
    ///
    /// Masks as many bytes as the shorter of the two has, and returns that number.
    pub fn copy(&mut self, from: &[u8], to: &mut [u8]) -> usize {
        let length = from.len().min(to.len());
        xor::copy(self.advance(length), from, to)
    }

    /// Unmasks in place, and reports whether the result is ASCII.
    #[inline]
    pub(crate) fn apply_watching_ascii(&mut self, data: &mut [u8]) -> IsAscii {
        xor::in_place_watching_ascii(self.advance(data.len()), data)
    }

    /// Unmasks the bytes after the first `gap` and moves them to the front, in one pass. If
    /// `watching`, reports whether the result is ASCII.
    ///
    /// `gap` is not greater than the length of the buffer.
    #[inline]
    pub(crate) fn shift(&mut self, buffer: &mut [u8], gap: usize, watching: bool) -> IsAscii {
        xor::shift(self.advance(buffer.len() - gap), buffer, gap, watching)
    }

    /// Returns the key for the next `length` bytes, and moves past them.
    #[inline]
    fn advance(&mut self, length: usize) -> Key {
        let key = self.key;
        self.key = xor::rotated(key, length);
        key
    }
}

/// Omits the key: with it, an attacker can choose the bytes on the wire (section 10.3).
impl core::fmt::Debug for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mask(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// The definition in section 5.3.
    fn reference(data: &mut [u8], phase: usize) {
        for (index, byte) in data.iter_mut().enumerate() {
            *byte ^= KEY[(index + phase) % 4];
        }
    }

    fn sample<const N: usize>() -> [u8; N] {
        core::array::from_fn(|index| u8::try_from(index * 7 % 251).unwrap())
    }

    /// Every path through the short forms, and the long one with every number of blocks in a turn.
    /// Miri gets one length for each path, the last with four blocks in a turn and one after them.
    fn lengths() -> impl Iterator<Item = usize> {
        let all = (0..=300).chain((320..=704).step_by(64)).chain((337..=700).step_by(37));
        all.filter(|length| !cfg!(miri) || [0, 3, 4, 9, 17, 33, 128, 129, 384].contains(length))
    }

    // 6455-5.3-e, P-mk-a, P-mk-b
    #[test]
    fn every_length_alignment_and_phase_matches_the_definition() {
        let sample: [u8; 800] = sample();
        for length in lengths() {
            for offset in (0..64).step_by(if cfg!(miri) { 21 } else { 1 }) {
                for phase in 0..4 {
                    if cfg!(miri) && phase != offset % 4 {
                        continue; // each offset has another phase
                    }
                    let mut expected = sample;
                    reference(&mut expected[offset..][..length], phase);

                    let mut actual = sample;
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let ascii = mask.apply_watching_ascii(&mut actual[offset..][..length]);
                    assert_eq!(actual, expected, "length {length}, offset {offset}");
                    assert_eq!(ascii.is_yes(), expected[offset..][..length].is_ascii());

                    let mut copied = sample;
                    let mut mask = Mask::new(KEY);
                    mask.apply(&mut [0; 3][..phase]);
                    let source = &sample[offset..][..length];
                    assert_eq!(mask.copy(source, &mut copied[offset..]), length);
                    assert_eq!(copied, expected);
                }
            }
        }
    }

    #[test]
    fn one_byte_that_is_not_ascii_is_seen_wherever_it_stands() {
        for length in lengths() {
            for at in (0..length).step_by(if cfg!(miri) { 97 } else { 1 }) {
                let mut payload = [0; 704];
                payload[at] = 0x80;
                reference(&mut payload[..length], 0);
                let ascii = Mask::new(KEY).apply_watching_ascii(&mut payload[..length]);
                assert!(!ascii.is_yes(), "byte {at} of {length}");
            }
        }
    }

    // P-mk-a
    #[test]
    fn a_payload_in_two_pieces_equals_one() {
        for split in (0..=150).step_by(if cfg!(miri) { 50 } else { 1 }) {
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

    // P-mk-b, H-07
    #[test]
    fn moving_left_unmasks_and_touches_nothing_else() {
        let sample: [u8; 1100] = sample();
        for length in lengths() {
            let gaps = [0, 1, 2, 13, 63, 64, 65, 100, 300];
            for gap in gaps.into_iter().step_by(if cfg!(miri) { 3 } else { 1 }) {
                let mut moved = sample;
                let mut expected = moved;
                let mut payload = moved;
                let from = 20 + gap..20 + gap + length;
                let payload = &mut payload[from.clone()];
                reference(payload, 0);
                let mut unwatched = moved;
                let ascii = Mask::new(KEY).shift(&mut moved[20..from.end], gap, true);
                expected[20..][..length].copy_from_slice(payload);
                assert_eq!(moved[..20 + length], expected[..20 + length]);
                assert_eq!(moved[20 + gap + length..], expected[20 + gap + length..]);
                assert_eq!(ascii.is_yes(), payload.is_ascii(), "length {length}, gap {gap}");

                let ascii = Mask::new(KEY).shift(&mut unwatched[20..from.end], gap, false);
                assert_eq!(unwatched, moved);
                assert_eq!(ascii, IsAscii::UNKNOWN);
            }
        }
    }

    // P-mk-b, H-07
    #[test]
    fn a_copy_at_any_distance_within_a_page_matches_the_definition() {
        const PAGES: usize = 5 * 4096;
        let mut memory = std::vec![0xee; 3 * PAGES];
        let bytes = (0..=u8::MAX).collect::<std::vec::Vec<u8>>().repeat(65);
        let lengths = [384, 129, 200, 337, 704, 16 * 1024, 16 * 1024 + 1];
        let distances = [0, 1, 63, 64, 511, 1023, 1024, 2048, 4095];
        let (count, step) = if cfg!(miri) { (1, 4) } else { (7, 1) };
        for length in lengths.into_iter().take(count) {
            for distance in distances.into_iter().step_by(step) {
                memory.fill(0xee);
                let (from, rest) = memory.split_at_mut(PAGES);
                let from = &mut from[..length];
                from.copy_from_slice(&bytes[..length]);
                let mut expected = from.to_vec();
                reference(&mut expected, 0);
                let (to, after) = rest[distance..].split_at_mut(length);
                assert_eq!(Mask::new(KEY).copy(from, to), length);
                assert_eq!(to, expected, "{length} bytes, {distance} ahead");
                assert_eq!(after, std::vec![0xee; after.len()]);
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
