//! Validates text with AVX-512, 64 bytes at a time.

use core::arch::x86_64::{
    __m128i, __m512i, _mm512_alignr_epi8, _mm512_and_si512, _mm512_broadcast_i32x4,
    _mm512_maskz_loadu_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutex2var_epi64,
    _mm512_set1_epi8, _mm512_setr_epi64, _mm512_setzero_si512, _mm512_shuffle_epi8,
    _mm512_srli_epi16, _mm512_subs_epu8, _mm512_test_epi8_mask, _mm512_xor_si512,
};

use super::{TABLES, complete};
use crate::raw::block::{BLOCK, Block};

/// Whether all of these bytes are UTF-8.
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::raw) fn is_valid(bytes: &[u8]) -> bool {
    let mut validation = Validation::new();
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let (fours, blocks) = blocks.as_chunks::<4>();
    for [a, b, c, d] in fours {
        validation.check_four([load(*a), load(*b), load(*c), load(*d)]);
    }
    for block in blocks {
        validation.check(load(*block));
    }
    // At least one zero follows the text. An incomplete character before it is a fault.
    validation.check(load_short(rest));
    validation.ends_well()
}

struct Validation {
    /// The previous block.
    before: __m512i,
    /// Not zero where a fault was found.
    faults: __m512i,
    tables: [__m512i; 3],
}

impl Validation {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new() -> Self {
        let zero = _mm512_setzero_si512();
        Self { before: zero, faults: zero, tables: TABLES.map(|table| in_each_lane(table)) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn check_four(&mut self, blocks: [__m512i; 4]) {
        let [a, b, c, d] = blocks;
        let all = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));
        if _mm512_movepi8_mask(all) == 0 {
            // ASCII. The previous block may end with an incomplete character.
            self.faults = _mm512_or_si512(self.faults, unfinished(self.before));
            self.before = d;
            return;
        }
        for block in blocks {
            self.check(block);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn check(&mut self, block: __m512i) {
        // The bytes one, two and three places before each byte: move the 16-byte lanes by one, then
        // shift each pair of lanes by bytes.
        let order = _mm512_setr_epi64(6, 7, 8, 9, 10, 11, 12, 13);
        let lanes = _mm512_permutex2var_epi64(self.before, order, block);
        let first = _mm512_alignr_epi8::<15>(block, lanes);
        let second = _mm512_alignr_epi8::<14>(block, lanes);
        let third = _mm512_alignr_epi8::<13>(block, lanes);

        let [upper_first, lower_first, upper_second] = self.tables;
        let faults = _mm512_and_si512(
            _mm512_shuffle_epi8(upper_first, upper(first)),
            _mm512_and_si512(
                _mm512_shuffle_epi8(lower_first, lower(first)),
                _mm512_shuffle_epi8(upper_second, upper(block)),
            ),
        );
        // Two continuations must follow E0 to FF, and three F0 to FF. There, `expected` has the top
        // bit, which is also that of the fault "two continuations".
        let second = _mm512_subs_epu8(second, _mm512_set1_epi8(0x60));
        let third = _mm512_subs_epu8(third, _mm512_set1_epi8(0x70));
        let expected = _mm512_and_si512(_mm512_or_si512(second, third), _mm512_set1_epi8(-0x80));
        self.faults = _mm512_or_si512(self.faults, _mm512_xor_si512(faults, expected));
        self.before = block;
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn ends_well(self) -> bool {
        _mm512_test_epi8_mask(self.faults, self.faults) == 0
    }
}

/// Not zero where a character begins that does not end in the block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unfinished(block: __m512i) -> __m512i {
    _mm512_subs_epu8(block, load(const { complete(BLOCK) }))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn upper(bytes: __m512i) -> __m512i {
    lower(_mm512_srli_epi16::<4>(bytes))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn lower(bytes: __m512i) -> __m512i {
    _mm512_and_si512(bytes, _mm512_set1_epi8(0xf))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn in_each_lane(table: [u8; 16]) -> __m512i {
    // SAFETY: both are 16 bytes, and all bytes are valid in both.
    _mm512_broadcast_i32x4(unsafe { core::mem::transmute::<[u8; 16], __m128i>(table) })
}

/// Loads fewer bytes than a block has, followed by zeros.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_short(bytes: &[u8]) -> __m512i {
    // The length is at most 63.
    let mask = (1 << (bytes.len() % BLOCK)) - 1;
    // SAFETY: the instruction reads only the bytes whose bit in the mask is set. Those are the first
    // `bytes.len()`, or fewer.
    unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(block: Block) -> __m512i {
    // SAFETY: both are 64 bytes, and all bytes are valid in both.
    unsafe { core::mem::transmute(block) }
}
