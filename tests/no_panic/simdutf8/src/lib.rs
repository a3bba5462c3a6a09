//! In the proofs, this takes the place of simdutf8. It has the interface that hybi uses, does not panic,
//! and returns what the optimizer knows nothing about.
#![no_std]

/// Validation without the position of an error.
pub mod basic {
    /// The bytes are not UTF-8.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Utf8Error;

    /// Returns anything. simdutf8 calls a function that it chooses when it runs.
    ///
    /// # Errors
    ///
    /// For no reason.
    #[cfg(feature = "std")]
    pub fn from_utf8(input: &[u8]) -> Result<&str, Utf8Error> {
        core::hint::black_box(input);
        core::hint::black_box(Ok(""))
    }

    /// Validates, as simdutf8 does without vectors.
    ///
    /// # Errors
    ///
    /// If the input is not UTF-8.
    #[cfg(not(feature = "std"))]
    pub fn from_utf8(input: &[u8]) -> Result<&str, Utf8Error> {
        core::str::from_utf8(input).map_err(|_| Utf8Error)
    }
}
