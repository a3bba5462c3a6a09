//! A stream of frames, put together.

use super::{Header, HeaderBytes};
use crate::{Misuse, mask::Mask};

/// Puts a stream of frames together: a header, then the payload it declares, in pieces of any
/// length, masked in place if the header has a key.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// Bytes of payload that the frame in progress still lacks.
    remaining: u64,
    mask: Option<Mask>,
}

impl Encoder {
    /// Between two frames.
    pub const fn new() -> Self {
        Self { remaining: 0, mask: None }
    }

    /// Begins a frame: the bytes to send before its payload.
    ///
    /// # Errors
    ///
    /// The payload of the frame before is not complete.
    pub fn header(&mut self, header: Header) -> Result<HeaderBytes, Misuse> {
        if self.remaining > 0 {
            return Err(Misuse::PayloadMissing(self.remaining));
        }
        self.remaining = header.payload_len();
        self.mask = header.masking_key().map(Mask::new);
        Ok(header.encode())
    }

    /// Masks the next piece of the payload, which is then ready to be sent.
    ///
    /// # Errors
    ///
    /// There is more of it than the header declares; the piece is left as it was.
    pub fn payload(&mut self, piece: &mut [u8]) -> Result<(), Misuse> {
        self.remaining = self
            .remaining
            .checked_sub(piece.len() as u64)
            .ok_or(Misuse::PayloadTooLong(self.remaining))?;
        if let Some(mask) = &mut self.mask {
            mask.apply(piece);
        }
        Ok(())
    }

    /// How many bytes of payload the frame in progress still lacks.
    pub const fn remaining(&self) -> u64 {
        self.remaining
    }
}
