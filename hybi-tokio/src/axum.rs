//! An extractor for axum (feature `axum`).

use std::{convert::Infallible, future::Future};

use axum_core::{body::Body, extract::FromRequestParts, response::Response};
use http::request::Parts;
use hybi::{Server, server::Accept};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

use crate::{accept::Acceptor, websocket::WebSocket};

/// Extracts a request for a WebSocket in axum, in HTTP/1.1 or HTTP/2.
///
/// ```
/// use axum::{Router, extract::State, response::Response, routing::any};
/// use hybi_tokio::{Acceptor, Upgrade, hybi::Origins};
///
/// async fn chat(State(acceptor): State<Acceptor>, upgrade: Upgrade) -> Response {
///     upgrade.accept(&acceptor, |mut websocket| async move {
///         if websocket.send_text("Hello").await.is_ok() {
///             while let Ok(Some(event)) = websocket.next().await {
///                 println!("{event:?}");
///             }
///         }
///     })
/// }
///
/// let acceptor = Acceptor::new(Origins::same_host().or_no_browser());
/// let application: Router = Router::new().route("/chat", any(chat)).with_state(acceptor);
/// # let _ = application;
/// ```
///
/// Use `any` for the route: in HTTP/2, the method is CONNECT.
#[derive(Debug)]
pub struct Upgrade(http::Request<()>);

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The extensions hold what hyper upgrades. No other extractor can use it.
        Ok(Self(http::Request::from_parts(parts.clone(), ())))
    }
}

impl Upgrade {
    /// The request as hyper has parsed it.
    pub const fn request(&self) -> &http::Request<()> {
        &self.0
    }

    /// Accepts the request, and calls `serve` with the WebSocket in a task of its own. Returns the
    /// response. If the request does not ask for a WebSocket, or is refused, the response says why.
    pub fn accept<F: Future<Output = ()> + Send + 'static>(
        self,
        acceptor: &Acceptor,
        serve: impl FnOnce(WebSocket<TokioIo<Upgraded>, Server>) -> F + Send + 'static,
    ) -> Response {
        self.accept_with(acceptor, |accept| accept, serve)
    }

    /// As [`accept`](Self::accept), but `choose` sets further options of the response, such as a
    /// subprotocol.
    pub fn accept_with<F: Future<Output = ()> + Send + 'static>(
        mut self,
        acceptor: &Acceptor,
        choose: impl for<'r> FnOnce(Accept<'r>) -> Accept<'r>,
        serve: impl FnOnce(WebSocket<TokioIo<Upgraded>, Server>) -> F + Send + 'static,
    ) -> Response {
        match acceptor.upgrade(&mut self.0, choose) {
            Ok((response, upgrading)) => {
                tokio::spawn(async move {
                    // If the client is gone, there is nothing to serve.
                    if let Ok(websocket) = upgrading.open().await {
                        serve(websocket).await;
                    }
                });
                response.map(|()| Body::empty())
            }
            Err(error) => error.to_http().map(Body::from),
        }
    }
}
