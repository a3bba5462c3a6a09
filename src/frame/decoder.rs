//! Decoding a stream of frames without a buffer.

use super::{Header, HeaderReader, Rules};
use crate::{error::Violation, mask::Mask};

/// Decodes a stream of frames, which may arrive in pieces of any length, and unmasks it in place.
///
/// It stores nothing but an incomplete header, so it decodes frames of any length in constant
/// memory. It checks every rule that a single frame can break. It does not check the order of
/// fragments, UTF-8 or sizes.
///
/// ```text
///            incomplete header                        some of the payload
///                ┌──────┐                                  ┌──────┐
///                ▼      │   header with a payload          ▼      │
///            ┌──────────┴┐ ────────────────────────► ┌────────────┴┐
///            │  Header   │                           │   Payload   │
///            └───────────┘ ◄──────────────────────── └─────────────┘
///              ▲    │ │            end of payload
///              └────┘ │ violation
///   header without    ▼
///   a payload    ┌────────┐
///                │ Broken │ final
///                └────────┘
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    reader: HeaderReader,
    /// Bytes of payload that the frame in progress lacks; 0 between frames.
    remaining: u64,
    /// For the payload of the frame in progress, if it is masked.
    mask: Option<Mask>,
    /// The violation that ended the stream.
    broken: Option<Violation>,
}

/// A part of a frame. There are no others, so a `match` may be exhaustive.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A frame begins; its payload, if it has any, follows.
    Header(Header),
    /// The next bytes of the frame's payload, unmasked; never empty.
    Payload(&'a mut [u8]),
}

impl Decoder {
    /// Decodes frames that must follow these rules.
    pub const fn new(rules: Rules) -> Self {
        Self { reader: HeaderReader::new(rules), remaining: 0, mask: None, broken: None }
    }

    /// Decodes frames that a client sent: all are masked.
    pub const fn from_client() -> Self {
        Self::new(Rules::from_client())
    }

    /// Decodes frames that a server sent: none is masked.
    pub const fn from_server() -> Self {
        Self::new(Rules::from_server())
    }

    /// Takes the next part from the front of `input`, and leaves the bytes that follow it.
    ///
    /// Returns `None` once `input` is empty. Call it until then: an incomplete header is taken too.
    ///
    /// # Errors
    ///
    /// The rule that the sender broke, at the first byte that proves it. Every later call returns
    /// the same error.
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
        match self.reader.read(input) {
            Ok(Some((header, taken))) => {
                debug_assert!(taken <= input.len(), "the header is at the front of the input");
                *input = core::mem::take(input).get_mut(taken..).unwrap_or_default();
                self.remaining = header.payload_len();
                self.mask = header.masking_key().map(Mask::new);
                Ok(Some(Part::Header(header)))
            }
            Ok(None) => {
                *input = &mut [];
                Ok(None)
            }
            Err(violation) => {
                self.broken = Some(violation);
                Err(violation)
            }
        }
    }

    /// The number of payload bytes that the frame in progress lacks; 0 between frames.
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
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, vec::Vec};

    use super::*;
    use crate::frame::Opcode;

    /// RFC 6455, section 5.7: "Hello", masked and unmasked.
    const MASKED: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    const UNMASKED: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

    fn hello() -> Header {
        Header::new(Opcode::Text, true, 5).unwrap()
    }

    /// Decodes bytes in two pieces, and returns the headers and all of the payload.
    fn decode(rules: Rules, bytes: &[u8], cut: usize) -> Result<(Vec<Header>, Vec<u8>), Violation> {
        let mut decoder = Decoder::new(rules);
        let (mut headers, mut payload) = (Vec::new(), Vec::new());
        for piece in [&bytes[..cut], &bytes[cut..]] {
            let mut piece = Vec::from(piece);
            let mut input = &mut piece[..];
            while let Some(part) = decoder.decode(&mut input)? {
                match part {
                    Part::Header(header) => headers.push(header),
                    Part::Payload(bytes) => payload.extend_from_slice(bytes),
                }
            }
            assert!(input.is_empty());
        }
        Ok((headers, payload))
    }

    // 6455-5.3-e, P-fd-d
    #[test]
    fn frames_are_decoded_and_unmasked_however_they_are_cut() {
        let bytes = [MASKED, MASKED].concat();
        let header = hello().with_mask([0x37, 0xfa, 0x21, 0x3d]);
        for cut in 0..=bytes.len() {
            let decoded = decode(Rules::from_client(), &bytes, cut).unwrap();
            assert_eq!(decoded, ([header; 2].to_vec(), b"HelloHello".to_vec()));
        }
    }

    #[test]
    fn any_sender_may_mask_or_not() {
        let bytes = [&MASKED[..], &UNMASKED, &MASKED].concat();
        let masked = hello().with_mask([0x37, 0xfa, 0x21, 0x3d]);
        for cut in 0..=bytes.len() {
            let decoded = decode(Rules::from_any(), &bytes, cut).unwrap();
            let headers = [masked, hello(), masked];
            assert_eq!(decoded, (headers.to_vec(), b"HelloHelloHello".to_vec()));
        }
    }

    // 6455-5.1-a, 6455-5.1-b
    #[test]
    fn a_client_must_mask_and_a_server_must_not() {
        for cut in 0..=UNMASKED.len() {
            let decoded = decode(Rules::from_client(), &UNMASKED, cut);
            assert_eq!(decoded, Err(Violation::NotMasked));
            assert_eq!(decode(Rules::from_server(), &MASKED, cut), Err(Violation::Masked));
        }
    }

    // P-fd-e
    #[test]
    fn a_violation_is_final() {
        let mut decoder = Decoder::from_server();
        let mut bytes = [0x81, 0x80, 0x81, 0x00];
        let mut input = &mut bytes[..];
        assert_eq!(decoder.decode(&mut input), Err(Violation::Masked));
        let mut bytes = UNMASKED;
        let mut input = &mut bytes[..];
        assert_eq!(decoder.decode(&mut input), Err(Violation::Masked));
        assert_eq!(input.len(), UNMASKED.len());
    }

    #[test]
    fn remaining_counts_payload() {
        let mut decoder = Decoder::from_server();
        let mut bytes = UNMASKED;
        let (mut first, mut second) = bytes.split_at_mut(4);
        decoder.decode(&mut first).unwrap();
        assert_eq!(decoder.remaining(), 5);
        decoder.decode(&mut first).unwrap();
        assert_eq!(decoder.remaining(), 3);
        decoder.decode(&mut second).unwrap();
        assert_eq!(decoder.remaining(), 0);
    }

    #[test]
    fn debug_omits_the_masking_key() {
        let mut decoder = Decoder::from_client();
        let mut bytes = [0x81, 0x85, 0xd1, 0xd2, 0xd3];
        decoder.decode(&mut &mut bytes[..]).unwrap();
        let shown = format!("{decoder:?}");
        assert!(!shown.contains("209") && !shown.contains("d1"), "{shown}");
    }
}
