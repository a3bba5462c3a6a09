//! What safe code cannot reach (feature `simd`): the only unsafe code of the crate, but for the one
//! call of [`text`].
//!
//! There are three things. [`text`] hands out bytes as text that were found to be UTF-8 as they
//! arrived, without a second pass. [`append_masked`] masks into room that was never written before,
//! so that nobody has to fill it first. [`wide`] runs the loops of [`mask`](crate::mask) in vector
//! instructions that not every processor of the target has, after asking for them. Beside each
//! stands a safe way, which is the only one without this feature, and the same tests run over both.

#![allow(unsafe_code)]

#[cfg(feature = "alloc")]
use crate::mask::Mask;

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

#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod wide {
    //! The loops of [`blocks`], in the widest vectors that the processor has.

    use std::is_x86_feature_detected;

    use crate::mask::blocks::{self, BLOCK, Block, Slot};

    /// Fewer blocks are not worth the choice.
    const FEW: usize = 2;

    macro_rules! widest {
        ($(
            fn $name:ident $(<$slot:ident>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)?,
            few if $few:expr;
        )*) => {$(
            #[inline]
            pub(crate) fn $name $(<$slot: Slot>)? ($($argument: $type),*) $(-> $result)? {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
                fn avx512 $(<$slot: Slot>)? ($($argument: $type),*) $(-> $result)? {
                    blocks::$name($($argument),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2 $(<$slot: Slot>)? ($($argument: $type),*) $(-> $result)? {
                    blocks::$name($($argument),*)
                }
                if $few {
                    blocks::$name($($argument),*)
                } else if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has these features.
                    unsafe { avx512($($argument),*) }
                } else if is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has this feature.
                    unsafe { avx2($($argument),*) }
                } else {
                    blocks::$name($($argument),*)
                }
            }
        )*};
    }

    widest! {
        fn apply(blocks: &mut [Block], pattern: &Block) -> u64, few if blocks.len() < FEW;
        fn copy<T>(from: &[Block], to: &mut [[T; BLOCK]], pattern: &Block),
            few if from.len() < FEW;
        fn shift(buffer: &mut [u8], gap: usize, pattern: &Block) -> u64,
            few if buffer.len() - gap < FEW * BLOCK;
    }
}
