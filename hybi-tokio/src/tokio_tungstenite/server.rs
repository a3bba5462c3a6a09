//! Accepting as a server.

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    },
};
use hybi::{Origins, server};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    config::WebSocketConfig,
    error::{Error, ProtocolError, Result},
    request::IntoClientRequest as _,
    websocket::{Side, WebSocketStream},
};
use crate::accept::Acceptor;

/// A request to a server.
pub type Request = http::Request<()>;

/// A response that accepts.
pub type Response = http::Response<()>;

/// A response that rejects.
pub type ErrorResponse = http::Response<Option<String>>;

/// Decides on requests: a function, or a type of yours.
pub trait Callback: Sized {
    /// Returns the response, to which it may add header fields, or a response that rejects.
    ///
    /// # Errors
    ///
    /// The response that rejects.
    #[allow(clippy::result_large_err)] // as in tungstenite
    fn on_request(
        self,
        request: &Request,
        response: Response,
    ) -> std::result::Result<Response, ErrorResponse>;
}

impl<F> Callback for F
where
    F: FnOnce(&Request, Response) -> std::result::Result<Response, ErrorResponse>,
{
    fn on_request(
        self,
        request: &Request,
        response: Response,
    ) -> std::result::Result<Response, ErrorResponse> {
        self(request, response)
    }
}

/// Accepts every request.
#[derive(Clone, Copy, Debug)]
pub struct NoCallback;

impl Callback for NoCallback {
    fn on_request(
        self,
        _: &Request,
        response: Response,
    ) -> std::result::Result<Response, ErrorResponse> {
        Ok(response)
    }
}

/// Accepts a WebSocket.
///
/// # Errors
///
/// The stream failed, or the request is refused.
pub async fn accept_async<S>(stream: S) -> Result<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    accept_hdr_async_with_config(stream, NoCallback, None).await
}

/// As [`accept_async`], with these settings.
///
/// # Errors
///
/// As for [`accept_async`].
pub async fn accept_async_with_config<S>(
    stream: S,
    config: Option<WebSocketConfig>,
) -> Result<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    accept_hdr_async_with_config(stream, NoCallback, config).await
}

/// Accepts or rejects a WebSocket, as the callback decides.
///
/// # Errors
///
/// As for [`accept_async`]. [`Error::Http`] if the callback rejects the request.
pub async fn accept_hdr_async<S, C>(stream: S, callback: C) -> Result<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Callback + Unpin,
{
    accept_hdr_async_with_config(stream, callback, None).await
}

/// As [`accept_hdr_async`], with these settings.
///
/// # Errors
///
/// As for [`accept_hdr_async`].
pub async fn accept_hdr_async_with_config<S, C>(
    stream: S,
    callback: C,
    config: Option<WebSocketConfig>,
) -> Result<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Callback + Unpin,
{
    let config = config.unwrap_or_default();
    let request = acceptor(config).request(stream).await?;
    let received = match to_http(&request.get()) {
        Ok(received) => received,
        Err(error) => {
            request.reject(server::Response::new(400)).await?;
            return Err(error);
        }
    };
    let offered = request.get().accept().finish_http().map_err(crate::AcceptError::Server)?.0;
    let own = offered.headers().clone();
    match callback.on_request(&received, offered) {
        Ok(response) => {
            let headers = response.headers();
            let subprotocol = match headers.get(SEC_WEBSOCKET_PROTOCOL) {
                Some(name) => Some(name.to_str()?),
                None => None,
            };
            let fields = fields(headers, |name, value| {
                name == SEC_WEBSOCKET_PROTOCOL || own.get(name) == Some(value)
            })?;
            let (channel, inbox) =
                request.accept_with_headers(subprotocol, &fields).await?.into_channel();
            Ok(WebSocketStream::new(Side::Server(channel), inbox, config))
        }
        Err(rejection) => {
            if rejection.status().is_success() {
                request.reject(server::Response::new(500)).await?;
                return Err(ProtocolError::CustomResponseSuccessful.into());
            }
            let (parts, body) = rejection.into_parts();
            let body = body.map(String::into_bytes);
            let fields =
                fields(&parts.headers, |name, _| *name == CONNECTION || *name == CONTENT_LENGTH)?;
            let response = server::Response::new(parts.status.as_u16()).headers(&fields);
            request.reject(response.body(body.as_deref().unwrap_or_default())).await?;
            drop(fields);
            Err(Error::Http(Box::new(http::Response::from_parts(parts, body))))
        }
    }
}

/// The response that accepts a request, which another HTTP server has received. After it, create the
/// WebSocket by [`from_raw_socket`](WebSocketStream::from_raw_socket).
///
/// # Errors
///
/// The request does not ask for a WebSocket, or is malformed.
pub fn create_response(request: &Request) -> Result<Response> {
    create_response_with_body(request, || ())
}

/// As [`create_response`], with a body for the type of the HTTP server.
///
/// # Errors
///
/// As for [`create_response`].
pub fn create_response_with_body<B, C>(
    request: &http::Request<B>,
    generate_body: impl FnOnce() -> C,
) -> Result<http::Response<C>> {
    let request = server::Request::from_http(request, &Origins::any())?;
    let (response, _) = request.accept().finish_http().map_err(crate::AcceptError::Server)?;
    Ok(response.map(|()| generate_body()))
}

/// The value of `Sec-WebSocket-Accept` for a value of `Sec-WebSocket-Key`. It is empty if that is not a key:
/// 16 bytes in base64.
pub fn derive_accept_key(key: &[u8]) -> String {
    let accept = || {
        let mut request = "ws://localhost/".into_client_request().ok()?;
        let key = HeaderValue::from_bytes(key).ok()?;
        request.headers_mut().insert(SEC_WEBSOCKET_KEY, key);
        let response = create_response(&request).ok()?;
        Some(response.headers().get(SEC_WEBSOCKET_ACCEPT)?.to_str().ok()?.to_owned())
    };
    accept().unwrap_or_default()
}

fn acceptor(config: WebSocketConfig) -> Acceptor {
    let acceptor = Acceptor::new(Origins::any()).config(config.to_hybi()).timeouts(config.timeouts);
    #[cfg(feature = "deflate")]
    if let Some(deflate) = config.deflate() {
        return acceptor.compression(deflate.clone());
    }
    acceptor
}

/// The request in the types of the crate `http`.
fn to_http(request: &server::Request<'_>) -> Result<Request> {
    let mut received = Request::new(());
    *received.uri_mut() = request.target().parse()?;
    *received.headers_mut() = header_map(request.headers())?;
    Ok(received)
}

/// Header fields in the types of the crate `http`.
pub(super) fn header_map(headers: hybi::http1::ReceivedHeaders<'_>) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        map.try_append(name, HeaderValue::from_bytes(value)?).map_err(http::Error::from)?;
    }
    Ok(map)
}

/// The header fields to send, without those that hybi writes.
pub(super) fn fields(
    headers: &HeaderMap,
    is_own: impl Fn(&HeaderName, &HeaderValue) -> bool,
) -> Result<Vec<(&str, &str)>> {
    let fields = headers.iter().filter(|(name, value)| !is_own(name, value));
    fields
        .map(|(name, value)| Ok((name.as_str(), std::str::from_utf8(value.as_bytes())?)))
        .collect()
}

/// A status that hybi has received, which is valid.
pub(super) fn status(status: u16) -> Result<StatusCode> {
    Ok(StatusCode::from_u16(status)?)
}
