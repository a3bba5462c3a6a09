//! The header of one frame: parsing and encoding.

use core::ops::Deref;

use super::MAX_CONTROL;
use crate::error::Violation;

/// The type of a frame: the low four bits of its first byte (RFC 6455, sections 5.2 and 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the message in progress.
    Continuation = 0x0,
    /// The first fragment of a text message.
    Text = 0x1,
    /// The first fragment of a binary message.
    Binary = 0x2,
    /// Close, a control frame.
    Close = 0x8,
    /// Ping, a control frame.
    Ping = 0x9,
    /// Pong, a control frame.
    Pong = 0xa,
}

impl Opcode {
    /// Whether it marks a control frame: Close, Ping or Pong (section 5.5).
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    const fn from_bits(bits: u8) -> Result<Self, Violation> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            reserved => return Err(Violation::ReservedOpcode(reserved)),
        })
    }
}

/// The opcode of a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataOpcode {
    Continuation,
    Text,
    Binary,
}

impl From<DataOpcode> for Opcode {
    #[inline]
    fn from(opcode: DataOpcode) -> Self {
        match opcode {
            DataOpcode::Continuation => Self::Continuation,
            DataOpcode::Text => Self::Text,
            DataOpcode::Binary => Self::Binary,
        }
    }
}

/// A set of the three reserved bits. Extensions define their meaning (RFC 6455,
/// section 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reserved(u8);

impl Reserved {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// RSV1. permessage-deflate sets it on the first frame of a compressed message (RFC 7692,
    /// section 6).
    pub const RSV1: Self = Self(0x40);
    /// RSV2.
    pub const RSV2: Self = Self(0x20);
    /// RSV3.
    pub const RSV3: Self = Self(0x10);

    /// Whether all bits of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no bit is in this set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the two sets have a bit in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitAnd for Reserved {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl core::ops::BitOr for Reserved {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// The rules that every frame of a stream must follow: who sent it, and which reserved bits are
/// defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    masking: Masking,
    reserved: Reserved,
}

/// Whether frames are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Masking {
    Required,
    Forbidden,
    Optional,
}

impl Rules {
    /// Rules for frames that a client sent: all are masked (RFC 6455, section 5.1).
    pub const fn from_client() -> Self {
        Self { masking: Masking::Required, reserved: Reserved::NONE }
    }

    /// Rules for frames that a server sent: none is masked (RFC 6455, section 5.1).
    pub const fn from_server() -> Self {
        Self { masking: Masking::Forbidden, reserved: Reserved::NONE }
    }

    /// Rules for frames of any sender: each is masked or not, as its mask bit says.
    ///
    /// This is outside RFC 6455, and meant for recorders and test tools, which also read the frames
    /// of clients that do not mask. An endpoint must not use it: section 5.1 requires a server to
    /// fail the connection when a frame is not masked, and a client when a frame is. A
    /// [`Connection`](crate::Connection) always does so.
    ///
    /// ```
    /// use hybi::frame::{Decoder, Part, Rules};
    ///
    /// let mut decoder = Decoder::new(Rules::from_any());
    /// let mut from_faulty_client = *b"\x81\x05Hello";
    /// let mut input = &mut from_faulty_client[..];
    /// let Some(Part::Header(header)) = decoder.decode(&mut input)? else { panic!("no header") };
    /// assert_eq!((header.payload_len(), header.masking_key()), (5, None));
    /// # Ok::<(), hybi::Error>(())
    /// ```
    pub const fn from_any() -> Self {
        Self { masking: Masking::Optional, reserved: Reserved::NONE }
    }

    /// Whether every frame must be masked.
    pub(crate) const fn masked(self) -> bool {
        matches!(self.masking, Masking::Required)
    }

    /// Allows the reserved bits that a negotiated extension defines, and no others.
    #[must_use]
    pub const fn allowing(self, reserved: Reserved) -> Self {
        Self { reserved, ..self }
    }
}

/// The header of a frame. There are no invalid headers: a control frame has FIN and at most 125
/// bytes of payload, any other frame less than 2^63 bytes (RFC 6455, sections 5.2 and 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    fin: bool,
    reserved: Reserved,
    opcode: Opcode,
    /// At most 125 for control frames, below 2^63 for others.
    length: u64,
    mask: Option<[u8; 4]>,
}

/// The error of [`Header::new`]: there is no frame with these values (RFC 6455, sections 5.2 and
/// 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such frame: a control frame has FIN and up to 125 bytes, any other less than 2^63")]
pub struct InvalidHeader;

mod bits {
    pub(super) const FIN: u8 = 0x80;
    pub(super) const RESERVED: u8 = 0x70;
    pub(super) const OPCODE: u8 = 0x0f;
    pub(super) const MASK: u8 = 0x80;
    pub(super) const LENGTH: u8 = 0x7f;
    /// The length is in the next two bytes.
    pub(super) const LENGTH_16: u8 = 126;
    /// The length is in the next eight bytes.
    pub(super) const LENGTH_64: u8 = 127;
}

/// The first byte of a message in a single frame.
const SINGLE_TEXT: u8 = bits::FIN | Opcode::Text as u8;
const SINGLE_BINARY: u8 = bits::FIN | Opcode::Binary as u8;

impl Header {
    /// The header of an unmasked frame with `length` bytes of payload.
    ///
    /// # Errors
    ///
    /// - A control frame without FIN, or with more than [`MAX_CONTROL`] bytes (section 5.5).
    /// - A length of 2^63 or more (section 5.2).
    #[inline]
    pub const fn new(opcode: Opcode, fin: bool, length: u64) -> Result<Self, InvalidHeader> {
        let valid = if opcode.is_control() {
            fin && length <= MAX_CONTROL as u64
        } else {
            length <= i64::MAX as u64
        };
        if valid {
            Ok(Self { fin, reserved: Reserved::NONE, opcode, length, mask: None })
        } else {
            Err(InvalidHeader)
        }
    }

    /// The header of an unmasked control frame; `None` if the payload is longer than
    /// [`MAX_CONTROL`], or the opcode is one of data.
    #[inline]
    pub(crate) const fn control(opcode: Opcode, payload: &[u8]) -> Option<Self> {
        // The form of the length is then known when this is compiled, unlike with `new`.
        if !opcode.is_control() || payload.len() > MAX_CONTROL {
            return None;
        }
        let length = payload.len() as u64;
        Some(Self { fin: true, reserved: Reserved::NONE, opcode, length, mask: None })
    }

    /// The header of an unmasked data frame. The length of a slice is always below 2^63.
    #[inline]
    pub(crate) fn data(opcode: DataOpcode, fin: bool, payload: &[u8]) -> Self {
        let (opcode, length) = (opcode.into(), payload.len() as u64);
        Self { fin, reserved: Reserved::NONE, opcode, length, mask: None }
    }

    /// The same frame, masked with this key. It must be unpredictable and used for no other frame
    /// (section 5.3).
    #[must_use]
    pub const fn with_mask(self, key: [u8; 4]) -> Self {
        Self { mask: Some(key), ..self }
    }

    /// The same frame, unmasked.
    #[must_use]
    pub const fn without_mask(self) -> Self {
        Self { mask: None, ..self }
    }

    /// The same frame with these reserved bits.
    #[must_use]
    pub const fn with_reserved(self, reserved: Reserved) -> Self {
        Self { reserved, ..self }
    }

    /// Whether it is the final (or only) fragment of its message.
    pub const fn fin(&self) -> bool {
        self.fin
    }

    /// The reserved bits that are set.
    pub const fn reserved(&self) -> Reserved {
        self.reserved
    }

    /// The type of the frame.
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The length of the payload in bytes, without the masking key.
    pub const fn payload_len(&self) -> u64 {
        self.length
    }

    /// The masking key, if the frame is masked.
    pub const fn masking_key(&self) -> Option<[u8; 4]> {
        self.mask
    }

    /// Parses the header at the front of `bytes`, which is [`encoded_len`](Self::encoded_len) bytes
    /// long. Returns `None` if it is incomplete, and valid so far.
    ///
    /// # Errors
    ///
    /// The first fault that the bytes prove, even if the header is incomplete.
    #[inline]
    pub fn parse(bytes: &[u8], rules: Rules) -> Result<Option<Self>, Violation> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let reserved = Reserved(first & bits::RESERVED);
        // Section 5.2: a bit that no extension defines.
        if !rules.reserved.contains(reserved) {
            return Err(Violation::ReservedBits);
        }
        let opcode = Opcode::from_bits(first & bits::OPCODE)?;
        let fin = first & bits::FIN != 0;
        // Section 5.5: control frames are never fragmented.
        if opcode.is_control() && !fin {
            return Err(Violation::FragmentedControl);
        }

        let Some(&second) = bytes.get(1) else { return Ok(None) };
        // Section 5.1: a client masks all frames, a server none.
        let is_masked = second & bits::MASK != 0;
        match (rules.masking, is_masked) {
            (Masking::Required, false) => return Err(Violation::NotMasked),
            (Masking::Forbidden, true) => return Err(Violation::Masked),
            (Masking::Required | Masking::Optional, true)
            | (Masking::Forbidden | Masking::Optional, false) => {}
        }
        let short = second & bits::LENGTH;
        // Section 5.5: at most 125 bytes, which the 7-bit length shows.
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Violation::ControlTooLong);
        }

        let rest = bytes.get(2..).unwrap_or_default();
        let Some((length, rest)) = parse_length(short, rest)? else { return Ok(None) };
        let mask = if is_masked {
            let Some(key) = rest.first_chunk::<4>() else { return Ok(None) };
            Some(*key)
        } else {
            None
        };
        let header = Self { fin, reserved, opcode, length, mask };
        Ok(Some(header))
    }

    /// Whether these are fewer bytes than [`parse_single`](Self::parse_single) needs to begin, and it
    /// could accept them.
    #[inline]
    pub(crate) const fn may_begin_single(bytes: &[u8]) -> bool {
        matches!(bytes, [] | [SINGLE_TEXT | SINGLE_BINARY])
    }

    /// The fast path of [`parse`](Self::parse): parses the header of a message in a single frame of
    /// less than 64 KiB without reserved bits, as most are, and returns the header's length.
    ///
    /// Returns `None` for any other header, incomplete or invalid ones included: these take the
    /// slow path through `parse`, which finds the faults.
    #[inline]
    pub(crate) fn parse_single(bytes: &[u8], masked: bool) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let opcode = match first {
            SINGLE_TEXT => Opcode::Text,
            SINGLE_BINARY => Opcode::Binary,
            _ => return None,
        };
        if masked != (second & bits::MASK != 0) {
            return None;
        }
        let (length, rest, size) = match second & bits::LENGTH {
            bits::LENGTH_64 => return None,
            bits::LENGTH_16 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                let length = u16::from_be_bytes(*length);
                if length < u16::from(bits::LENGTH_16) {
                    return None;
                }
                (u64::from(length), rest, 4)
            }
            length => (u64::from(length), rest, 2),
        };
        let mask = if masked { Some(*rest.first_chunk::<4>()?) } else { None };
        let size = if masked { size + 4 } else { size };
        Some((Self { fin: true, reserved: Reserved::NONE, opcode, length, mask }, size))
    }

    /// The bytes of the header, with the length in its shortest form (section 5.2).
    #[inline]
    pub fn encode(&self) -> HeaderBytes {
        let fin = if self.fin { bits::FIN } else { 0 };
        let first = fin | self.reserved.0 | self.opcode as u8;
        // Section 5.2: always the shortest form.
        let (short, long, mut size) = match (u8::try_from(self.length), u16::try_from(self.length))
        {
            (Ok(length), _) if length < bits::LENGTH_16 => (length, 0, 2),
            (_, Ok(length)) => {
                (bits::LENGTH_16, u64::from(u16::from_le_bytes(length.to_be_bytes())), 4)
            }
            _ => (bits::LENGTH_64, u64::from_le_bytes(self.length.to_be_bytes()), 10),
        };
        // Assembled in a register: a wide load of bytes that were just stored one by one stalls,
        // because the processor cannot forward the stores.
        let mut word = u128::from(first) | u128::from(short) << 8 | u128::from(long) << 16;
        if let Some(key) = self.mask {
            word |= u128::from(bits::MASK) << 8 | u128::from(u32::from_le_bytes(key)) << (8 * size);
            size += 4;
        }
        HeaderBytes { bytes: word.to_le_bytes(), length: size }
    }

    /// The length of the header on the wire, 2 to 14 bytes.
    pub const fn encoded_len(&self) -> usize {
        let length = match self.length {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        };
        length + if self.mask.is_some() { 4 } else { 0 }
    }
}

/// An encoded header, 2 to 14 bytes. It dereferences to a byte slice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderBytes {
    bytes: [u8; 16],
    /// At most `MAX_HEADER`.
    length: u8,
}

impl Deref for HeaderBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // The mask changes nothing. It shows that the slice is in bounds.
        &self.bytes[..usize::from(self.length & 0xf)]
    }
}

impl HeaderBytes {
    /// No header.
    pub(crate) const EMPTY: Self = Self { bytes: [0; 16], length: 0 };

    /// The header, padded with unspecified bytes.
    #[cfg(feature = "alloc")]
    pub(crate) const fn padded(&self) -> &[u8; 16] {
        &self.bytes
    }
}

impl AsRef<[u8]> for HeaderBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Omits all but the first two bytes, which never contain the masking key.
impl core::fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "HeaderBytes({:02x} {:02x} ..)", self.bytes[0], self.bytes[1])
    }
}

/// The payload length that the 7-bit length and the bytes after it declare, and the bytes that
/// follow these.
#[inline]
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    match short {
        bits::LENGTH_16 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            let length = u16::from_be_bytes(*bytes);
            // Section 5.2: only the shortest form is valid.
            if length < u16::from(bits::LENGTH_16) {
                return Err(Violation::LengthNotMinimal);
            }
            Ok(Some((u64::from(length), rest)))
        }
        bits::LENGTH_64 => {
            // Section 5.2: the top bit is 0. The first byte proves a fault.
            if rest.first().is_some_and(|first| first & 0x80 != 0) {
                return Err(Violation::LengthTopBit);
            }
            // Section 5.2: 65535 and less fit into two bytes. Six zeros prove a fault.
            if rest.first_chunk::<6>().is_some_and(|high| *high == [0; 6]) {
                return Err(Violation::LengthNotMinimal);
            }
            let Some((bytes, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
            Ok(Some((u64::from_be_bytes(*bytes), rest)))
        }
        length => Ok(Some((u64::from(length), rest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_path_agrees_with_the_slow_path() {
        let tails: [&[u8]; 7] =
            [&[], &[0], &[0, 125], &[0, 126], &[0, 126, 1, 2, 3], &[0, 126, 1, 2, 3, 4], &[7; 12]];
        let starts = if cfg!(miri) { 0x817c..=0x8181 } else { 0..=u16::MAX };
        for rules in [Rules::from_client(), Rules::from_server()] {
            let mut parsed_fast = 0;
            for start in starts.clone() {
                for tail in tails {
                    let mut bytes = [0; 14];
                    bytes[..2].copy_from_slice(&start.to_be_bytes());
                    bytes[2..2 + tail.len()].copy_from_slice(tail);
                    let bytes = &bytes[..2 + tail.len()];
                    let parsed = Header::parse(bytes, rules).ok().flatten();
                    let expected = parsed.filter(|header| {
                        let opcode = matches!(header.opcode, Opcode::Text | Opcode::Binary);
                        header.fin && opcode && u16::try_from(header.length).is_ok()
                    });
                    let expected = expected.map(|header| (header, header.encoded_len()));
                    assert_eq!(Header::parse_single(bytes, rules.masked()), expected);
                    parsed_fast += usize::from(expected.is_some());
                }
            }
            assert!(
                parsed_fast > starts.len() / 128,
                "few cases take the fast path: {parsed_fast}"
            );
        }
    }
}
