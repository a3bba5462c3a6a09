//! The two kinds of messages.

use super::DataOpcode;

/// The kind of a message (RFC 6455, section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Binary data.
    Binary,
}

impl Kind {
    /// The opcode of the first frame of such a message.
    pub(crate) const fn opcode(self) -> DataOpcode {
        match self {
            Self::Text => DataOpcode::Text,
            Self::Binary => DataOpcode::Binary,
        }
    }
}
