//! The closing handshake (RFC 6455, sections 5.5.1 and 7.1): every transition, for both roles.
//!
//! ```text
//!                      ┌──────┐
//!        ┌─────────────│ Open │───────────────┬──────────────┐
//!        │ send Close  └──────┘ receive Close │              │ failure
//!        ▼                                    ▼              ▼
//!  ┌───────────┐                      ┌───────────────┐  ┌────────┐
//!  │ CloseSent │──────────┐           │ CloseReceived │  │ Failed │
//!  └───────────┘ receive  │           └───────────────┘  └────────┘
//!        │       Close    ▼                   │ send Close
//!        │            ┌────────┐              │
//!        │            │ Closed │◄─────────────┘
//!        │            └────────┘
//!        ▼ end of input   ▼ end of input
//!     ┌──────┐        ┌───────┐
//!     │ Lost │        │ Ended │
//!     └──────┘        └───────┘
//!
//!  also:  Open          ── end of input ───────────────────► Lost
//!         CloseSent     ── failure ────────────────────────► Failed
//!         CloseReceived ── end of input ───────────────────► Ended
//!         CloseReceived ── no masking key for the reply ───► Failed
//! ```
//!
//! `Failed`, `Ended` and `Lost` are final. In `Failed` and `Ended`, a Close may still wait for room
//! in the outbox: the end of the input does not prove that the peer reads no more, because it may
//! have closed only its sending direction.

/// Where a connection stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Messages flow both ways.
    Open,
    /// We sent a Close and wait for the peer's.
    CloseSent,
    /// The peer sent a Close; our reply waits for room in the outbox.
    CloseReceived,
    /// Both Close frames were exchanged: a server closes the transport now, a client waits for
    /// the server to do it.
    Closed,
    /// The peer broke the protocol or a limit, or a client has no masking key for its reply to a
    /// Close: close the transport, once the Close frame that says why is sent.
    Failed,
    /// The input ended after both Close frames, or after the peer's: a clean end. If our reply
    /// still waits for room in the outbox, it can be sent: the peer may have closed only its
    /// sending direction.
    Ended,
    /// The transport ended without a closing handshake.
    Lost,
}

/// What moves a connection on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    SendClose,
    ReceiveClose,
    Fail,
    EndOfInput,
}

impl State {
    /// The table; a step that has no place in a state leaves it as it is.
    #[must_use]
    pub(crate) const fn after(self, step: Step) -> Self {
        use State::{CloseReceived, CloseSent, Closed, Ended, Failed, Lost, Open};
        match (self, step) {
            (Open, Step::SendClose) => CloseSent,
            (Open, Step::ReceiveClose) => CloseReceived,
            // Crossing Close frames complete the handshake for both sides.
            (CloseSent, Step::ReceiveClose) | (CloseReceived, Step::SendClose) => Closed,
            (Open | CloseSent | CloseReceived, Step::Fail) => Failed,
            (Open | CloseSent, Step::EndOfInput) => Lost,
            (CloseReceived | Closed, Step::EndOfInput) => Ended,
            (state, _) => state,
        }
    }

    /// Whether input is still looked at. After the peer's Close, nothing that follows counts.
    pub(crate) const fn receives(self) -> bool {
        matches!(self, Self::Open | Self::CloseSent)
    }
}

#[cfg(test)]
mod tests {
    use super::{State::*, Step::*};

    // 6455-7.1.3-a, 6455-5.5.1-k, 6455-7.1.4-a
    #[test]
    fn the_table() {
        #[rustfmt::skip]
        let table = [
            //               SendClose      ReceiveClose   Fail           EndOfInput
            (Open,          [CloseSent,     CloseReceived, Failed,        Lost  ]),
            (CloseSent,     [CloseSent,     Closed,        Failed,        Lost  ]),
            (CloseReceived, [Closed,        CloseReceived, Failed,        Ended ]),
            (Closed,        [Closed,        Closed,        Closed,        Ended ]),
            (Failed,        [Failed,        Failed,        Failed,        Failed]),
            (Ended,         [Ended,         Ended,         Ended,         Ended ]),
            (Lost,          [Lost,          Lost,          Lost,          Lost  ]),
        ];
        for (state, expected) in table {
            for (step, expected) in [SendClose, ReceiveClose, Fail, EndOfInput].iter().zip(expected)
            {
                assert_eq!(state.after(*step), expected, "{state:?} after {step:?}");
            }
        }
    }
}
