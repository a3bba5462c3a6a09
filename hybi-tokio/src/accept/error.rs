//! Why a server did not accept a request.

use std::io;

use hybi::{deadline::Cause, server};

/// Why a server did not accept a request.
///
/// The message is complete: there is no [`source`](std::error::Error::source), so that a printed chain of
/// errors repeats nothing. Match on the variant to get the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The stream failed, or ended before the request was complete.
    #[error("{0}")]
    Io(io::Error),
    /// The client took too long. It got a response with status 408.
    #[error("{0}")]
    Timeout(Cause),
    /// The server has as many connections as
    /// [`Acceptor::max_connections`](crate::Acceptor::max_connections) allows, or it shuts down. The client
    /// got a response with status 503.
    #[error("the server accepts no more connections")]
    Unavailable,
    /// The request was refused, and the client got a response that says why, or the response cannot be
    /// sent.
    #[error("{0}")]
    Server(server::Error),
}

impl From<io::Error> for AcceptError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<server::Error> for AcceptError {
    fn from(error: server::Error) -> Self {
        Self::Server(error)
    }
}

impl From<AcceptError> for io::Error {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Io(error) => error,
            AcceptError::Timeout(cause) => cause.into(),
            AcceptError::Server(error) => error.into(),
            unavailable @ AcceptError::Unavailable => Self::other(unavailable),
        }
    }
}
