//! Why a client could not open a WebSocket.

use std::io;

use hybi::{
    UriError,
    client::{self, OwnedRejected},
    proxy,
};

/// Why a WebSocket could not be opened.
///
/// The message is complete: there is no [`source`](std::error::Error::source), so that a printed chain of
/// errors repeats nothing. Match on the variant to get the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URI cannot be used.
    #[error("{0}")]
    Uri(UriError),
    /// The name lookup, TCP, TLS or HTTP/2 failed, or the stream ended during the opening handshake.
    #[error("{0}")]
    Io(io::Error),
    /// The opening handshake as a whole took longer than
    /// [`Timeouts::opening`](hybi::deadline::Timeouts::opening).
    #[error("the opening handshake took too long")]
    Timeout,
    /// The request cannot be sent, or the response violates the protocol or a limit.
    #[error("{0}")]
    Client(client::Error),
    /// The server responded with a status other than 101, or other than 2xx in HTTP/2.
    #[error("the server rejected the request with status {}", .0.as_rejected().status())]
    Rejected(Box<OwnedRejected>),
    /// More redirects than [`Connect::redirects`](crate::Connect::redirects) allows.
    #[error("the server redirects too often")]
    TooManyRedirects,
    /// The request to the proxy cannot be sent, or the response violates the protocol or a limit.
    #[error("{0}")]
    Proxy(proxy::Error),
    /// The proxy responded with a status other than 2xx. 407 asks for credentials.
    #[error("the proxy refused the tunnel with status {0}")]
    ProxyRefused(u16),
    /// The proxy sent something before TLS began.
    #[error("the proxy sent something before TLS began")]
    UnexpectedInput,
    /// The name of the host cannot be used in a certificate.
    #[error("the name of the host cannot be used in a certificate")]
    ServerName,
    /// `wss` needs the feature `rustls`, or a stream of your own and
    /// [`Connect::open_over`](crate::Connect::open_over).
    #[error("`wss` needs TLS: enable the feature `rustls`")]
    NoTls,
    /// The server did not select HTTP/2 in TLS (ALPN), asks for HTTP/1.1, or sends something other than
    /// HTTP/2. [`Connect::open`](crate::Connect::open) uses HTTP/1.1.
    #[cfg(feature = "h2")]
    #[error("the server does not support HTTP/2 here")]
    NoHttp2,
    /// The server speaks HTTP/2, but does not announce `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441,
    /// section 3). [`Connect::open`](crate::Connect::open) uses HTTP/1.1.
    #[cfg(feature = "h2")]
    #[error("the server does not support WebSockets in HTTP/2")]
    NoExtendedConnect,
}

impl From<UriError> for ConnectError {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<client::Error> for ConnectError {
    fn from(error: client::Error) -> Self {
        Self::Client(error)
    }
}

impl From<proxy::Error> for ConnectError {
    fn from(error: proxy::Error) -> Self {
        Self::Proxy(error)
    }
}
