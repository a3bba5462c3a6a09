//! libdeflate's decompressor.
//!
//! The crate `libdeflater` calls it safely, but does not report how much of the input it reads. A message
//! may continue after a final block, so this calls it with the function that does.

#![allow(unsafe_code)] // the functions are in C

use std::ptr::{NonNull, from_ref};

use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_deflate_decompress_ex,
    libdeflate_free_decompressor, libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE as NO_ROOM,
    libdeflate_result_LIBDEFLATE_SUCCESS as SUCCESS,
};

pub(crate) struct Inflate(NonNull<libdeflate_decompressor>);

// SAFETY: the decompressor is memory that belongs to this value alone, and to no thread.
unsafe impl Send for Inflate {}

/// Why a stream cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Invalid,
    /// The output has too little room.
    NoRoom,
}

/// What was done with a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// The number of input bytes up to the end of the final block.
    pub(crate) consumed: usize,
    /// The number of output bytes.
    pub(crate) produced: usize,
}

impl Inflate {
    /// `None` if there is no memory.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: the function has no conditions.
        NonNull::new(unsafe { libdeflate_alloc_decompressor() }).map(Self)
    }

    /// Decompresses up to the first final block.
    pub(crate) fn decompress(&mut self, input: &[u8], output: &mut [u8]) -> Result<Done, Failure> {
        let (mut consumed, mut produced) = (0, 0);
        // SAFETY: the decompressor was allocated in `new` and is freed only in `drop`. Both pointers and
        // their lengths are those of slices, and the last two point to integers.
        let result = unsafe {
            libdeflate_deflate_decompress_ex(
                self.0.as_ptr(),
                from_ref(input).cast(),
                input.len(),
                output.as_mut_ptr().cast(),
                output.len(),
                &raw mut consumed,
                &raw mut produced,
            )
        };
        match result {
            SUCCESS => Ok(Done { consumed, produced }),
            NO_ROOM => Err(Failure::NoRoom),
            _ => Err(Failure::Invalid),
        }
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: it was allocated in `new`, and is not used after this.
        unsafe { libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}
