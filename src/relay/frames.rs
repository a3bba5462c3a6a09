//! The frames that one side sends: where the stream stands, and masking each payload anew.

use crate::{
    error::Violation,
    extension::Claims,
    frame::{Header, HeaderReader, Opcode, Order, Reserved, Rules},
    mask::Mask,
};

/// The state of the stream of frames from one side.
#[derive(Debug)]
pub(super) struct Frames {
    /// Holds an incomplete header, none of which has been forwarded.
    reader: HeaderReader,
    /// The reserved bits of frames that are no part of a message.
    extension_bits: Reserved,
    order: Order,
    /// Bytes of payload that the frame in progress lacks; 0 between frames.
    remaining: u64,
    /// The XOR of the masking key that the frame arrived with and the one it leaves with.
    rekey: Option<Mask>,
    /// Whether the latest frame is a Close.
    is_close: bool,
    /// Whether the latest frame is forwarded, not dropped.
    is_forwarded: bool,
}

impl Frames {
    /// At the start of a stream whose frames must follow these rules, with the reserved bits of
    /// extensions.
    pub(super) const fn new(rules: Rules, claims: Claims) -> Self {
        Self {
            reader: HeaderReader::new(rules.allowing(claims.all())),
            extension_bits: claims.of_frames(),
            order: Order::Idle,
            remaining: 0,
            rekey: None,
            is_close: false,
            is_forwarded: false,
        }
    }

    /// Whether the next byte is payload, not part of a header.
    pub(super) const fn in_payload(&self) -> bool {
        self.remaining > 0
    }

    /// Whether the latest frame is forwarded.
    pub(super) const fn is_forwarded(&self) -> bool {
        self.is_forwarded
    }

    /// Whether the other side has received only a part of a frame.
    pub(super) const fn is_torn(&self) -> bool {
        self.in_payload() && self.is_forwarded
    }

    /// Whether the latest frame is a Close and complete.
    pub(super) const fn has_closed(&self) -> bool {
        self.is_close && self.remaining == 0
    }

    /// Reads the header at the front of `input`, which follows any bytes kept from before, and
    /// returns it with the number of its bytes that come from `input`. `None` if it is incomplete:
    /// then all of `input` has been kept.
    ///
    /// # Errors
    ///
    /// The header breaks a rule, or its frame is out of order.
    pub(super) fn header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let Some((header, taken)) = self.reader.read(input)? else { return Ok(None) };
        if !header.reserved().is_empty() && self.is_extension_frame(&header)? {
            return Ok(Some((header, taken)));
        }
        self.order = self.order.after(header.opcode(), header.fin())?;
        Ok(Some((header, taken)))
    }

    /// Whether a frame with reserved bits is a frame of an extension, not a part of a message.
    #[cold]
    fn is_extension_frame(&self, header: &Header) -> Result<bool, Violation> {
        match header.opcode() {
            Opcode::Close | Opcode::Ping | Opcode::Pong => Err(Violation::ReservedBits),
            _ if header.reserved().intersects(self.extension_bits) => Ok(true),
            // Only the first frame of a message has the bits of the message.
            Opcode::Continuation => Err(Violation::ReservedBits),
            Opcode::Text | Opcode::Binary => Ok(false),
        }
    }

    /// Begins the frame that arrives with header `from` and leaves with header `to`; `None` if it
    /// is dropped.
    pub(super) fn begin(&mut self, from: &Header, to: Option<&Header>) {
        self.remaining = from.payload_len();
        self.is_close = from.opcode() == Opcode::Close;
        self.is_forwarded = to.is_some();
        self.rekey = match (from.masking_key(), to.and_then(Header::masking_key)) {
            (Some(old), Some(new)) => {
                let both = u32::from_ne_bytes(old) ^ u32::from_ne_bytes(new);
                Some(Mask::new(both.to_ne_bytes()))
            }
            _ => None,
        };
    }

    /// Takes the payload of the frame in progress at the front of `input`, masks it anew in place,
    /// and returns its length in bytes.
    pub(super) fn payload(&mut self, input: &mut [u8]) -> usize {
        let length = usize::try_from(self.remaining).map_or(input.len(), |n| n.min(input.len()));
        if let Some(rekey) = &mut self.rekey {
            rekey.apply(&mut input[..length]);
        }
        self.remaining -= length as u64;
        length
    }

    /// Drops the rest of the frame in progress.
    pub(super) fn drop_rest(&mut self) {
        self.is_forwarded = false;
        self.rekey = None;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, vec::Vec};

    use super::*;

    const OLD: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    const NEW: [u8; 4] = [1, 2, 3, 4];

    // 6455-5.3-e: "Hello" of section 5.7, and the same by hand with the new key.
    #[test]
    fn a_payload_is_masked_anew_in_pieces_of_any_length() {
        let from = Header::new(Opcode::Text, true, 5).unwrap().with_mask(OLD);
        for cut in 0..=5 {
            let mut frames = Frames::new(Rules::from_client(), Claims::NONE);
            frames.begin(&from, Some(&from.with_mask(NEW)));
            let mut bytes = *b"\x7f\x9f\x4d\x51\x58next";
            assert_eq!(frames.payload(&mut bytes[..cut]), cut);
            assert_eq!(frames.in_payload(), cut < 5);
            assert_eq!(frames.is_torn(), cut < 5);
            assert_eq!(frames.payload(&mut bytes[cut..]), 5 - cut);
            assert!(!frames.in_payload() && !frames.is_torn() && frames.is_forwarded());
            assert_eq!(bytes, *b"\x49\x67\x6f\x68\x6enext");
        }
    }

    #[test]
    fn a_dropped_frame_is_left_as_it_is() {
        let from = Header::new(Opcode::Text, true, 5).unwrap().with_mask(OLD);
        let mut frames = Frames::new(Rules::from_client(), Claims::NONE);
        frames.begin(&from, None);
        let mut bytes = *b"Hello";
        assert_eq!(frames.payload(&mut bytes[..2]), 2);
        assert!(frames.in_payload() && !frames.is_torn() && !frames.is_forwarded());
        assert_eq!(frames.payload(&mut bytes[2..]), 3);
        assert_eq!(bytes, *b"Hello");

        // The rest of a frame whose receiver is gone.
        frames.begin(&from, Some(&from.with_mask(NEW)));
        frames.payload(&mut bytes[..2]);
        frames.drop_rest();
        frames.payload(&mut bytes[2..]);
        assert_eq!(bytes[2..], *b"llo");
        assert!(!frames.is_torn());
    }

    // 6455-5.4-i, 6455-5.4-j, 6455-5.4-l
    #[test]
    fn frames_are_in_order() {
        let read = |bytes: &[u8]| {
            let mut frames = Frames::new(Rules::from_server(), Claims::NONE);
            let headers = bytes.chunks(2).map(|bytes| frames.header(bytes));
            headers.collect::<Result<Vec<_>, _>>().map(|headers| headers.len())
        };
        assert_eq!(read(&[0x01, 0, 0x89, 0, 0x00, 0, 0x80, 0, 0x82, 0]), Ok(5));
        assert_eq!(read(&[0x82, 0, 0x80, 0]), Err(Violation::NothingToContinue));
        assert_eq!(read(&[0x01, 0, 0x89, 0, 0x82, 0]), Err(Violation::MessageInsideMessage));
    }

    /// RSV2 of messages, RSV3 of frames.
    const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);

    // P-ext-k, 6455-5.2-a, 6455-5.4-i, 6455-5.4-j
    #[test]
    fn frames_of_an_extension_are_outside_the_order() {
        let read = |bytes: &[u8]| {
            let mut frames = Frames::new(Rules::from_server(), CLAIMS);
            let headers = bytes.chunks(2).map(|bytes| frames.header(bytes));
            headers.collect::<Result<Vec<_>, _>>().map(|headers| headers.len())
        };
        // Before, inside and after a message, with any opcode and FIN.
        assert_eq!(read(&[0x90, 0, 0x21, 0, 0x12, 0, 0xb1, 0, 0x80, 0, 0x10, 0, 0xa2, 0]), Ok(7));
        // They begin no message, and continue none.
        assert_eq!(read(&[0x11, 0, 0x80, 0]), Err(Violation::NothingToContinue));
        assert_eq!(read(&[0x21, 0, 0x90, 0, 0x81, 0]), Err(Violation::MessageInsideMessage));
        assert_eq!(read(&[0x21, 0, 0x22, 0]), Err(Violation::MessageInsideMessage));
        // Bits of messages on continuations, any bits on control frames, and other bits.
        let reserved: [&[u8]; 7] = [
            &[0xa0, 0],
            &[0x21, 0, 0xa0, 0],
            &[0xa8, 0],
            &[0x99, 0],
            &[0x21, 0, 0xba, 0],
            &[0xc1, 0],
            &[0xd1, 0],
        ];
        for bytes in reserved {
            assert_eq!(read(bytes), Err(Violation::ReservedBits), "{bytes:x?}");
        }
    }

    #[test]
    fn a_close_is_known_once_it_is_complete() {
        let mut frames = Frames::new(Rules::from_server(), Claims::NONE);
        for (opcode, is_close) in [(Opcode::Ping, false), (Opcode::Close, true)] {
            let header = Header::new(opcode, true, 2).unwrap();
            frames.begin(&header, Some(&header));
            assert!(!frames.has_closed());
            frames.payload(&mut [3, 0xe8]);
            assert_eq!(frames.has_closed(), is_close);
        }
    }

    #[test]
    fn debug_omits_the_masking_keys() {
        let mut frames = Frames::new(Rules::from_client(), Claims::NONE);
        frames.header(&[0x81, 0x85, 0xd1, 0xd2, 0xd3]).unwrap();
        let shown = format!("{frames:?}");
        assert!(!shown.contains("209") && !shown.contains("d1"), "{shown}");
    }
}
