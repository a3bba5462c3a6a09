//! The server's side of the opening handshake (RFC 6455, section 4.2).
//!
//! Each state is a type. A transition consumes it or borrows from it, and returns the next one:
//!
//! ```text
//! Opening ──receive──► Request ──accept──► Accept ──finish──► Connection<Server>
//!    │                    └─────reject──► Response ──send──► (close the transport)
//!    │
//!    ├──receive_any──► Incoming::WebSocket: a Request, as above
//!    │                 Incoming::Http: HttpRequest ──respond──► Response ──send──► (close)
//!    │
//!    └──receive, receive_any──► Error::Refused: the response is in the outbox (close the
//!                               transport); `refused` returns the request for a log
//! ```
//!
//! ```
//! use hybi::{Event, Inbox, Origins, server::Opening};
//!
//! # let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
//! #     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//! #     Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\
//! #     Origin: http://example.com\r\n\r\n";
//! # let mut stream = &request[..];
//! let mut inbox = Inbox::with_capacity(16 * 1024);
//! let mut outbox = Vec::new();
//! let mut opening = Opening::new(Origins::list(&["http://example.com"])?);
//! let websocket = loop {
//!     inbox.read_from(&mut stream)?;
//!     if let Some(request) = opening.receive(&mut inbox, &mut outbox)? {
//!         assert_eq!(request.target(), "/chat");
//!         break request.accept().subprotocol("chat").finish(&mut outbox)?;
//!     }
//! };
//! assert!(outbox.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod check;
mod connect;
mod cookie;
mod error;
mod fields;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod http_connect;
mod http_request;
#[cfg(feature = "alloc")]
mod owned;
mod refusal;
mod refused;
mod request;
mod response;

pub use accept::Accept;
pub use connect::ConnectFault;
pub use error::Error;
pub use http_request::HttpRequest;
#[cfg(feature = "alloc")]
pub use owned::OwnedRequest;
pub use refusal::Refusal;
pub use refused::RefusedRequest;
pub use request::{Incoming, Request};
pub use response::Response;

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Origins;
use crate::{
    buffer::{Found, Inbox, Outbox, Storage},
    error::OutboxFull,
    http1::{
        HeadFault, HeadLimits, ReceivedHeaders,
        scanner::{Scanner, reread_request},
        start_line::Kind,
    },
};

/// A server that waits for a request on one transport connection.
///
/// [`receive`](Self::receive) returns the request as soon as it is complete. Rust considers the
/// inbox borrowed by every call of `receive`, so a function cannot call it in a loop and return the
/// request. Such a function calls [`advance`](Self::advance) until there is a request, then gets it
/// from [`request`](Self::request):
///
/// ```
/// use hybi::{Inbox, server::{Error, Opening, Request}};
///
/// struct Incoming { opening: Opening<'static>, inbox: Inbox, outbox: Vec<u8> }
///
/// impl Incoming {
///     # async fn read(&mut self) {}
///     async fn next(&mut self) -> Result<Option<Request<'_>>, Error> {
///         while !self.opening.advance(&mut self.inbox, &mut self.outbox)? {
///             self.read().await;
///         }
///         Ok(self.opening.request(&self.inbox))
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Opening<'a> {
    origins: Origins<'a>,
    scanner: Scanner,
    /// The kind of the last complete request.
    last: LastRequest,
    /// A refusal that did not fit into the outbox, and whether it responds to HEAD.
    unsent: Option<(Refusal, bool)>,
    /// Whether the opening has ended: a request was returned after which none can follow, or a
    /// request was refused, or a response was sent. Atomic because a [`Response`] sets it through a
    /// shared reference, possibly on another thread.
    over: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastRequest {
    /// No request is complete yet.
    None,
    WebSocket,
    Http,
    Refused,
}

impl Clone for Opening<'_> {
    fn clone(&self) -> Self {
        Self {
            origins: self.origins.clone(),
            scanner: self.scanner.clone(),
            over: AtomicBool::new(self.over.load(Relaxed)),
            ..*self
        }
    }
}

impl<'a> Opening<'a> {
    /// Waits for a request from the origins that this policy allows.
    pub const fn new(origins: Origins<'a>) -> Self {
        Self::with_limits(origins, HeadLimits::new())
    }

    /// As [`new`](Self::new), with other limits on the request head.
    pub const fn with_limits(origins: Origins<'a>, limits: HeadLimits) -> Self {
        let scanner = Scanner::new(Kind::Request, limits);
        let over = AtomicBool::new(false);
        Self { origins, scanner, last: LastRequest::None, unsent: None, over }
    }

    /// Returns the next WebSocket request, or `None` if it is not complete yet.
    ///
    /// A peer may never complete its request. [`Deadlines`](crate::deadline::Deadlines) bound the time
    /// for it.
    ///
    /// # Errors
    ///
    /// - [`Refused`](Error::Refused): the request does not ask for a WebSocket, is malformed, or
    ///   comes from an origin that is not allowed. The HTTP response is in the outbox, and the rest
    ///   of the input is discarded: flush the outbox and close the transport. If the outbox has no
    ///   room for the response, flush it and call this method again. That call puts the response
    ///   into the outbox and returns `HandshakeOver`. [`refused`](Self::refused) returns the
    ///   request.
    /// - [`HandshakeOver`](Error::HandshakeOver): a request was returned or refused before.
    /// - [`OutboxFull`](Error::OutboxFull): there is still no room for the response to a refused
    ///   request.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Request<'i>>, Error> {
        match self.poll(inbox, outbox, false)? {
            Some(Incoming::WebSocket(request)) => Ok(Some(request)),
            _ => Ok(None),
        }
    }

    /// As [`receive`](Self::receive), but also returns requests that do not ask for a WebSocket,
    /// for a server that serves both on one port. An HTTP/1.0 request is always one of these, even
    /// with `Upgrade` (RFC 9110, section 7.8).
    ///
    /// After such a request the opening waits for the next one, unless none can follow, because the
    /// request
    ///
    /// - has a body, which the caller reads: see [`HttpRequest`],
    /// - is a CONNECT,
    /// - has `Connection: close`, or is an HTTP/1.0 request without `Connection: keep-alive` (RFC
    ///   9112, section 9.3), or
    /// - was answered with [`respond`](HttpRequest::respond), because that closes the connection.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn receive_any<'i, S: Storage>(
        &'i mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Incoming<'i>>, Error> {
        let incoming = self.poll(inbox, outbox, true)?;
        Ok(incoming.map(|incoming| incoming.ends_opening(&self.over)))
    }

    /// As [`receive`](Self::receive), but returns whether there is a request. Call
    /// [`request`](Self::request) to get it.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        Ok(self.poll(inbox, outbox, false)?.is_some())
    }

    /// As [`receive_any`](Self::receive_any), but returns whether there is a request. Call
    /// [`incoming`](Self::incoming) to get it.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance_any<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        Ok(self.poll(inbox, outbox, true)?.is_some())
    }

    /// Refuses a request that is not complete in time: puts a response with status 408 into the outbox,
    /// and ends the opening. Flush the outbox and close the transport. If the outbox has no room for
    /// the response, flush it and call [`receive`](Self::receive), which puts it into the outbox.
    ///
    /// [`Deadlines::expire_opening`](crate::deadline::Deadlines::expire_opening) calls this.
    ///
    /// # Errors
    ///
    /// [`HandshakeOver`](Error::HandshakeOver): a request was returned or refused before.
    pub fn time_out(&mut self, outbox: &mut impl Outbox) -> Result<(), Error> {
        if core::mem::replace(self.over.get_mut(), true) {
            return Err(Error::HandshakeOver);
        }
        self.unsent = Some((Refusal::Timeout, false));
        // If the outbox has no room, the next call of `receive` tries again.
        let _ = self.send_refusal(outbox);
        Ok(())
    }

    /// The last WebSocket request received; `None` if there is none, or if the inbox was used
    /// since. Each call parses the head again.
    pub fn request<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<Request<'i>> {
        match self.reparse(inbox)? {
            Incoming::WebSocket(request) if self.last == LastRequest::WebSocket => Some(request),
            _ => None,
        }
    }

    /// The last request received, for a WebSocket or not; `None` if there is none, or if the inbox
    /// was used since. Each call parses the head again.
    pub fn incoming<'i, S: Storage>(&'i self, inbox: &'i Inbox<S>) -> Option<Incoming<'i>> {
        let incoming = self.reparse(inbox)?;
        match (self.last, &incoming) {
            (LastRequest::WebSocket, Incoming::WebSocket(_))
            | (LastRequest::Http, Incoming::Http(_)) => Some(incoming.ends_opening(&self.over)),
            _ => None,
        }
    }

    /// The refused request, for a log; `None` if no request was refused, if its head is incomplete
    /// or its request line malformed, or if the inbox was used since.
    ///
    /// ```
    /// # use hybi::{Inbox, Origins, server::{Error, Opening}};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    /// #     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    /// #     Sec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n\r\n";
    /// # let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    /// # assert_eq!(inbox.copy_from(head), head.len());
    /// let mut opening = Opening::new(Origins::same_host());
    /// if let Err(Error::Refused(refusal)) = opening.receive(&mut inbox, &mut outbox)
    ///     && let Some(request) = opening.refused(&inbox)
    /// {
    ///     let origin = request.origin().unwrap_or_default().escape_ascii();
    ///     println!("{refusal}: {} {} from {origin}", request.method(), request.target());
    /// }
    /// # assert_eq!(opening.refused(&inbox).unwrap().origin(), Some(&b"https://evil.example"[..]));
    /// ```
    pub fn refused<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<RefusedRequest<'i>> {
        if self.last != LastRequest::Refused {
            return None;
        }
        let (head, line) = reread_request(inbox.head()?)?;
        let known = head.fields().check();
        let headers = known.map_or(ReceivedHeaders::of_lines(&[]), |known| known.headers());
        Some(RefusedRequest::new(line, headers))
    }

    fn poll<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
        accept_http: bool,
    ) -> Result<Option<Incoming<'i>>, Error> {
        if *self.over.get_mut() {
            self.send_refusal(outbox)?;
            return Err(Error::HandshakeOver);
        }
        self.last = LastRequest::None;
        let capacity = inbox.max_capacity();
        let (bytes, cursor, mark) = inbox.parts_and_found();
        let received = bytes.get(cursor.unread..cursor.end).unwrap_or_default();
        let limits = self.scanner.limits();
        let scanned = self.scanner.scan(received, capacity);
        let (head, incoming) = match scanned {
            Ok(None) => {
                cursor.expect(1);
                return Ok(None);
            }
            Ok(Some(found)) => {
                let head = found.head(received);
                let line = self.scanner.start_line().request(head.line());
                self.scanner.reset();
                *mark = Found::Head(found.range(cursor.unread));
                cursor.pass(found.length());
                let line = line.ok_or(Refusal::Head(HeadFault::StartLine));
                let parse = |line| Incoming::parse(head, line, limits, Some(&self.origins));
                (head.bytes(), line.and_then(parse))
            }
            Err(fault) => (&[][..], Err(Refusal::Head(fault))),
        };
        let refusal = match incoming {
            Ok(Incoming::Http(request)) if !accept_http => {
                if request.asks_for_websocket {
                    Refusal::HttpVersion
                } else {
                    Refusal::NotWebSocket
                }
            }
            Ok(incoming) => {
                let (last, is_final) = match &incoming {
                    Incoming::WebSocket(_) => (LastRequest::WebSocket, true),
                    Incoming::Http(request) => (LastRequest::Http, request.is_last),
                };
                self.last = last;
                *self.over.get_mut() = is_final;
                return Ok(Some(incoming));
            }
            Err(refusal) => refusal,
        };
        // Discard whatever followed the refused request.
        cursor.clear();
        self.last = LastRequest::Refused;
        *self.over.get_mut() = true;
        self.unsent = Some((refusal, head.starts_with(b"HEAD ")));
        // If the outbox has no room, the next call tries again.
        let _ = self.send_refusal(outbox);
        Err(Error::Refused(refusal))
    }

    /// Puts the pending refusal into the outbox, if there is one.
    fn send_refusal(&mut self, outbox: &mut impl Outbox) -> Result<(), OutboxFull> {
        if let Some((refusal, answers_head)) = self.unsent {
            let response = refusal.response().answers_head(answers_head);
            response.send_with(refusal.fields(), outbox)?;
            self.unsent = None;
        }
        Ok(())
    }

    /// Parses the marked head again. The origin is checked again, too: another opening may have found
    /// the head in the same inbox.
    fn reparse<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<Incoming<'i>> {
        let (head, line) = reread_request(inbox.head()?)?;
        Incoming::parse(head, line, self.scanner.limits(), Some(&self.origins)).ok()
    }
}
