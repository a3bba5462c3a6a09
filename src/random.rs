//! Randomness: where masking keys and handshake nonces come from (RFC 6455, sections 5.3, 4.1).
//!
//! The engine draws none of its own. A client is given an [`Entropy`]; with the feature
//! `getrandom` (part of `std`) the default is the operating system's generator, [`OsEntropy`].
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
pub use os::OsEntropy;

#[cfg(feature = "getrandom")]
mod os {
    use super::{Entropy, EntropyError};

    /// How many bytes one system call draws.
    const BATCH: usize = 256;

    /// The most bytes that are taken from a batch.
    const LARGEST: usize = 8;

    /// The operating system's generator, drawn in batches: one system call for 64 masking keys.
    pub struct OsEntropy {
        bytes: [u8; BATCH],
        /// How many of them, at the end, have not been given out.
        left: usize,
    }

    impl OsEntropy {
        /// A source that draws when it is first asked.
        pub const fn new() -> Self {
            Self { bytes: [0; BATCH], left: 0 }
        }

        #[cold]
        fn draw(&mut self) -> Result<(), EntropyError> {
            self.left = 0;
            getrandom::fill(&mut self.bytes).map_err(|_| EntropyError)?;
            self.left = BATCH;
            Ok(())
        }
    }

    impl Default for OsEntropy {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Entropy for OsEntropy {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            // A nonce is drawn by itself: many connections never need a key, or need few.
            if bytes.len() > LARGEST {
                return getrandom::fill(bytes).map_err(|_| EntropyError);
            }
            if bytes.len() > self.left {
                self.draw()?;
            }
            let from = BATCH - self.left;
            let drawn = &mut self.bytes[from..from + bytes.len()];
            bytes.copy_from_slice(drawn);
            // What was given out is not kept.
            drawn.fill(0);
            self.left -= bytes.len();
            Ok(())
        }

        /// The same without a copy of any length, which is a call.
        #[inline]
        fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
            if self.left < 4 {
                self.draw()?;
            }
            let rest = &mut self.bytes[BATCH - self.left..];
            let key = rest.first_chunk_mut::<4>().map(core::mem::take).ok_or(EntropyError)?;
            self.left -= 4;
            Ok(key)
        }
    }

    /// Shows nothing of the bytes to come.
    impl core::fmt::Debug for OsEntropy {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("OsEntropy(..)")
        }
    }
}
