//! Scanning text for ASCII. Most text is ASCII, and then it needs no further validation.
#![allow(clippy::inline_always)]

use super::block::{BLOCK, fold, or};

/// A byte that is not ASCII has its top bit set.
pub(super) const TOP_BITS: u64 = 0x8080_8080_8080_8080;

/// The number of bytes in one iteration of the loop.
const PIECE: usize = 256;

/// Skips ASCII at the front: returns the rest, which may begin with ASCII unless it is empty.
#[inline]
pub(crate) fn skip(bytes: &[u8]) -> &[u8] {
    let is_ascii = match bytes.len() {
        0..8 => fold_few(bytes) & TOP_BITS == 0,
        8..16 => are_ends::<8>(bytes),
        16..32 => are_ends::<16>(bytes),
        32..64 => are_ends::<32>(bytes),
        64..=128 => are_ends::<64>(bytes),
        129..=PIECE => are_ends::<128>(bytes),
        _ => return skip_pieces(bytes),
    };
    if is_ascii { &[] } else { bytes }
}

/// Scans complete pieces at aligned addresses. The first and the last piece may overlap their
/// neighbours.
fn skip_pieces(bytes: &[u8]) -> &[u8] {
    if !bytes.first_chunk().is_some_and(is_piece) {
        return bytes;
    }
    let aligned = bytes.as_ptr().align_offset(BLOCK).min(PIECE);
    let pieces = bytes[aligned..].as_chunks().0;
    let count = ascii_pieces(pieces);
    if count == pieces.len() && bytes.last_chunk().is_some_and(is_piece) {
        return &[];
    }
    // There are no more than `pieces.len()`.
    bytes.get(aligned + PIECE * count..).unwrap_or(bytes)
}

/// The number of pieces at the front that are ASCII.
#[inline(always)]
fn count(pieces: &[[u8; PIECE]]) -> usize {
    for (index, piece) in pieces.iter().enumerate() {
        if !is_piece(piece) {
            return index;
        }
    }
    pieces.len()
}

#[cfg(not(all(feature = "simd", feature = "std", target_arch = "x86_64")))]
use count as ascii_pieces;

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
super::dispatch::widest! {
    /// [`count`] with the widest vectors.
    fn ascii_pieces(pieces: &[[u8; PIECE]]) -> usize = count;
}

#[inline(always)]
fn is_piece(piece: &[u8; PIECE]) -> bool {
    let mut seen = [0; BLOCK];
    for block in piece.as_chunks().0 {
        seen = or(&seen, block);
    }
    fold(&seen) & TOP_BITS == 0
}

/// Whether `N` to `2 * N` bytes are ASCII.
#[inline(always)]
fn are_ends<const N: usize>(bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return false;
    };
    fold(&or(first, last)) & TOP_BITS == 0
}

fn fold_few(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |seen, byte| seen | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;

    use super::*;

    /// Lengths up to three pieces, and one with several complete ones.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..3 * PIECE).chain([10 * PIECE + 7]).step_by(if cfg!(miri) { 37 } else { 1 })
    }

    #[test]
    fn ascii_of_any_length_is_skipped() {
        let memory = vec![b'~'; 11 * PIECE + BLOCK];
        for length in lengths() {
            for start in [0, 1, 31, 63] {
                assert_eq!(skip(&memory[start..][..length]), b"", "{length} bytes at {start}");
            }
        }
    }

    #[test]
    fn nothing_but_ascii_is_skipped() {
        let mut memory = vec![b'~'; 11 * PIECE];
        for length in lengths() {
            for at in (0..length).step_by(if cfg!(miri) { 37 } else { 5 }) {
                memory[at] = 0x80;
                let rest = skip(&memory[..length]);
                assert!((length - at..=length).contains(&rest.len()), "byte {at} of {length}");
                assert!(memory[..length].ends_with(rest));
                memory[at] = b'~';
            }
        }
    }

    #[test]
    fn complete_pieces_of_ascii_are_skipped() {
        let mut memory = vec![b'~'; 10 * PIECE];
        memory[9 * PIECE] = 0x80;
        // Pieces begin at aligned addresses, so it may be anywhere in its piece.
        let left = skip(&memory).len();
        assert!((PIECE..2 * PIECE).contains(&left), "{left} bytes are left");
    }
}
