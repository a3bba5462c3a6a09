//! The order of frames in a stream (RFC 6455, section 5.4): every transition.
//!
//! ```text
//!                 text or binary frame, FIN clear
//!        ┌──────┐ ─────────────────────────────► ┌────────────┐ ◄─┐ continuation,
//!  ┌───► │ Idle │                                │ In message │   │ FIN clear
//!  │     └──────┘ ◄───────────────────────────── └────────────┘ ──┘
//!  │        │             continuation, FIN set
//!  └────────┘
//!   text or binary frame, FIN set
//!
//!   Control frames are allowed in both states and change nothing. A continuation in Idle, and a
//!   text or binary frame in In message, are violations.
//! ```

use super::Opcode;
use crate::error::Violation;

/// Whether a message is in progress between two frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// No message is in progress.
    Idle,
    /// A message has begun, and its final fragment has not been received.
    InMessage,
}

impl Order {
    /// The state after a frame with this opcode and FIN bit.
    ///
    /// # Errors
    ///
    /// The frame is not allowed in this state.
    #[inline]
    pub(crate) const fn after(self, opcode: Opcode, fin: bool) -> Result<Self, Violation> {
        match (self, opcode) {
            // Section 5.5: control frames may be injected between fragments.
            (state, Opcode::Close | Opcode::Ping | Opcode::Pong) => Ok(state),
            // Section 5.4: a continuation continues a message …
            (Self::Idle, Opcode::Continuation) => Err(Violation::NothingToContinue),
            // … and fragments of two messages are not interleaved.
            (Self::InMessage, Opcode::Text | Opcode::Binary) => {
                Err(Violation::MessageInsideMessage)
            }
            (Self::Idle, Opcode::Text | Opcode::Binary)
            | (Self::InMessage, Opcode::Continuation) => {
                Ok(if fin { Self::Idle } else { Self::InMessage })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Opcode::{Binary, Close, Continuation, Ping, Pong, Text},
        Order::{Idle, InMessage},
    };
    use crate::error::Violation::{MessageInsideMessage, NothingToContinue};

    // 6455-5.4-i, 6455-5.4-j, 6455-5.4-l
    #[test]
    fn the_table() {
        #[rustfmt::skip]
        let table = [
            //              Idle                     In message
            (Text,         [Ok(InMessage),           Err(MessageInsideMessage)], false),
            (Text,         [Ok(Idle),                Err(MessageInsideMessage)], true),
            (Binary,       [Ok(InMessage),           Err(MessageInsideMessage)], false),
            (Binary,       [Ok(Idle),                Err(MessageInsideMessage)], true),
            (Continuation, [Err(NothingToContinue),  Ok(InMessage)],             false),
            (Continuation, [Err(NothingToContinue),  Ok(Idle)],                  true),
            (Close,        [Ok(Idle),                Ok(InMessage)],             true),
            (Ping,         [Ok(Idle),                Ok(InMessage)],             true),
            (Pong,         [Ok(Idle),                Ok(InMessage)],             true),
        ];
        for (opcode, expected, fin) in table {
            for (state, expected) in [Idle, InMessage].into_iter().zip(expected) {
                assert_eq!(state.after(opcode, fin), expected, "{state:?}, {opcode:?}, FIN {fin}");
            }
        }
    }
}
