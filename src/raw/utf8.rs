//! Whether bytes are UTF-8, by the fastest instructions of the processor.

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
use std::is_x86_feature_detected;

#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
use super::x86_64::utf8 as x86_64;

/// Whether all of these bytes are UTF-8; ASCII at the front is skipped first.
#[inline]
pub(crate) fn is_valid(bytes: &[u8]) -> bool {
    let rest = super::ascii::skip(bytes);
    rest.is_empty() || is_valid_beyond_ascii(rest)
}

/// The same for bytes that are not all ASCII.
#[cfg(feature = "simd")]
#[inline]
#[allow(unsafe_code)]
pub(crate) fn is_valid_beyond_ascii(bytes: &[u8]) -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has these features.
        return unsafe { x86_64::avx512::is_valid(bytes) };
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has this feature.
        return unsafe { x86_64::avx2::is_valid(bytes) };
    }
    without_own_vectors(bytes)
}

/// The same without the vectors of `x86_64`.
#[cfg(feature = "simd")]
#[inline]
fn without_own_vectors(bytes: &[u8]) -> bool {
    // In its form for AVX2, simdutf8 0.1.5 computes addresses beyond the end of the text, to prefetch
    // from them. That is undefined behaviour. On 32-bit x86 it may choose this form at run time.
    if cfg!(any(target_feature = "avx2", target_arch = "x86")) {
        core::str::from_utf8(bytes).is_ok()
    } else {
        simdutf8::basic::from_utf8(bytes).is_ok()
    }
}

/// The same for bytes that are not all ASCII.
#[cfg(not(feature = "simd"))]
#[inline]
pub(crate) fn is_valid_beyond_ascii(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok()
}

/// Every implementation of [`is_valid_beyond_ascii`] that can be chosen on this processor.
#[cfg(all(test, feature = "simd", feature = "std", target_arch = "x86_64"))]
#[allow(unsafe_code)]
pub(crate) fn forms() -> impl Iterator<Item = fn(&[u8]) -> bool> {
    let avx512: fn(&[u8]) -> bool = |bytes| {
        // SAFETY: it is in the list only if the processor has these features.
        unsafe { x86_64::avx512::is_valid(bytes) }
    };
    let avx2: fn(&[u8]) -> bool = |bytes| {
        // SAFETY: it is in the list only if the processor has this feature.
        unsafe { x86_64::avx2::is_valid(bytes) }
    };
    let has_avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    let avx512 = has_avx512.then_some(avx512);
    // With AVX2, simdutf8 would choose the form that must not be used.
    let other = if is_x86_feature_detected!("avx2") { avx2 } else { without_own_vectors };
    avx512.into_iter().chain([other])
}

/// The text in these bytes, if all of them are UTF-8.
#[cfg(feature = "simd")]
#[allow(unsafe_code)]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    // SAFETY: the line before found them to be UTF-8.
    is_valid_beyond_ascii(bytes).then(|| unsafe { text_unchecked(bytes) })
}

/// The text in these bytes, if all of them are UTF-8.
#[cfg(not(feature = "simd"))]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}

/// The text in these bytes.
///
/// # Safety
///
/// They are UTF-8.
#[cfg(feature = "simd")]
#[allow(unsafe_code)]
pub(crate) unsafe fn text_unchecked(bytes: &[u8]) -> &str {
    debug_assert!(core::str::from_utf8(bytes).is_ok());
    // SAFETY: the caller guarantees it.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}

/// How many bytes at the front are UTF-8, and, unless more bytes could complete them, how many follow
/// that cannot be. `None` if all are UTF-8.
#[cold]
pub(crate) fn first_error(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    core::str::from_utf8(bytes).err().map(|error| (error.valid_up_to(), error.error_len()))
}
