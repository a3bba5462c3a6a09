//! Points in time and timeouts, in 8 bytes.

use core::time::Duration;

/// A point in time since the epoch of the caller, or a timeout, in nanoseconds. All arithmetic
/// saturates: a time that is too late to represent is [`NEVER`](Self::NEVER).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(u64);

impl Time {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const NEVER: Self = Self(u64::MAX);

    pub(super) const fn from_secs(seconds: u64) -> Self {
        Self::of(Duration::from_secs(seconds))
    }

    pub(super) const fn of(duration: Duration) -> Self {
        let seconds = duration.as_secs().saturating_mul(1_000_000_000);
        Self(seconds.saturating_add(duration.subsec_nanos() as u64))
    }

    pub(super) const fn of_option(duration: Option<Duration>) -> Self {
        match duration {
            Some(duration) => Self::of(duration),
            None => Self::NEVER,
        }
    }

    /// As [`of`](Self::of), for the present, which is never `NEVER`.
    pub(super) const fn now(now: Duration) -> Self {
        match Self::of(now) {
            Self::NEVER => Self(u64::MAX - 1),
            now => now,
        }
    }

    pub(super) const fn nanos(self) -> u64 {
        self.0
    }

    /// `None` for `NEVER`.
    pub(super) const fn get(self) -> Option<Duration> {
        match self {
            Self::NEVER => None,
            Self(nanos) => Some(Duration::from_nanos(nanos)),
        }
    }

    /// `NEVER` if either is.
    pub(super) const fn plus(self, timeout: Self) -> Self {
        Self(self.0.saturating_add(timeout.0))
    }

    pub(super) const fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(count as u64))
    }

    pub(super) const fn is_after(self, other: Self) -> bool {
        self.0 > other.0
    }

    /// Zero if `earlier` is later. The result is used as a timeout.
    pub(super) const fn minus(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// As a `Duration`.
impl core::fmt::Debug for Time {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.get() {
            Some(duration) => write!(f, "{duration:?}"),
            None => f.write_str("never"),
        }
    }
}
