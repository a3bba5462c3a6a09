//! A request that does not ask for a WebSocket.

use core::sync::atomic::AtomicBool;

use super::{Response, check};
use crate::{
    handshake::Authority,
    http1::{Head, ReceivedHeaders, start_line::RequestLine},
};

/// A request that does not ask for a WebSocket. Only its head was read.
///
/// [Respond](Self::respond) to it, or pass its [head](Self::head) and the [unread] bytes of the
/// inbox to an HTTP server.
///
/// # The body
///
/// The part of the body that has arrived is at the start of the [unread] bytes of the inbox. To
/// read the body, get `Content-Length` or `Transfer-Encoding` from [`headers`](Self::headers), then
/// drop the request, because it borrows the inbox. From then on, remove bytes from the inbox with
/// [`consume`](crate::Inbox::consume) and read into it as before until the body is complete. A
/// request with a body is the last one that an opening returns: the caller also handles what
/// follows the body.
///
/// [unread]: crate::Inbox::unread
#[derive(Clone, Copy)]
pub struct HttpRequest<'i> {
    head: &'i [u8],
    line: RequestLine<'i>,
    headers: ReceivedHeaders<'i>,
    /// Whether this is an HTTP/1.0 request with `Upgrade: websocket`.
    pub(super) asks_for_websocket: bool,
    /// Whether no other request can follow it on this connection.
    pub(super) is_last: bool,
    /// Set when the response is sent: the opening is over.
    over: Option<&'i AtomicBool>,
}

impl<'i> HttpRequest<'i> {
    pub(super) const fn new(
        head: Head<'i>,
        line: RequestLine<'i>,
        headers: ReceivedHeaders<'i>,
        asks_for_websocket: bool,
        is_last: bool,
    ) -> Self {
        Self { head: head.bytes(), line, headers, asks_for_websocket, is_last, over: None }
    }

    /// Makes the response end the opening.
    pub(super) const fn ends_opening(self, over: &'i AtomicBool) -> Self {
        Self { over: Some(over), ..self }
    }

    /// The method, such as `GET`.
    pub const fn method(&self) -> &'i str {
        self.line.method
    }

    /// The request target as it was sent.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The host and port of the request: those of an absolute target, otherwise those of the `Host`
    /// field. The port is `None` if it is not written. The result is `None` if `Host` is empty, or
    /// if an HTTP/1.0 request has no `Host`.
    pub fn host(&self) -> Option<Authority<'i>> {
        host(self.line.target, self.headers)
    }

    /// All header fields.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }

    /// The complete head as it was sent, including the empty line that ends it.
    pub const fn head(&self) -> &'i [u8] {
        self.head
    }

    /// Starts a response with a status from 200 to 599. Call [`send`](Response::send) to put it
    /// into the outbox. A response to HEAD is sent without its body.
    pub fn respond(self, status: u16) -> Response<'i> {
        Response::new(status).answers_head(self.line.method == "HEAD").ends_opening(self.over)
    }
}

/// Shows the method and the names of the fields. The target and the values may contain credentials.
impl core::fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The host of an absolute target, or of the only `Host` field.
pub(super) fn host<'i>(target: &'i str, headers: ReceivedHeaders<'i>) -> Option<Authority<'i>> {
    if let Some((Some(host), _)) = check::parse_target(target) {
        return Some(host);
    }
    let mut hosts = headers.all("Host");
    let host = hosts.next().and_then(check::parse_host)?;
    if hosts.next().is_none() { Some(host) } else { None }
}
