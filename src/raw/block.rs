//! Blocks of bytes, combined as a whole: in such terms that the compiler makes vector instructions of
//! them, those of the target or wider ones where the caller is compiled for them, for which all of
//! this is always inlined.
#![allow(clippy::inline_always)]

/// Bytes in the widest vector that there is, and in a cache line.
pub(crate) const BLOCK: usize = 64;

pub(crate) type Block = [u8; BLOCK];

/// Up to here, the compiler finds better instructions for words than for bytes.
const SMALL: usize = 32;

#[inline(always)]
pub(crate) fn xor<const N: usize>(one: &[u8; N], other: &[u8; N]) -> [u8; N] {
    if N <= SMALL {
        return by_words(one, other, |one, other| one ^ other);
    }
    core::array::from_fn(|index| one[index] ^ other[index])
}

#[inline(always)]
pub(crate) fn or<const N: usize>(one: &[u8; N], other: &[u8; N]) -> [u8; N] {
    if N <= SMALL {
        return by_words(one, other, |one, other| one | other);
    }
    core::array::from_fn(|index| one[index] | other[index])
}

/// Combines blocks of four bytes or a multiple of eight.
#[inline(always)]
fn by_words<const N: usize>(
    one: &[u8; N],
    other: &[u8; N],
    combine: impl Fn(u64, u64) -> u64,
) -> [u8; N] {
    let mut result = *one;
    let ((words, rest), (others, other_rest)) = (result.as_chunks_mut(), other.as_chunks());
    for (word, other) in words.iter_mut().zip(others) {
        *word = combine(u64::from_ne_bytes(*word), u64::from_ne_bytes(*other)).to_ne_bytes();
    }
    if let (Some(half), Some(other)) = (rest.first_chunk_mut(), other_rest.first_chunk()) {
        let combined = combine(u32::from_ne_bytes(*half).into(), u32::from_ne_bytes(*other).into());
        #[allow(clippy::cast_possible_truncation)] // no longer than they were
        let combined = combined as u32;
        *half = combined.to_ne_bytes();
    }
    result
}

/// ORs the words of a block.
#[inline(always)]
pub(crate) fn fold<const N: usize>(block: &[u8; N]) -> u64 {
    let (words, rest) = block.as_chunks::<8>();
    let seen = words.iter().fold(0, |seen, word| seen | u64::from_ne_bytes(*word));
    rest.iter().fold(seen, |seen, byte| seen | u64::from(*byte))
}
