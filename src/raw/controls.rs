//! Finding the control characters in a block: all bytes below the space except the tab, and DEL.
//!
//! The tab is excluded because it is whitespace in a field value (RFC 9110, section 5.5). The
//! caller examines each byte that is found, and a value may contain many tabs.

use super::block::Block;

/// A bit for each byte that is a control character, the lowest for the first byte.
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
pub(crate) use by_words as controls;

/// A bit for each byte that is a control character, the lowest for the first byte.
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
#[allow(unsafe_code)]
pub(crate) fn controls(block: &Block) -> u64 {
    use core::arch::x86_64::{
        _mm_andnot_si128, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set_epi64x, _mm_set1_epi8,
    };
    #[inline]
    #[target_feature(enable = "sse2")]
    fn sse2(block: &Block) -> u64 {
        let (highest, delete) = (_mm_set1_epi8(0x1f), _mm_set1_epi8(0x7f));
        let tab = _mm_set1_epi8(0x09);
        let mut bits = 0;
        for (index, [low, high]) in block.as_chunks::<8>().0.as_chunks().0.iter().enumerate() {
            let bytes = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
            let is_low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
            let is_low = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), is_low);
            let found = _mm_movemask_epi8(_mm_or_si128(is_low, _mm_cmpeq_epi8(bytes, delete)));
            bits |= u64::from(found.cast_unsigned()) << (16 * index);
        }
        bits
    }
    // SAFETY: the target has SSE2.
    unsafe { sse2(block) }
}

/// The same for any target.
#[cfg_attr(
    all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"),
    allow(dead_code) // the tests compare the two
)]
pub(crate) fn by_words(block: &Block) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    let mut bits = 0;
    for (index, word) in block.as_chunks().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The top bits are set or cleared first, so that no carry crosses bytes.
        let is_space_or_above = (word | TOPS) - 0x20 * ONES;
        let is_not_delete = ((word ^ (0x7f * ONES)) & !TOPS) + 0x7f * ONES;
        let is_not_tab = ((word ^ (0x09 * ONES)) & !TOPS) + 0x7f * ONES;
        let found = !(is_space_or_above & is_not_delete | word) & is_not_tab & TOPS;
        // The multiplication gathers the eight bits in the top byte.
        bits |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::BLOCK;

    fn is_control(byte: u8) -> bool {
        byte.is_ascii_control() && byte != b'\t'
    }

    #[test]
    fn each_byte_is_judged_by_itself() {
        let step = if cfg!(miri) { 31 } else { 1 };
        for byte in (0..=u8::MAX).step_by(step) {
            let all = [0, b'\t', b'\r', b' ', b'~', 0x7f, 0x80, 0xff];
            for neighbours in all.into_iter().step_by(if cfg!(miri) { 5 } else { 1 }) {
                for at in (0..BLOCK).step_by(step) {
                    let mut block = [neighbours; BLOCK];
                    block[at] = byte;
                    let expected = block
                        .iter()
                        .rev()
                        .fold(0, |bits, byte| bits << 1 | u64::from(is_control(*byte)));
                    assert_eq!(controls(&block), expected, "{byte:#x} at {at}");
                    assert_eq!(by_words(&block), expected, "{byte:#x} at {at}");
                }
            }
        }
    }
}
