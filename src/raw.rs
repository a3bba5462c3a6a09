//! Kernels: the inner loops over bytes, and all unsafe code of the crate.
//!
//! This module owns the XOR and the copy of a payload, the scans for ASCII, UTF-8 and control characters, and
//! the dispatch to vector instructions at run time. It imports only `core` and `alloc`, and knows
//! nothing of the protocol.
//!
//! Without the feature `simd`, every function here is safe Rust, and the crate forbids unsafe code.
//! With it, the same functions use the vector instructions of the processor, write to uninitialized
//! memory, and return text without validating it twice. The same tests cover both.

#[cfg(feature = "alloc")]
mod append;
pub(crate) mod ascii;
mod block;
mod controls;
mod copy;
#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
mod dispatch;
pub(crate) mod utf8;
#[cfg(all(feature = "simd", feature = "std", target_arch = "x86_64"))]
mod x86_64;
pub(crate) mod xor;

#[cfg(feature = "alloc")]
pub(crate) use append::append_frame;
pub(crate) use block::BLOCK;
pub(crate) use controls::controls;
pub(crate) use copy::copy;
