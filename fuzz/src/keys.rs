//! Masking keys with numbers.

use hybi::random::{Entropy, EntropyError};

/// Combined with a number by XOR, so that no byte of a key is zero, which could hide a bug.
const PATTERN: u32 = 0xa53c_96e7;

/// A source of keys that are numbered from 1.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    drawn: u32,
}

impl Keys {
    /// The key with this number.
    pub const fn key(number: u32) -> [u8; 4] {
        (number ^ PATTERN).to_be_bytes()
    }

    /// The number of a key.
    pub const fn number(key: [u8; 4]) -> u32 {
        u32::from_be_bytes(key) ^ PATTERN
    }
}

impl Entropy for Keys {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for bytes in bytes.chunks_mut(4) {
            self.drawn += 1;
            bytes.copy_from_slice(&Self::key(self.drawn)[..bytes.len()]);
        }
        Ok(())
    }
}
