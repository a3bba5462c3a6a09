//! The operating system's randomness, made to last.
//!
//! A call of the system for every masking key would cost more than the rest of a small message.
//! So the system seeds a cipher, and the cipher's stream is what is given out: ChaCha20, which the
//! systems use for the same end. With the feature `std`, a thread has one for all of its
//! connections, without it a connection has its own.

use core::mem::ManuallyDrop;
#[cfg(feature = "std")]
use std::{cell::RefCell, thread_local};

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{Entropy, EntropyError};

/// The operating system's randomness, by way of a cipher that it seeds: ChaCha20, seeded again
/// after 64 KiB.
///
/// It asks the system when it is first asked. After a `fork`, both processes give out the same
/// bytes until they are seeded again, as with other generators that live in a process: fork before
/// the first connection.
#[derive(Default)]
pub struct OsEntropy {
    #[cfg(not(feature = "std"))]
    generator: Generator,
}

impl OsEntropy {
    /// The source of this thread, or one of its own without the feature `std`.
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

/// Shows nothing of the bytes to come.
impl core::fmt::Debug for OsEntropy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OsEntropy(..)")
    }
}

/// How many bytes a seed is good for.
const LIFE: usize = 64 * 1024;

struct Generator {
    /// `None` until it is first asked. It has nothing to drop, and saying so spares each use the
    /// question whether the thread has dropped it.
    stream: Option<ManuallyDrop<ChaCha20Rng>>,
    /// How many more bytes the seed is good for.
    left: usize,
}

impl Generator {
    const fn new() -> Self {
        Self { stream: None, left: 0 }
    }

    /// The stream, to take this many bytes from.
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
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| keys(4096))).collect();
        let mut all = keys(4096);
        all.extend(keys(4096));
        all.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        let distinct: HashSet<_> = all.iter().collect();
        assert!(distinct.len() + 8 >= all.len(), "{} of {}", distinct.len(), all.len());
    }

    #[test]
    fn a_seed_is_replaced_when_it_has_served_its_life() {
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
