//! Masking: the XOR of a client's payload with its masking key (RFC 6455, section 5.3).
//!
//! This module owns the key and its phase: a payload may be handed over in pieces of any length,
//! and each piece goes on where the one before it ended. It knows nothing of frames.
//!
//! The loops are safe Rust over blocks of fixed size, which the compiler turns into the vector
//! instructions of the target. A loop also reports whether every byte it wrote is ASCII, which
//! spares the receiver of text a second pass.
//!
//! ```
//! use hybi::mask::Mask;
//!
//! let mut payload = *b"Hello";
//! Mask::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut payload);
//! assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455, section 5.7
//! ```

use core::ops::Range;

/// Bytes that one turn of a loop handles.
const BLOCK: usize = 64;

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
        let length = from.len().min(to.len());
        let (from, to) = (&from[..length], &mut to[..length]);
        let pattern = self.pattern();
        let (from_blocks, from_tail) = from.as_chunks::<BLOCK>();
        let (to_blocks, to_tail) = to.as_chunks_mut::<BLOCK>();
        for (from, to) in from_blocks.iter().zip(to_blocks) {
            *to = xor(*from, &pattern);
        }
        for ((from, to), key) in from_tail.iter().zip(to_tail).zip(pattern) {
            *to = from ^ key;
        }
        self.advance(length);
        length
    }

    /// Unmasks in place, and tells whether the result is ASCII.
    pub(crate) fn apply_watching_ascii(&mut self, data: &mut [u8]) -> IsAscii {
        let length = data.len();
        let pattern = self.pattern();
        let mut seen = [0; BLOCK];
        let (blocks, tail) = data.as_chunks_mut::<BLOCK>();
        for block in blocks {
            *block = xor(*block, &pattern);
            collect(&mut seen, block);
        }
        let (words, rest) = tail.as_chunks_mut::<4>();
        for word in words {
            let bits = u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(self.key);
            *word = bits.to_ne_bytes();
            collect(&mut seen, word);
        }
        for (byte, key) in rest.iter_mut().zip(self.key) {
            *byte ^= key;
            seen[0] |= *byte;
        }
        self.advance(length);
        IsAscii(seen.is_ascii())
    }

    /// Unmasks the bytes at `from` while moving them left to `to`, in one pass.
    ///
    /// `to` must not lie behind `from.start`.
    pub(crate) fn shift(&mut self, buffer: &mut [u8], from: Range<usize>, to: usize) -> IsAscii {
        debug_assert!(to <= from.start);
        let length = from.len();
        let pattern = self.pattern();
        let mut seen = [0; BLOCK];
        let mut done = 0;
        // A block is read whole before it is written, and it is written to the left of all that
        // is still to be read.
        while length - done >= BLOCK {
            let mut block = [0; BLOCK];
            block.copy_from_slice(&buffer[from.start + done..][..BLOCK]);
            let block = xor(block, &pattern);
            collect(&mut seen, &block);
            buffer[to + done..][..BLOCK].copy_from_slice(&block);
            done += BLOCK;
        }
        for (index, key) in (done..length).zip(pattern) {
            let byte = buffer[from.start + index] ^ key;
            buffer[to + index] = byte;
            seen[0] |= byte;
        }
        self.advance(length);
        IsAscii(seen.is_ascii())
    }

    /// The key, repeated to fill a block.
    fn pattern(self) -> [u8; BLOCK] {
        let mut pattern = [0; BLOCK];
        for word in pattern.as_chunks_mut::<4>().0 {
            *word = self.key;
        }
        pattern
    }

    fn advance(&mut self, length: usize) {
        self.key.rotate_left(length % 4);
    }
}

/// Shows nothing of the key: whoever knows it can choose the bytes on the wire.
impl core::fmt::Debug for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mask(..)")
    }
}

#[inline]
fn xor(mut block: [u8; BLOCK], pattern: &[u8; BLOCK]) -> [u8; BLOCK] {
    for (byte, key) in block.iter_mut().zip(pattern) {
        *byte ^= key;
    }
    block
}

#[inline]
fn collect(seen: &mut [u8; BLOCK], bytes: &[u8]) {
    for (seen, byte) in seen.iter_mut().zip(bytes) {
        *seen |= byte;
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
