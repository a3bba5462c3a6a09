//! One frame header: bits in, bits out.

use core::ops::Deref;

use super::MAX_CONTROL;
use crate::Violation;

/// What a frame is, the low four bits of its first byte (section 5.2, 11.8).
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
    /// Whether it is a control frame: Close, Ping, Pong.
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

/// A set of the three reserved bits, which extensions give a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reserved(u8);

impl Reserved {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// RSV1, which permessage-deflate uses.
    pub const RSV1: Self = Self(0x40);
    /// RSV2.
    pub const RSV2: Self = Self(0x20);
    /// RSV3.
    pub const RSV3: Self = Self(0x10);

    /// Whether all bits of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitOr for Reserved {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// What a receiver asks of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    masked: bool,
    reserved: Reserved,
}

impl Rules {
    /// For frames that a client sent: all are masked.
    pub const fn from_client() -> Self {
        Self { masked: true, reserved: Reserved::NONE }
    }

    /// For frames that a server sent: none is masked.
    pub const fn from_server() -> Self {
        Self { masked: false, reserved: Reserved::NONE }
    }

    /// Whether the frames are masked.
    pub(crate) const fn masked(self) -> bool {
        self.masked
    }

    /// Lets reserved bits pass that a negotiated extension defines.
    #[must_use]
    pub const fn allowing(self, reserved: Reserved) -> Self {
        Self { reserved, ..self }
    }
}

/// The header of a frame; by itself always valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    fin: bool,
    reserved: Reserved,
    opcode: Opcode,
    /// At most 125 for control frames, below 2^63 for others.
    length: u64,
    mask: Option<[u8; 4]>,
}

/// Why there is no such header.
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

impl Header {
    /// The header of an unmasked frame.
    ///
    /// # Errors
    ///
    /// A control frame without FIN or with more than 125 bytes, a length of 2^63 or more.
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

    /// The header of a data frame over a slice, whose length is below 2^63 in Rust.
    pub(crate) const fn data(opcode: Opcode, fin: bool, payload: &[u8]) -> Self {
        Self { fin, reserved: Reserved::NONE, opcode, length: payload.len() as u64, mask: None }
    }

    /// The same frame, masked with this key.
    #[must_use]
    pub const fn with_mask(self, key: [u8; 4]) -> Self {
        Self { mask: Some(key), ..self }
    }

    /// The same frame, not masked.
    #[must_use]
    pub const fn without_mask(self) -> Self {
        Self { mask: None, ..self }
    }

    /// The same frame with these reserved bits.
    #[must_use]
    pub const fn with_reserved(self, reserved: Reserved) -> Self {
        Self { reserved, ..self }
    }

    /// Whether it is the last (or only) fragment of its message.
    pub const fn fin(&self) -> bool {
        self.fin
    }

    /// The reserved bits that are set.
    pub const fn reserved(&self) -> Reserved {
        self.reserved
    }

    /// What the frame is.
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The payload's length in bytes.
    pub const fn payload_len(&self) -> u64 {
        self.length
    }

    /// The masking key, if the frame is masked.
    pub const fn masking_key(&self) -> Option<[u8; 4]> {
        self.mask
    }

    /// Reads a header from the front of `bytes`, where it takes [`encoded_len`](Self::encoded_len)
    /// bytes; `None` if it is incomplete and valid so far.
    ///
    /// # Errors
    ///
    /// The first fault that the bytes prove, even where the header is not complete.
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
        match (second & bits::MASK != 0, rules.masked) {
            (false, true) => return Err(Violation::NotMasked),
            (true, false) => return Err(Violation::Masked),
            _ => {}
        }
        let short = second & bits::LENGTH;
        // Section 5.5: at most 125 bytes, told by the short form alone.
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Violation::ControlTooLong);
        }

        let rest = bytes.get(2..).unwrap_or_default();
        let Some((length, rest)) = parse_length(short, rest)? else { return Ok(None) };
        let mask = if rules.masked {
            let Some(key) = rest.first_chunk::<4>() else { return Ok(None) };
            Some(*key)
        } else {
            None
        };
        let header = Self { fin, reserved, opcode, length, mask };
        Ok(Some(header))
    }

    /// Reads the header of a message in one frame of less than 64 KiB without extensions, as most
    /// messages are, and tells how long it is; `None` for anything else, which
    /// [`parse`](Self::parse) judges.
    #[inline]
    pub(crate) fn parse_usual(bytes: &[u8], masked: bool) -> Option<(Self, usize)> {
        const TEXT: u8 = bits::FIN | Opcode::Text as u8;
        const BINARY: u8 = bits::FIN | Opcode::Binary as u8;
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let opcode = match first {
            TEXT => Opcode::Text,
            BINARY => Opcode::Binary,
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

    /// Writes the header.
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
        // Put together in registers: bytes that are stored one by one and loaded as a block wait for
        // each other.
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

/// A header as it stands on the wire, 2 to 14 bytes; used as a byte slice.
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
        &self.bytes[..usize::from(self.length)]
    }
}

impl HeaderBytes {
    /// No header.
    pub(crate) const EMPTY: Self = Self { bytes: [0; 16], length: 0 };

    /// The header and what is left of the room for the longest.
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

/// Shows the two bytes that are public anyway, never the masking key.
impl core::fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "HeaderBytes({:02x} {:02x} ..)", self.bytes[0], self.bytes[1])
    }
}

/// The length that the short form and the bytes behind it declare, and the bytes behind that.
#[inline]
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    match short {
        bits::LENGTH_16 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            let length = u16::from_be_bytes(*bytes);
            // Section 5.2: the shortest form only, or two parsers may read two things.
            if length < u16::from(bits::LENGTH_16) {
                return Err(Violation::LengthNotMinimal);
            }
            Ok(Some((u64::from(length), rest)))
        }
        bits::LENGTH_64 => {
            // Section 5.2: the top bit is 0. The first byte tells.
            if rest.first().is_some_and(|first| first & 0x80 != 0) {
                return Err(Violation::LengthTopBit);
            }
            // 65535 and less would have fitted into two bytes: six zeros tell.
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
    fn the_usual_header_is_read_as_any_other() {
        let tails: [&[u8]; 7] =
            [&[], &[0], &[0, 125], &[0, 126], &[0, 126, 1, 2, 3], &[0, 126, 1, 2, 3, 4], &[7; 12]];
        for rules in [Rules::from_client(), Rules::from_server()] {
            let mut usual = 0;
            for start in 0..=u16::MAX {
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
                    assert_eq!(Header::parse_usual(bytes, rules.masked()), expected);
                    usual += u32::from(expected.is_some());
                }
            }
            assert!(usual > 500, "the cases are of the usual kind now and then: {usual}");
        }
    }
}
