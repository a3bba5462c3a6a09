//! Where a client's masking keys come from.

use hybi::random::{Entropy, EntropyError};

/// A hardware generator that yields 32 bits at a time, or nothing if it has failed.
///
/// Where there is none, seed a cryptographically secure generator with what the board can offer,
/// and implement [`Entropy`] over that.
#[derive(Debug)]
pub struct Hardware<F>(pub F);

impl<F: FnMut() -> Option<u32>> Entropy for Hardware<F> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for piece in bytes.chunks_mut(size_of::<u32>()) {
            let word = (self.0)().ok_or(EntropyError)?;
            piece.copy_from_slice(&word.to_ne_bytes()[..piece.len()]);
        }
        Ok(())
    }
}
