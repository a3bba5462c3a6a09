//! The deadlines of a connection on an event loop or a runtime. The caller has the clock and the
//! timer.
//!
//! Each deadline is for a whole operation. A peer cannot extend it by sending or reading a byte now
//! and then.

#![allow(dead_code)] // not every program needs all of it

use std::time::{Duration, Instant};

/// How long a peer may take for each operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For the opening handshake.
    pub(crate) opening: Duration,
    /// For reading what is in the outbox.
    pub(crate) writing: Duration,
    /// How long it may be silent before it is sent a ping.
    pub(crate) silence: Duration,
    /// How long it may be silent after the ping.
    pub(crate) pong: Duration,
    /// For the closing handshake, and for closing the transport.
    pub(crate) closing: Duration,
}

/// The action that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// None yet.
    Nothing,
    /// Send a ping.
    Ping,
    /// Drop the connection.
    Drop,
}

/// The deadlines of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    timeouts: &'static Timeouts,
    /// For the opening handshake, or for closing.
    stage: Option<Instant>,
    is_closing: bool,
    /// For writing the outbox, if it is not empty.
    writing: Option<Instant>,
    /// For the next byte from the peer.
    silence: Instant,
    /// Whether a ping was sent and nothing was read since.
    ping_sent: bool,
}

impl Deadlines {
    /// A connection whose opening handshake begins.
    pub(crate) fn opening(timeouts: &'static Timeouts, now: Instant) -> Self {
        Self { stage: Some(now + timeouts.opening), ..Self::open(timeouts, now) }
    }

    /// A connection whose opening handshake is complete.
    pub(crate) fn open(timeouts: &'static Timeouts, now: Instant) -> Self {
        Self {
            timeouts,
            stage: None,
            is_closing: false,
            writing: None,
            silence: now + timeouts.silence,
            ping_sent: false,
        }
    }

    /// Call it after each read. Any byte counts, because a pong cannot overtake a large message that
    /// the peer is sending.
    pub(crate) fn on_read(&mut self, now: Instant) {
        self.silence = now + self.timeouts.silence;
        self.ping_sent = false;
    }

    /// Reports whether all output is written. The deadline starts with the first output that is not,
    /// and is not extended until all is written. Report the end of a batch before the next batch
    /// begins, so that each has a deadline of its own.
    pub(crate) fn set_flushed(&mut self, is_flushed: bool, now: Instant) {
        if is_flushed {
            if let Some(deadline) = self.writing.take() {
                // Nothing was read meanwhile, so this time does not count as silence.
                self.silence += (now + self.timeouts.writing).saturating_duration_since(deadline);
            }
        } else {
            self.writing.get_or_insert(now + self.timeouts.writing);
        }
    }

    /// Call it when the connection is closing. Only the first call has an effect.
    pub(crate) fn on_closing(&mut self, now: Instant) {
        if !self.is_closing {
            self.is_closing = true;
            self.stage = Some(now + self.timeouts.closing);
        }
    }

    /// The time at which to call [`due`](Self::due).
    pub(crate) fn next(&self) -> Instant {
        // While output waits, nothing may be read, so the peer cannot show that it is alive.
        let silence = Some(self.silence).filter(|_| self.stage.or(self.writing).is_none());
        [self.stage, self.writing, silence].into_iter().flatten().min().unwrap_or(self.silence)
    }

    /// Returns the action that is due now.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        if now < self.next() {
            return Due::Nothing;
        }
        if self.stage.is_some() || self.writing.is_some() || self.ping_sent {
            return Due::Drop;
        }
        self.ping_sent = true;
        self.silence = now + self.timeouts.pong;
        Due::Ping
    }
}
