//! What the connection found in an inbox, as ranges of its memory.

use core::ops::Range;

use super::text::TextRange;
use crate::{
    close::CloseCode,
    frame::{Kind, Opcode, Reserved},
};

/// What the connection found last. It is valid until the bytes of the inbox may change.
#[derive(Clone, Debug, Default)]
pub(crate) enum Found {
    /// Nothing, or the inbox was used since.
    #[default]
    Nothing,
    /// A complete message.
    Message(Content),
    /// The next part of a message, and whether the message ends with it.
    Chunk(Content, bool),
    /// A complete message with reserved bits that a custom extension claims.
    Extended(Content, Kind, Reserved),
    /// A complete frame of a custom extension: its payload, and from its header the opcode, FIN and
    /// the reserved bits.
    ExtensionFrame(Range<usize>, Opcode, bool, Reserved),
    Ping(Range<usize>),
    Pong(Range<usize>),
    /// A Close frame: its code and its reason.
    Close(Option<CloseCode>, TextRange),
    /// The head of an HTTP message that an opening handshake has checked.
    Head(Range<usize>),
    /// The invalid body of a Close frame.
    InvalidClose(Range<usize>),
}

/// The payload of a message, or of a part of one.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(TextRange, Place),
    Binary(Range<usize>, Place),
}

impl Content {
    /// The kind of the message, and the length of this part of it in bytes.
    pub(crate) const fn kind_and_len(&self) -> (Kind, usize) {
        match self {
            Self::Text(text, _) => (Kind::Text, text.len()),
            Self::Binary(range, _) => (Kind::Binary, range.end - range.start),
        }
    }
}

/// The memory of an inbox that a range belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The received bytes.
    Received,
    /// The decompressed bytes.
    #[allow(dead_code)] // without compression
    Inflated,
}
