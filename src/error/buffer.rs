//! What can go wrong with a buffer; each is a mistake of the caller.

/// An [`Inbox`](crate::Inbox) has no room, because it is full of bytes that have not been received.
///
/// A read into no room would return 0, which looks like the end of the input. Call
/// [`receive`](crate::Connection::receive) until it returns `None`, then read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inbox is full: call receive until it returns None, then read")]
pub struct InboxFull;

/// More bytes were committed to a buffer than it had room for, or more were consumed than it held.
/// Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} bytes were to be committed or consumed, where {available} are available")]
pub struct Overrun {
    /// How many bytes the caller named.
    pub count: usize,
    /// How many there are: of room for `commit`, of bytes for `consume`.
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
