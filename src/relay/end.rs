//! What a relay knows of one side: every transition.

use super::{Frames, Side};
use crate::{CloseCode, frame::Rules};

/// One side of a relay.
#[derive(Debug)]
pub(super) struct End {
    pub(super) side: Side,
    pub(super) frames: Frames,
    pub(super) input: Input,
    pub(super) output: Output,
}

/// What comes from a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Frames.
    Open,
    /// Nothing that counts: its Close has come.
    Closed,
    /// Nothing that counts: it broke the protocol.
    Broken,
    /// Nothing: its transport has ended.
    Ended,
}

/// What goes to a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// The other side's frames.
    Open,
    /// The rest of the other side's frame in progress, if there is one, then a Close with this
    /// code.
    Due(CloseCode),
    /// Nothing more: a Close was the last.
    Closed,
    /// Nothing more, though no Close was sent.
    Over,
}

impl End {
    pub(super) const fn new(side: Side) -> Self {
        let rules = match side {
            Side::Client => Rules::from_client(),
            Side::Server => Rules::from_server(),
        };
        Self { side, frames: Frames::new(rules), input: Input::Open, output: Output::Open }
    }

    /// Its Close is complete.
    pub(super) fn close(&mut self, other: &mut Self) {
        self.input = Input::Closed;
        if self.frames.is_forwarded() {
            other.output = Output::Closed;
        }
    }

    /// It broke the protocol, in the header of a frame: so the other side has got whole frames.
    pub(super) fn fail(&mut self, code: CloseCode, other: &mut Self) {
        self.input = Input::Broken;
        if matches!(self.output, Output::Open | Output::Due(_)) {
            self.output = Output::Due(code);
        }
        other.lose_peer();
    }

    /// Its transport has ended. Tells whether a Close is missing.
    pub(super) fn end(&mut self, other: &mut Self) -> bool {
        let is_lost = self.input == Input::Open;
        self.input = Input::Ended;
        self.output = Output::Over;
        other.frames.drop_rest();
        if self.frames.is_torn() {
            // The frame will never be complete, and a Close inside it would be its payload.
            other.output = Output::Over;
        } else {
            other.lose_peer();
        }
        is_lost
    }

    /// Whether its transport is to be closed.
    pub(super) const fn should_close_transport(&self) -> bool {
        match (self.input, self.output) {
            (Input::Ended, _) | (_, Output::Over) | (Input::Broken, Output::Closed) => true,
            // Section 7.1.1: the server closes the transport first. To the client, that is us.
            (Input::Closed, Output::Closed) => matches!(self.side, Side::Client),
            (_, Output::Open | Output::Due(_)) | (Input::Open, Output::Closed) => false,
        }
    }

    /// Whether it is on the way to its end.
    pub(super) const fn is_closing(&self) -> bool {
        !matches!((self.input, self.output), (Input::Open, Output::Open))
            && !self.should_close_transport()
    }

    /// Nothing more comes from the other side: a Close is due, unless there was one.
    fn lose_peer(&mut self) {
        if self.output == Output::Open {
            self.output = Output::Due(match self.side {
                // Bad Gateway (1014) would say it better, but is younger than RFC 6455, and
                // clients in use take it for a violation.
                Side::Client => CloseCode::INTERNAL_ERROR,
                Side::Server => CloseCode::GOING_AWAY,
            });
        }
    }
}
