//! The errors of a request for a tunnel.

use crate::{
    error::OutboxFull,
    handshake::{UriError, awaited::AwaitedFault},
    http1::{FieldError, HeadFault, authorization::AuthorizationFault},
};

/// An error of a request for a tunnel.
///
/// [`Failed`](Self::Failed) is the proxy's fault, [`OutboxFull`](Self::OutboxFull) is a local failure,
/// and all others are the caller's fault. If `send` returns an error, nothing was written. A response
/// that refuses the tunnel is not an error: see [`Refused`](super::Refused).
///
/// The message is complete: there is no [`source`](core::error::Error::source), so that a printed
/// chain of errors repeats nothing. Match on the variant to get the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The proxy's response violates the protocol or exceeds a limit. Send nothing, and close the
    /// transport.
    #[error("the request for a tunnel failed: {0}")]
    Failed(Failure),
    /// The request is over: the response was returned before, or the request failed before.
    #[error("the request for a tunnel is over: the response was returned, or the request failed")]
    Over,
    /// The outbox has no room for the request. Flush it and try again.
    #[error("{0}")]
    OutboxFull(OutboxFull),
    /// The URI is not a WebSocket URI. No method of this module returns this variant; it lets `?`
    /// convert the error of [`Uri::parse`](crate::Uri::parse) in a function that opens a tunnel.
    #[error("{0}")]
    Uri(UriError),
    /// The user name for Basic authentication contains a colon or a control character.
    #[error("the user name for the proxy contains a colon or a control character (RFC 7617)")]
    UserName,
    /// The password for Basic authentication contains a control character.
    #[error("the password for the proxy contains a control character (RFC 7617, section 2)")]
    Password,
    /// A header field cannot be sent.
    #[error("{0}")]
    HeaderField(FieldError),
}

/// The rule that the proxy's response violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The response head is not valid HTTP/1.1, or exceeds one of the
    /// [`HeadLimits`](crate::http1::HeadLimits).
    #[error("the response head cannot be read: {0}")]
    Head(HeadFault),
    /// The proxy sent more than 8 interim responses (1xx).
    #[error("the proxy sent more than 8 interim responses (1xx)")]
    TooManyInterim,
    /// The response has status 101, which is not a response to CONNECT.
    #[error("the response has status 101, but no upgrade was requested (RFC 9110, section 7.8)")]
    SwitchingProtocols,
}

impl From<AwaitedFault> for Failure {
    fn from(fault: AwaitedFault) -> Self {
        match fault {
            AwaitedFault::Head(fault) => Self::Head(fault),
            AwaitedFault::TooManyInterim => Self::TooManyInterim,
        }
    }
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
    Uri(UriError),
    HeaderField(FieldError),
}

impl From<AuthorizationFault> for Error {
    fn from(fault: AuthorizationFault) -> Self {
        match fault {
            AuthorizationFault::UserName => Self::UserName,
            // No bearer token is sent to a proxy.
            AuthorizationFault::Password | AuthorizationFault::BearerToken => Self::Password,
        }
    }
}

/// [`InvalidData`](std::io::ErrorKind::InvalidData) if the proxy is at fault,
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) for a full outbox, and
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the caller is at fault.
#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error {
            Error::Failed(_) => ErrorKind::InvalidData,
            Error::OutboxFull(_) => ErrorKind::WouldBlock,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
