//! A tunnel through an HTTP proxy.

use std::io::{self, ErrorKind};

use hybi::{
    Uri, UriBuf, UriError,
    proxy::{Connect, Response},
};
use tokio::net::TcpStream;

use super::{ConnectError, stream::tcp};
use crate::opening::Opening;

/// An HTTP proxy, through which CONNECT opens a tunnel (RFC 9110, section 9.3.6).
#[derive(Clone)]
pub struct Proxy {
    uri: UriBuf,
    credentials: Option<Credentials>,
}

/// Why a proxy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The scheme is not `http`.
    #[error("a proxy has a URL like http://proxy.example:3128: https and SOCKS are not supported")]
    Scheme,
    /// The URL contains a user name or a password.
    #[error("the URL of a proxy has no user name or password: pass them to `Proxy::basic_auth`")]
    Userinfo,
    /// The URL of the proxy, or the URI of the server, is malformed.
    #[error("{0}")]
    Uri(UriError),
}

#[derive(Clone)]
enum Credentials {
    Basic(String, String),
    /// A value of `Proxy-Authorization`.
    #[cfg(feature = "proxy-env")]
    Value(String),
}

impl Proxy {
    /// A proxy at a URL such as `http://proxy.example:3128`. Its path is ignored. The connection to
    /// the proxy is not encrypted; that to the server is, with `wss`. Credentials are not part of the URL:
    /// see [`basic_auth`](Self::basic_auth).
    ///
    /// # Errors
    ///
    /// The URL is malformed, has a user name or a password, or its scheme is not `http`.
    pub fn new(url: &str) -> Result<Self, ProxyError> {
        let uri = UriBuf::parse_http(url).map_err(|error| match error {
            UriError::Scheme => ProxyError::Scheme,
            UriError::Userinfo => ProxyError::Userinfo,
            error => ProxyError::Uri(error),
        })?;
        if uri.as_uri().is_secure() {
            return Err(ProxyError::Scheme);
        }
        Ok(Self { uri, credentials: None })
    }

    /// The proxy for a `ws` or `wss` URI in the environment: `HTTPS_PROXY` for `wss`,
    /// `HTTP_PROXY` for `ws`, `ALL_PROXY` for both, and `NO_PROXY` for the hosts without one. The names may be
    /// in lower case. `None` if there is no proxy for this URI. Credentials in the URL of the proxy, such as
    /// `http://user:password@proxy.example:3128`, are sent to the proxy.
    ///
    /// # Errors
    ///
    /// The URI is malformed, or the proxy is not an HTTP proxy.
    #[cfg(feature = "proxy-env")]
    pub fn from_env(uri: &str) -> Result<Option<Self>, ProxyError> {
        let uri = Uri::parse(uri).map_err(ProxyError::Uri)?;
        let scheme = if uri.is_secure() { "https" } else { "http" };
        let target = format!("{scheme}://{}/", uri.authority());
        let target = http::Uri::try_from(target).map_err(|_| ProxyError::Uri(UriError::Host))?;
        let matcher = hyper_util::client::proxy::matcher::Matcher::from_env();
        let Some(found) = matcher.intercept(&target) else { return Ok(None) };
        let mut proxy = Self::new(&found.uri().to_string())?;
        if let Some(value) = found.basic_auth().and_then(|value| value.to_str().ok()) {
            proxy.credentials = Some(Credentials::Value(value.to_owned()));
        }
        Ok(Some(proxy))
    }

    /// Sends a user name and a password to the proxy (RFC 7617).
    #[must_use]
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Basic(user.into(), password.into()));
        self
    }

    /// Opens a tunnel to the server of this URI.
    pub(super) async fn open(&self, uri: &Uri<'_>) -> Result<Opening<TcpStream>, ConnectError> {
        let proxy = self.uri.as_uri();
        let mut opening = Opening::new(tcp(&proxy).await?);
        let mut request = Connect::new(uri);
        match &self.credentials {
            Some(Credentials::Basic(user, password)) => {
                request = request.basic_auth(user, password);
            }
            #[cfg(feature = "proxy-env")]
            Some(Credentials::Value(value)) => {
                request = request.header("Proxy-Authorization", value);
            }
            None => {}
        }
        let mut state = request.send(&mut opening.outbox)?;
        opening.flush().await?;
        loop {
            match state.receive(&mut opening.inbox)? {
                Some(Response::Tunnel(_)) => return Ok(opening),
                Some(Response::Refused(refused)) => {
                    return Err(ConnectError::ProxyRefused(refused.status()));
                }
                None => {}
            }
            opening.fill().await.map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => io::Error::new(
                    ErrorKind::UnexpectedEof,
                    "the proxy closed the connection before it responded",
                ),
                _ => error,
            })?;
        }
    }
}

/// Does not show the credentials.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("uri", &self.uri).finish_non_exhaustive()
    }
}
