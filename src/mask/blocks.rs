//! The passes over a payload, where the time goes.
//!
//! A payload is masked on one of three [`Route`]s: where it lies, from one buffer into another, or
//! while it moves to the left. Whole blocks are stored where memory is aligned for them, because a
//! store over the border of two cache lines costs two. What is left at both ends is not handled
//! byte by byte, but as a block of its own that may lie over its neighbours ([`Ends`]):
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
//! All of it is safe code. With the feature `simd` it is compiled for wider vectors besides
//! (`simd::long`), for which it is always inlined.
#![allow(clippy::inline_always)]

use core::{cell::Cell, mem::MaybeUninit};

use super::Mask;
use crate::block::{BLOCK, Block, fold, or, xor};

/// Room for a byte, which may never have been written before.
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

/// Where a payload lies and where it goes.
///
/// What is written to an index of [`to`](Self::to) destroys nothing of [`from`](Self::from) at a
/// higher index.
pub(crate) trait Route {
    type Slot: Slot;

    fn from(&self) -> &[u8];

    /// As long as [`from`](Self::from).
    fn to(&mut self) -> &mut [Self::Slot];

    /// Handles the whole blocks from an index on, in order. Four a turn, for which the compiler
    /// finds better instructions.
    fn each_block(&mut self, from: usize, change: impl FnMut(&Block) -> Block);
}

/// Masking where the payload lies.
pub(crate) struct InPlace<'a>(pub(crate) &'a mut [u8]);

/// Masking from one buffer into another.
pub(crate) struct Across<'a, T> {
    pub(crate) from: &'a [u8],
    pub(crate) to: &'a mut [T],
}

/// Masking what lies behind the first `gap` bytes while it moves to the front.
pub(crate) struct Left<'a> {
    pub(crate) buffer: &'a mut [u8],
    pub(crate) gap: usize,
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
        let to = self.to[from..].as_chunks_mut::<BLOCK>().0;
        let (fours, rest) = self.from[from..].as_chunks().0.as_chunks::<4>();
        let (to_fours, to_rest) = to.as_chunks_mut::<4>();
        for (from, to) in fours.iter().zip(to_fours) {
            from.iter().zip(to).for_each(|(from, to)| put(&change(from), to));
        }
        rest.iter().zip(to_rest).for_each(|(from, to)| put(&change(from), to));
    }
}

impl Route for Left<'_> {
    type Slot = u8;

    #[inline(always)]
    fn from(&self) -> &[u8] {
        &self.buffer[self.gap..]
    }

    #[inline(always)]
    fn to(&mut self) -> &mut [u8] {
        let length = self.buffer.len() - self.gap;
        &mut self.buffer[..length]
    }

    #[inline(always)]
    fn each_block(&mut self, from: usize, mut change: impl FnMut(&Block) -> Block) {
        // The two overlap, for which there are cells.
        let cells = Cell::from_mut(&mut self.buffer[from..]).as_slice_of_cells();
        let (from, to) = (&cells[self.gap..], &cells[..cells.len() - self.gap]);
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

/// Masks a payload of at least `N` and at most `2 * N` bytes, and ORs all that it wrote.
#[inline(always)]
pub(crate) fn short<const N: usize>(mut route: impl Route, mask: Mask) -> u64 {
    let Some(ends) = Ends::<N>::of(route.from(), mask) else { return 0 };
    ends.put(route.to());
    fold(&ends.seen())
}

/// Masks a payload of at least a block, and, if that is to be watched, ORs all that it wrote.
#[inline(always)]
pub(crate) fn long(mut route: impl Route, mask: Mask, watching: bool) -> u64 {
    let Some(ends) = Ends::of(route.from(), mask) else { return 0 };
    let aligned = route.to().as_ptr().align_offset(BLOCK).min(BLOCK);
    let pattern = mask.after(aligned).repeated();
    let mut seen = ends.seen();
    route.each_block(aligned, |block| {
        let block = xor(block, &pattern);
        // The loop is a fifth faster without.
        if watching {
            seen = or(&seen, &block);
        }
        block
    });
    ends.put(route.to());
    fold(&seen)
}

/// Masks a payload of a few bytes, and ORs all that it wrote.
#[inline(always)]
pub(crate) fn bytewise(mut route: impl Route, mask: Mask) -> u64 {
    let mut seen = 0;
    for (index, key) in (0..route.from().len()).zip(mask.repeated::<4>()) {
        let byte = route.from()[index] ^ key;
        route.to()[index].put(byte);
        seen |= u64::from(byte);
    }
    seen
}

/// The first and the last bytes of a payload, masked. They are read before anything is written, so
/// that where they lie over each other, or over the blocks between them, all say the same.
struct Ends<const N: usize> {
    first: [u8; N],
    last: [u8; N],
}

impl<const N: usize> Ends<N> {
    #[inline(always)]
    fn of(payload: &[u8], mask: Mask) -> Option<Self> {
        let (first, last) = (payload.first_chunk()?, payload.last_chunk()?);
        Some(Self {
            first: xor(first, &mask.repeated()),
            last: xor(last, &mask.after(payload.len() - N).repeated()),
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
