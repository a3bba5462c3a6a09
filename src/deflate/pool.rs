//! The codecs that connections share.

use std::{
    boxed::Box,
    sync::{Mutex, PoisonError},
    vec::Vec,
};

use super::{Compressor, Decompressor};

/// The maximum number of unused codecs of each kind. Without context takeover, more are in use at
/// once only if more messages are in progress at once.
const KEPT: usize = 16;

/// The unused codecs.
#[derive(Default)]
pub(crate) struct Pool {
    #[allow(clippy::vec_box)] // connections hold boxed codecs, and moving a box is cheap
    compressors: Mutex<Vec<Box<Compressor>>>,
    #[allow(clippy::vec_box)] // as above
    decompressors: Mutex<Vec<Box<Decompressor>>>,
}

impl Pool {
    /// Takes an unused compressor with this window.
    pub(crate) fn compressor(&self, window_bits: u8) -> Option<Box<Compressor>> {
        let mut kept = lock(&self.compressors);
        let index = kept.iter().rposition(|codec| codec.window_bits() == window_bits)?;
        Some(kept.swap_remove(index))
    }

    pub(crate) fn decompressor(&self) -> Option<Box<Decompressor>> {
        lock(&self.decompressors).pop()
    }

    pub(crate) fn keep_compressor(&self, codec: Box<Compressor>) {
        let mut kept = lock(&self.compressors);
        if kept.len() < KEPT {
            kept.push(codec);
        }
    }

    pub(crate) fn keep_decompressor(&self, codec: Box<Decompressor>) {
        let mut kept = lock(&self.decompressors);
        if kept.len() < KEPT {
            kept.push(codec);
        }
    }
}

impl core::fmt::Debug for Pool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pool(..)")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another thread cannot leave the list inconsistent.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::Deflate;

    #[test]
    fn a_number_of_codecs_is_kept_for_other_connections() {
        let deflate = Deflate::new();
        let pool = Pool::default();
        for _ in 0..=KEPT {
            pool.keep_compressor(deflate.compressor(10));
            pool.keep_decompressor(deflate.decompressor());
        }
        assert!(pool.compressor(11).is_none(), "with another window");
        for _ in 0..KEPT {
            assert!(pool.compressor(10).is_some());
            assert!(pool.decompressor().is_some());
        }
        assert!(pool.compressor(10).is_none());
        assert!(pool.decompressor().is_none());
    }
}
