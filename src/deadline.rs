//! Deadlines for peers that are slow, silent or do not read, as values.
//!
//! This module owns the decision that a peer has taken too long, and what is due then. It has no clock
//! and no timer: the time is a [`Duration`] since an epoch of the caller's choice, such as the start of
//! the program. It knows nothing of transports.
//!
//! [`Deadlines`] are the state of one connection, [`Timeouts`] its settings. Call
//! [`expire`](Deadlines::expire) in each turn of the loop, after receiving and before writing. It sends
//! what is due, and returns when to call it again at the latest:
//!
//! ```
//! use hybi::{Connection, Event, Inbox, Server, deadline::{Deadlines, Timeouts}};
//! # use hybi::deadline::Cause;
//! use std::time::{Duration, Instant};
//!
//! # trait Stream {
//! #     fn write(&mut self, bytes: &[u8], until: Option<Duration>) -> std::io::Result<usize>;
//! #     fn read(&mut self, inbox: &mut Inbox, until: Option<Duration>) -> std::io::Result<Option<usize>>;
//! # }
//! fn echo(
//!     mut websocket: Connection<Server>,
//!     mut inbox: Inbox,
//!     mut stream: impl Stream, // its operations take a deadline
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let (clock, mut outbox) = (Instant::now(), hybi::GrowingOutbox::new());
//!     let mut deadlines = Deadlines::new(Timeouts::new(), clock.elapsed());
//!     loop {
//!         while let Some(event) = websocket.receive(&mut inbox, &mut outbox)? {
//!             match event {
//!                 Event::Text(text) => websocket.send_text(text, &mut outbox)?,
//!                 Event::Binary(data) => websocket.send_binary(data, &mut outbox)?,
//!                 Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
//!             }
//!         }
//!         let until = deadlines.expire(clock.elapsed(), &mut websocket, &mut outbox)?;
//!         if !outbox.is_empty() {
//!             let written = stream.write(outbox.bytes(), until)?; // 0 if the deadline passes
//!             outbox.consume(written)?;
//!             deadlines.on_write(clock.elapsed(), written);
//!             continue;
//!         }
//!         if websocket.should_close_transport() {
//!             return Ok(());
//!         }
//!         match stream.read(&mut inbox, until)? {
//!             Some(0) => return Ok(websocket.end_of_input()?),
//!             Some(_) => deadlines.on_read(clock.elapsed()),
//!             None => {} // the deadline has passed
//!         }
//!     }
//! }
//! ```
//!
//! # What bounds a peer
//!
//! Each deadline is for a whole operation, so a peer cannot extend it by sending or reading a byte now
//! and then:
//!
//! ```text
//!  Opening ──────────────────► Open ──────────────────────────► Closing
//!  opening: 408                silence, pong: Close 3008        closing: drop the transport
//!                              age: Close 1001 ─────────────────►
//!  while output waits:         writing: drop the transport, in each stage
//! ```
//!
//! While output waits, the peer need not show that it is alive, because a ping would follow that
//! output, and an endpoint with backpressure reads nothing. The deadlines for silence, for pongs and for
//! closing are suspended for that time, and [`writing`](Timeouts::writing) bounds it.
//!
//! # What you cannot forget
//!
//! The connection itself recognizes the pong that answers a ping, and `expire` sees the state of the
//! connection and of the outbox. Only the transport is invisible to it:
//!
//! - Without [`on_read`](Deadlines::on_read), each peer gets pings, also one that sends messages all the
//!   time. Its pongs keep it connected.
//! - Without [`on_write`](Deadlines::on_write), a peer that reads steadily is dropped if the outbox is
//!   never empty, or never as empty as when the deadline began.
//!
//! If `expire` is called late, no honest peer is dropped for it: a ping is always sent before a
//! connection ends for silence.

mod bucket;
mod cause;
mod time;
mod timeouts;

pub use bucket::Bucket;
pub use cause::Cause;
pub use timeouts::Timeouts;

use core::{num::NonZeroU16, time::Duration};

use crate::{
    buffer::Outbox,
    connection::{Connection, Role, State},
    handshake::server::Opening,
};
use time::Time;

/// The part of its life that a connection is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The opening handshake, with all that precedes it.
    Opening,
    /// Data transfer.
    Open,
    /// The closing handshake, and the end of the transport.
    Closing,
}

/// The deadlines of one connection, from the opening handshake to the end of the transport.
///
/// It is a plain value of about 120 bytes. See the [module](self) for the loop that uses it. It adds nothing
/// to the size of a [`Connection`].
///
/// The time may be since any epoch, and should not go backwards. If it does, deadlines are later, and
/// nothing else happens.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    timeouts: Timeouts,
    stage: Stage,
    /// When the stage began. In `Closing`, the time in which output waits is added.
    since: Time,
    /// When the connection reaches its maximum age.
    aged: Time,
    /// The last input. The time in which output waits is added.
    read: Time,
    /// When the unanswered ping was written, or `NEVER`. The time in which output waits is added.
    pinged: Time,
    /// When the output that waits was first seen, or `NEVER` if none waits.
    waiting: Time,
    /// How many of the bytes that waited then are not written yet.
    unwritten: usize,
    /// Between the last ping that was answered and its pong, or `NEVER`.
    round_trip: Time,
    cause: Option<Cause>,
}

/// What is due at a deadline.
#[derive(Clone, Copy)]
enum Due {
    Ping,
    End(Cause),
}

impl Deadlines {
    /// The deadlines of a connection whose opening handshake begins now.
    pub const fn new(timeouts: Timeouts, now: Duration) -> Self {
        let now = Time::now(now);
        Self {
            timeouts,
            stage: Stage::Opening,
            since: now,
            aged: now.plus(timeouts.age),
            read: now,
            pinged: Time::NEVER,
            waiting: Time::NEVER,
            unwritten: 0,
            round_trip: Time::NEVER,
            cause: None,
        }
    }

    /// Call it after each read that returned input.
    pub fn on_read(&mut self, now: Duration) {
        self.read = Time::now(now).max(self.read);
    }

    /// Call it after each write, with the number of bytes that the transport took.
    pub fn on_write(&mut self, now: Duration, length: usize) {
        self.unwritten = self.unwritten.saturating_sub(length);
        if self.unwritten == 0 {
            self.resume(Time::now(now));
        }
    }

    /// Sends what is due over an open connection, and returns the time at which to call it again. Call it
    /// in each turn of the loop, after receiving and before waiting: before the write, or after a write
    /// that does not block. The first call ends the stage of the opening handshake.
    ///
    /// It appends a ping to a silent peer to the outbox, and a Close with 1001 to a connection that has
    /// reached its maximum age. `None` if there is no deadline.
    ///
    /// # Errors
    ///
    /// The peer has taken too long, and the connection has ended. After [`Cause::Silence`] and
    /// [`Cause::Unanswered`], the outbox holds a Close: write it out, and close the transport. The
    /// stage is then `Closing`, so [`check`](Self::check) bounds this too. After other causes, drop the
    /// transport.
    pub fn expire<R: Role>(
        &mut self,
        now: Duration,
        websocket: &mut Connection<R>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Duration>, Cause> {
        let now = Time::now(now);
        let is_open = websocket.state() == State::Open;
        self.enter(if is_open { Stage::Open } else { Stage::Closing }, now);
        if self.pinged != Time::NEVER && !websocket.awaits_pong() {
            self.round_trip = now.minus(self.pinged);
            self.pinged = Time::NEVER;
            self.read = now.max(self.read);
        }
        if self.cause == Some(Cause::Age) && is_open {
            self.close_aged(websocket, outbox); // it had no room before
        }
        // Each turn of this loop moves on: a ping is sent once, and the stage changes once.
        loop {
            self.observe(outbox.pending(), now);
            let (deadline, due) = self.next();
            if now < deadline {
                return Ok(deadline.get());
            }
            match due {
                Due::Ping if websocket.send_keepalive(nonce(now), outbox).is_ok() => {
                    self.pinged = now;
                }
                Due::Ping => self.timeouts.ping = Time::NEVER, // no masking key, or too small an outbox
                Due::End(Cause::Age) => {
                    self.end(Cause::Age, now);
                    self.close_aged(websocket, outbox);
                }
                Due::End(cause) => {
                    if let Some(code) = cause.close_code() {
                        websocket.fail(code, outbox);
                    }
                    return Err(self.end(cause, now));
                }
            }
        }
    }

    /// As [`expire`](Self::expire), while a server waits for a request.
    ///
    /// # Errors
    ///
    /// The client has taken too long. After [`Cause::Opening`], the outbox holds a response with status
    /// 408, unless a request was returned or refused before: write it out, and close the transport.
    pub fn expire_opening(
        &mut self,
        now: Duration,
        opening: &mut Opening<'_>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Duration>, Cause> {
        let checked = self.check(now, Stage::Opening, outbox.pending());
        if checked == Err(Cause::Opening) {
            // Fails if the handshake is over: then the outbox holds its response.
            let _ = opening.time_out(outbox);
        }
        checked
    }

    /// As [`expire`](Self::expire), without a connection that could send: for the opening handshake of a
    /// client, for TLS, for a [`Relay`](crate::relay::Relay), and for the end of the transport.
    ///
    /// `pending` is the number of bytes that wait to be written. An earlier stage than that of the call
    /// before is ignored. A call in [`Stage::Open`] at which a ping is due turns pings off.
    ///
    /// At the end of a connection, write out what is left, shut down the output, and read and discard
    /// until the peer closes. Call this with [`Stage::Closing`] before each of these operations.
    ///
    /// # Errors
    ///
    /// The peer has taken too long, or the connection has reached its maximum age. Drop the transport.
    pub fn check(
        &mut self,
        now: Duration,
        stage: Stage,
        pending: usize,
    ) -> Result<Option<Duration>, Cause> {
        let now = Time::now(now);
        self.enter(stage, now);
        self.observe(pending, now);
        loop {
            let (deadline, due) = self.next();
            if now < deadline {
                return Ok(deadline.get());
            }
            match due {
                Due::Ping => self.timeouts.ping = Time::NEVER,
                Due::End(cause) => return Err(self.end(cause, now)),
            }
        }
    }

    /// The time at which to call `expire` or `check` at the latest. `None` if there is no deadline. It
    /// reflects the state at the last call, and the reads and writes since.
    pub fn deadline(&self) -> Option<Duration> {
        self.next().0.get()
    }

    /// The first deadline that has passed. After the Close for [`Cause::Age`] the connection ends
    /// without an error; this is how to tell.
    pub const fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// The time between the last ping that was answered and its pong. It begins when the ping is
    /// written, and ends at the call of [`expire`](Self::expire) after the pong was received.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip.get()
    }

    /// The earliest deadline and what is due then: all deadlines of all stages.
    fn next(&self) -> (Time, Due) {
        let Self { timeouts, stage, since, aged, read, pinged, waiting, .. } = *self;
        let is_waiting = waiting != Time::NEVER;
        let end = |at: Time, cause| (at, Due::End(cause));
        let writing = end(waiting.plus(timeouts.writing), Cause::Unread);
        let (one, two) = match stage {
            Stage::Opening => (end(since.plus(timeouts.opening), Cause::Opening), writing),
            Stage::Closing if is_waiting => (writing, writing),
            Stage::Closing => (end(since.plus(timeouts.closing), Cause::Closing), writing),
            Stage::Open if is_waiting => (writing, end(aged, Cause::Age)),
            Stage::Open if pinged != Time::NEVER => {
                // A ping may be late. Its answer has the time that it has otherwise.
                let grace = timeouts.silence.minus(timeouts.ping);
                let silence = read.plus(timeouts.silence).max(pinged.plus(grace));
                let unanswered = end(pinged.plus(timeouts.pong), Cause::Unanswered);
                (earlier(end(silence, Cause::Silence), unanswered), end(aged, Cause::Age))
            }
            Stage::Open if timeouts.ping < timeouts.silence || timeouts.silence == Time::NEVER => {
                ((read.plus(timeouts.ping), Due::Ping), end(aged, Cause::Age))
            }
            Stage::Open => {
                (end(read.plus(timeouts.silence), Cause::Silence), end(aged, Cause::Age))
            }
        };
        earlier(one, two)
    }

    /// Enters a stage, unless it is already in that or a later one.
    fn enter(&mut self, stage: Stage, now: Time) {
        if stage > self.stage {
            (self.stage, self.since) = (stage, now);
            if stage == Stage::Open {
                self.read = now.max(self.read);
            }
        }
    }

    /// Records how much output waits.
    fn observe(&mut self, pending: usize, now: Time) {
        self.unwritten = self.unwritten.min(pending);
        if self.unwritten == 0 {
            self.resume(now);
        }
        if pending > 0 && self.waiting == Time::NEVER {
            (self.waiting, self.unwritten) = (now, pending);
        }
    }

    /// Ends a period in which output waited. It does not count for the other deadlines.
    fn resume(&mut self, now: Time) {
        if self.waiting == Time::NEVER {
            return;
        }
        let waited = now.minus(self.waiting);
        let shift = |at: &mut Time| *at = at.plus(waited).min(now).max(*at);
        shift(&mut self.read);
        if self.pinged != Time::NEVER {
            shift(&mut self.pinged);
        }
        if self.stage == Stage::Closing {
            shift(&mut self.since);
        }
        self.waiting = Time::NEVER;
    }

    /// Records that a deadline has passed.
    fn end(&mut self, cause: Cause, now: Time) -> Cause {
        self.cause.get_or_insert(cause);
        self.enter(Stage::Closing, now);
        cause
    }

    /// Begins the closing handshake. If the outbox has no room for the Close, the next call of `expire`
    /// tries again, until the deadline for closing.
    fn close_aged<R: Role>(&self, websocket: &mut Connection<R>, outbox: &mut impl Outbox) {
        if let Some(code) = self.cause.and_then(Cause::close_code) {
            let _ = websocket.close(code, "", outbox);
        }
    }
}

fn earlier(one: (Time, Due), two: (Time, Due)) -> (Time, Due) {
    if two.0 < one.0 { two } else { one }
}

/// The payload of a ping. It is two bytes, because the connection has room for them in its padding. It
/// need not be unpredictable, because a peer that guesses it sends input, so it is not silent.
///
/// The upper bits of a bijective mix (the finalizer of `SplitMix64`).
const fn nonce(now: Time) -> NonZeroU16 {
    let mut nonce = now.nanos();
    nonce = (nonce ^ (nonce >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    nonce = (nonce ^ (nonce >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    match NonZeroU16::new((nonce >> 48) as u16) {
        Some(nonce) => nonce,
        None => NonZeroU16::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The first numbers of SplitMix64 from a state of zero, which it mixes after each step of 2^64
    // divided by the golden ratio. Its last shift does not reach the upper bits.
    #[test]
    fn a_nonce_is_a_mix_of_the_time() {
        let state = |step: u64| step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (step, mixed) in [(1, 0xe220_a839_7b1d_cdaf_u64), (2, 0x6e78_9e6a_a1b9_65f4)] {
            let nonce = nonce(Time::now(Duration::from_nanos(state(step))));
            assert_eq!(u64::from(nonce.get()), mixed >> 48);
        }
        assert_eq!(nonce(Time::ZERO), NonZeroU16::MIN);
    }
}
