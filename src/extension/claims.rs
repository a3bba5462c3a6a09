//! The reserved bits that custom extensions claim, and what carries them.

use crate::frame::{Kind, Opcode, Reserved};

/// The reserved bits that the negotiated custom extensions define (RFC 6455, section 5.8). Pass it to
/// [`Connection::with_claims`](crate::Connection::with_claims).
///
/// | bits | are set on | are delivered |
/// | --- | --- | --- |
/// | [`per_message`](Self::per_message) | the first frame of a message | with the complete message |
/// | [`per_frame`](Self::per_frame) | each frame of the extension, which is not part of a message | frame by frame |
///
/// ```
/// use hybi::{extension::Claims, frame::Reserved};
///
/// const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    messages: Reserved,
    frames: Reserved,
    /// Those of `messages` whose extension is applied after compression.
    after_compression: Reserved,
}

impl Claims {
    pub(crate) const NONE: Self = Self::new();

    /// No reserved bit.
    pub const fn new() -> Self {
        Self { messages: Reserved::NONE, frames: Reserved::NONE, after_compression: Reserved::NONE }
    }

    /// Claims bits for extensions that transform messages. The first frame of a transformed message
    /// carries them.
    ///
    /// If compression is negotiated too, it compresses the transformed message. The extension
    /// precedes `permessage-deflate` in the response (section 9.1).
    #[must_use]
    pub const fn per_message(self, bits: Reserved) -> Self {
        Self { messages: self.messages.union(bits), ..self }
    }

    /// Claims bits for extensions that transform messages after their compression. The extension
    /// follows `permessage-deflate` in the response (section 9.1).
    ///
    /// Such a message is delivered as it was received. If it has RSV1, it is compressed: decode it,
    /// then pass it to [`decompress`](crate::Connection::decompress). To send one, call
    /// [`compress`](crate::Connection::compress) first.
    #[must_use]
    pub const fn per_message_after_compression(self, bits: Reserved) -> Self {
        let after_compression = self.after_compression.union(bits);
        Self { after_compression, ..self.per_message(bits) }
    }

    /// Claims bits for extensions with frames of their own, such as a multiplexer. Data frames that
    /// carry them may arrive at any time, also between the fragments of a message. They are neither
    /// reassembled nor decompressed.
    #[must_use]
    pub const fn per_frame(self, bits: Reserved) -> Self {
        Self { frames: self.frames.union(bits), ..self }
    }

    /// The bits of messages.
    pub(crate) const fn of_messages(self) -> Reserved {
        self.messages
    }

    /// The bits of frames.
    pub(crate) const fn of_frames(self) -> Reserved {
        self.frames
    }

    /// Whether a message with these bits is decoded before it is decompressed.
    pub(crate) const fn is_after_compression(self, bits: Reserved) -> bool {
        self.after_compression.intersects(bits)
    }

    /// All claimed bits.
    pub(crate) const fn all(self) -> Reserved {
        self.messages.union(self.frames)
    }

    /// Whether a bit is claimed for messages and for frames, or by `other`.
    pub(crate) const fn conflict_with(self, other: Reserved) -> bool {
        self.messages.intersects(self.frames) || self.all().intersects(other)
    }
}

/// A message with claimed reserved bits, as its extension encoded it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExtendedMessage<'a> {
    /// The kind of the decoded message. The decoded payload of a text must be UTF-8; the caller
    /// checks this (section 8.1).
    pub kind: Kind,
    /// The claimed bits that are set. At least one is. RSV1 is among them if the payload is compressed
    /// and its extension is applied [after
    /// compression](Claims::per_message_after_compression).
    pub reserved: Reserved,
    /// The encoded payload.
    pub payload: &'a [u8],
}

/// A frame of an extension that claims bits [per frame](Claims::per_frame).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExtensionFrame<'a> {
    /// Continuation, text or binary. The extension defines its meaning.
    pub opcode: Opcode,
    /// The FIN bit. The extension defines its meaning.
    pub fin: bool,
    /// The reserved bits that are set, at least one that is claimed per frame.
    pub reserved: Reserved,
    /// The payload, unmasked.
    pub payload: &'a [u8],
}

/// Shows the length of the payload, not its contents.
impl core::fmt::Debug for ExtendedMessage<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ExtendedMessage")
            .field("kind", &self.kind)
            .field("reserved", &self.reserved)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// Shows the length of the payload, not its contents.
impl core::fmt::Debug for ExtensionFrame<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ExtensionFrame")
            .field("opcode", &self.opcode)
            .field("fin", &self.fin)
            .field("reserved", &self.reserved)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}
