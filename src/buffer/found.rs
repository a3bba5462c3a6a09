//! What was found in an inbox, by where it lies.

use core::ops::Range;

use super::text::TextRange;
use crate::close::CloseCode;

/// What was found last, until the bytes of the inbox may change.
#[derive(Clone, Debug, Default)]
pub(crate) enum Found {
    /// Nothing, or nothing that still lies there.
    #[default]
    Nothing,
    /// A complete message.
    Message(Content),
    /// The next part of a message, and whether the message ends with it.
    Chunk(Content, bool),
    Ping(Range<usize>),
    Pong(Range<usize>),
    /// A Close frame: its code and its reason.
    Close(Option<CloseCode>, TextRange),
    /// The head of a message of HTTP that an opening handshake has judged.
    Head(Range<usize>),
    /// The body of a Close frame that breaks a rule.
    InvalidClose(Range<usize>),
}

/// The payload of a message, or of a part of one.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(TextRange, Place),
    Binary(Range<usize>, Place),
}

/// In which memory of an inbox something lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where it was read.
    Received,
    /// Where it was decompressed.
    #[allow(dead_code)] // without compression
    Inflated,
}
