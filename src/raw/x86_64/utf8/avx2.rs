//! Validates text with AVX2, 32 bytes at a time.
//!
//! The bytes one, two and three places before each byte are loaded from memory. This takes less time
//! than shifting two vectors, because AVX2 shifts each half of a vector separately.

use core::arch::x86_64::{
    __m128i, __m256i, _mm256_alignr_epi8, _mm256_and_si256, _mm256_broadcastsi128_si256,
    _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_permute2x128_si256,
    _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    _mm256_subs_epu8, _mm256_xor_si256,
};

use super::{TABLES, complete};

/// The size of a vector in bytes.
const VECTOR: usize = 32;

/// The number of bytes before a vector that its check reads.
const BEFORE: usize = 3;

/// A vector, and the bytes before it.
type Window = [u8; BEFORE + VECTOR];

/// Two vectors, and the bytes before them.
type Pair = [u8; BEFORE + 2 * VECTOR];

/// The largest values of the bytes before ASCII, at the front of a vector, and at the end of the text.
const BEFORE_ASCII: [u8; VECTOR] = complete(BEFORE);
const LAST: [u8; VECTOR] = complete(VECTOR);

/// Whether all of these bytes are UTF-8.
#[target_feature(enable = "avx2")]
pub(in crate::raw) fn is_valid(bytes: &[u8]) -> bool {
    let mut validation = Validation::new();
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
        // Too short for a window. At least one zero follows the text. An incomplete character before
        // it is a fault.
        let mut pair = [0; _];
        let Some(room) = pair[BEFORE..].get_mut(..bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        validation.check_pair(&pair);
        return validation.ends_well();
    };
    validation.check_first(first);
    let mut rest = &bytes[VECTOR - BEFORE..];
    while let Some(pair) = rest.first_chunk() {
        validation.check_pair(pair);
        rest = &rest[2 * VECTOR..];
    }
    if let Some(window) = rest.first_chunk() {
        validation.check(window);
    }
    // It may overlap the previous windows.
    validation.check_last(last);
    validation.ends_well()
}

struct Validation {
    /// Not zero where a fault was found.
    faults: __m256i,
    tables: [__m256i; 3],
}

impl Validation {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new() -> Self {
        let tables = TABLES.map(|table| in_each_lane(table));
        Self { faults: _mm256_setzero_si256(), tables }
    }

    /// Checks the first bytes of the text, with zeros before them.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn check_first(&mut self, bytes: &[u8; VECTOR]) {
        let block = load(bytes, 0);
        let lanes = _mm256_permute2x128_si256::<0x08>(block, block);
        let first = _mm256_alignr_epi8::<15>(block, lanes);
        let second = _mm256_alignr_epi8::<14>(block, lanes);
        let third = _mm256_alignr_epi8::<13>(block, lanes);
        self.check_shifted([third, second, first, block]);
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn check_pair(&mut self, pair: &Pair) {
        let all = _mm256_or_si256(load(pair, BEFORE), load(pair, BEFORE + VECTOR));
        if _mm256_movemask_epi8(all) == 0 {
            // ASCII. An incomplete character may come before it.
            let before = load(pair, 0);
            self.add(_mm256_subs_epu8(before, load(&BEFORE_ASCII, 0)));
            return;
        }
        self.check_at(pair, BEFORE);
        self.check_at(pair, BEFORE + VECTOR);
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn check(&mut self, window: &Window) {
        self.check_at(window, BEFORE);
    }

    /// Checks the last bytes of the text, which must end with a complete character.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn check_last(&mut self, window: &Window) {
        self.check(window);
        let block = load(window, BEFORE);
        self.add(_mm256_subs_epu8(block, load(&LAST, 0)));
    }

    /// Checks the vector at this index.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn check_at<const N: usize>(&mut self, bytes: &[u8; N], at: usize) {
        self.check_shifted([
            load(bytes, at - 3),
            load(bytes, at - 2),
            load(bytes, at - 1),
            load(bytes, at),
        ]);
    }

    /// Checks the last of these vectors. The others are the bytes three, two and one places before.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn check_shifted(&mut self, [third, second, first, block]: [__m256i; 4]) {
        let [upper_first, lower_first, upper_second] = self.tables;
        let faults = _mm256_and_si256(
            _mm256_shuffle_epi8(upper_first, upper(first)),
            _mm256_and_si256(
                _mm256_shuffle_epi8(lower_first, lower(first)),
                _mm256_shuffle_epi8(upper_second, upper(block)),
            ),
        );
        // Two continuations must follow E0 to FF, and three F0 to FF. There, `expected` has the top
        // bit, which is also that of the fault "two continuations".
        let second = _mm256_subs_epu8(second, _mm256_set1_epi8(0x60));
        let third = _mm256_subs_epu8(third, _mm256_set1_epi8(0x70));
        let expected = _mm256_and_si256(_mm256_or_si256(second, third), _mm256_set1_epi8(-0x80));
        self.add(_mm256_xor_si256(faults, expected));
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, faults: __m256i) {
        self.faults = _mm256_or_si256(self.faults, faults);
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn ends_well(self) -> bool {
        let is_sound = _mm256_cmpeq_epi8(self.faults, _mm256_setzero_si256());
        _mm256_movemask_epi8(is_sound) == -1
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn upper(bytes: __m256i) -> __m256i {
    lower(_mm256_srli_epi16::<4>(bytes))
}

#[inline]
#[target_feature(enable = "avx2")]
fn lower(bytes: __m256i) -> __m256i {
    _mm256_and_si256(bytes, _mm256_set1_epi8(0xf))
}

#[inline]
#[target_feature(enable = "avx2")]
fn in_each_lane(table: [u8; 16]) -> __m256i {
    // SAFETY: both are 16 bytes, and all bytes are valid in both.
    _mm256_broadcastsi128_si256(unsafe { core::mem::transmute::<[u8; 16], __m128i>(table) })
}

/// The vector at this index.
#[inline]
#[target_feature(enable = "avx2")]
fn load<const N: usize>(bytes: &[u8; N], at: usize) -> __m256i {
    let mut vector = [0; VECTOR];
    vector.copy_from_slice(&bytes[at..at + VECTOR]);
    // SAFETY: both are 32 bytes, and all bytes are valid in both.
    unsafe { core::mem::transmute(vector) }
}
