//! Bitwise operations on fixed-size blocks, written so that LLVM vectorizes them. Always inlined,
//! so a caller compiled with wider target features gets wider code.
#![allow(clippy::inline_always)]

/// The size of the widest vector (AVX-512) and of a cache line, in bytes.
pub(crate) const BLOCK: usize = 64;

pub(crate) type Block = [u8; BLOCK];

/// Up to this size, LLVM generates better code for words than for bytes.
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

/// Combines blocks word by word. The size is 4 or a multiple of 8 bytes.
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
        #[allow(clippy::cast_possible_truncation)] // both are 32 bits wide
        let combined = combined as u32;
        *half = combined.to_ne_bytes();
    }
    result
}

/// ORs all words of a block.
#[inline(always)]
pub(crate) fn fold<const N: usize>(block: &[u8; N]) -> u64 {
    let (words, rest) = block.as_chunks::<8>();
    let seen = words.iter().fold(0, |seen, word| seen | u64::from_ne_bytes(*word));
    rest.iter().fold(seen, |seen, byte| seen | u64::from(*byte))
}
