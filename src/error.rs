//! What can go wrong, sorted by who is at fault.
//!
//! An [`Error`] says whether the peer broke the protocol, met a limit, or went away, whether the
//! caller misused the API, or whether the machine let us down. What the peer did wrong carries the
//! status code that the connection was closed with.

use crate::{
    buffer::{InboxFull, OutboxFull, Overrun},
    close::CloseCode,
    random::EntropyError,
};

/// Anything that can go wrong, by fault.
///
/// What it displays is complete: it has no [`source`](core::error::Error::source), so that a chain
/// of errors says nothing twice. Match on it to get at the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol. A Close frame with [`Violation::close_code`] is in the outbox,
    /// nothing more will be received, and the transport is to be closed once the outbox is
    /// written.
    #[error("the peer broke the protocol: {0}")]
    Protocol(Violation),

    /// The peer sent more than this endpoint accepts. As with [`Protocol`](Self::Protocol), a
    /// Close frame is in the outbox.
    #[error("the peer exceeded a limit: {0}")]
    Limit(LimitExceeded),

    /// The transport ended without a closing handshake; the close code is 1006.
    #[error("the connection was lost: the transport ended without a closing handshake")]
    ConnectionLost,

    /// The caller asked for something that cannot be. Nothing was sent, nothing changed.
    #[error("{0}")]
    Misuse(Misuse),

    /// As many bytes wait in the outbox as [`Config::outbox_high_water`](crate::Config::outbox_high_water)
    /// allows. Nothing was sent, nothing changed: write out what the outbox holds, and try again.
    #[error(
        "{pending} bytes wait in the outbox, and Config::outbox_high_water is {high_water}: \
         write them out, then try again"
    )]
    AboveHighWater {
        /// How many bytes wait.
        pending: usize,
        /// The mark, in bytes.
        high_water: usize,
    },

    /// A fixed outbox has no room. Nothing was sent, nothing changed.
    #[error("{0}")]
    OutboxFull(OutboxFull),

    /// The source of randomness failed. Nothing was sent.
    #[error("{0}")]
    Entropy(EntropyError),
}

impl Error {
    /// The status code that this endpoint closed the connection with, if the error closed it.
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Protocol(violation) => Some(violation.close_code()),
            Self::Limit(limit) => Some(limit.close_code()),
            _ => None,
        }
    }
}

macro_rules! from_cause {
    ($($variant:ident($cause:ty),)*) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause)
            }
        }
    )*};
}

from_cause! {
    Protocol(Violation),
    Limit(LimitExceeded),
    Misuse(Misuse),
    OutboxFull(OutboxFull),
    Entropy(EntropyError),
}

impl From<InboxFull> for Error {
    fn from(cause: InboxFull) -> Self {
        Self::Misuse(Misuse::InboxFull(cause))
    }
}

impl From<Overrun> for Error {
    fn from(cause: Overrun) -> Self {
        Self::Misuse(Misuse::Overrun(cause))
    }
}

#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    /// The kind says who is at fault: `InvalidData` the peer, `ConnectionAborted` the transport,
    /// `InvalidInput` the caller, `WouldBlock` an outbox that must be written out first.
    fn from(error: Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error {
            Error::Protocol(_) | Error::Limit(_) => ErrorKind::InvalidData,
            Error::ConnectionLost => ErrorKind::ConnectionAborted,
            Error::AboveHighWater { .. } | Error::OutboxFull { .. } => ErrorKind::WouldBlock,
            Error::Misuse(_) => ErrorKind::InvalidInput,
            _ => ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// A rule that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set that no extension in use defines.
    #[error("a reserved bit is set that no extension defines (RFC 6455, section 5.2)")]
    ReservedBits,
    /// An opcode that has no meaning.
    #[error("opcode {0:#x} is reserved (RFC 6455, section 5.2)")]
    ReservedOpcode(u8),
    /// A control frame without the FIN bit.
    #[error("a control frame is fragmented (RFC 6455, section 5.5)")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame is longer than 125 bytes (RFC 6455, section 5.5)")]
    ControlTooLong,
    /// A length that would have fitted into fewer bytes.
    #[error("a length is not in its shortest form (RFC 6455, section 5.2)")]
    LengthNotMinimal,
    /// A length of 2^63 or more.
    #[error("a length has its top bit set (RFC 6455, section 5.2)")]
    LengthTopBit,
    /// A client sent a frame that is not masked.
    #[error("a client's frame is not masked (RFC 6455, section 5.1)")]
    NotMasked,
    /// A server sent a frame that is masked.
    #[error("a server's frame is masked (RFC 6455, section 5.1)")]
    Masked,
    /// A continuation frame, but no message to continue.
    #[error("a continuation frame has no message to continue (RFC 6455, section 5.4)")]
    NothingToContinue,
    /// A new message while the one before it was not complete.
    #[error("a message begins inside another (RFC 6455, section 5.4)")]
    MessageInsideMessage,
    /// Text that is not UTF-8.
    #[error("a text message is not UTF-8 (RFC 6455, section 8.1)")]
    TextNotUtf8,
    /// A compressed message that is not DEFLATE data, or does not end where it should.
    #[error("a compressed message is not valid (RFC 7692, section 7.2)")]
    NotDeflate,
    /// A Close frame with one byte.
    #[error("the body of a Close frame is one byte long (RFC 6455, section 5.5.1)")]
    CloseBodyTooShort,
    /// A Close frame with a status code that must not be sent.
    #[error("status code {0} must not be sent (RFC 6455, section 7.4)")]
    CloseCode(u16),
    /// A Close frame with a reason that is not UTF-8.
    #[error("the reason in a Close frame is not UTF-8 (RFC 6455, section 5.5.1)")]
    CloseReasonNotUtf8,
}

impl Violation {
    /// The status code that answers it.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TextNotUtf8 | Self::NotDeflate | Self::CloseReasonNotUtf8 => {
                CloseCode::INVALID_PAYLOAD
            }
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// A limit that the peer exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A frame declares more bytes than [`Config::max_frame_size`](crate::Config::max_frame_size).
    #[error("a frame of {size} bytes, where Config::max_frame_size allows {limit}")]
    FrameSize {
        /// What the frame declares, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A message has more bytes than [`Config::max_message_size`](crate::Config::max_message_size).
    #[error("a message of at least {size} bytes, where Config::max_message_size allows {limit}")]
    MessageSize {
        /// The message up to the end of the frame that exceeds the limit, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An inbox that cannot grow has no room for what must be in it at once: a message, a control
    /// frame, or a header. Of a message that is received in chunks, only a part must be.
    #[error(
        "at least {size} bytes must be in the inbox at once, where it has room for {limit}: \
         give it more, or receive messages in chunks"
    )]
    InboxSize {
        /// What does not fit, in bytes: a message up to the end of the frame in progress, a control
        /// frame, or the longest header.
        size: u64,
        /// The room that the inbox has for it, in bytes.
        limit: u64,
    },
    /// In a compressed message, more final DEFLATE blocks have data after them than 4, plus one for
    /// every 32 bytes of payload before.
    #[error(
        "a compressed message goes on after more final blocks than 4 + {0} / 32, where {0} is its \
         length so far"
    )]
    FinalBlocks(u64),
    /// A message has more fragments than [`Config::max_fragments`](crate::Config::max_fragments).
    #[error("a message of more fragments than the {limit} that Config::max_fragments allows")]
    Fragments {
        /// The limit.
        limit: u32,
    },
}

impl LimitExceeded {
    /// The status code that answers it.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::FrameSize { .. } | Self::MessageSize { .. } | Self::InboxSize { .. } => {
                CloseCode::MESSAGE_TOO_BIG
            }
            Self::FinalBlocks(_) | Self::Fragments { .. } => CloseCode::POLICY_VIOLATION,
        }
    }
}

/// A call that makes no sense where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Data cannot be sent once the connection is closing.
    #[error("nothing can be sent any more: the connection is closing or closed")]
    NotOpen,
    /// A whole message cannot be sent between the fragments of another.
    #[error("a fragmented message is being sent: send its last fragment first")]
    MessageOpen,
    /// A fragment of one kind cannot continue a message of the other kind.
    #[error("the fragmented message being sent is of the other kind")]
    KindChanged,
    /// The rest of a message that was begun in chunks is to be received in chunks.
    #[error("the message was begun in chunks: take its rest with receive_chunk")]
    ChunksPending,
    /// The inbox does not hold as many bytes of a message as the connection has received: it is
    /// another one, or was released. Give the connection its own inbox back, or close the
    /// transport. Another connection's inbox that holds as many bytes is not recognized.
    #[error(
        "this inbox does not hold the part of a message that was received before: \
             use one inbox for a connection, and another only while that one is empty"
    )]
    InboxChanged,
    /// A ping or pong carries at most 125 bytes.
    #[error("the payload of a control frame is {0} bytes long, and 125 are allowed")]
    ControlTooLong(usize),
    /// A close reason has at most 123 bytes.
    #[error("the reason is {0} bytes long, and 123 are allowed")]
    ReasonTooLong(usize),
    /// A server cannot ask for an extension: it has the last word on them in the handshake.
    #[error("only a client may send status code 1010")]
    MandatoryExtensionByServer,
    /// Bytes given as text are not UTF-8.
    #[error("the text is not UTF-8 at byte {0}")]
    TextNotUtf8(usize),
    /// An inbox is full, and was to be read into.
    #[error("{0}")]
    InboxFull(InboxFull),
    /// More bytes were committed to a buffer, or consumed from it, than it has.
    #[error("{0}")]
    Overrun(Overrun),
    /// A frame's payload has begun and is to be passed on first.
    #[error("the payload of the frame before is not complete: {0} bytes are missing")]
    PayloadMissing(u64),
    /// More payload than the frame's header declares.
    #[error("more payload than the {0} bytes that the frame still lacks")]
    PayloadTooLong(u64),
}
