//! A request for a WebSocket that was not answered yet.

use hybi::{
    Server,
    deadline::Stage,
    http1::HeaderField,
    server::{self, OwnedRequest, Response},
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{AcceptError, Settings};
use crate::{bounds::Bounds, channel::Channel, opening::Opening, websocket::WebSocket};

/// A request for a WebSocket. It can be kept across an `await` and moved to another task, for example to
/// ask a database whether the user may connect.
#[derive(Debug)]
pub struct Request<S> {
    opening: Opening<S>,
    head: OwnedRequest,
    bounds: Bounds,
    settings: Settings,
}

impl<S> Request<S> {
    pub(super) const fn new(
        opening: Opening<S>,
        head: OwnedRequest,
        bounds: Bounds,
        settings: Settings,
    ) -> Self {
        Self { opening, head, bounds, settings }
    }

    /// The request: its target, header fields, cookies, subprotocols.
    pub fn get(&self) -> server::Request<'_> {
        self.head.as_request()
    }

    /// The stream.
    pub const fn stream(&self) -> &S {
        &self.opening.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Request<S> {
    /// Accepts the request, with the settings of the [`Acceptor`](crate::Acceptor).
    ///
    /// # Errors
    ///
    /// The stream failed, or the client did not read the response in time.
    pub async fn accept(self) -> Result<WebSocket<S, Server>, AcceptError> {
        self.accept_with(|accept| accept).await
    }

    /// As [`accept`](Self::accept), but `choose` sets further options of the response, such as a subprotocol
    /// or header fields. They may borrow only the request:
    ///
    /// ```
    /// # use hybi_tokio::{AcceptError, Request, WebSocket, hybi::Server};
    /// # async fn chat(
    /// #     request: Request<tokio::net::TcpStream>,
    /// # ) -> Result<WebSocket<tokio::net::TcpStream, Server>, AcceptError> {
    /// request.accept_with(|accept| accept.select_subprotocol(&["chat.v2", "chat.v1"])).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`accept`](Self::accept), and those of [`server::Accept::finish`].
    pub async fn accept_with(
        self,
        choose: impl for<'r> FnOnce(server::Accept<'r>) -> server::Accept<'r>,
    ) -> Result<WebSocket<S, Server>, AcceptError> {
        let Self { opening, head, bounds, settings } = self;
        open(choose(settings.apply(head.as_request().accept())), opening, bounds).await
    }

    /// As [`accept`](Self::accept), with a subprotocol that the client offers, and with header fields whose
    /// values are known only at run time:
    ///
    /// ```
    /// # use hybi_tokio::{AcceptError, Request, WebSocket, hybi::Server};
    /// # async fn chat(
    /// #     request: Request<tokio::net::TcpStream>,
    /// #     session: u128,
    /// # ) -> Result<WebSocket<tokio::net::TcpStream, Server>, AcceptError> {
    /// let cookie = format!("session={session:x}; Secure; HttpOnly");
    /// request.accept_with_headers(None, &[("Set-Cookie", &cookie)]).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`accept_with`](Self::accept_with).
    pub async fn accept_with_headers(
        self,
        subprotocol: Option<&str>,
        headers: &[HeaderField<'_>],
    ) -> Result<WebSocket<S, Server>, AcceptError> {
        let Self { opening, head, bounds, settings } = self;
        let mut accept = settings.apply(head.as_request().accept()).headers(headers);
        if let Some(name) = subprotocol {
            accept = accept.subprotocol(name);
        }
        open(accept, opening, bounds).await
    }

    /// Rejects the request with this response, and shuts the stream down.
    ///
    /// # Errors
    ///
    /// The response cannot be sent.
    pub async fn reject(self, response: Response<'_>) -> Result<(), AcceptError> {
        let Self { mut opening, mut bounds, .. } = self;
        response.send(&mut opening.outbox)?;
        opening.finish(&mut bounds).await;
        Ok(())
    }
}

/// Sends the response that accepts a request.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    accept: server::Accept<'_>,
    mut opening: Opening<S>,
    mut bounds: Bounds,
) -> Result<WebSocket<S, Server>, AcceptError> {
    let subprotocol = accept.selected_subprotocol().map(Into::into);
    let connection = accept.finish(&mut opening.outbox)?;
    // The deadline of the opening handshake bounds the request, not the time for the answer.
    opening.flush_until(Stage::Open, &mut bounds).await?;
    let Opening { stream, inbox, outbox } = opening;
    let channel = Channel::new(stream, connection, outbox, bounds);
    Ok(WebSocket::new(channel, inbox, subprotocol))
}
