//! What can go wrong in an open connection.

use std::io;

use hybi::{Misuse, deadline::Cause};

/// An error of an open connection.
///
/// The message is complete: there is no [`source`](std::error::Error::source), so that a printed chain of
/// errors repeats nothing. Match on the variant to get the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer violated the protocol or a limit, the connection was lost without a closing handshake, or
    /// the caller misused the connection.
    #[error("{0}")]
    Connection(hybi::Error),
    /// The peer took too long.
    #[error("{0}")]
    Timeout(Cause),
    /// The stream failed.
    #[error("{0}")]
    Io(io::Error),
}

impl Error {
    /// The same error for the other half of a connection.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::Connection(error) => Self::Connection(*error),
            Self::Timeout(cause) => Self::Timeout(*cause),
            Self::Io(error) => Self::Io(duplicate(error)),
        }
    }
}

/// An I/O error with the same kind and message.
pub(crate) fn duplicate(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

impl From<hybi::Error> for Error {
    fn from(error: hybi::Error) -> Self {
        Self::Connection(error)
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Self::Connection(misuse.into())
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self::Timeout(cause)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Connection(error) => error.into(),
            Error::Timeout(cause) => cause.into(),
            Error::Io(error) => error,
        }
    }
}
