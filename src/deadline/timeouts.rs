//! How long a peer may take.

use core::time::Duration;

use super::time::Time;

/// How long a peer may take. The defaults are safe on the open Internet.
///
/// Each is a value of its own: none is added to another one. A duration of more than five hundred
/// years turns a deadline off, and so does `None` where a setter takes it.
///
/// ```
/// use hybi::deadline::Timeouts;
/// use std::time::Duration;
///
/// const TIMEOUTS: Timeouts = Timeouts::new()
///     .ping(Some(Duration::from_secs(15)))
///     .silence(Some(Duration::from_secs(25)))
///     .age(Some(Duration::from_secs(24 * 60 * 60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub(super) opening: Time,
    pub(super) ping: Time,
    pub(super) silence: Time,
    pub(super) pong: Time,
    pub(super) writing: Time,
    pub(super) closing: Time,
    pub(super) age: Time,
}

impl Timeouts {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            opening: Time::from_secs(10),
            ping: Time::from_secs(20),
            silence: Time::from_secs(40),
            pong: Time::from_secs(120),
            writing: Time::from_secs(30),
            closing: Time::from_secs(10),
            age: Time::NEVER,
        }
    }

    /// The time for the opening handshake as a whole, with all that precedes it, such as TLS. 10
    /// seconds by default. A server responds with status 408.
    #[must_use]
    pub const fn opening(self, timeout: Duration) -> Self {
        Self { opening: Time::of(timeout), ..self }
    }

    /// The time without input after which a ping is sent. 20 seconds by default. With `None`, no pings
    /// are sent.
    #[must_use]
    pub const fn ping(self, timeout: Option<Duration>) -> Self {
        Self { ping: Time::of_option(timeout), ..self }
    }

    /// The time without input after which the peer is considered gone. 40 seconds by default. It
    /// includes the time before the ping, and must exceed it. Any input counts, because a pong cannot
    /// overtake a large frame that the peer is sending.
    #[must_use]
    pub const fn silence(self, timeout: Option<Duration>) -> Self {
        Self { silence: Time::of_option(timeout), ..self }
    }

    /// The time that a peer may take to answer a ping although it sends other input. 120 seconds by
    /// default. It must suffice to send the largest frame, which the pong may follow.
    #[must_use]
    pub const fn pong(self, timeout: Option<Duration>) -> Self {
        Self { pong: Time::of_option(timeout), ..self }
    }

    /// The time for reading the output that waits at one point in time. 30 seconds by default. Output
    /// that is added meanwhile has another period of this length, so a peer that reads steadily is
    /// served without a limit. At the latest, output is dropped after two periods.
    ///
    /// It must suffice for the peer to read a full outbox.
    #[must_use]
    pub const fn writing(self, timeout: Duration) -> Self {
        Self { writing: Time::of(timeout), ..self }
    }

    /// The time for the closing handshake and the end of the transport together. 10 seconds by default.
    /// The time in which output waits does not count: [`writing`](Self::writing) bounds it.
    #[must_use]
    pub const fn closing(self, timeout: Duration) -> Self {
        Self { closing: Time::of(timeout), ..self }
    }

    /// The time after which a connection is closed with 1001. Input does not extend it. `None` by default:
    /// a connection has no maximum age. It begins with the opening handshake.
    #[must_use]
    pub const fn age(self, timeout: Option<Duration>) -> Self {
        Self { age: Time::of_option(timeout), ..self }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}
