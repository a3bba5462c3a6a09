//! What safe code cannot reach (feature `simd`): the only unsafe code of the crate, but for the one
//! call of [`text`].
//!
//! There are three things. [`text`] hands out bytes as text that were found to be UTF-8 as they
//! arrived, without a second pass. [`append_masked`] masks into room that was never written before,
//! so that nobody has to fill it first. [`long`] masks in vector instructions that not every processor
//! of the target has, after asking for them. Beside each stands a safe way, which is the only one
//! without this feature, and the same tests run over both.

#![allow(unsafe_code)]

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use std::is_x86_feature_detected;

#[cfg(any(feature = "alloc", all(feature = "std", target_arch = "x86_64")))]
use crate::mask::Mask;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
use crate::mask::blocks::{self, Route};

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

/// Appends bytes masked.
#[cfg(feature = "alloc")]
pub(crate) fn append_masked(outbox: &mut alloc::vec::Vec<u8>, bytes: &[u8], mask: &mut Mask) {
    outbox.reserve(bytes.len());
    let written = mask.copy_to(bytes, outbox.spare_capacity_mut());
    let length = outbox.len() + written;
    // SAFETY: the first bytes of the spare capacity, as many as that, have just been written.
    unsafe { outbox.set_len(length) }
}

/// [Masks](blocks::long) a long payload in the widest vectors that the processor has.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[inline]
pub(crate) fn long(route: impl Route, mask: Mask) -> u64 {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn avx512(route: impl Route, mask: Mask) -> u64 {
        blocks::long(route, mask)
    }
    #[target_feature(enable = "avx2")]
    fn avx2(route: impl Route, mask: Mask) -> u64 {
        blocks::long(route, mask)
    }
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
    {
        // SAFETY: the processor has these features.
        unsafe { avx512(route, mask) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has this feature.
        unsafe { avx2(route, mask) }
    } else {
        blocks::long(route, mask)
    }
}
