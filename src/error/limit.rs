//! The limits that a peer can exceed.

use crate::close::CloseCode;

/// A limit that the peer exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A frame declares a payload of more bytes than [`Config::max_frame_size`](crate::Config::max_frame_size).
    #[error("a frame of {size} bytes exceeds Config::max_frame_size, which is {limit}")]
    FrameSize {
        /// The declared payload length, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A message has more bytes than [`Config::max_message_size`](crate::Config::max_message_size).
    #[error(
        "a message of at least {size} bytes exceeds Config::max_message_size, which is {limit}"
    )]
    MessageSize {
        /// The length of the message up to the end of the frame that exceeds the limit, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The inbox can have no room for what must be in it at once: a message, a control frame or a header.
    /// Its size is fixed, or it grows, but no allocation has that many bytes: 2 GiB with addresses of 32
    /// bits. A message that is received in chunks need not be in it at once.
    #[error(
        "at least {size} bytes must be in the inbox at once, and it has room for {limit}: \
         use a larger one, or receive messages in chunks"
    )]
    InboxSize {
        /// What does not fit, in bytes: a message up to the end of the frame in progress, a control
        /// frame, or the longest header.
        size: u64,
        /// The room that the inbox has for it, in bytes.
        limit: u64,
    },
    /// A compressed message continues after more final DEFLATE blocks than 4, plus one for every 32
    /// bytes of its payload so far.
    #[error(
        "a compressed message continues after more final blocks than 4 + {0} / 32, where {0} is the \
         length of its payload so far"
    )]
    FinalBlocks(u64),
    /// A message has more fragments than [`Config::max_fragments`](crate::Config::max_fragments).
    #[error("a message has more fragments than Config::max_fragments, which is {limit}")]
    Fragments {
        /// The limit.
        limit: u32,
    },
}

impl LimitExceeded {
    /// The status code of the Close that answers it.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::FrameSize { .. } | Self::MessageSize { .. } | Self::InboxSize { .. } => {
                CloseCode::MESSAGE_TOO_BIG
            }
            Self::FinalBlocks(_) | Self::Fragments { .. } => CloseCode::POLICY_VIOLATION,
        }
    }
}
