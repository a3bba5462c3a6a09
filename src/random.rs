//! Randomness: where masking keys and handshake nonces come from (RFC 6455, sections 5.3, 4.1).
//!
//! The engine draws none of its own. A client is given an [`Entropy`]; with the feature
//! `getrandom` (part of `std`) the default is [`OsEntropy`], a cipher that the operating system seeds.
//! On `wasm32-unknown-unknown`, add the crate `getrandom` with its feature `wasm_js` to your own
//! dependencies (`cargo add getrandom@0.4 --features wasm_js`), or it does not build there.
//! Nothing predictable is shipped, because a page that can predict masking keys can choose the
//! bytes that cross a proxy (section 10.3).

/// A source of unpredictable bytes.
///
/// Implement it over the hardware generator of a microcontroller, or over a cryptographically
/// secure generator that you have seeded.
pub trait Entropy {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    ///
    /// There is no randomness to be had. Nothing is sent then; there is no fallback.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;

    /// The next masking key: four bytes that [`fill`](Self::fill) would give.
    ///
    /// # Errors
    ///
    /// As for [`fill`](Self::fill).
    fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
        let mut key = [0; 4];
        self.fill(&mut key)?;
        Ok(key)
    }
}

/// There is no randomness to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed: no masking key or nonce can be drawn")]
pub struct EntropyError;

impl<E: Entropy> Entropy for &mut E {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        (**self).fill(bytes)
    }

    fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
        (**self).masking_key()
    }
}

#[cfg(feature = "getrandom")]
mod os;

#[cfg(feature = "getrandom")]
pub use os::OsEntropy;
