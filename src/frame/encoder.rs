//! Encoding a stream of frames without a buffer.

use super::{Header, HeaderBytes};
use crate::mask::Mask;

/// Encodes a stream of frames: a header, then the payload that it declares, in pieces of any
/// length, masked in place if the header has a masking key.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// Bytes of payload that the frame in progress lacks; 0 between frames.
    remaining: u64,
    /// For the payload of the frame in progress, if it is masked.
    mask: Option<Mask>,
}

/// A call of the [`Encoder`] out of order. Nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The payload of the previous frame is incomplete.
    #[error("the payload of the previous frame lacks {0} bytes")]
    PayloadMissing(u64),
    /// The payload is longer than its header declares.
    #[error("the payload is longer than the {0} bytes that the frame lacks")]
    PayloadTooLong(u64),
}

impl Encoder {
    /// Starts between two frames.
    pub const fn new() -> Self {
        Self { remaining: 0, mask: None }
    }

    /// Begins a frame, and returns the bytes to send before its payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError::PayloadMissing`]: the payload of the previous frame is incomplete. Nothing
    /// changes.
    pub fn header(&mut self, header: Header) -> Result<HeaderBytes, EncodeError> {
        if self.remaining > 0 {
            return Err(EncodeError::PayloadMissing(self.remaining));
        }
        self.remaining = header.payload_len();
        self.mask = header.masking_key().map(Mask::new);
        Ok(header.encode())
    }

    /// Prepares the next piece of the payload for sending: masks it in place if the frame is
    /// masked.
    ///
    /// # Errors
    ///
    /// [`EncodeError::PayloadTooLong`]: the piece exceeds the payload that the header declares. Nothing
    /// changes.
    pub fn payload(&mut self, piece: &mut [u8]) -> Result<(), EncodeError> {
        self.remaining = self
            .remaining
            .checked_sub(piece.len() as u64)
            .ok_or(EncodeError::PayloadTooLong(self.remaining))?;
        if let Some(mask) = &mut self.mask {
            mask.apply(piece);
        }
        Ok(())
    }

    /// The number of payload bytes that the frame in progress lacks; 0 between frames.
    pub const fn remaining(&self) -> u64 {
        self.remaining
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Opcode;

    // 6455-5.3-a, 6455-5.3-e, 6455-5.2-f: the examples of section 5.7.
    #[test]
    fn a_payload_is_masked_in_pieces_of_any_length() {
        let header = Header::new(Opcode::Text, true, 5).unwrap();
        let masked = header.with_mask([0x37, 0xfa, 0x21, 0x3d]);
        for cut in 0..=5 {
            let mut encoder = Encoder::new();
            for (header, head, expected) in [
                (masked, &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d][..], *b"\x7f\x9f\x4d\x51\x58"),
                (header, &[0x81, 0x05], *b"Hello"),
            ] {
                assert_eq!(*encoder.header(header).unwrap(), *head);
                let mut payload = *b"Hello";
                let (first, second) = payload.split_at_mut(cut);
                encoder.payload(first).unwrap();
                assert_eq!(encoder.remaining(), 5 - cut as u64);
                encoder.payload(second).unwrap();
                assert_eq!((payload, encoder.remaining()), (expected, 0));
            }
        }
    }

    #[test]
    fn the_payload_is_as_long_as_the_header_declares() {
        let mut encoder = Encoder::new();
        assert_eq!(encoder.payload(&mut [0]), Err(EncodeError::PayloadTooLong(0)));
        let header = Header::new(Opcode::Binary, true, 3).unwrap().with_mask([0xff; 4]);
        encoder.header(header).unwrap();
        encoder.payload(&mut [0]).unwrap();
        assert_eq!(encoder.header(header), Err(EncodeError::PayloadMissing(2)));
        let mut piece = [1; 3];
        assert_eq!(encoder.payload(&mut piece), Err(EncodeError::PayloadTooLong(2)));
        assert_eq!((piece, encoder.remaining()), ([1; 3], 2));
        encoder.payload(&mut []).unwrap();
        encoder.payload(&mut piece[..2]).unwrap();
        encoder.header(header).unwrap();
    }
}
