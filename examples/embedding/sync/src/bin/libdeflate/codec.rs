//! The codec: compresses and decompresses complete messages (RFC 7692, section 7.2).
//!
//! libdeflate needs a message complete in memory. It has no flush, which ends a block without ending the
//! stream, and keeps no window from one message to the next:
//!
//! - What it compresses ends with a final block. Section 7.2.3.4 allows this, with a byte of zeros after
//!   it.
//! - What it decompresses must end with a final block, so [`ENDING`] adds one.
//! - The room for the output must be there before it begins. If it is too small, decompression starts over
//!   with twice as much.

use std::sync::{Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor};

use crate::inflate::{Done, Failure, Inflate};

/// The bytes that the sender removes from the end of a message (section 7.2.1), and an empty final block.
const ENDING: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

/// The first room for the output, in bytes.
const ROOM: usize = 4096;

/// The maximum size of a buffer that is kept between messages, in bytes.
const KEPT: usize = 64 * 1024;

/// The maximum number of codecs that are kept while no connection uses them.
const UNUSED: usize = 16;

/// Why a message cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Invalid,
    /// The message exceeds the limit.
    TooLong,
}

/// Both directions. Nothing is left of a message when the next one begins, so connections can share it.
pub(crate) struct Codec {
    pub(crate) encoder: Encoder,
    pub(crate) decoder: Decoder,
}

impl Codec {
    /// `None` if there is no memory.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { encoder: Encoder::new(1), decoder: Decoder::new()? })
    }
}

pub(crate) struct Encoder {
    compressor: Compressor,
    payload: Vec<u8>,
}

impl Encoder {
    /// At a level from 1 (fastest) to 12 (smallest).
    pub(crate) fn new(level: i32) -> Self {
        let level = CompressionLvl::new(level).unwrap_or_default();
        Self { compressor: Compressor::new(level), payload: Vec::new() }
    }

    /// Compresses a message. `None` if it does not become shorter.
    pub(crate) fn encode(&mut self, message: &[u8]) -> Option<&[u8]> {
        if self.payload.len() < message.len() {
            self.payload.resize(message.len(), 0);
        }
        // One byte for the zeros, and one less than the message.
        let room = self.payload.get_mut(..message.len().checked_sub(2)?)?;
        let length = self.compressor.deflate_compress(message, room).ok()?;
        // Section 7.2.3.4: without this byte, the receiver could not append what the sender of other
        // messages removes.
        *self.payload.get_mut(length)? = 0x00;
        self.payload.get(..=length)
    }
}

pub(crate) struct Decoder {
    inflate: Inflate,
    payload: Vec<u8>,
    output: Vec<u8>,
}

impl Decoder {
    /// `None` if there is no memory.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { inflate: Inflate::new()?, payload: Vec::new(), output: Vec::new() })
    }

    /// Decompresses a message of at most `limit` bytes.
    ///
    /// Data after a final block is decompressed too, but must not refer to data before it, which
    /// libdeflate does not remember.
    pub(crate) fn decode(&mut self, payload: &[u8], limit: usize) -> Result<&[u8], Fault> {
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        self.payload.extend_from_slice(&ENDING);
        let mut rest = &self.payload[..];
        let mut length = 0;
        // The last stream ends with our own block. There are others only after a final block of the peer.
        while !rest.is_empty() {
            let most = self.output.len().min(limit);
            match self.inflate.decompress(rest, &mut self.output[length..most]) {
                Ok(Done { consumed, produced }) => {
                    rest = &rest[consumed..];
                    length += produced;
                }
                Err(Failure::Invalid) => return Err(Fault::Invalid),
                Err(Failure::NoRoom) if most == limit => return Err(Fault::TooLong),
                Err(Failure::NoRoom) => {
                    self.output.resize((2 * most).max(ROOM), 0);
                }
            }
        }
        Ok(&self.output[..length])
    }
}

/// The codecs that no connection uses.
pub(crate) struct Codecs(Mutex<Vec<Codec>>);

impl Codecs {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// `None` if there is no memory.
    pub(crate) fn take(&self) -> Option<Codec> {
        let unused = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        unused.or_else(Codec::new)
    }

    pub(crate) fn give_back(&self, mut codec: Codec) {
        for buffer in
            [&mut codec.encoder.payload, &mut codec.decoder.payload, &mut codec.decoder.output]
        {
            buffer.truncate(KEPT);
            buffer.shrink_to(KEPT);
        }
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.len() < UNUSED {
            unused.push(codec);
        }
    }
}
