//! What can go wrong with a WebSocket over a blocking stream.

use std::{boxed::Box, io, vec::Vec};

use crate::{
    handshake::{client, server},
    http1::ReceivedHeaders,
};

/// What can go wrong with a WebSocket over a blocking stream.
///
/// What it displays is complete: it has no [`source`](core::error::Error::source), so that a chain
/// of errors says nothing twice. Match on it to get at the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream failed, ended during the opening handshake, or did not answer within its timeout.
    #[error("{0}")]
    Io(io::Error),
    /// The peer broke the protocol or a limit, or the connection was lost, or the caller asked for
    /// something that is not possible.
    #[error("{0}")]
    Connection(crate::error::Error),
    /// A client's opening handshake failed.
    #[error("{0}")]
    Client(client::Error),
    /// A server's opening handshake failed.
    #[error("{0}")]
    Server(server::Error),
    /// The server rejected the request.
    #[error("the server rejected the request with status {}", .0.status)]
    Rejected(Box<Rejection>),
}

/// A server's response with another status than 101, such as a redirect, a demand for credentials or
/// an error.
#[derive(Clone)]
pub struct Rejection {
    status: u16,
    lines: Vec<u8>,
    body: Vec<u8>,
}

impl Rejection {
    pub(super) fn new(rejected: &client::Rejected<'_>) -> Self {
        let mut lines = Vec::new();
        for (name, value) in rejected.headers() {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                lines.extend_from_slice(part);
            }
        }
        Self { status: rejected.status(), lines, body: rejected.body().into() }
    }

    /// The status, 200 to 599.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// All header fields, such as `Location` or `WWW-Authenticate`.
    pub fn headers(&self) -> ReceivedHeaders<'_> {
        ReceivedHeaders::of_lines(&self.lines)
    }

    /// What was read of the body: a part of it, possibly nothing.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Shows the status and the names of the fields: values may be credentials.
impl core::fmt::Debug for Rejection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status)
            .field("headers", &self.headers())
            .finish_non_exhaustive()
    }
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
