//! What can go wrong in a server's opening handshake.

use super::Refusal;
use crate::{
    error::OutboxFull,
    http1::{Excerpt, FieldError},
};

/// What can go wrong in a server's opening handshake.
///
/// [`Refused`](Self::Refused) is the client's fault, [`OutboxFull`](Self::OutboxFull) is nobody's, and
/// all others are the caller's. Where the caller is at fault, nothing was written.
///
/// What it displays is complete: it has no [`source`](core::error::Error::source).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client's request was refused. The response that says so is in the outbox, or follows as
    /// soon as there is room: see [`Opening::receive`](super::Opening::receive).
    #[error("the client's request was refused: {0}")]
    Refused(Refusal),
    /// A request has been handed out or refused, and the opening handshake is over.
    #[error("the opening handshake is over: its request was handed out or refused")]
    HandshakeOver,
    /// The outbox has no room.
    #[error("{0}")]
    OutboxFull(OutboxFull),
    /// The client does not offer this subprotocol.
    #[error("the client does not offer subprotocol {0}: choose one that it offers, or none")]
    SubprotocolNotOffered(Excerpt),
    /// A header field of the caller's cannot be sent.
    #[error("{0}")]
    HeaderField(FieldError),
    /// This status cannot answer a request here.
    #[error("status {0} cannot answer a request here: 200 to 599 can")]
    Status(u16),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<OutboxFull> for Error {
    fn from(full: OutboxFull) -> Self {
        Self::OutboxFull(full)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::HeaderField(error)
    }
}

/// [`InvalidData`](std::io::ErrorKind::InvalidData) where the client is at fault,
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) for a full outbox, and
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) where the caller is at fault.
#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Refused(_) => std::io::ErrorKind::InvalidData,
            Error::OutboxFull(_) => std::io::ErrorKind::WouldBlock,
            _ => std::io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
