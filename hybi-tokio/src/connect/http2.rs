//! Clients in HTTP/2 (RFC 8441, feature `h2`). A WebSocket is a stream of a connection, which an extended
//! CONNECT opens.

mod connection;
mod stream;

pub use connection::Http2;
pub use stream::Http2Stream;

use std::io::Cursor;

use h2::ext::Protocol;
use http::Response as HttpResponse;
use hybi::{
    Client, Connection, Uri, UriBuf,
    client::{OwnedRejected, Redirect, Response},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, join, split},
    time::{Instant, timeout_at},
};

use super::{Connect, ConnectError, Stream, within};
use crate::{bounds::Bounds, websocket::WebSocket};

/// The most bytes of the body of a rejection, as many as a client in HTTP/1.1 reads at a time.
const BODY: u64 = 64 * 1024;

/// The response to a request.
#[allow(clippy::large_enum_variant)] // one per connection, and short-lived
enum Answer {
    Accepted(Http2Stream, Connection<Client>, Option<Box<str>>),
    /// A redirect that may be followed.
    Redirect(Redirect),
    /// The body arrives on the stream.
    Rejected(OwnedRejected, Http2Stream),
}

/// In HTTP/2.
impl Connect {
    /// As [`open`](Self::open), in HTTP/2 (RFC 8441). The connection has one WebSocket, and ends with it.
    ///
    /// ```no_run
    /// use hybi_tokio::{Connect, ConnectError};
    ///
    /// # async fn open() -> Result<(), ConnectError> {
    /// let connect = Connect::new("wss://example.com/chat").bearer("token");
    /// match connect.clone().open_http2().await {
    ///     Ok(websocket) => println!("in HTTP/2: {:?}", websocket.subprotocol()),
    ///     Err(ConnectError::NoHttp2 | ConnectError::NoExtendedConnect) => {
    ///         let websocket = connect.open().await?;
    ///         println!("in HTTP/1.1: {:?}", websocket.subprotocol());
    ///     }
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For `wss`, TLS offers `h2` as the only protocol (ALPN), in place of those of the
    /// [configuration](Self::tls). For `ws`, the server must expect HTTP/2 without being asked (RFC 9113,
    /// section 3.3). There is no fallback to HTTP/1.1.
    ///
    /// A redirect to the same origin is followed on the same connection.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open_http2(self) -> Result<WebSocket<Http2Stream, Client>, ConnectError> {
        let bounds = Bounds::new(self.timeouts);
        let answer = within(bounds.until(), async {
            let mut uri = UriBuf::parse(&self.uri)?;
            let (mut trusted, mut left) = (true, self.redirects);
            let mut connection = self.http2(&uri.as_uri()).await?;
            loop {
                let answer = self.exchange(&uri.as_uri(), trusted, &connection).await?;
                let Answer::Redirect(redirect) = answer else { return Ok(answer) };
                left = left.checked_sub(1).ok_or(ConnectError::TooManyRedirects)?;
                if !redirect.is_same_origin() {
                    trusted = false;
                    connection = self.http2(&redirect.uri()).await?;
                }
                uri = redirect.into_uri();
            }
        });
        // In a box, because the futures of h2 are large.
        let answer = Box::pin(answer).await?;
        finish(answer, bounds).await
    }

    /// Opens a connection in HTTP/2 to the server of the URI, for several WebSockets, and waits until the
    /// server announces that it supports them:
    ///
    /// ```no_run
    /// use hybi_tokio::Connect;
    ///
    /// # async fn open() -> Result<(), hybi_tokio::ConnectError> {
    /// let http2 = Connect::new("wss://example.com/").connect_http2().await?;
    /// let chat = Connect::new("wss://example.com/chat").bearer("token").open_on(&http2).await?;
    /// let news = Connect::new("wss://example.com/news").open_on(&http2).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It uses the settings of the proxy, of TLS, of the deadlines and of the limits. The path, the header
    /// fields and the credentials are those of each WebSocket.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect_http2(self) -> Result<Http2, ConnectError> {
        let connecting = async {
            let uri = UriBuf::parse(&self.uri)?;
            self.http2(&uri.as_uri()).await
        };
        within(Bounds::new(self.timeouts).until(), Box::pin(connecting)).await
    }

    /// As [`connect_http2`](Self::connect_http2), over a stream that is connected to the server, such as a
    /// Unix socket or another TLS library with ALPN.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect_http2_over(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Http2, ConnectError> {
        let connecting = Http2::over(stream, self.limits, self.timeouts);
        within(Bounds::new(self.timeouts).until(), Box::pin(connecting)).await
    }

    /// Opens a WebSocket on a connection in HTTP/2 to the server of the URI. The settings of the proxy and of
    /// TLS have no effect, and no redirect is followed.
    ///
    /// If the server does not allow another stream at the moment, this waits until one ends. The connection
    /// limits the size of the response head, by the limits that it was opened with.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open_on(
        mut self,
        connection: &Http2,
    ) -> Result<WebSocket<Http2Stream, Client>, ConnectError> {
        self.redirects = 0;
        let bounds = Bounds::new(self.timeouts);
        let answer = within(bounds.until(), async {
            let uri = UriBuf::parse(&self.uri)?;
            self.exchange(&uri.as_uri(), true, connection).await
        });
        let answer = Box::pin(answer).await?;
        finish(answer, bounds).await
    }

    /// TCP, the proxy, TLS if the URI asks for it, and the handshake of HTTP/2.
    async fn http2(&self, uri: &Uri<'_>) -> Result<Http2, ConnectError> {
        #[cfg(feature = "rustls")]
        let opening = if uri.is_secure() {
            let opening = self.with_alpn()?.stream(uri).await.map_err(refused_in_tls)?;
            if opening.stream.alpn_protocol() != Some(b"h2") {
                return Err(ConnectError::NoHttp2);
            }
            opening
        } else {
            self.stream(uri).await?
        };
        #[cfg(not(feature = "rustls"))]
        let opening = self.stream(uri).await?;
        let received = opening.inbox.unread();
        if received.is_empty() {
            return Http2::over(opening.stream, self.limits, self.timeouts).await;
        }
        // The settings of the server, which followed the response of a proxy.
        let received = Cursor::new(received.to_vec());
        let (reading, writing) = split::<Stream>(opening.stream);
        Http2::over(join(received.chain(reading), writing), self.limits, self.timeouts).await
    }

    /// Offers only HTTP/2 in TLS.
    #[cfg(feature = "rustls")]
    fn with_alpn(&self) -> Result<Self, ConnectError> {
        let config = match &self.tls {
            Some(config) => config.clone(),
            None => super::default_tls()?,
        };
        let mut config = crate::rustls::ClientConfig::clone(&config);
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(self.clone().tls(config))
    }

    /// The opening handshake.
    async fn exchange(
        &self,
        uri: &Uri<'_>,
        trusted: bool,
        connection: &Http2,
    ) -> Result<Answer, ConnectError> {
        let (subprotocols, fields) = (self.offered(), self.fields(trusted));
        let request = self.request(uri, trusted, &subprotocols, &fields);
        let (mut request, mut exchange) = request.send_http_connect()?;
        request.extensions_mut().insert(Protocol::from_static("websocket"));
        let response = connection.send(request).await?;
        let (head, stream) = response.into_parts();
        let head = HttpResponse::from_parts(head, ());
        match exchange.receive_http(&head)? {
            Some(Response::Accepted(accepted)) => {
                let subprotocol = accepted.subprotocol().map(Into::into);
                Ok(Answer::Accepted(stream, accepted.finish(), subprotocol))
            }
            Some(Response::Rejected(rejected)) => Ok(match self.redirect(&rejected, uri) {
                Some(redirect) => Answer::Redirect(redirect),
                None => Answer::Rejected(rejected.to_owned(), stream),
            }),
            // h2 returns no interim response.
            None => Err(std::io::Error::from(std::io::ErrorKind::InvalidData).into()),
        }
    }
}

/// Returns the WebSocket, or the rejection with its body.
async fn finish(
    answer: Answer,
    bounds: Bounds,
) -> Result<WebSocket<Http2Stream, Client>, ConnectError> {
    match answer {
        Answer::Accepted(stream, connection, subprotocol) => {
            Ok(WebSocket::after_upgrade(stream, connection, bounds, subprotocol))
        }
        Answer::Redirect(_) => Err(ConnectError::TooManyRedirects),
        Answer::Rejected(rejected, stream) => {
            let body = read_body(stream, bounds.until()).await;
            let rejected = rejected.as_rejected().with_body(&body).to_owned();
            Err(ConnectError::Rejected(rejected.into()))
        }
    }
}

/// Reads up to the limit, the end, an error or the deadline.
async fn read_body(stream: Http2Stream, until: Option<Instant>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut limited = stream.take(BODY);
    let reading = limited.read_to_end(&mut body);
    // The status is the result. What was read until an error or the deadline stays in the body.
    let _: Result<std::io::Result<usize>, _> = match until {
        Some(until) => timeout_at(until, reading).await,
        None => Ok(reading.await),
    };
    body
}

/// A server that knows ALPN but not `h2` sends an alert (RFC 7301, section 3.2).
#[cfg(feature = "rustls")]
fn refused_in_tls(error: ConnectError) -> ConnectError {
    use crate::rustls::{AlertDescription, Error};

    let ConnectError::Tls { error: io, .. } = &error else { return error };
    let cause = io.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            ConnectError::NoHttp2
        }
        _ => error,
    }
}
