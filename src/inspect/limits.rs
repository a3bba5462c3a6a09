//! The limits on what an inspector keeps.

use crate::http1::HeadLimits;

/// Limits on what an [`Inspector`](super::Inspector) keeps. Its memory never exceeds about the sum of
/// them, for any input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(super) head: HeadLimits,
    pub(super) held: usize,
    pub(super) body: usize,
    pub(super) message: usize,
    pub(super) inflated: u64,
    pub(super) pings: usize,
}

impl Limits {
    /// The defaults: heads of 16 KiB, 64 KiB held, 1 KiB of a body, 1 MiB of a message, 64 MiB
    /// decompressed, 16 pings.
    pub const fn new() -> Self {
        Self {
            head: HeadLimits::new(),
            held: 64 * 1024,
            body: 1024,
            message: 1024 * 1024,
            inflated: 64 * 1024 * 1024,
            pings: 16,
        }
    }

    /// Limits request and response heads. The rest of a connection with a longer head is not
    /// inspected.
    #[must_use]
    pub const fn head(self, limits: HeadLimits) -> Self {
        Self { head: limits, ..self }
    }

    /// Limits the bytes of one direction that are held until the other one has sent what explains
    /// them, such as frames before the response; 64 KiB by default. Heads are held too. Beyond the
    /// limit, that direction is not inspected.
    #[must_use]
    pub const fn held(self, bytes: usize) -> Self {
        Self { held: bytes, ..self }
    }

    /// The most bytes to keep of the body of a response; 1 KiB by default.
    #[must_use]
    pub const fn body(self, bytes: usize) -> Self {
        Self { body: bytes, ..self }
    }

    /// The most bytes to keep of each message, decompressed; 1 MiB by default. The rest of a longer
    /// message is checked, and not kept.
    #[must_use]
    pub const fn message(self, bytes: usize) -> Self {
        Self { message: bytes, ..self }
    }

    /// The most bytes to decompress of one message; 64 MiB by default. The rest of a longer message is
    /// neither decompressed nor checked. With context takeover, later messages that refer to it
    /// cannot be decompressed.
    #[must_use]
    pub const fn inflated(self, bytes: u64) -> Self {
        Self { inflated: bytes, ..self }
    }

    /// The most unanswered pings to remember in each direction; 16 by default. Beyond it, the oldest
    /// ones are forgotten.
    #[must_use]
    pub const fn pings(self, count: usize) -> Self {
        Self { pings: count, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
