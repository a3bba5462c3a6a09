//! Connecting as a client.

use std::{future::Future, io};

use http::{
    Method,
    header::{
        CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use hybi::{
    Uri,
    client::{self, Failure},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout_at,
};

use super::{
    config::WebSocketConfig,
    error::{Error, ProtocolError, Result, SubProtocolError, UrlError, incomplete, invalid_header},
    request::{IntoClientRequest, Request, Response, host_and_port},
    server::{fields, header_map, status},
    stream::{Connector, MaybeTlsStream},
    tls::encrypt,
    websocket::{Side, WebSocketStream},
};
use crate::{bounds::Bounds, channel::Channel, opening::Opening};

pub(super) type Connected<S> = (WebSocketStream<S>, Response);

/// Connects to a `ws` or `wss` URI.
///
/// # Errors
///
/// The URI cannot be used, the stream failed, or the server does not accept the request.
pub async fn connect_async<R>(request: R) -> Result<Connected<MaybeTlsStream<TcpStream>>>
where
    R: IntoClientRequest + Unpin,
{
    connect_async_with_config(request, None, false).await
}

/// As [`connect_async`], with these settings. `disable_nagle` sets `TCP_NODELAY`.
///
/// # Errors
///
/// As for [`connect_async`].
pub async fn connect_async_with_config<R>(
    request: R,
    config: Option<WebSocketConfig>,
    disable_nagle: bool,
) -> Result<Connected<MaybeTlsStream<TcpStream>>>
where
    R: IntoClientRequest + Unpin,
{
    connect(request.into_client_request()?, config, disable_nagle, None).await
}

/// Performs the opening handshake over a stream that is connected to the server, and encrypted if it must
/// be.
///
/// # Errors
///
/// As for [`connect_async`].
pub async fn client_async<R, S>(request: R, stream: S) -> Result<Connected<S>>
where
    R: IntoClientRequest + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    client_async_with_config(request, stream, None).await
}

/// As [`client_async`], with these settings.
///
/// # Errors
///
/// As for [`connect_async`].
pub async fn client_async_with_config<R, S>(
    request: R,
    stream: S,
    config: Option<WebSocketConfig>,
) -> Result<Connected<S>>
where
    R: IntoClientRequest + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request.into_client_request()?;
    let config = config.unwrap_or_default();
    open(&request, config, async { Ok(stream) }).await
}

pub(super) async fn connect(
    request: Request,
    config: Option<WebSocketConfig>,
    disable_nagle: bool,
    connector: Option<Connector>,
) -> Result<Connected<MaybeTlsStream<TcpStream>>> {
    let target = Target::of(&request)?;
    let stream = async {
        let stream = TcpStream::connect((target.host, target.port)).await?;
        if disable_nagle {
            stream.set_nodelay(true)?;
        }
        encrypt(stream, &target, connector).await
    };
    open(&request, config.unwrap_or_default(), stream).await
}

/// The server of a request.
pub(super) struct Target<'a> {
    /// Without the brackets of an IPv6 address.
    pub(super) host: &'a str,
    port: u16,
    pub(super) is_secure: bool,
}

impl<'a> Target<'a> {
    pub(super) fn of(request: &'a Request) -> Result<Self> {
        let uri = request.uri();
        let is_secure = is_secure(request)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(UrlError::NoHostName)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { host, port, is_secure })
    }
}

fn is_secure(request: &Request) -> Result<bool> {
    match request.uri().scheme_str() {
        Some("ws") => Ok(false),
        Some("wss") => Ok(true),
        _ => Err(UrlError::UnsupportedUrlScheme.into()),
    }
}

/// Gets the stream and performs the opening handshake, within its deadline.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    request: &Request,
    config: WebSocketConfig,
    stream: impl Future<Output = Result<S>>,
) -> Result<Connected<S>> {
    let bounds = Bounds::new(config.timeouts);
    let handshake = async { handshake(request, config, Opening::new(stream.await?)).await };
    let (opening, connection, response) = match bounds.until() {
        Some(until) => timeout_at(until, handshake)
            .await
            .unwrap_or_else(|_| Err(Error::Io(io::ErrorKind::TimedOut.into())))?,
        None => handshake.await?,
    };
    let Opening { stream, inbox, outbox } = opening;
    let side = Side::Client(Channel::new(stream, connection, outbox, bounds));
    Ok((WebSocketStream::new(side, inbox, config), response))
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    request: &Request,
    config: WebSocketConfig,
    mut opening: Opening<S>,
) -> Result<(Opening<S>, hybi::Connection<hybi::Client>, Response)> {
    if request.method() != Method::GET {
        return Err(ProtocolError::WrongHttpMethod.into());
    }
    let headers = request.headers();
    // The caller may send the name of a host that has another address.
    let host = match (headers.get(HOST), request.uri().authority()) {
        (Some(host), _) => host.to_str()?,
        (None, Some(authority)) => host_and_port(authority),
        (None, None) => return Err(UrlError::NoHostName.into()),
    };
    let scheme = if is_secure(request)? { "wss" } else { "ws" };
    let uri = format!("{scheme}://{host}/");
    let uri = Uri::parse(&uri)?;
    let mut subprotocols = Vec::new();
    for list in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        subprotocols.extend(list.to_str()?.split(',').map(str::trim));
    }
    let own = [
        HOST,
        CONNECTION,
        UPGRADE,
        ORIGIN,
        SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION,
    ];
    let fields = fields(headers, |name, _| own.contains(name))?;
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut asked = client::Request::new(&uri)
        .target(target)
        .subprotocols(&subprotocols)
        .headers(&fields)
        .config(config.to_hybi());
    if !subprotocols.is_empty() {
        asked = asked.require_subprotocol();
    }
    if let Some(origin) = headers.get(ORIGIN) {
        asked = asked.origin(origin.to_str().map_err(|_| invalid_header(ORIGIN))?);
    }
    #[cfg(feature = "deflate")]
    if let Some(deflate) = config.deflate() {
        asked = asked.deflate(deflate);
    }
    let mut state = asked.send(&mut opening.outbox)?;
    opening.flush().await?;
    loop {
        match state.advance(&mut opening.inbox) {
            Ok(true) => break,
            Ok(false) => opening.fill().await.map_err(incomplete)?,
            Err(client::Error::Failed(Failure::Subprotocol)) if subprotocols.is_empty() => {
                return Err(Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                    SubProtocolError::ServerSentSubProtocolNoneRequested,
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Response::new(None);
    match state.response(&opening.inbox) {
        Some(client::Response::Accepted(accepted)) => {
            *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
            *response.headers_mut() = header_map(accepted.headers())?;
            let connection = accepted.finish();
            Ok((opening, connection, response))
        }
        Some(client::Response::Rejected(rejected)) => {
            *response.status_mut() = status(rejected.status())?;
            *response.headers_mut() = header_map(rejected.headers())?;
            *response.body_mut() = Some(rejected.body().to_vec());
            Err(Error::Http(Box::new(response)))
        }
        None => Err(Error::Io(io::ErrorKind::InvalidData.into())),
    }
}
