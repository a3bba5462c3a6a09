//! The bytes of one sender that are not explained yet.
//!
//! ```text
//!  explained  │ held
//! ────────────┼──────────────────
//!             └ offset: the next byte to be explained
//! ```

use alloc::vec::Vec;

/// The bytes of one sender. Nothing is held in [`Phase::Open`](super::Phase::Open), and after
/// [`set_opaque`](Self::set_opaque).
#[derive(Debug)]
pub(super) struct Direction {
    /// The offset of the first held byte; without any, that of the next byte.
    pub(super) offset: u64,
    buffer: Vec<u8>,
    /// How many bytes of the buffer are explained: less than half of it, so that dropping them costs
    /// no more than storing them.
    explained: usize,
    pub(super) is_opaque: bool,
    pub(super) has_ended: bool,
}

impl Direction {
    pub(super) const fn new() -> Self {
        Self { offset: 0, buffer: Vec::new(), explained: 0, is_opaque: false, has_ended: false }
    }

    /// The bytes that are not explained.
    pub(super) fn held(&self) -> &[u8] {
        self.buffer.get(self.explained..).unwrap_or_default()
    }

    pub(super) fn held_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.explained..).unwrap_or_default()
    }

    /// The offset after the last held byte.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.held().len() as u64
    }

    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Drops held bytes that are explained.
    pub(super) fn consume(&mut self, length: usize) {
        let length = length.min(self.held().len());
        self.explained += length;
        self.offset += length as u64;
        if 2 * self.explained >= self.buffer.len() {
            self.buffer.drain(..self.explained);
            self.explained = 0;
        }
    }

    /// Returns the held bytes, and frees them.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.buffer.drain(..self.explained);
        self.explained = 0;
        core::mem::take(&mut self.buffer)
    }

    /// Drops the held bytes, and all that follow.
    pub(super) fn set_opaque(&mut self) {
        self.offset = self.end();
        self.take();
        self.is_opaque = true;
    }
}
