//! A rate limit.

use core::time::Duration;

use super::time::Time;

/// A token bucket: limits how often something happens, such as messages, control frames or bytes. It
/// holds up to `capacity` tokens, and gets one more in each `interval`.
///
/// Its full state is two words, and it has no clock: the time is an argument, as for
/// [`Deadlines`](super::Deadlines).
///
/// ```
/// use hybi::deadline::Bucket;
/// use std::time::Duration;
///
/// // 20 messages at once, and ten a second in the long run.
/// let mut messages = Bucket::new(20, Duration::from_millis(100));
/// let now = Duration::from_secs(5);
/// assert_eq!(messages.take(now, 20), Ok(()));
/// assert_eq!(messages.take(now, 1), Err(Some(now + Duration::from_millis(100))));
/// ```
///
/// If there are too few tokens, stop receiving until then, which slows the peer down, or close the
/// connection with [`POLICY_VIOLATION`](crate::CloseCode::POLICY_VIOLATION).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The time for one token.
    interval: Time,
    /// The time for all tokens.
    depth: Time,
    /// When the bucket is full again.
    full_at: Time,
}

impl Bucket {
    /// A full bucket with this capacity, which gets a token in each interval.
    pub const fn new(capacity: u32, interval: Duration) -> Self {
        let interval = Time::of(interval);
        Self { interval, depth: interval.times(capacity), full_at: Time::ZERO }
    }

    /// Takes this many tokens, or none.
    ///
    /// # Errors
    ///
    /// There are too few tokens. The error is the time at which there will be enough, or `None` if that
    /// is more than the capacity.
    pub const fn take(&mut self, now: Duration, count: u32) -> Result<(), Option<Duration>> {
        let (now, cost) = (Time::now(now), self.interval.times(count));
        let begin = if self.full_at.is_after(now) { self.full_at } else { now };
        let full_at = begin.plus(cost);
        if cost.is_after(self.depth) || full_at.get().is_none() {
            return Err(None);
        }
        // What is missing from a full bucket, in time.
        if full_at.minus(now).is_after(self.depth) {
            return Err(full_at.minus(self.depth).get());
        }
        self.full_at = full_at;
        Ok(())
    }
}
