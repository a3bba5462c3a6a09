//! The errors of a WebSocket over a blocking stream.

use std::{boxed::Box, io, vec::Vec};

use crate::{
    handshake::{Uri, UriError, client, server},
    http1::ReceivedHeaders,
};

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
    #[error("the server rejected the request with status {}", .0.status)]
    Rejected(Box<Rejection>),
}

/// A response with a status other than 101, such as a redirect, an authentication challenge or an
/// error.
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

    /// The target of a redirect; see [`client::Rejected::redirect`].
    ///
    /// # Errors
    ///
    /// The location is not the URI of a WebSocket.
    pub fn redirect(&self, uri: &Uri<'_>) -> Result<Option<client::Redirect>, UriError> {
        client::Redirect::of(self.status, self.headers(), uri)
    }

    /// The part of the body that was read together with the head; possibly empty.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Shows only the status and the names of the fields: values may contain credentials.
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
