//! The state of one side of a relay: every transition.
//!
//! Each side has a state for its input and one for its output:
//!
//! ```text
//!                    its Close               ┌────────┐
//!   input       ┌──────────────────────────► │ Closed │ ─────┐
//!   (from       │                            └────────┘      │ end of input
//!   this    ┌──────┐           end of input                  ▼
//!   side)   │ Open │ ──────────────────────────────────► ┌───────┐
//!           └──────┘                                     │ Ended │
//!               │    a violation             ┌────────┐  └───────┘
//!               └──────────────────────────► │ Broken │ ─────▲ end of input
//!                                            └────────┘
//!
//!                  Close of the other side
//!           ┌──────┐ ──────────────────────────────────► ┌────────┐
//!   output  │ Open │                                     │ Closed │
//!   (to     └──────┘ ───► ┌─────┐ ─────────────────────► └────────┘
//!   this        │         │ Due │ our Close, or one of the other side that was being forwarded
//!   side)       │         └─────┘
//!               ▼            ▼
//!            ┌──────────────────────┐   the other side's transport ended inside a frame;
//!            │         Over         │   there was no masking key for our Close;
//!            └──────────────────────┘   from any state: this side's transport ended
//!
//!   Open to Due: a violation by either side, or the end of the other side's input
//! ```

use super::{Frames, Side};
use crate::{close::CloseCode, extension::Claims, frame::Rules};

/// One side of a relay.
#[derive(Debug)]
pub(super) struct End {
    pub(super) side: Side,
    /// What this side sends.
    pub(super) frames: Frames,
    pub(super) input: Input,
    pub(super) output: Output,
}

/// What this side may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Frames.
    Open,
    /// Its Close was received. Everything that follows is dropped.
    Closed,
    /// It broke the protocol. Everything that follows is dropped.
    Broken,
    /// Its transport has ended.
    Ended,
}

/// What is still sent to this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Frames of the other side.
    Open,
    /// The rest of the other side's frame in progress, if any, then a Close with this code.
    Due(CloseCode),
    /// Nothing: a Close was sent.
    Closed,
    /// Nothing, without a Close.
    Over,
}

impl End {
    pub(super) const fn new(side: Side, claims: Claims) -> Self {
        let rules = match side {
            Side::Client => Rules::from_client(),
            Side::Server => Rules::from_server(),
        };
        Self { side, frames: Frames::new(rules, claims), input: Input::Open, output: Output::Open }
    }

    /// This side's Close is complete.
    pub(super) fn close(&mut self, other: &mut Self) {
        self.input = Input::Closed;
        if self.frames.is_forwarded() {
            other.output = Output::Closed;
        }
    }

    /// This side broke the protocol. That shows in a header, so the other side has received
    /// complete frames.
    pub(super) fn fail(&mut self, code: CloseCode, other: &mut Self) {
        self.input = Input::Broken;
        if matches!(self.output, Output::Open | Output::Due(_)) {
            self.output = Output::Due(code);
        }
        other.lose_peer();
    }

    /// This side's transport has ended. Returns whether it ended without a Close.
    pub(super) fn end(&mut self, other: &mut Self) -> bool {
        let is_lost = self.input == Input::Open;
        self.input = Input::Ended;
        self.output = Output::Over;
        other.frames.drop_rest();
        if self.frames.is_torn() {
            // The frame stays incomplete, so a Close sent now would become its payload.
            other.output = Output::Over;
        } else {
            other.lose_peer();
        }
        is_lost
    }

    /// Whether this side's transport is to be closed.
    pub(super) const fn should_close_transport(&self) -> bool {
        match (self.input, self.output) {
            (Input::Ended, _) | (_, Output::Over) | (Input::Broken, Output::Closed) => true,
            // Section 7.1.1: the server closes the transport first. To the client, that is us.
            (Input::Closed, Output::Closed) => matches!(self.side, Side::Client),
            (_, Output::Open | Output::Due(_)) | (Input::Open, Output::Closed) => false,
        }
    }

    /// Whether this side is closing, and its transport is not to be closed yet.
    pub(super) const fn is_closing(&self) -> bool {
        !matches!((self.input, self.output), (Input::Open, Output::Open))
            && !self.should_close_transport()
    }

    /// The other side sends no more frames: a Close is due, unless one was sent.
    fn lose_peer(&mut self) {
        if self.output == Output::Open {
            self.output = Output::Due(match self.side {
                // 1014 (bad gateway) is more precise, but it was registered after RFC 6455, and
                // clients in wide use treat it as a violation.
                Side::Client => CloseCode::INTERNAL_ERROR,
                Side::Server => CloseCode::GOING_AWAY,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Header, Opcode};

    const INPUTS: [Input; 4] = [Input::Open, Input::Closed, Input::Broken, Input::Ended];
    const DUE: Output = Output::Due(CloseCode::MESSAGE_TOO_BIG);
    const OUTPUTS: [Output; 4] = [Output::Open, DUE, Output::Closed, Output::Over];
    const SIDES: [(Side, Side, CloseCode); 2] = [
        (Side::Client, Side::Server, CloseCode::GOING_AWAY),
        (Side::Server, Side::Client, CloseCode::INTERNAL_ERROR),
    ];

    fn end(side: Side, input: Input, output: Output) -> End {
        End { input, output, ..End::new(side, Claims::NONE) }
    }

    /// Where the latest frame from a side stands.
    #[derive(Clone, Copy)]
    enum Latest {
        Complete,
        Incomplete,
        Dropped,
    }

    fn begin(end: &mut End, latest: Latest) {
        let header = Header::new(Opcode::Binary, true, 2).unwrap();
        end.frames.begin(&header, (!matches!(latest, Latest::Dropped)).then_some(&header));
        if matches!(latest, Latest::Complete) {
            end.frames.payload(&mut [0; 2]);
        }
    }

    /// Applies a step of one side in every state of the output to either side, and compares the
    /// state of its input and of both outputs afterwards.
    fn table(
        input: Input,
        latest: Latest,
        step: impl Fn(&mut End, &mut End),
        expected: impl Fn(CloseCode) -> (Input, [Output; 4], [Output; 4]),
    ) {
        for (side, other_side, lost) in SIDES {
            let (input_after, own, others) = expected(lost);
            for (output, own) in OUTPUTS.into_iter().zip(own) {
                for (other_output, expected) in OUTPUTS.into_iter().zip(others) {
                    let mut this = end(side, input, output);
                    let mut other = end(other_side, Input::Open, other_output);
                    begin(&mut this, latest);
                    step(&mut this, &mut other);
                    assert_eq!((this.input, this.output), (input_after, own));
                    assert_eq!((other.input, other.output), (Input::Open, expected));
                }
            }
        }
    }

    // 6455-5.5.1-k
    #[test]
    fn a_close_is_the_last_frame_to_the_other_side() {
        let close = |this: &mut End, other: &mut End| this.close(other);
        table(Input::Open, Latest::Complete, close, |_| {
            (Input::Closed, OUTPUTS, [Output::Closed; 4])
        });
        table(Input::Open, Latest::Dropped, close, |_| (Input::Closed, OUTPUTS, OUTPUTS));
    }

    #[test]
    fn a_violation_owes_both_sides_a_close() {
        let code = CloseCode::PROTOCOL_ERROR;
        table(
            Input::Open,
            Latest::Complete,
            |this, other| this.fail(code, other),
            |lost| {
                let own = [Output::Due(code), Output::Due(code), Output::Closed, Output::Over];
                (Input::Broken, own, [Output::Due(lost), DUE, Output::Closed, Output::Over])
            },
        );
    }

    #[test]
    fn the_end_of_a_side_owes_the_other_a_close_between_frames_only() {
        for input in INPUTS {
            let step = |this: &mut End, other: &mut End| {
                assert_eq!(this.end(other), input == Input::Open);
            };
            for latest in [Latest::Complete, Latest::Dropped] {
                table(input, latest, step, |lost| {
                    let others = [Output::Due(lost), DUE, Output::Closed, Output::Over];
                    (Input::Ended, [Output::Over; 4], others)
                });
            }
            table(input, Latest::Incomplete, step, |_| {
                (Input::Ended, [Output::Over; 4], [Output::Over; 4])
            });
        }
    }

    // 6455-7.1.1-c
    #[test]
    fn when_a_transport_is_to_be_closed() {
        for (side, _, _) in SIDES {
            let after_both = side == Side::Client;
            #[rustfmt::skip]
            let table = [
                //               Open   Due    Closed      Over
                (Input::Open,   [false, false, false,      true]),
                (Input::Closed, [false, false, after_both, true]),
                (Input::Broken, [false, false, true,       true]),
                (Input::Ended,  [true,  true,  true,       true]),
            ];
            for (input, expected) in table {
                for (output, expected) in OUTPUTS.into_iter().zip(expected) {
                    let end = end(side, input, output);
                    assert_eq!(end.should_close_transport(), expected, "{input:?}, {output:?}");
                    let is_open = input == Input::Open && output == Output::Open;
                    assert_eq!(end.is_closing(), !expected && !is_open, "{input:?}, {output:?}");
                }
            }
        }
    }
}
