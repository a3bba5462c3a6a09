//! Codecs that connections share.

use std::{
    boxed::Box,
    sync::{Mutex, PoisonError},
    vec::Vec,
};

use super::{Compressor, Decompressor};

/// How many codecs of a kind are kept while none is in use. More are in use at the same time only
/// while more threads compress at the same time.
const KEPT: usize = 16;

/// Codecs that nobody uses at the moment.
#[derive(Default)]
pub(crate) struct Pool {
    #[allow(clippy::vec_box)] // connections hold them boxed, and boxes are what is handed over
    compressors: Mutex<Vec<Box<Compressor>>>,
    #[allow(clippy::vec_box)] // as above
    decompressors: Mutex<Vec<Box<Decompressor>>>,
}

impl Pool {
    /// A compressor that was given back and suits.
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
    // A list of codecs is whole whatever happened to who held it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
