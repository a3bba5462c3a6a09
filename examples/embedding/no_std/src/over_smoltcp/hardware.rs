//! The source of masking keys.

use hybi::random::{Entropy, EntropyError};

/// A hardware random number generator. The function returns 32 bits, or `None` if the generator has
/// failed.
///
/// Without such hardware, seed a cryptographically secure generator from the best source of the board,
/// and implement [`Entropy`] for it.
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
