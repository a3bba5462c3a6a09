//! What safe code cannot reach (feature `simd`): the only unsafe code of the crate, but for the one
//! call of [`text`].
//!
//! There are four things. [`text`] hands out bytes as text that were found to be UTF-8 as they
//! arrived, without a second pass. [`append_masked`] masks into room that was never written before,
//! so that nobody has to fill it first. [`long`] and [`ascii_pieces`] are safe loops in vector
//! instructions that not every processor of the target has, after asking for them; so is
//! [`is_valid_utf8`], which is written in them. Beside each stands a safe way, which is the only
//! one without this feature, and the same tests run over both.

#![allow(unsafe_code)]

#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod utf8;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use std::is_x86_feature_detected;

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

/// Appends bytes masked.
#[cfg(feature = "alloc")]
pub(crate) fn append_masked(outbox: &mut alloc::vec::Vec<u8>, bytes: &[u8], mask: &mut Mask) {
    outbox.reserve(bytes.len());
    let written = mask.copy_to(bytes, outbox.spare_capacity_mut());
    let length = outbox.len() + written;
    // SAFETY: the first bytes of the spare capacity, as many as that, have just been written.
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

/// Compiles a function for vectors that not every processor of the target has, and calls it in the
/// widest that this one has.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
macro_rules! widest {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $path:path;
    )*) => {$(
        $(#[$meta])*
        #[inline]
        pub(crate) fn $name($($argument: $type),*) -> $result {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
            fn avx512($($argument: $type),*) -> $result {
                $path($($argument),*)
            }
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) -> $result {
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
                $path($($argument),*)
            }
        }
    )*};
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
widest! {
    /// [Masks](blocks::long) a long payload.
    fn long(route: impl Route, mask: Mask) -> u64 = blocks::long;

    /// [Counts](ascii::count) the pieces at the front that are ASCII.
    fn ascii_pieces(pieces: &[[u8; ascii::PIECE]]) -> usize = ascii::count;
}
