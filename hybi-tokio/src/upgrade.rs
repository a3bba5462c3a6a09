//! WebSockets of an HTTP server that hyper implements (features `hyper` and `axum`).
//!
//! hyper parses the request, in HTTP/1.1 or as an extended CONNECT in HTTP/2 (RFC 8441), and writes the
//! response. After that, the connection or the stream is the transport of the WebSocket.

use http::{Response, Version};
use hybi::{
    Connection, Server,
    server::{self, Accept},
};
use hyper::{
    ext::Protocol,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::time::timeout_at;

use crate::{
    accept::{AcceptError, Acceptor},
    bounds::Bounds,
    websocket::WebSocket,
};

/// A WebSocket that opens as soon as hyper has sent the response.
#[derive(Debug)]
#[must_use = "await `open` in a task of its own"]
pub struct Upgrading {
    upgrade: OnUpgrade,
    connection: Connection<Server>,
    subprotocol: Option<Box<str>>,
    bounds: Bounds,
}

impl Upgrading {
    /// Waits until the response is sent. Await it in a task of its own: hyper sends the response after the
    /// service has returned it.
    ///
    /// # Errors
    ///
    /// The client took too long to read the response, or the transport failed.
    pub async fn open(self) -> Result<WebSocket<TokioIo<Upgraded>, Server>, AcceptError> {
        let Self { upgrade, connection, subprotocol, bounds } = self;
        let upgraded = match bounds.until() {
            Some(until) => timeout_at(until, upgrade)
                .await
                .map_err(|_| AcceptError::Timeout(hybi::deadline::Cause::Opening))?,
            None => upgrade.await,
        };
        let stream = TokioIo::new(upgraded.map_err(std::io::Error::other)?);
        Ok(WebSocket::after_upgrade(stream, connection, bounds, subprotocol))
    }
}

impl Acceptor {
    /// Accepts a request for a WebSocket that hyper has parsed. Return the response from the service, and
    /// [`open`](Upgrading::open) the WebSocket in a task of its own. The server must use
    /// `serve_connection_with_upgrades`, and `enable_connect_protocol` for HTTP/2.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use hybi_tokio::Acceptor;
    ///
    /// async fn service<B>(
    ///     mut request: http::Request<B>,
    ///     acceptor: Acceptor,
    /// ) -> Result<http::Response<String>, Infallible> {
    ///     Ok(match acceptor.upgrade(&mut request, |accept| accept) {
    ///         Ok((response, upgrading)) => {
    ///             tokio::spawn(async move {
    ///                 let mut websocket = upgrading.open().await?;
    ///                 websocket.send_text("Hello").await?;
    ///                 Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    ///             });
    ///             response.map(|()| String::new())
    ///         }
    ///         Err(error) => error.to_http().map(String::from),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The request is refused: see [`AcceptError::to_http`] for the response.
    pub fn upgrade<B>(
        &self,
        request: &mut http::Request<B>,
        choose: impl for<'r> FnOnce(Accept<'r>) -> Accept<'r>,
    ) -> Result<(Response<()>, Upgrading), AcceptError> {
        let bounds = self.admit().ok_or(AcceptError::Unavailable)?;
        let upgrade = hyper::upgrade::on(&mut *request);
        let checked = match request.version() {
            Version::HTTP_2 | Version::HTTP_3 => {
                let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
                server::Request::from_http_connect(request, protocol, self.origins())
            }
            _ => server::Request::from_http(request, self.origins()),
        };
        let checked = checked.map_err(server::Error::from)?;
        let accept = choose(self.settings().apply(checked.accept()));
        let subprotocol = accept.selected_subprotocol().map(Into::into);
        let (response, connection) = accept.finish_http()?;
        Ok((response, Upgrading { upgrade, connection, subprotocol, bounds }))
    }
}

impl AcceptError {
    /// The response to a request that was not accepted, for an HTTP server that writes it itself.
    pub fn to_http(self) -> Response<&'static str> {
        let status = match self {
            Self::Server(server::Error::Refused(refusal)) => return refusal.to_http(),
            Self::Unavailable => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout(_) => http::StatusCode::REQUEST_TIMEOUT,
            Self::Server(_) | Self::Io(_) => http::StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = Response::new("");
        *response.status_mut() = status;
        response
    }
}
