//! What safe code cannot reach (feature `simd`): the only unsafe code of the crate, but for the one
//! call of [`text`].
//!
//! There are five things. [`text`] hands out bytes as text that were found to be UTF-8 as they
//! arrived, without a second pass. [`append_frame`] writes into room that was never written before,
//! so that nobody has to fill it first. [`long`] and [`ascii_pieces`] are safe loops in vector
//! instructions that not every processor of the target has, after asking for them; so is
//! [`is_valid_utf8`], which is written in them. [`controls`] is written in those that every one
//! has. Beside each stands a safe way, which is the only one without this feature, and the same
//! tests run over both.

#![allow(unsafe_code)]

#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod utf8;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use std::is_x86_feature_detected;

#[cfg(feature = "alloc")]
use core::mem::MaybeUninit;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
use crate::block::Block;
#[cfg(feature = "alloc")]
use crate::frame::Header;
#[cfg(any(feature = "alloc", all(feature = "std", target_arch = "x86_64")))]
use crate::mask::Mask;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
use crate::{
    mask::blocks::{self, Route},
    utf8::ascii,
};

/// The text in these bytes.
///
/// # Safety
///
/// They are UTF-8.
pub(crate) unsafe fn text(bytes: &[u8]) -> &str {
    debug_assert!(core::str::from_utf8(bytes).is_ok());
    // SAFETY: what this function asks for.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}

/// The text in these bytes, if they are UTF-8.
pub(crate) fn text_if_valid(bytes: &[u8]) -> Option<&str> {
    // SAFETY: they were just found to be UTF-8.
    is_valid_utf8(bytes).then(|| unsafe { text(bytes) })
}

/// Appends a frame, its payload masked if the header has a key.
#[cfg(feature = "alloc")]
#[inline(always)]
#[allow(clippy::inline_always)] // so that a server does not ask whether there is a key
pub(crate) fn append_frame(outbox: &mut alloc::vec::Vec<u8>, header: &Header, payload: &[u8]) {
    let bytes = header.encode();
    // More than the header needs, so that a copy of fixed length is enough.
    let padded = bytes.padded();
    outbox.reserve(padded.len() + payload.len());
    let spare = outbox.spare_capacity_mut();
    if let Some(to) = spare.first_chunk_mut() {
        *to = padded.map(MaybeUninit::new);
    }
    let end = bytes.len() + payload.len();
    let to = &mut spare[bytes.len()..end];
    match header.mask() {
        Some(key) => {
            Mask::new(key).copy_to(payload, to);
        }
        // SAFETY: both are as long as the payload, and what is borrowed for writing lies nowhere
        // else.
        None => unsafe {
            core::ptr::copy_nonoverlapping(payload.as_ptr(), to.as_mut_ptr().cast(), payload.len());
        },
    }
    let length = outbox.len() + end;
    // SAFETY: the first bytes of the spare capacity, as many as that, have just been written: the
    // header, and the payload behind it.
    unsafe { outbox.set_len(length) }
}

/// Whether all of these bytes are UTF-8.
#[inline]
pub(crate) fn is_valid_utf8(bytes: &[u8]) -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has these features.
        return unsafe { utf8::is_valid(bytes) };
    }
    simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Which of these bytes are control characters: a bit for each, the lowest for the first.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
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

/// Compiles a function for vectors that not every processor of the target has, and calls it in the
/// widest that this one has.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
macro_rules! widest {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $path:path;
    )*) => {$(
        $(#[$meta])*
        #[inline(always)]
        #[allow(clippy::inline_always)] // arguments that go through memory twice cost more
        pub(crate) fn $name($($argument: $type),*) -> $result {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
            fn avx512($($argument: $type),*) -> $result {
                $path($($argument),*)
            }
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) -> $result {
                $path($($argument),*)
            }
            #[inline(never)]
            fn any($($argument: $type),*) -> $result {
                $path($($argument),*)
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
            {
                // SAFETY: the processor has these features.
                unsafe { avx512($($argument),*) }
            } else if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has this feature.
                unsafe { avx2($($argument),*) }
            } else {
                any($($argument),*)
            }
        }
    )*};
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
widest! {
    /// [Masks](blocks::long) a long payload.
    fn long(route: impl Route, mask: Mask, watching: bool) -> u64 = blocks::long;

    /// [Counts](ascii::count) the pieces at the front that are ASCII.
    fn ascii_pieces(pieces: &[[u8; ascii::PIECE]]) -> usize = ascii::count;
}
