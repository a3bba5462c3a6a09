//! The errors of a server's opening handshake.

use super::Refusal;
use crate::{
    error::OutboxFull,
    http1::{Excerpt, FieldError},
};

/// An error in a server's opening handshake.
///
/// [`Refused`](Self::Refused) is the client's fault, [`OutboxFull`](Self::OutboxFull) is a local
/// condition, and all others are the caller's fault. Nothing is written when the caller is at
/// fault.
///
/// The message is complete: there is no [`source`](core::error::Error::source).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request was refused. The response is in the outbox, or follows when there is room for
    /// it: see [`Opening::receive`](super::Opening::receive).
    #[error("the client's request was refused: {0}")]
    Refused(Refusal),
    /// The opening handshake is over: a request was returned or refused before.
    #[error("the opening handshake is over: its request was returned or refused")]
    HandshakeOver,
    /// The outbox has no room for the response. Flush it and try again.
    #[error("{0}")]
    OutboxFull(OutboxFull),
    /// The caller selected a subprotocol that the client does not offer.
    #[error("the client does not offer subprotocol {0}: select one that it offers, or none")]
    SubprotocolNotOffered(Excerpt),
    /// The list of accepted extensions is malformed (RFC 6455, section 9.1).
    #[error("the list of accepted extensions {0} is malformed (RFC 6455, section 9.1)")]
    Extensions(Excerpt),
    /// The caller accepted an extension that the client does not offer.
    #[error("the client does not offer the extension {0}: accept only what it offers")]
    ExtensionNotOffered(Excerpt),
    /// The caller accepted the same extension twice.
    #[error("an extension is accepted twice: {0}")]
    ExtensionTwice(Excerpt),
    /// One of the caller's header fields cannot be sent.
    #[error("{0}")]
    HeaderField(FieldError),
    /// The response is for another version of HTTP than the request: `finish` and `send` respond in
    /// HTTP/1.1, `finish_fields` and `send_fields` respond to an extended CONNECT.
    #[error("the response is for another version of HTTP than the request")]
    HttpVersion,
    /// The status of a [`Response`](super::Response) is not from 200 to 599, or not from 300 to 599 in
    /// response to an extended CONNECT, which 2xx would accept.
    #[error(
        "status {0} cannot be sent in response to this request: use 200 to 599, or 300 to 599 for an \
         extended CONNECT"
    )]
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

/// [`InvalidData`](std::io::ErrorKind::InvalidData) if the client is at fault,
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) for a full outbox, and
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the caller is at fault.
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
