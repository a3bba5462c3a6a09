//! Messages: fragments put together (RFC 6455, sections 5.4, 5.6 and 8.1).
//!
//! This module owns the order of fragments, the limits on frames and messages, the validity of
//! text, and where a message lies in the inbox. It knows nothing of the closing handshake.
//!
//! ```text
//!                 text or binary frame, FIN clear
//!        ┌──────┐ ─────────────────────────────► ┌────────────┐ ◄─┐ continuation,
//!  ┌───► │ none │                                │ in message │   │ FIN clear
//!  │     └──────┘ ◄───────────────────────────── └────────────┘ ──┘
//!  │        │             continuation, FIN set
//!  └────────┘
//!   text or binary frame, FIN set             control frames: in both, changing nothing
//!
//!   continuation in `none`, text or binary in `in message`: a violation
//! ```

mod incoming;
#[cfg(feature = "alloc")]
mod prepared;

pub(crate) use incoming::{Delivery, Incoming, Piece};
#[cfg(feature = "alloc")]
pub use prepared::Prepared;

use crate::frame::Opcode;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

impl Kind {
    /// The opcode of the first frame of such a message.
    pub(crate) const fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}
