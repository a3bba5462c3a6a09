//! The closing handshake (RFC 6455, sections 5.5.1 and 7.1): all transitions, for both roles.
//!
//! ```text
//!                                         ┌──────┐
//!    ┌───────────────┬────────────────────│ Open │──────────────────────┐
//!    │               │                    └──────┘                      │
//!    │ end of input  │ send Close            │ failure                  │ receive Close
//!    │               ▼                       ▼                          ▼
//!    │         ┌───────────┐             ┌────────┐             ┌───────────────┐
//!    │         │ CloseSent │── failure ─►│ Failed │◄─ failure ──│ CloseReceived │
//!    │         └───────────┘             └────────┘             └───────────────┘
//!    │           │       │ receive Close                         │ send Close  │
//!    │           │       │               ┌────────┐              │             │
//!    │           │       └──────────────►│ Closed │◄─────────────┘             │
//!    │           │                       └────────┘                            │
//!    │           │ end of input              │ end of input                    │ end of input
//!    ▼           │                           ▼                                 │
//!  ┌──────┐      │                       ┌───────┐                             │
//!  │ Lost │◄─────┘                       │ Ended │◄────────────────────────────┘
//!  └──────┘                              └───────┘
//! ```
//!
//! The drawing and the table at [`State`] have every transition. Tests compare the table with the code,
//! and the drawing with the table.
//!
//! `Failed`, `Ended` and `Lost` are final. In `Failed` and `Ended`, our Close may still wait for
//! room in the outbox. The end of the input does not prove that the peer has stopped reading,
//! because it may have closed only its sending direction.

/// The state of a connection.
///
/// The transitions of the closing handshake (RFC 6455, sections 5.5.1 and 7.1). An empty cell leaves
/// the state unchanged:
///
/// | state | we send a Close | the peer's Close arrives | failure | end of the input |
/// | --- | --- | --- | --- | --- |
/// | `Open` | `CloseSent` | `CloseReceived` | `Failed` | `Lost` |
/// | `CloseSent` | | `Closed` | `Failed` | `Lost` |
/// | `CloseReceived` | `Closed` | | `Failed` | `Ended` |
/// | `Closed` | | | | `Ended` |
/// | `Failed` | | | | |
/// | `Ended` | | | | |
/// | `Lost` | | | | |
///
/// A failure is a violation or an exceeded limit; in `CloseReceived`, it is a client that has no
/// masking key for its reply. While the caller owes the reply
/// ([`CloseReply::Manual`](crate::CloseReply::Manual)), the end of the input takes effect after the
/// reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Both endpoints may send messages.
    Open,
    /// We have sent a Close and wait for the peer's.
    CloseSent,
    /// The peer has sent a Close. Our reply waits for room in the outbox, or for the caller under
    /// [`CloseReply::Manual`](crate::CloseReply::Manual).
    CloseReceived,
    /// Both Close frames have been exchanged. A server now closes the transport, a client waits for
    /// the server to do so.
    Closed,
    /// The peer violated the protocol or exceeded a limit, or a client has no masking key for its
    /// reply to a Close. Close the transport after the outbox has been written.
    Failed,
    /// The input ended after the peer's Close, which is a clean end. If our reply still waits for
    /// room in the outbox, it can be sent, because the peer may have closed only its sending
    /// direction.
    Ended,
    /// The input ended before the peer's Close.
    Lost,
}

/// An input of the state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    SendClose,
    ReceiveClose,
    Fail,
    EndOfInput,
}

impl State {
    /// The transition table. A step that does not apply leaves the state unchanged.
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

    /// Whether input is still processed. Anything after the peer's Close is ignored.
    pub(crate) const fn receives(self) -> bool {
        matches!(self, Self::Open | Self::CloseSent)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{State::*, Step::*};

    // 6455-7.1.3-a, 6455-5.5.1-k, 6455-7.1.4-a
    #[test]
    fn transitions() {
        #[rustfmt::skip]
        let states = [Open, CloseSent, CloseReceived, Closed, Failed, Ended, Lost];
        let steps = [SendClose, ReceiveClose, Fail, EndOfInput];
        // The documentation of `State` is the table.
        let rows =
            include_str!("closing.rs").lines().filter_map(|line| line.strip_prefix("/// | `"));
        let mut compared = 0;
        for (state, row) in states.iter().zip(rows) {
            let name = std::format!("{state:?}");
            let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`'));
            assert_eq!(cells.next(), Some(&name[..]));
            for (step, cell) in steps.iter().zip(cells) {
                let after = std::format!("{:?}", state.after(*step));
                let expected = if cell.is_empty() { &name } else { cell };
                assert_eq!(after, expected, "{state:?} after {step:?}");
                compared += 1;
            }
        }
        assert_eq!(compared, states.len() * steps.len());
    }
}
