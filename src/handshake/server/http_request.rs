//! A request that asks for no WebSocket.

use core::sync::atomic::AtomicBool;

use super::{Response, check};
use crate::{
    handshake::Authority,
    http1::{Head, ReceivedHeaders, start_line::RequestLine},
};

/// A request that asks for no WebSocket. Only its head has been read.
///
/// [Answer](Self::respond) it, or hand its [head](Self::head) and the [unread] bytes of the inbox
/// to an HTTP server.
///
/// # The body
///
/// What came of the body is the start of the inbox's [unread] bytes. Take `Content-Length` or
/// `Transfer-Encoding` from [`headers`](Self::headers), then let go of the request, which borrows the
/// inbox. From then on take bytes out of the inbox with [`consume`](crate::Inbox::consume), and read into it as before,
/// until the body is complete. A request with a body is the last one that an opening hands out: what
/// follows the body is for the caller too.
///
/// [unread]: crate::Inbox::unread
#[derive(Clone, Copy)]
pub struct HttpRequest<'i> {
    head: &'i [u8],
    line: RequestLine<'i>,
    headers: ReceivedHeaders<'i>,
    /// Whether it would be one for a WebSocket if it were not of HTTP/1.0.
    pub(super) asks_for_websocket: bool,
    /// Whether no other request follows it.
    pub(super) is_last: bool,
    /// Whether the opening is over, to be set once an answer says so.
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

    /// Has its answer end the opening.
    pub(super) const fn ending(self, over: &'i AtomicBool) -> Self {
        Self { over: Some(over), ..self }
    }

    /// The method, such as `GET`.
    pub const fn method(&self) -> &'i str {
        self.line.method
    }

    /// The target as it was sent.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The host that the request is for, and the port if it names one: that of an absolute target,
    /// otherwise that of the `Host` field. `None` if `Host` is empty, or absent in HTTP/1.0.
    pub fn host(&self) -> Option<Authority<'i>> {
        host(self.line.target, self.headers)
    }

    /// All header fields.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }

    /// The whole head as it was sent, with the empty line that ends it.
    pub const fn head(&self) -> &'i [u8] {
        self.head
    }

    /// Begins to answer it with a status from 200 to 599; [`send`](Response::send) does. A request
    /// with HEAD gets no body.
    pub fn respond(self, status: u16) -> Response<'i> {
        Response::new(status).answers_head(self.line.method == "HEAD").ends(self.over)
    }
}

/// Shows no more of the head than its fields' names.
impl core::fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The host that a request names in its target, or in its only `Host` field.
pub(super) fn host<'i>(target: &'i str, headers: ReceivedHeaders<'i>) -> Option<Authority<'i>> {
    if let Some((Some(host), _)) = check::parse_target(target) {
        return Some(host);
    }
    let mut hosts = headers.all("Host");
    let host = hosts.next().and_then(check::parse_host)?;
    if hosts.next().is_none() { Some(host) } else { None }
}
