//! Clients.

mod error;
#[cfg(feature = "h2")]
mod http2;
mod proxy;
mod stream;

pub use error::ConnectError;
#[cfg(feature = "h2")]
pub use http2::{Http2, Http2Stream};
pub use proxy::{Proxy, ProxyError};
pub use stream::Stream;
#[cfg(all(feature = "rustls", any(feature = "h2", feature = "tungstenite")))]
pub(crate) use stream::default_tls;

#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::{future::Future, io::ErrorKind};

#[cfg(feature = "deflate")]
use hybi::deflate::Deflate;
use hybi::{
    Client, Config, Uri, UriBuf,
    client::{Redirect, Rejected, Request, Response},
    deadline::Timeouts,
    http1::{HeadLimits, HeaderField},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};

use crate::{bounds::Bounds, channel::Channel, opening::Opening, websocket::WebSocket};

/// A WebSocket to be opened by a client.
///
/// ```no_run
/// use hybi_tokio::Connect;
///
/// # async fn open() -> Result<(), hybi_tokio::ConnectError> {
/// let websocket = Connect::new("wss://example.com/chat")
///     .subprotocols(["chat.v2", "chat.v1"])
///     .bearer("token")
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connect {
    uri: String,
    subprotocols: Vec<String>,
    origin: Option<String>,
    /// Header fields of the caller's.
    fields: Vec<(String, String)>,
    credentials: Option<Credentials>,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
    config: Config,
    limits: HeadLimits,
    timeouts: Timeouts,
    proxy: Option<Proxy>,
    redirects: usize,
    #[cfg(feature = "rustls")]
    tls: Option<Arc<crate::rustls::ClientConfig>>,
}

#[derive(Clone)]
enum Credentials {
    Basic(String, String),
    Bearer(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basic(..) => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}

impl Connect {
    /// A WebSocket at a `ws` or `wss` URI. A malformed URI is an error of [`open`](Self::open).
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            subprotocols: Vec::new(),
            origin: None,
            fields: Vec::new(),
            credentials: None,
            #[cfg(feature = "deflate")]
            deflate: None,
            config: Config::new(),
            limits: HeadLimits::new(),
            timeouts: Timeouts::new(),
            proxy: None,
            redirects: 0,
            #[cfg(feature = "rustls")]
            tls: None,
        }
    }

    /// Offers subprotocols, in the order of preference. See
    /// [`WebSocket::subprotocol`](WebSocket::subprotocol) for the one that the server selected.
    #[must_use]
    pub fn subprotocols(mut self, names: impl IntoIterator<Item: Into<String>>) -> Self {
        self.subprotocols.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sends an `Origin` field, as browsers do.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Adds a header field. After a redirect to another origin it is not sent.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Adds a cookie. After a redirect to another origin it is not sent.
    #[must_use]
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        // RFC 6265, section 5.4: a client sends one field with all cookies.
        match self.fields.iter_mut().find(|(field, _)| field == "Cookie") {
            Some((_, cookies)) => {
                cookies.push_str("; ");
                cookies.push_str(name);
                cookies.push('=');
                cookies.push_str(value);
                self
            }
            None => self.header("Cookie", format!("{name}={value}")),
        }
    }

    /// Sends a user name and a password (RFC 7617), to the server of the URI only.
    #[must_use]
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Basic(user.into(), password.into()));
        self
    }

    /// Sends a bearer token (RFC 6750), to the server of the URI only.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Bearer(token.into()));
        self
    }

    /// Offers compression. It is off by default.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compression(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// Sets the limits of the connection.
    #[must_use]
    pub const fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the limits on the head of the response. In HTTP/2, those on lines and on the number of fields do
    /// not apply: the size bounds both.
    #[must_use]
    pub const fn limits(mut self, limits: HeadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the deadlines. That of the opening handshake includes the name lookup, TCP, the proxy, TLS and
    /// all redirects.
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Opens a tunnel through an HTTP proxy. None is used by default.
    #[must_use]
    pub fn proxy(mut self, proxy: impl Into<Option<Proxy>>) -> Self {
        self.proxy = proxy.into();
        self
    }

    /// Follows up to this many redirects. None by default: then a redirect is
    /// [`ConnectError::Rejected`].
    ///
    /// A redirect from `wss` to `ws` is not followed. One to another origin gets no header fields of
    /// the caller's, no cookies and no credentials.
    #[must_use]
    pub const fn redirects(mut self, most: usize) -> Self {
        self.redirects = most;
        self
    }

    /// Sets the configuration of TLS. By default, the root certificates are those of Mozilla.
    ///
    /// With root certificates of your own:
    ///
    /// ```no_run
    /// use hybi_tokio::{
    ///     Connect,
    ///     rustls::{
    ///         ClientConfig, RootCertStore,
    ///         pki_types::{CertificateDer, pem::PemObject},
    ///     },
    /// };
    ///
    /// # fn build() -> Result<Connect, Box<dyn std::error::Error>> {
    /// let mut roots = RootCertStore::empty();
    /// for certificate in CertificateDer::pem_file_iter("ca.pem")? {
    ///     roots.add(certificate?)?;
    /// }
    /// let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    /// let connect = Connect::new("wss://internal.example/chat").tls(tls);
    /// # Ok(connect)
    /// # }
    /// ```
    ///
    /// `ClientConfig::builder` panics if your program enables several providers of cryptography in
    /// rustls: call `ClientConfig::builder_with_provider` then.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(mut self, config: impl Into<Arc<crate::rustls::ClientConfig>>) -> Self {
        self.tls = Some(config.into());
        self
    }

    /// Connects and performs the opening handshake.
    ///
    /// TCP connects to the addresses of the host one after the other.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open(self) -> Result<WebSocket<Stream, Client>, ConnectError> {
        #[cfg(feature = "rustls")]
        let this = self.without_http2();
        #[cfg(not(feature = "rustls"))]
        let this = self;
        let bounds = Bounds::new(this.timeouts);
        // In memory of its own, which ends with the handshake.
        let opening = Box::pin(async {
            let mut uri = UriBuf::parse(&this.uri)?;
            let (mut trusted, mut left) = (true, this.redirects);
            loop {
                let stream = this.stream(&uri.as_uri()).await?;
                match this.handshake(&uri.as_uri(), trusted, stream).await? {
                    Ok(opened) => return Ok(opened),
                    Err(redirect) if left > 0 => {
                        trusted &= redirect.is_same_origin();
                        left -= 1;
                        uri = redirect.into_uri();
                    }
                    Err(_) => return Err(ConnectError::TooManyRedirects),
                }
            }
        });
        let opened = within(bounds.until(), opening).await?;
        Ok(opened.into_websocket(bounds))
    }

    /// Performs the opening handshake over a stream that is connected to the server. The settings of
    /// the proxy and of TLS have no effect, and no redirect is followed.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open_over<S: AsyncRead + AsyncWrite + Unpin>(
        mut self,
        stream: S,
    ) -> Result<WebSocket<S, Client>, ConnectError> {
        self.redirects = 0;
        let bounds = Bounds::new(self.timeouts);
        let opening = Box::pin(async {
            let uri = UriBuf::parse(&self.uri)?;
            let opened = self.handshake(&uri.as_uri(), true, Opening::new(stream)).await?;
            opened.map_err(|_| ConnectError::TooManyRedirects)
        });
        let opened = within(bounds.until(), opening).await?;
        Ok(opened.into_websocket(bounds))
    }

    /// Does not offer HTTP/2 in TLS (ALPN), because HTTP/1.1 follows.
    #[cfg(feature = "rustls")]
    fn without_http2(mut self) -> Self {
        if let Some(config) = &mut self.tls
            && config.alpn_protocols.iter().any(|name| name == b"h2")
        {
            Arc::make_mut(config).alpn_protocols.retain(|name| name != b"h2");
        }
        self
    }

    /// TCP, the proxy, and TLS if the URI asks for it.
    async fn stream(&self, uri: &Uri<'_>) -> Result<Opening<Stream>, ConnectError> {
        // After a proxy, the inbox has what was read after its response.
        let (stream, inbox) = match &self.proxy {
            None => (stream::tcp(uri).await?, None),
            Some(proxy) => {
                let opening = proxy.open(uri).await?;
                (opening.stream, Some(opening.inbox))
            }
        };
        if uri.is_secure() {
            if inbox.is_some_and(|inbox| !inbox.is_empty()) {
                // In TLS, the client speaks first.
                return Err(ConnectError::UnexpectedInput);
            }
            #[cfg(feature = "rustls")]
            return Ok(Opening::new(stream::tls(self.tls.clone(), uri.host(), stream).await?));
            #[cfg(not(feature = "rustls"))]
            return Err(ConnectError::NoTls);
        }
        let mut opening = Opening::new(Stream::tcp(stream));
        if let Some(inbox) = inbox {
            opening.inbox = inbox;
        }
        Ok(opening)
    }

    /// The opening handshake. The inner error is a redirect that may be followed.
    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        uri: &Uri<'_>,
        trusted: bool,
        mut opening: Opening<S>,
    ) -> Result<Result<Opened<S>, Redirect>, ConnectError> {
        let (subprotocols, fields) = (self.offered(), self.fields(trusted));
        let request = self.request(uri, trusted, &subprotocols, &fields);
        let mut state = request.send(&mut opening.outbox)?;
        opening.flush().await?;
        while !state.advance(&mut opening.inbox)? {
            opening.fill().await.map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => ConnectError::NoResponse { is_secure: uri.is_secure() },
                _ => error.into(),
            })?;
        }
        match state.response(&opening.inbox) {
            Some(Response::Accepted(accepted)) => {
                let subprotocol = accepted.subprotocol().map(Into::into);
                let connection = accepted.finish();
                Ok(Ok(Opened { opening, connection, subprotocol }))
            }
            Some(Response::Rejected(rejected)) => match self.redirect(&rejected, uri) {
                Some(redirect) => Ok(Err(redirect)),
                None => Err(ConnectError::Rejected(rejected.to_owned().into())),
            },
            None => Err(std::io::Error::from(ErrorKind::InvalidData).into()),
        }
    }

    fn offered(&self) -> Vec<&str> {
        self.subprotocols.iter().map(String::as_str).collect()
    }

    /// The caller's header fields, for a server that is trusted with them.
    fn fields(&self, trusted: bool) -> Vec<HeaderField<'_>> {
        let fields = if trusted { &self.fields[..] } else { &[] };
        fields.iter().map(|(name, value)| (&**name, &**value)).collect()
    }

    /// The request, with credentials for a server that is trusted with them.
    fn request<'a>(
        &'a self,
        uri: &'a Uri<'a>,
        trusted: bool,
        subprotocols: &'a [&'a str],
        fields: &'a [HeaderField<'a>],
    ) -> Request<'a> {
        let mut request = Request::new(uri)
            .subprotocols(subprotocols)
            .headers(fields)
            .limits(self.limits)
            .config(self.config);
        if let Some(origin) = &self.origin {
            request = request.origin(origin);
        }
        match &self.credentials {
            Some(Credentials::Basic(user, password)) if trusted => {
                request = request.basic_auth(user, password);
            }
            Some(Credentials::Bearer(token)) if trusted => request = request.bearer(token),
            _ => {}
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            request = request.deflate(deflate);
        }
        request
    }

    /// The redirect in a response, if it may be followed.
    fn redirect(&self, rejected: &Rejected<'_>, uri: &Uri<'_>) -> Option<Redirect> {
        let redirect = rejected.redirect(uri).ok()??;
        (self.redirects > 0 && !redirect.is_downgrade()).then_some(redirect)
    }
}

/// The result of an opening handshake.
struct Opened<S> {
    opening: Opening<S>,
    connection: hybi::Connection<Client>,
    subprotocol: Option<Box<str>>,
}

impl<S> Opened<S> {
    fn into_websocket(self, bounds: Bounds) -> WebSocket<S, Client> {
        let Opening { stream, inbox, outbox } = self.opening;
        let channel = Channel::new(stream, self.connection, outbox, bounds);
        WebSocket::new(channel, inbox, self.subprotocol)
    }
}

async fn within<T>(
    until: Option<Instant>,
    opening: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    match until {
        Some(until) => timeout_at(until, opening).await.unwrap_or(Err(ConnectError::Timeout)),
        None => opening.await,
    }
}
