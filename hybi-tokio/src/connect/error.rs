//! Why a client could not open a WebSocket.

use std::{
    fmt::{self, Display, Formatter},
    io,
};

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
    /// The name lookup or TCP failed, to the server or to the proxy.
    #[error("cannot connect to {address}: {error}")]
    Tcp {
        /// The host and the port.
        address: String,
        /// The cause.
        error: io::Error,
    },
    /// TLS failed. An [`UnknownIssuer`] is not among the root certificates of
    /// [`Connect::tls`](crate::Connect::tls).
    ///
    /// [`UnknownIssuer`]: crate::rustls::CertificateError::UnknownIssuer
    #[cfg(feature = "rustls")]
    #[error("TLS with {host}: {error}{}", hint(error))]
    Tls {
        /// The host of the URI.
        host: String,
        /// The cause.
        error: io::Error,
    },
    /// The server closed the connection before it responded.
    #[error("the server closed the connection before it responded{}", HintOfScheme(*is_secure))]
    NoResponse {
        /// Whether the scheme is `wss`. If it is not, the port may be one for TLS.
        is_secure: bool,
    },
    /// The stream or HTTP/2 failed during the opening handshake. In HTTP/2, also a response head beyond
    /// [`Connect::limits`](crate::Connect::limits).
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
    /// The proxy responded with a status other than 2xx. 407, and with some proxies 401, asks for credentials,
    /// or refuses those of [`Proxy::basic_auth`](crate::Proxy::basic_auth).
    #[error("the proxy refused the tunnel with status {status}{hint}", status = .0, hint = HintOfStatus(*.0))]
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

struct HintOfScheme(bool);

impl Display for HintOfScheme {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "" } else { " (is the port for TLS? Then the scheme is wss)" })
    }
}

struct HintOfStatus(u16);

impl Display for HintOfStatus {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            401 | 407 => ": it wants credentials (`Proxy::basic_auth`), or not these",
            _ => "",
        })
    }
}

/// What to do about an error of TLS.
#[cfg(feature = "rustls")]
fn hint(error: &io::Error) -> &'static str {
    use crate::rustls::{CertificateError, Error};

    let cause = error.get_ref().and_then(|error| error.downcast_ref());
    match (error.kind(), cause) {
        (_, Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))) => {
            " (`Connect::tls` sets other root certificates)"
        }
        (io::ErrorKind::UnexpectedEof, _) | (_, Some(Error::InvalidMessage(_))) => {
            " (is the port not for TLS? Then the scheme is ws)"
        }
        _ => "",
    }
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
