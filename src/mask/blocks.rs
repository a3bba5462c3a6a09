//! The loops over whole blocks, where the time goes.
//!
//! Each loop is written once, as safe code. With the feature `simd` they are compiled for wider
//! vectors besides (`simd::wide`), for which they are always inlined.
#![allow(clippy::inline_always)]

use core::mem::MaybeUninit;

/// Bytes that one turn of a loop handles: the widest vector that there is.
pub(crate) const BLOCK: usize = 64;

pub(crate) type Block = [u8; BLOCK];

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

/// Masks in place, and ORs all that it wrote.
#[inline(always)]
pub(crate) fn apply(blocks: &mut [Block], pattern: &Block) -> u64 {
    let mut seen = [0; BLOCK];
    for block in blocks {
        *block = xor(*block, pattern);
        collect(&mut seen, block);
    }
    fold(&seen)
}

/// Masks from one buffer into another.
#[inline(always)]
pub(crate) fn copy<T: Slot>(from: &[Block], to: &mut [[T; BLOCK]], pattern: &Block) {
    for (from, to) in from.iter().zip(to) {
        for (byte, to) in xor(*from, pattern).into_iter().zip(to) {
            to.put(byte);
        }
    }
}

/// Masks the whole blocks behind the first `gap` bytes while moving them to the front, and ORs all
/// that it wrote.
#[inline(always)]
pub(crate) fn shift(buffer: &mut [u8], gap: usize, pattern: &Block) -> u64 {
    let mut seen = [0; BLOCK];
    let mut done = 0;
    // A block is read whole before it is written, and it is written to the left of all that is
    // still to be read.
    while let Some(block) = buffer[gap + done..].first_chunk::<BLOCK>() {
        let block = xor(*block, pattern);
        collect(&mut seen, &block);
        buffer[done..done + BLOCK].copy_from_slice(&block);
        done += BLOCK;
    }
    fold(&seen)
}

#[inline(always)]
fn xor(mut block: Block, pattern: &Block) -> Block {
    for (byte, key) in block.iter_mut().zip(pattern) {
        *byte ^= key;
    }
    block
}

#[inline(always)]
fn collect(seen: &mut Block, block: &Block) {
    for (seen, byte) in seen.iter_mut().zip(block) {
        *seen |= byte;
    }
}

#[inline(always)]
fn fold(seen: &Block) -> u64 {
    seen.as_chunks::<8>().0.iter().fold(0, |all, word| all | u64::from_ne_bytes(*word))
}
