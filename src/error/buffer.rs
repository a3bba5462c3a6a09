//! The errors of the buffers. Each reports a mistake of the caller.

/// The [`Inbox`](crate::Inbox) is full of bytes that have not been processed.
///
/// A read into an empty slice would return 0, which looks like the end of the input. Call
/// [`receive`](crate::Connection::receive) until it returns `None`, then read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inbox is full: call receive until it returns None, then read")]
pub struct InboxFull;

/// The caller committed more bytes to a buffer than it has room for, or consumed more than it
/// holds. The buffer is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot commit or consume {count} bytes: only {available} are available")]
pub struct Overrun {
    /// The number of bytes that the caller passed.
    pub count: usize,
    /// The number available: bytes of room for `commit`, bytes held for `consume`.
    pub available: usize,
}

/// An outbox has no room. Nothing was written and nothing changed: write out what it holds, then try
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the outbox has room for {room} bytes, and {needed} are needed: write out what it holds, then \
     try again"
)]
pub struct OutboxFull {
    /// How many bytes are to be appended at once.
    pub needed: usize,
    /// How many bytes there is room for.
    pub room: usize,
}

#[cfg(feature = "std")]
impl From<InboxFull> for std::io::Error {
    fn from(error: InboxFull) -> Self {
        Self::new(std::io::ErrorKind::OutOfMemory, error)
    }
}

#[cfg(feature = "std")]
impl From<Overrun> for std::io::Error {
    fn from(error: Overrun) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}
