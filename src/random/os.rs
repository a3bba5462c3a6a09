//! A stream cipher seeded by the operating system.
//!
//! A system call for every masking key would cost more than the rest of a small message. Instead,
//! the system seeds ChaCha20, which operating systems themselves use for this purpose, and keys are
//! drawn from its stream. With the feature `std`, all connections of a thread share one generator;
//! without it, each connection has its own.

use core::mem::ManuallyDrop;
#[cfg(feature = "std")]
use std::{cell::RefCell, thread_local};

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{Entropy, EntropyError};

/// The default source of randomness: ChaCha20, seeded by the operating system on first use and
/// again after every 64 KiB.
///
/// After a `fork`, both processes draw the same bytes until the next seed, as with other generators
/// in user space: fork before the first connection.
#[derive(Default)]
pub struct OsEntropy {
    #[cfg(not(feature = "std"))]
    generator: Generator,
}

impl OsEntropy {
    /// With the feature `std`, uses the generator of the current thread; without it, a new one.
    pub const fn new() -> Self {
        Self {
            #[cfg(not(feature = "std"))]
            generator: Generator::new(),
        }
    }

    #[cfg(feature = "std")]
    #[inline]
    #[allow(clippy::unused_self)] // without `std`, it is used
    fn with<T>(
        &mut self,
        draw: impl FnOnce(&mut Generator) -> Result<T, EntropyError>,
    ) -> Result<T, EntropyError> {
        thread_local! {
            static GENERATOR: RefCell<Generator> = const { RefCell::new(Generator::new()) };
        }
        GENERATOR.with_borrow_mut(draw)
    }

    #[cfg(not(feature = "std"))]
    fn with<T>(
        &mut self,
        draw: impl FnOnce(&mut Generator) -> Result<T, EntropyError>,
    ) -> Result<T, EntropyError> {
        draw(&mut self.generator)
    }
}

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.with(|generator| {
            generator.seeded(bytes.len())?.fill_bytes(bytes);
            Ok(())
        })
    }

    #[inline]
    fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
        self.with(|generator| Ok(generator.seeded(4)?.next_u32().to_ne_bytes()))
    }
}

/// Omits the state of the generator.
impl core::fmt::Debug for OsEntropy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OsEntropy(..)")
    }
}

/// The number of bytes drawn from one seed.
const LIFE: usize = 64 * 1024;

struct Generator {
    /// `None` until first use. It needs no drop; `ManuallyDrop` makes that known, so that no access
    /// checks whether the thread-local has been dropped.
    stream: Option<ManuallyDrop<ChaCha20Rng>>,
    /// The number of bytes that may still be drawn from the seed.
    left: usize,
}

impl Generator {
    const fn new() -> Self {
        Self { stream: None, left: 0 }
    }

    /// The stream, seeded for drawing `length` bytes.
    #[inline]
    fn seeded(&mut self, length: usize) -> Result<&mut ChaCha20Rng, EntropyError> {
        if length > self.left {
            self.seed()?;
        }
        self.left = self.left.saturating_sub(length);
        self.stream.as_deref_mut().ok_or(EntropyError)
    }

    #[cold]
    fn seed(&mut self) -> Result<(), EntropyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| EntropyError)?;
        self.stream = Some(ManuallyDrop::new(ChaCha20Rng::from_seed(seed)));
        self.left = LIFE;
        Ok(())
    }
}

impl Default for Generator {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{collections::HashSet, vec::Vec};

    use super::*;

    fn keys(count: usize) -> Vec<[u8; 4]> {
        let mut entropy = OsEntropy::new();
        (0..count).map(|_| entropy.masking_key().unwrap()).collect()
    }

    // 6455-5.3-c: of this many keys, more than a few are never equal by chance.
    #[test]
    fn no_two_sources_give_the_same_keys() {
        const COUNT: usize = if cfg!(miri) { 40 } else { 4096 };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| keys(COUNT))).collect();
        let mut all = keys(COUNT);
        all.extend(keys(COUNT));
        all.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        let distinct: HashSet<_> = all.iter().collect();
        assert!(distinct.len() + 8 >= all.len(), "{} of {}", distinct.len(), all.len());
    }

    // 6455-4.1-o: of 128 random bits, two are never equal by chance.
    #[test]
    fn each_nonce_is_new() {
        let mut entropy = OsEntropy::new();
        let mut nonces = [[0; 16]; 2];
        for nonce in &mut nonces {
            entropy.fill(nonce).unwrap();
        }
        assert_ne!(nonces[0], nonces[1]);
    }

    #[test]
    fn a_seed_is_replaced_after_its_life() {
        let mut generator = Generator::new();
        for length in [1, LIFE - 1, 1, LIFE, LIFE + 1, 16] {
            let before = generator.stream.as_ref().map(|stream| stream.get_seed());
            let left = generator.left;
            let mut bytes = std::vec![0; length];
            generator.seeded(length).unwrap().fill_bytes(&mut bytes);
            let after = generator.stream.as_ref().map(|stream| stream.get_seed());
            assert_eq!(before != after, length > left, "{length} of {left}");
        }
    }
}
