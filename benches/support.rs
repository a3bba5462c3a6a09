//! Support for the benches: sizes, payloads, and the measurement.

pub(crate) mod payload;
pub(crate) mod wire;

use std::{
    fmt,
    time::{Duration, Instant},
};

use criterion::{Bencher, Criterion};

/// The sizes of payloads, in bytes.
pub(crate) const SIZES: [Size; 6] =
    [Size(16), Size(125), Size(1024), Size(16 * 1024), Size(64 * 1024), Size(1024 * 1024)];

/// The minimum payload of a batch, in bytes. It exceeds one read.
const BATCH: usize = 256 * 1024;

/// The length of a payload. It is displayed as `125B` or `16KiB`.
#[derive(Clone, Copy)]
pub(crate) struct Size(pub(crate) usize);

impl Size {
    /// The number of messages of this size in a batch.
    pub(crate) fn batch(self) -> usize {
        (BATCH / self.0).max(2)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..1024 => write!(f, "{bytes}B"),
            bytes @ 1024..1_048_576 => write!(f, "{}KiB", bytes / 1024),
            bytes => write!(f, "{}MiB", bytes / 1_048_576),
        }
    }
}

/// A fast configuration for use during development: a third of a second for each row.
pub(crate) fn quick() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(80))
        .measurement_time(Duration::from_millis(160))
        .sample_size(20)
        .nresamples(2000)
        .without_plots()
}

/// Measures a batch of `messages` messages. One iteration is one message.
pub(crate) fn each_of(messages: usize, bencher: &mut Bencher<'_>, mut batch: impl FnMut()) {
    let messages = messages as u64;
    bencher.iter_custom(|iterations| {
        let batches = iterations.div_ceil(messages);
        let start = Instant::now();
        for _ in 0..batches {
            batch();
        }
        // The last batch is complete too, so take the share of the iterations.
        let nanoseconds = start.elapsed().as_nanos() * u128::from(iterations);
        let share = nanoseconds / u128::from(batches * messages);
        Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
    });
}
