//! What a message carries.

use super::DataOpcode;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes.
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
