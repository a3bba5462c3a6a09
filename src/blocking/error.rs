//! The errors of a WebSocket over a blocking stream.

use std::{boxed::Box, io};

use crate::handshake::{client, server};

/// An error of a WebSocket over a blocking stream.
///
/// The message is complete: there is no [`source`](core::error::Error::source), so that a printed
/// chain of errors repeats nothing. Match on the variant to get the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream failed, timed out, or ended during the opening handshake.
    #[error("{0}")]
    Io(io::Error),
    /// The peer violated the protocol or a limit, the connection was lost, or the caller misused
    /// the connection.
    #[error("{0}")]
    Connection(crate::error::Error),
    /// A client's opening handshake failed.
    #[error("{0}")]
    Client(client::Error),
    /// A server's opening handshake failed.
    #[error("{0}")]
    Server(server::Error),
    /// The server responded with a status other than 101.
    #[error("the server rejected the request with status {}", .0.as_rejected().status())]
    Rejected(Box<client::OwnedRejected>),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<crate::error::Error> for Error {
    fn from(error: crate::error::Error) -> Self {
        Self::Connection(error)
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        Self::Client(error)
    }
}

impl From<server::Error> for Error {
    fn from(error: server::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Connection(error) => error.into(),
            Error::Client(error) => error.into(),
            Error::Server(error) => error.into(),
            rejected @ Error::Rejected(_) => Self::new(io::ErrorKind::ConnectionRefused, rejected),
        }
    }
}
