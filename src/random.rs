//! Randomness for masking keys and handshake nonces (RFC 6455, sections 5.3 and 4.1).
//!
//! This module owns the trait [`Entropy`], which every client and every relay takes. With the
//! feature `getrandom` (part of `std`), the default is [`OsEntropy`], a cipher seeded by the
//! operating system. There is no predictable source, because a script that can predict masking keys
//! can choose the bytes that cross a proxy (section 10.3).
//!
//! On `wasm32-unknown-unknown`, add the crate `getrandom` with its feature `wasm_js` to your own
//! dependencies (`cargo add getrandom@0.4 --features wasm_js`); otherwise it does not build there.

/// A source of unpredictable bytes.
///
/// Implement it with the hardware generator of a microcontroller, or with a cryptographically
/// secure generator that you have seeded.
pub trait Entropy {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    ///
    /// The source failed. Then nothing is sent; there is no fallback.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;

    /// Draws the next masking key: four bytes, by default from [`fill`](Self::fill).
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

/// The source of randomness failed.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up.
    struct Counter(u8);

    impl Entropy for Counter {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            for byte in bytes {
                self.0 += 1;
                *byte = self.0;
            }
            Ok(())
        }
    }

    /// Has another way to draw keys.
    struct Keys;

    impl Entropy for Keys {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }

        fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
            Ok(*b"keys")
        }
    }

    fn draw(mut source: impl Entropy) -> (Result<[u8; 4], EntropyError>, [u8; 2]) {
        let mut bytes = [0; 2];
        let _ = source.fill(&mut bytes);
        (source.masking_key(), bytes)
    }

    #[test]
    fn a_reference_draws_what_its_source_draws() {
        assert_eq!(draw(Counter(0)), (Ok([3, 4, 5, 6]), [1, 2]));
        assert_eq!(draw(&mut Counter(0)), (Ok([3, 4, 5, 6]), [1, 2]));
        assert_eq!(draw(&mut Keys), (Ok(*b"keys"), [0; 2]));
    }
}
