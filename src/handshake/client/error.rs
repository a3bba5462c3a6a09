//! The errors of a client's opening handshake.

use super::Failure;
use crate::{
    error::OutboxFull,
    handshake::UriError,
    http1::{Excerpt, FieldError, authorization::AuthorizationFault},
    random::EntropyError,
};

/// An error in a client's opening handshake.
///
/// [`Failed`](Self::Failed) is the server's fault, [`OutboxFull`](Self::OutboxFull) and
/// [`Entropy`](Self::Entropy) are local failures, and all others are the caller's fault. If `send`
/// returns an error, nothing was written.
///
/// The message is complete: there is no [`source`](core::error::Error::source), so that a printed
/// chain of errors repeats nothing. Match on the variant to get the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's response violates the protocol or exceeds a limit. Send nothing, and close the
    /// transport.
    #[error("the opening handshake failed: {0}")]
    Failed(Failure),
    /// The opening handshake is over: the response was returned before, or the handshake failed
    /// before.
    #[error("the opening handshake is over: the response was returned, or the handshake failed")]
    HandshakeOver,
    /// The outbox has no room for the request. Flush it and try again.
    #[error("{0}")]
    OutboxFull(OutboxFull),
    /// The source of randomness failed.
    #[error("{0}")]
    Entropy(EntropyError),
    /// The URI is not a WebSocket URI. No method of this module returns this variant; it lets `?`
    /// convert the error of [`Uri::parse`](crate::Uri::parse) in a function that opens a
    /// connection.
    #[error("{0}")]
    Uri(UriError),
    /// A subprotocol is not a token.
    #[error("subprotocol {index} (counted from 0) is not a token (RFC 9110, section 5.6.2)")]
    SubprotocolSyntax {
        /// The index of the subprotocol, from 0.
        index: usize,
    },
    /// A subprotocol is offered more than once.
    #[error("subprotocol {index} (counted from 0) is a duplicate (RFC 6455, section 4.1)")]
    SubprotocolTwice {
        /// The index of the duplicate, from 0.
        index: usize,
    },
    /// More than 128 subprotocols are offered. The value is their number.
    #[error("{0} subprotocols are offered, but at most 128 are allowed")]
    TooManySubprotocols(usize),
    /// The offered extensions are malformed (RFC 6455, section 9.1).
    #[error("the extension offer {0} is malformed (RFC 6455, section 9.1)")]
    Extensions(Excerpt),
    /// The value for `Origin` is not a serialized origin (RFC 6454, section 6.2).
    #[error("{0} is not an origin: write scheme://host, scheme://host:port or null (RFC 6454)")]
    Origin(Excerpt),
    /// The request target contains a byte that cannot be sent.
    #[error(
        "byte {offset} of the request target is not allowed: a target starts with / and contains \
         only visible ASCII characters, without #"
    )]
    Target {
        /// The offset of the first such byte.
        offset: usize,
    },
    /// The user name for Basic authentication contains a colon or a control character.
    #[error("the user name contains a colon or a control character (RFC 7617, section 2)")]
    UserName,
    /// The password for Basic authentication contains a control character.
    #[error("the password contains a control character (RFC 7617, section 2)")]
    Password,
    /// The token for Bearer authentication is empty or contains a character that is not allowed.
    #[error("the bearer token is not a b64token (RFC 6750, section 2.1)")]
    BearerToken,
    /// One of the caller's header fields cannot be sent.
    #[error("{0}")]
    HeaderField(FieldError),
    /// The types of the `http` crate cannot hold the request: they refuse its target, or it has too many
    /// fields.
    #[error("the types of the http crate cannot hold this request")]
    HttpTypes,
}

macro_rules! from_cause {
    ($($variant:ident($cause:ty),)*) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause)
            }
        }
    )*};
}

from_cause! {
    Failed(Failure),
    OutboxFull(OutboxFull),
    Entropy(EntropyError),
    Uri(UriError),
    HeaderField(FieldError),
}

impl From<AuthorizationFault> for Error {
    fn from(fault: AuthorizationFault) -> Self {
        match fault {
            AuthorizationFault::UserName => Self::UserName,
            AuthorizationFault::Password => Self::Password,
            AuthorizationFault::BearerToken => Self::BearerToken,
        }
    }
}

/// [`InvalidData`](std::io::ErrorKind::InvalidData) if the server is at fault,
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) for a full outbox,
/// [`Other`](std::io::ErrorKind::Other) if the source of randomness failed, and
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the caller is at fault.
#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error {
            Error::Failed(_) => ErrorKind::InvalidData,
            Error::OutboxFull(_) => ErrorKind::WouldBlock,
            Error::Entropy(_) => ErrorKind::Other,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
