//! Mistakes of the caller.

use super::{InboxFull, Overrun};

/// A mistake of the caller. Nothing was sent and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Nothing can be sent once the connection is closing.
    #[error("nothing can be sent any more: the connection is closing or closed")]
    NotOpen,
    /// A complete message cannot be sent between the fragments of another one.
    #[error("a message is being sent in fragments: send its last fragment first")]
    MessageOpen,
    /// The message that is being sent in fragments was begun as text and continued as binary, or the
    /// other way round.
    #[error("the message that is being sent in fragments is of the other kind, text or binary")]
    KindChanged,
    /// Part of the message was delivered in chunks, so the rest must be, too.
    #[error("part of the message was delivered in chunks: receive its rest with receive_chunk")]
    ChunksPending,
    /// The event is a message or a frame of a custom extension. Nothing is lost:
    /// [`Inbox::extended_event`](crate::Inbox::extended_event) returns it.
    #[error("the event belongs to a custom extension: receive it with receive_extended")]
    Extended,
    /// Reserved bits are used that are not claimed, or are claimed for two purposes.
    #[error(
        "these reserved bits are not claimed for this purpose, or claimed for another one as well"
    )]
    ReservedBits,
    /// The inbox does not hold as many bytes of a message as the connection has received: it is
    /// a different one, or was released. Pass the connection its own inbox, or close the
    /// transport. A different inbox that happens to hold as many bytes is not recognized.
    #[error(
        "this inbox does not hold the part of a message that was received before: \
         use one inbox for a connection, and a different one only while it is empty"
    )]
    InboxChanged,
    /// The payload of a ping or a pong exceeds 125 bytes (RFC 6455, section 5.5).
    #[error("the payload of a control frame has {0} bytes; the maximum is 125")]
    ControlTooLong(usize),
    /// The reason of a Close exceeds 123 bytes (RFC 6455, section 5.5).
    #[error("the reason of a Close has {0} bytes; the maximum is 123")]
    ReasonTooLong(usize),
    /// A server cannot close with code 1010: it decides which extensions are used
    /// (RFC 6455, section 7.4.1).
    #[error("only a client may close with code 1010")]
    MandatoryExtensionByServer,
    /// Bytes that were passed as text are not UTF-8.
    #[error("the text is not UTF-8 at byte {0}, counted from 0")]
    TextNotUtf8(usize),
    /// An inbox has no room for a read.
    #[error("{0}")]
    InboxFull(InboxFull),
    /// More bytes were committed to a buffer than it had room for, or more were consumed than it held.
    #[error("{0}")]
    Overrun(Overrun),
}
