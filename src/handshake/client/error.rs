//! What can go wrong in a client's opening handshake.

use super::Failure;
use crate::{
    error::OutboxFull,
    handshake::UriError,
    http1::{Excerpt, FieldError},
    random::EntropyError,
};

/// What can go wrong in a client's opening handshake.
///
/// [`Failed`](Self::Failed) is the server's fault, [`OutboxFull`](Self::OutboxFull) and
/// [`Entropy`](Self::Entropy) are local failures, and all others are the caller's fault. Where
/// `send` reports an error, nothing was written.
///
/// What it displays is complete: it has no [`source`](core::error::Error::source), so that a chain of
/// errors says nothing twice. Match on it to get at the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's response breaks a rule. Nothing may be sent; close the transport.
    #[error("the opening handshake failed: {0}")]
    Failed(Failure),
    /// The response was handed out, or the handshake failed before.
    #[error("the opening handshake is over: the response was handed out, or is not valid")]
    HandshakeOver,
    /// The outbox has no room.
    #[error("{0}")]
    OutboxFull(OutboxFull),
    /// The source of randomness failed.
    #[error("{0}")]
    Entropy(EntropyError),
    /// The URI is not one of a WebSocket. No method of this module reports it; it is here so that `?`
    /// works on [`Uri::parse`](crate::Uri::parse) in a function that opens a connection.
    #[error("{0}")]
    Uri(UriError),
    /// A subprotocol is not a token.
    #[error("subprotocol {index}, counted from 0, is not a token (RFC 9110, section 5.6.2)")]
    SubprotocolSyntax {
        /// Which one, counted from 0.
        index: usize,
    },
    /// A subprotocol is offered twice.
    #[error("subprotocol {index}, counted from 0, is offered before (RFC 6455, section 4.1)")]
    SubprotocolTwice {
        /// Which one, counted from 0: the second of the two.
        index: usize,
    },
    /// More subprotocols are offered than a server of this crate reads.
    #[error("{0} subprotocols are offered, and 128 are allowed")]
    TooManySubprotocols(usize),
    /// The offer of extensions is outside the grammar.
    #[error("the offer of extensions {0} is outside the grammar (RFC 6455, section 9.1)")]
    Extensions(Excerpt),
    /// The value for `Origin` is not the serialization of an origin.
    #[error("{0} is not the serialization of an origin (RFC 6454, section 6.2)")]
    Origin(Excerpt),
    /// The request target cannot be sent as it is.
    #[error(
        "byte {offset} of the request target cannot be sent: a target begins with / and has no \
         space, control character, # or byte outside ASCII in it"
    )]
    Target {
        /// Where the first such byte stands in it.
        offset: usize,
    },
    /// The user name for Basic authentication contains a colon or a control character.
    #[error("the user name contains a colon or a control character (RFC 7617, section 2)")]
    UserName,
    /// The password for Basic authentication contains a control character.
    #[error("the password contains a control character (RFC 7617, section 2)")]
    Password,
    /// The token for Bearer authentication is outside its grammar.
    #[error("the bearer token is outside its grammar (RFC 6750, section 2.1)")]
    BearerToken,
    /// A header field cannot be sent.
    #[error("{0}")]
    HeaderField(FieldError),
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

/// [`InvalidData`](std::io::ErrorKind::InvalidData) where the server is at fault,
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) for a full outbox,
/// [`Other`](std::io::ErrorKind::Other) for a lack of randomness, and
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) where the caller is at fault.
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
