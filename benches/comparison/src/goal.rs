//! The goals for the figures of hybi.

use std::fmt;

use crate::{record::Record, row::Standing};

/// A maximum cost.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// A fraction of the time of the best peer.
    OfBestPeer(f64),
    /// The same after subtracting the time of the row's limits from both.
    OfBestPeerBeyondLimits(f64),
    /// A fraction of the sum of the row's limits.
    OfLimits(f64),
    /// A fraction of hybi's time for binary messages of this size.
    OfOwnBinary(f64),
    NoAllocation,
}

/// Whether a row meets a goal.
pub(crate) struct Verdict {
    goal: Goal,
    /// The measured value. `None` if this run has nothing to compare it with.
    reached: Option<f64>,
}

impl Goal {
    /// By size: up to 125 bytes, at 1 KiB, and from 16 KiB on.
    pub(crate) fn by_size<T>(size: usize, small: T, middle: T, large: T) -> T {
        match size {
            ..1024 => small,
            1024 => middle,
            _ => large,
        }
    }

    /// Evaluates our best figures of a row.
    pub(crate) fn evaluate(self, record: &Record, own_binary: Option<f64>) -> Verdict {
        let of = |standing| record.figures.iter().filter(move |one| one.standing == standing);
        let limits = of(Standing::Limit).map(|one| one.nanoseconds).sum::<f64>();
        let time = |standing| record.best(standing).map(|figures| figures.nanoseconds);
        let best_peer = time(Standing::Peer);
        let reached = time(Standing::Ours).and_then(|ours| match self {
            Self::OfBestPeer(_) => Some(ours / best_peer?),
            Self::OfBestPeerBeyondLimits(_) => Some((ours - limits) / (best_peer? - limits)),
            Self::OfLimits(_) => Some(ours / limits),
            Self::OfOwnBinary(_) => Some(ours / own_binary?),
            Self::NoAllocation => {
                of(Standing::Ours).map(|one| one.allocations).min_by(f64::total_cmp)
            }
        });
        Verdict { goal: self, reached }
    }

    fn most(self) -> f64 {
        match self {
            Self::OfBestPeer(most)
            | Self::OfBestPeerBeyondLimits(most)
            | Self::OfLimits(most)
            | Self::OfOwnBinary(most) => most,
            Self::NoAllocation => 0.0,
        }
    }
}

impl Verdict {
    pub(crate) fn is_missed(&self) -> bool {
        // As printed: two runs differ by more than the next digit.
        let hundredths = |value: f64| (value * 100.0).round();
        self.reached.is_some_and(|reached| hundredths(reached) > hundredths(self.goal.most()))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(reached) = self.reached else { return f.write_str("not evaluated") };
        let verdict = if self.is_missed() { "MISS" } else { "pass" };
        let most = self.goal.most();
        let of = match self.goal {
            Goal::OfBestPeer(_) => "of best peer",
            Goal::OfBestPeerBeyondLimits(_) => "of best peer beyond limits",
            Goal::OfLimits(_) => "of limits",
            Goal::OfOwnBinary(_) => "of own binary",
            Goal::NoAllocation => "allocations",
        };
        write!(f, "{verdict} {reached:.2} ≤ {most:.2} {of}")
    }
}
