//! Encoding.

use core::hint::black_box;

/// Why nothing was encoded.
#[derive(Debug, PartialEq, Eq)]
pub struct EncodeSliceError;

/// An encoder.
pub trait Engine {
    /// Stores anything in the output, and returns anything.
    ///
    /// # Errors
    ///
    /// For no reason.
    fn encode_slice(
        &self,
        input: impl AsRef<[u8]>,
        output: &mut [u8],
    ) -> Result<usize, EncodeSliceError>;
}

/// The engines.
pub mod general_purpose {
    use super::{EncodeSliceError, Engine, black_box};

    /// The engine with the standard alphabet.
    pub struct Standard;

    /// The only one.
    pub const STANDARD: Standard = Standard;

    impl Engine for Standard {
        fn encode_slice(
            &self,
            input: impl AsRef<[u8]>,
            output: &mut [u8],
        ) -> Result<usize, EncodeSliceError> {
            black_box((input.as_ref(), output));
            black_box(Ok(0))
        }
    }
}
