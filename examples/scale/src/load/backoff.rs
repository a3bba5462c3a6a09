//! The time between attempts to connect.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// The time between attempts to connect: random up to a limit, which doubles with each attempt. Without
/// the randomness, all clients of a process that ends would connect to another one at the same moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(8);

    /// The time to wait before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        let limit = Self::FIRST.saturating_mul(1 << self.attempts.min(16)).min(Self::LONGEST);
        self.attempts += 1;
        // The keys of a `RandomState` are random.
        let [a, b, c, d, ..] = RandomState::new().hash_one(self.attempts).to_ne_bytes();
        limit.mul_f64(f64::from(u32::from_ne_bytes([a, b, c, d])) / f64::from(u32::MAX))
    }

    /// The connection works.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_random_below_a_limit_that_doubles() {
        let mut backoff = Backoff::default();
        for limit in [250, 500, 1000, 2000, 4000, 8000, 8000] {
            assert!(backoff.next() <= Duration::from_millis(limit));
        }
        backoff.reset();
        assert!(backoff.next() <= Backoff::FIRST);
        // Nine equal ones in a row would have a probability below 2^-200.
        let mut others = (0..9).map(|_| Backoff { attempts: 9 }.next());
        let first = Backoff { attempts: 9 }.next();
        assert!(others.any(|other| other != first));
    }
}
