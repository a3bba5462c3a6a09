//! A stream of frames, taken apart without a buffer.

use super::{Header, MAX_HEADER, Rules};
use crate::{Violation, mask::Mask};

/// Takes a stream of frames apart, in pieces of any length, unmasking in place.
///
/// It keeps nothing but a header that is not complete, so frames of any length pass through it in
/// constant memory. It checks every rule that one frame can break by itself; the order of
/// fragments, UTF-8 and sizes are for whoever uses it to judge.
#[derive(Clone)]
pub struct Decoder {
    rules: Rules,
    /// The bytes of a header that is not complete.
    partial: [u8; MAX_HEADER],
    /// How many of them there are; less than `MAX_HEADER`.
    partial_length: u8,
    /// Bytes of payload that the frame in progress still lacks.
    remaining: u64,
    mask: Option<Mask>,
    /// Once the stream is broken, it stays so.
    broken: Option<Violation>,
}

/// A part of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A frame begins; its payload, if it has any, follows.
    Header(Header),
    /// The next bytes of the frame's payload, unmasked; never empty.
    Payload(&'a mut [u8]),
}

/// Shows where it stands, not the bytes of a header, which may be a masking key's.
impl core::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder")
            .field("rules", &self.rules)
            .field("remaining", &self.remaining)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// For frames that keep these rules.
    pub const fn new(rules: Rules) -> Self {
        Self {
            rules,
            partial: [0; MAX_HEADER],
            partial_length: 0,
            remaining: 0,
            mask: None,
            broken: None,
        }
    }

    /// For what a client sends.
    pub const fn from_client() -> Self {
        Self::new(Rules::from_client())
    }

    /// For what a server sends.
    pub const fn from_server() -> Self {
        Self::new(Rules::from_server())
    }

    /// Takes the next part from the front of `input`, leaving in it what lies behind; `None` once
    /// all of it is taken.
    ///
    /// # Errors
    ///
    /// The rule that the sender broke, at the first byte that proves it. Every later call says the
    /// same.
    #[allow(clippy::mut_mut)] // a cursor: the slice itself is shortened
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Part<'a>>, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        if input.is_empty() {
            return Ok(None);
        }
        if self.remaining > 0 {
            return Ok(Some(Part::Payload(self.payload(input))));
        }
        match self.header(input) {
            Ok(header) => Ok(header.map(Part::Header)),
            Err(violation) => {
                self.broken = Some(violation);
                Err(violation)
            }
        }
    }

    /// How many bytes of payload the frame in progress still lacks.
    pub const fn remaining(&self) -> u64 {
        self.remaining
    }

    #[allow(clippy::mut_mut)] // as in `decode`
    fn payload<'a>(&mut self, input: &mut &'a mut [u8]) -> &'a mut [u8] {
        let length = usize::try_from(self.remaining).map_or(input.len(), |n| n.min(input.len()));
        let (payload, rest) = core::mem::take(input).split_at_mut(length);
        *input = rest;
        self.remaining -= length as u64;
        if let Some(mask) = &mut self.mask {
            mask.apply(payload);
        }
        payload
    }

    #[allow(clippy::mut_mut)] // as in `decode`
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, Violation> {
        // Join what is left of the header with what came; the length of the partial header never
        // exceeds the length of a whole one, so the subtraction below holds.
        let before = usize::from(self.partial_length);
        let mut joined = self.partial;
        let fresh = input.len().min(MAX_HEADER - before);
        joined[before..before + fresh].copy_from_slice(&input[..fresh]);

        let Some(header) = Header::parse(&joined[..before + fresh], self.rules)? else {
            self.partial = joined;
            #[allow(clippy::cast_possible_truncation)] // less than 14
            let length = (before + fresh) as u8;
            self.partial_length = length;
            *input = &mut core::mem::take(input)[fresh..];
            return Ok(None);
        };
        *input = &mut core::mem::take(input)[header.encoded_len() - before..];
        self.partial_length = 0;
        self.remaining = header.payload_len();
        self.mask = header.masking_key().map(Mask::new);
        Ok(Some(header))
    }
}
