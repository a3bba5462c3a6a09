//! Dispatch to vector instructions at run time.

/// Compiles a function for AVX-512, AVX2 and the target's baseline, and calls the best version for
/// this processor. The function must be `#[inline(always)]`, so that it is compiled with the
/// features of each version.
macro_rules! widest {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $path:path;
    )*) => {$(
        $(#[$meta])*
        #[inline(always)]
        #[allow(clippy::inline_always)] // a call more would pass the arguments through memory
        #[allow(unsafe_code)]
        fn $name($($argument: $type),*) -> $result {
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
            if std::is_x86_feature_detected!("avx512f")
                && std::is_x86_feature_detected!("avx512bw")
                && std::is_x86_feature_detected!("avx512vl")
            {
                // SAFETY: the processor has the three features.
                unsafe { avx512($($argument),*) }
            } else if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                unsafe { avx2($($argument),*) }
            } else {
                any($($argument),*)
            }
        }
    )*};
}

pub(super) use widest;
