//! The clock and the timeouts of an example.

#![allow(dead_code)] // not every program needs all of it

use std::{
    env,
    io::{self, ErrorKind},
    process::exit,
    sync::LazyLock,
    time::{Duration, Instant},
};

use hybi::deadline::Timeouts;

/// The longest wait of a thread that shares the deadlines with another one, which may set an earlier
/// deadline meanwhile.
pub(crate) const TURN: Duration = Duration::from_secs(1);

/// The epoch of all deadlines in the program.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time since the epoch.
pub(crate) fn now() -> Duration {
    time_of(Instant::now())
}

pub(crate) fn time_of(instant: Instant) -> Duration {
    instant.saturating_duration_since(*START)
}

/// `None` if it is too late to represent.
pub(crate) fn instant_of(time: Duration) -> Option<Instant> {
    START.checked_add(time)
}

/// The time until this deadline. Not zero, because a socket takes that for no timeout.
pub(crate) fn left(deadline: Option<Duration>) -> Option<Duration> {
    Some(deadline?.saturating_sub(now()).max(Duration::from_millis(1)))
}

/// Whether an operation of a socket failed because its timeout has passed, or was interrupted. Then check
/// the deadlines, and try again.
pub(crate) fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// How long a peer may take: a pong within 10 seconds of a ping, a day for a connection, otherwise the
/// defaults of hybi.
pub(crate) const TIMEOUTS: Timeouts = Timeouts::new()
    .silence(Some(Duration::from_secs(30)))
    .age(Some(Duration::from_secs(24 * 60 * 60)));

/// As [`TIMEOUTS`], with the changes of the environment.
pub(crate) fn timeouts() -> Timeouts {
    changed(TIMEOUTS)
}

/// These timeouts, with the changes of the environment variable `TIMEOUTS`. They are in milliseconds, such
/// as `TIMEOUTS="opening=5000 age=3600000"`.
pub(crate) fn changed(timeouts: Timeouts) -> Timeouts {
    static CHANGES: LazyLock<String> = LazyLock::new(|| env::var("TIMEOUTS").unwrap_or_default());
    CHANGES.split_whitespace().fold(timeouts, |timeouts, word| {
        change(timeouts, word).unwrap_or_else(|| {
            eprintln!("TIMEOUTS: {word} is not a timeout");
            exit(2);
        })
    })
}

fn change(timeouts: Timeouts, word: &str) -> Option<Timeouts> {
    let (name, value) = word.split_once('=')?;
    let timeout = Duration::from_millis(value.parse().ok()?);
    Some(match name {
        "opening" => timeouts.opening(timeout),
        "ping" => timeouts.ping(Some(timeout)),
        "silence" => timeouts.silence(Some(timeout)),
        "pong" => timeouts.pong(Some(timeout)),
        "writing" => timeouts.writing(timeout),
        "closing" => timeouts.closing(timeout),
        "age" => timeouts.age(Some(timeout)),
        _ => return None,
    })
}
