//! The XOR of a payload with a repeated key of four bytes.
//!
//! A payload takes one of three [`Route`]s: in place, from one buffer into another, or moved to the
//! left. Complete blocks are stored at aligned addresses, because a store that crosses a cache line
//! costs two. The bytes at both ends are not processed one by one, but as a block that may overlap
//! its neighbours ([`Ends`]):
//!
//! ```text
//!            first block                                last block
//!         ├───────────────┤                          ├───────────────┤
//! payload ┌──────┬───────────────┬───────────────┬───────────────┬───┐
//!         └──────┴───────────────┴───────────────┴───────────────┴───┘
//!                ├───────────────┼───────────────┼───────────────┤
//!                ▲ aligned          blocks of the loop
//! ```
//!
//! The same pass reports whether every byte that it wrote is ASCII.
#![allow(clippy::inline_always)] // the loops are compiled for wider vectors in their callers

use core::{cell::Cell, mem::MaybeUninit};

use super::{
    ascii::TOP_BITS,
    block::{BLOCK, Block, fold, or, xor},
};

/// A masking key. Its first byte applies to the next byte of the payload.
pub(crate) type Key = [u8; 4];

/// Whether all bytes that a pass wrote are ASCII, if it watched. Only a pass can create such a
/// value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsAscii(Option<bool>);

impl IsAscii {
    /// The bytes may be ASCII or not.
    pub(crate) const UNKNOWN: Self = Self(None);

    /// Whether all bytes are known to be ASCII.
    #[inline]
    pub(crate) const fn is_yes(self) -> bool {
        matches!(self.0, Some(true))
    }

    /// Whether one of the bytes is known not to be ASCII.
    #[inline]
    pub(crate) const fn is_no(self) -> bool {
        matches!(self.0, Some(false))
    }
}

/// The key for the byte that follows `length` bytes.
#[inline]
pub(crate) fn rotated(key: Key, length: usize) -> Key {
    // The number of bits to rotate by is modulo 32 in any case.
    #[allow(clippy::cast_possible_truncation)]
    let bits = (length as u32).wrapping_mul(8);
    u32::from_le_bytes(key).rotate_right(bits).to_le_bytes()
}

/// XORs a payload in place.
#[inline]
pub(crate) fn in_place(key: Key, payload: &mut [u8]) {
    pass::<false>(InPlace(payload), key);
}

/// XORs a payload in place, and reports whether the result is ASCII.
#[inline]
pub(crate) fn in_place_watching_ascii(key: Key, payload: &mut [u8]) -> IsAscii {
    pass::<true>(InPlace(payload), key)
}

/// XORs a payload into another buffer, which may be uninitialized. Writes as many bytes as the
/// shorter of the two has, and returns that number.
#[inline]
pub(crate) fn copy<T: Slot>(key: Key, from: &[u8], to: &mut [T]) -> usize {
    let length = from.len().min(to.len());
    pass::<false>(Across { from: &from[..length], to: &mut to[..length] }, key);
    length
}

/// XORs the bytes after the first `gap` and moves them to the front, in one pass. If `watching`,
/// reports whether the result is ASCII. `gap` is not greater than the length of the buffer.
#[inline(always)] // a call of it costs a fragment more than its checks
pub(crate) fn shift(key: Key, buffer: &mut [u8], gap: usize, watching: bool) -> IsAscii {
    debug_assert!(gap <= buffer.len());
    if gap == 0 {
        let payload = InPlace(buffer);
        return if watching { pass::<true>(payload, key) } else { pass::<false>(payload, key) };
    }
    let gap = gap.min(buffer.len());
    let left = Left { buffer, gap };
    if watching { pass::<true>(left, key) } else { pass::<false>(left, key) }
}

/// XORs a payload, and reports whether the result is ASCII, if `WATCHING`.
#[inline(always)]
fn pass<const WATCHING: bool>(route: impl Route, key: Key) -> IsAscii {
    let seen = match route.from().len() {
        0..4 => bytewise(route, key),
        4..8 => short::<4>(route, key),
        8..16 => short::<8>(route, key),
        16..32 => short::<16>(route, key),
        32..64 => short::<32>(route, key),
        64..=128 => short::<64>(route, key),
        _ => long(route, key, WATCHING),
    };
    IsAscii(WATCHING.then_some(seen & TOP_BITS == 0))
}

#[cfg(not(all(feature = "simd", feature = "std", target_arch = "x86_64")))]
use long_kernel as long;

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
super::dispatch::widest! {
    /// [`long_kernel`] with the widest vectors.
    fn long(route: impl Route, key: Key, watching: bool) -> u64 = long_kernel;
}

/// Room for a byte, which may be uninitialized.
pub(crate) trait Slot {
    fn put(&mut self, byte: u8);
}

impl Slot for u8 {
    #[inline(always)]
    fn put(&mut self, byte: u8) {
        *self = byte;
    }
}

impl Slot for MaybeUninit<u8> {
    #[inline(always)]
    fn put(&mut self, byte: u8) {
        self.write(byte);
    }
}

/// The source and the destination of a payload.
///
/// They may overlap: a write to an index of [`to`](Self::to) does not change [`from`](Self::from)
/// at a higher index.
trait Route {
    type Slot: Slot;

    fn from(&self) -> &[u8];

    /// Of the same length as [`from`](Self::from).
    fn to(&mut self) -> &mut [Self::Slot];

    /// Processes the complete blocks from an index on: in order, except where source and destination
    /// cannot overlap. Four per iteration, for which LLVM generates better code.
    fn each_block(&mut self, from: usize, change: impl FnMut(&Block) -> Block);
}

/// Masks in place.
struct InPlace<'a>(&'a mut [u8]);

/// Masks from one buffer into another.
struct Across<'a, T> {
    from: &'a [u8],
    to: &'a mut [T],
}

/// Masks the bytes after the first `gap`, and moves them to the front.
struct Left<'a> {
    buffer: &'a mut [u8],
    gap: usize,
}

impl Route for InPlace<'_> {
    type Slot = u8;

    #[inline(always)]
    fn from(&self) -> &[u8] {
        self.0
    }

    #[inline(always)]
    fn to(&mut self) -> &mut [u8] {
        self.0
    }

    #[inline(always)]
    fn each_block(&mut self, from: usize, mut change: impl FnMut(&Block) -> Block) {
        let (fours, rest) = self.0[from..].as_chunks_mut().0.as_chunks_mut::<4>();
        for four in fours {
            for block in four {
                *block = change(block);
            }
        }
        for block in rest {
            *block = change(block);
        }
    }
}

impl<T: Slot> Route for Across<'_, T> {
    type Slot = T;

    #[inline(always)]
    fn from(&self) -> &[u8] {
        self.from
    }

    #[inline(always)]
    fn to(&mut self) -> &mut [T] {
        self.to
    }

    #[inline(always)]
    fn each_block(&mut self, from: usize, mut change: impl FnMut(&Block) -> Block) {
        let backward = follows_in_page(self.from, self.to);
        let to = self.to.get_mut(from..).unwrap_or_default().as_chunks_mut::<BLOCK>().0;
        let from = self.from.get(from..).unwrap_or_default();
        let (fours, rest) = from.as_chunks().0.as_chunks::<4>();
        let (to_fours, to_rest) = to.as_chunks_mut::<4>();
        let (fours, rest) = (fours.iter().zip(to_fours), rest.iter().zip(to_rest));
        if backward {
            rest.for_each(|(from, to)| put(&change(from), to));
            for (from, to) in fours.rev() {
                from.iter().zip(to).rev().for_each(|(from, to)| put(&change(from), to));
            }
            return;
        }
        for (from, to) in fours {
            from.iter().zip(to).for_each(|(from, to)| put(&change(from), to));
        }
        rest.for_each(|(from, to)| put(&change(from), to));
    }
}

impl Route for Left<'_> {
    type Slot = u8;

    #[inline(always)]
    fn from(&self) -> &[u8] {
        self.buffer.get(self.gap..).unwrap_or_default()
    }

    #[inline(always)]
    fn to(&mut self) -> &mut [u8] {
        let length = self.buffer.len().saturating_sub(self.gap);
        &mut self.buffer[..length]
    }

    #[inline(always)]
    fn each_block(&mut self, from: usize, mut change: impl FnMut(&Block) -> Block) {
        // Source and destination overlap, which safe Rust allows with cells.
        let blocks = self.buffer.get_mut(from..).unwrap_or_default();
        let cells = Cell::from_mut(blocks).as_slice_of_cells();
        let from = cells.get(self.gap..).unwrap_or_default();
        let to = cells.get(..from.len()).unwrap_or_default();
        let mut pass = |(from, to): (&[Cell<u8>; BLOCK], &[Cell<u8>; BLOCK])| {
            let block = change(&core::array::from_fn(|index| from[index].get()));
            to.iter().zip(block).for_each(|(to, byte)| to.set(byte));
        };
        let (fours, rest) = from.as_chunks().0.as_chunks::<4>();
        let (to_fours, to_rest) = to.as_chunks().0.as_chunks::<4>();
        for (from, to) in fours.iter().zip(to_fours) {
            from.iter().zip(to).for_each(&mut pass);
        }
        rest.iter().zip(to_rest).for_each(pass);
    }
}

/// Whether a short destination is a little ahead of its source within a page. A processor that
/// compares the low bits of addresses would then mistake loads for reads of what was just stored,
/// unless the copy runs backward.
fn follows_in_page<T>(from: &[u8], to: &[T]) -> bool {
    const SMALL: usize = 16 * 1024;
    from.len() <= SMALL && ahead_in_page(from, to) < 1024
}

/// The size of a page, in bytes.
pub(super) const PAGE: usize = 4096;

/// How far `to` is ahead of `from`, by their offsets in a page.
#[inline]
pub(super) fn ahead_in_page<T>(from: &[u8], to: &[T]) -> usize {
    to.as_ptr().addr().wrapping_sub(from.as_ptr().addr()) % PAGE
}

/// Masks a payload of `N` to `2 * N` bytes, and returns the OR of all bytes written.
#[inline(always)]
fn short<const N: usize>(mut route: impl Route, key: Key) -> u64 {
    let Some(ends) = Ends::<N>::of(route.from(), key) else { return 0 };
    ends.put(route.to());
    fold(&ends.seen())
}

/// Masks a payload of at least one block. Returns the OR of all bytes written, if `watching`.
#[inline(always)]
fn long_kernel(mut route: impl Route, key: Key, watching: bool) -> u64 {
    let Some(ends) = Ends::of(route.from(), key) else { return 0 };
    let aligned = route.to().as_ptr().align_offset(BLOCK).min(BLOCK);
    let pattern = repeated(rotated(key, aligned));
    let mut seen = ends.seen();
    route.each_block(aligned, |block| {
        let block = xor(block, &pattern);
        // Without it, the loop is a fifth faster.
        if watching {
            seen = or(&seen, &block);
        }
        block
    });
    ends.put(route.to());
    fold(&seen)
}

/// Masks a payload of up to 3 bytes, and returns the OR of all bytes written.
#[inline(always)]
fn bytewise(mut route: impl Route, key: Key) -> u64 {
    let mut seen = 0;
    for (index, key) in (0..route.from().len()).zip(key) {
        let byte = route.from()[index] ^ key;
        route.to()[index].put(byte);
        seen |= u64::from(byte);
    }
    seen
}

/// The first and the last `N` bytes of a payload, masked. They are read before anything is written,
/// so where they overlap each other or the blocks between them, the same bytes are written twice.
struct Ends<const N: usize> {
    first: [u8; N],
    last: [u8; N],
}

impl<const N: usize> Ends<N> {
    #[inline(always)]
    fn of(payload: &[u8], key: Key) -> Option<Self> {
        let (first, last) = (payload.first_chunk()?, payload.last_chunk()?);
        Some(Self {
            first: xor(first, &repeated(key)),
            // The key also repeats after `N` bytes, so it is the one that follows the payload.
            last: xor(last, &repeated(rotated(key, payload.len()))),
        })
    }

    #[inline(always)]
    fn put<T: Slot>(&self, to: &mut [T]) {
        put(&self.first, to);
        if let Some(to) = to.last_chunk_mut::<N>() {
            put(&self.last, to);
        }
    }

    #[inline(always)]
    fn seen(&self) -> [u8; N] {
        or(&self.first, &self.last)
    }
}

#[inline(always)]
fn put<const N: usize, T: Slot>(block: &[u8; N], to: &mut [T]) {
    if let Some(to) = to.first_chunk_mut::<N>() {
        for (byte, to) in block.iter().zip(to) {
            to.put(*byte);
        }
    }
}

/// The key, repeated.
#[inline]
fn repeated<const N: usize>(key: Key) -> [u8; N] {
    let mut pattern = [0; N];
    for word in pattern.as_chunks_mut::<4>().0 {
        *word = key;
    }
    pattern
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;

    use super::*;

    #[test]
    fn a_short_destination_that_follows_in_its_page() {
        let memory = vec![0; 6 * PAGE];
        let from = |length| &memory[PAGE..][..length];
        for (length, distance, follows) in [
            (200, 0, true),
            (200, 1, true),
            (200, 1023, true),
            (200, 1024, false),
            (200, 2048, false),
            (200, PAGE - 1, false),
            // The offsets in a page count.
            (200, PAGE, true),
            (200, PAGE + 1023, true),
            (200, PAGE + 1024, false),
            // Up to 16 KiB.
            (16_384, 1, true),
            (16_385, 1, false),
            (16_384, 1024, false),
        ] {
            let to = &memory[PAGE + distance..];
            assert_eq!(follows_in_page(from(length), to), follows, "{length}, {distance}");
        }
        assert!(!follows_in_page(&memory[1..200], &memory), "it precedes the source");
    }

    #[test]
    fn a_pass_that_watches_reports_whether_all_bytes_are_ascii() {
        let step = if cfg!(miri) { 13 } else { 3 };
        for length in (0..400).step_by(step) {
            let mut payload = vec![0x20; length];
            let is_ascii = in_place_watching_ascii([1, 2, 3, 4], &mut payload);
            assert!(is_ascii.is_yes() && !is_ascii.is_no(), "{length} bytes");
            for at in (0..length).step_by(step) {
                let mut payload = vec![0x20; length];
                payload[at] = 0x80;
                let is_ascii = in_place_watching_ascii([1, 2, 3, 4], &mut payload);
                assert!(is_ascii.is_no() && !is_ascii.is_yes(), "byte {at} of {length}");
            }
        }
        assert!(!IsAscii::UNKNOWN.is_yes() && !IsAscii::UNKNOWN.is_no());
    }
}
