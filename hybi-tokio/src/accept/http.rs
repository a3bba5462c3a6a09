//! A request that does not ask for a WebSocket.

use hybi::{http1::HeaderField, server};
use tokio::io::{AsyncRead, AsyncWrite};

use super::AcceptError;
use crate::{bounds::Bounds, opening::Opening};

/// A request that does not ask for a WebSocket, such as for a page. Only its head was received.
#[derive(Debug)]
pub struct HttpRequest<S> {
    opening: Opening<S>,
    state: server::Opening<'static>,
    bounds: Bounds,
}

impl<S> HttpRequest<S> {
    pub(super) const fn new(
        opening: Opening<S>,
        state: server::Opening<'static>,
        bounds: Bounds,
    ) -> Self {
        Self { opening, state, bounds }
    }

    /// The request: its method, target and header fields. `None` if it was answered.
    pub fn get(&self) -> Option<server::HttpRequest<'_>> {
        match self.state.incoming(&self.opening.inbox) {
            Some(server::Incoming::Http(request)) => Some(request),
            _ => None,
        }
    }

    /// Returns the stream, and all bytes that were read from it: the head of the request, and what
    /// followed. Another HTTP server can serve the request, if it gets these bytes first.
    pub fn into_parts(self) -> (S, Vec<u8>) {
        let head = self.get().map(|request| request.head().to_vec());
        let mut bytes = head.unwrap_or_default();
        bytes.extend_from_slice(self.opening.inbox.unread());
        (self.opening.stream, bytes)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> HttpRequest<S> {
    /// Responds with this status, header fields and body, and shuts the stream down. In response to HEAD,
    /// the body is not sent.
    ///
    /// # Errors
    ///
    /// The response cannot be sent.
    pub async fn respond(
        mut self,
        status: u16,
        headers: &[HeaderField<'_>],
        body: &[u8],
    ) -> Result<(), AcceptError> {
        let Some(server::Incoming::Http(request)) = self.state.incoming(&self.opening.inbox) else {
            return Ok(());
        };
        request.respond(status).headers(headers).body(body).send(&mut self.opening.outbox)?;
        self.opening.finish(&mut self.bounds).await;
        Ok(())
    }
}
