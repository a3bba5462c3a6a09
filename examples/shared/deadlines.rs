//! The deadlines of a connection on an event loop or a runtime, as values: nothing here reads a
//! clock or sets a timer.
//!
//! Each deadline is for a whole operation: a peer that sends a byte now and then, or takes one,
//! cannot extend it.

#![allow(dead_code)] // not every program needs all of it

use std::time::{Duration, Instant};

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the opening handshake.
    pub(crate) opening: Duration,
    /// To take what waits in the outbox.
    pub(crate) writing: Duration,
    /// To send anything, before it is sent a ping.
    pub(crate) silence: Duration,
    /// To send anything, after the ping.
    pub(crate) pong: Duration,
    /// For the closing handshake, and then to end the transport.
    pub(crate) closing: Duration,
}

/// What it is time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing yet.
    Nothing,
    /// To send a ping.
    Ping,
    /// To drop the connection.
    End,
}

/// The deadlines of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    patience: &'static Patience,
    /// For the opening handshake or the end.
    stage: Option<Instant>,
    is_closing: bool,
    /// For what waits to be written, if anything does.
    writing: Option<Instant>,
    /// For a sign of life.
    silence: Instant,
    /// Whether the peer was sent a ping and nothing has come since.
    is_asked: bool,
}

impl Deadlines {
    /// A connection whose opening handshake begins.
    pub(crate) fn opening(patience: &'static Patience, now: Instant) -> Self {
        Self { stage: Some(now + patience.opening), ..Self::open(patience, now) }
    }

    /// A connection whose opening handshake is complete.
    pub(crate) fn open(patience: &'static Patience, now: Instant) -> Self {
        Self {
            patience,
            stage: None,
            is_closing: false,
            writing: None,
            silence: now + patience.silence,
            is_asked: false,
        }
    }

    /// Something was received. Any byte counts, because a pong cannot overtake a large message that
    /// the peer is sending.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.silence = now + self.patience.silence;
        self.is_asked = false;
    }

    /// Whether anything waits to be written. As long as something does, the deadline stays: report
    /// that a batch is written before the next one is taken, which has a deadline of its own.
    pub(crate) fn wrote(&mut self, is_all: bool, now: Instant) {
        if is_all {
            if let Some(deadline) = self.writing.take() {
                // The peer was not read in the meantime, so that time is no silence.
                self.silence += (now + self.patience.writing).saturating_duration_since(deadline);
            }
        } else {
            self.writing.get_or_insert(now + self.patience.writing);
        }
    }

    /// The connection is closing. Only the first call counts.
    pub(crate) fn closing(&mut self, now: Instant) {
        if !self.is_closing {
            self.is_closing = true;
            self.stage = Some(now + self.patience.closing);
        }
    }

    /// When to call [`due`](Self::due) at the latest.
    pub(crate) fn next(&self) -> Instant {
        // A peer that is not read from, because it does not read, cannot give a sign of life.
        let silence = Some(self.silence).filter(|_| self.stage.or(self.writing).is_none());
        [self.stage, self.writing, silence].into_iter().flatten().min().unwrap_or(self.silence)
    }

    /// What it is time for.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        if now < self.next() {
            return Due::Nothing;
        }
        if self.stage.is_some() || self.writing.is_some() || self.is_asked {
            return Due::End;
        }
        self.is_asked = true;
        self.silence = now + self.patience.pong;
        Due::Ping
    }
}
