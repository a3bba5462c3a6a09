//! The server's side of the opening handshake (RFC 6455, section 4.2).
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
mod cookie;
mod error;
#[cfg(feature = "http")]
mod http;
mod http_request;
#[cfg(feature = "alloc")]
mod owned;
mod refusal;
mod refused;
mod request;
mod response;

pub use accept::Accept;
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

/// A server's connection on which a request is awaited.
///
/// [`receive`](Self::receive) returns the request as soon as it is complete. A function that waits for
/// it in a loop and returns it cannot be written with `receive`, because Rust considers the inbox
/// borrowed in every round. [`advance`](Self::advance) until there is a request, then look at it with
/// [`request`](Self::request):
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
    /// What the last complete request was found to be.
    judged: Judged,
    /// A refusal for which the outbox had no room, and whether it answers HEAD.
    unsent: Option<(Refusal, bool)>,
    /// Whether a request was handed out, answered or refused that ends the opening. A response sets
    /// it from afar: the request that it answers may be on another thread by then.
    over: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    /// There is none yet.
    Nothing,
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
    /// Awaits a request from the origins that this server lets in.
    pub const fn new(origins: Origins<'a>) -> Self {
        Self::with_limits(origins, HeadLimits::new())
    }

    /// The same, with other limits on the request's head.
    pub const fn with_limits(origins: Origins<'a>, limits: HeadLimits) -> Self {
        let scanner = Scanner::new(Kind::Request, limits);
        let over = AtomicBool::new(false);
        Self { origins, scanner, judged: Judged::Nothing, unsent: None, over }
    }

    /// Looks for a request for a WebSocket; `None` as long as it is not complete.
    ///
    /// Give the peer a deadline of your own: it may never complete one. When it passes, answer with
    /// [`Response::new(408)`](Response::new), or not at all, and close the transport.
    ///
    /// # Errors
    ///
    /// - [`Refused`](Error::Refused): the request is no WebSocket's, or is malformed, or comes
    ///   from an origin that is not let in. The HTTP response that says so is in the outbox, what
    ///   else came is dropped: write the outbox out and close the transport. If the outbox has no
    ///   room for the response, write out what it holds and call this again: that puts the response
    ///   there and returns `HandshakeOver`. [`refused`](Self::refused) shows the request.
    /// - [`HandshakeOver`](Error::HandshakeOver): a request has been handed out or refused.
    /// - [`OutboxFull`](Error::OutboxFull): there is still no room for the response to a request
    ///   that was refused.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Request<'i>>, Error> {
        match self.take(inbox, outbox, false)? {
            Some(Incoming::WebSocket(request)) => Ok(Some(request)),
            _ => Ok(None),
        }
    }

    /// As [`receive`](Self::receive), but hands out requests that ask for no WebSocket as well, so
    /// that one port serves both. A request of HTTP/1.0 is one of these, also with `Upgrade` (RFC
    /// 9110, section 7.8).
    ///
    /// After such a request the opening awaits the next one, unless none can follow, because the
    /// request
    ///
    /// - has a body, which is for the caller to read: see [`HttpRequest`],
    /// - is a CONNECT,
    /// - says `Connection: close`, or is of HTTP/1.0 and does not say `Connection: keep-alive` (RFC
    ///   9112, section 9.3), or
    /// - was answered with [`respond`](HttpRequest::respond), which says `Connection: close`.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn receive_any<'i, S: Storage>(
        &'i mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Incoming<'i>>, Error> {
        let incoming = self.take(inbox, outbox, true)?;
        Ok(incoming.map(|incoming| incoming.ending(&self.over)))
    }

    /// As [`receive`](Self::receive), but returns whether there is a request, which
    /// [`request`](Self::request) then shows.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        Ok(self.take(inbox, outbox, false)?.is_some())
    }

    /// As [`receive_any`](Self::receive_any), but returns whether there is a request, which
    /// [`incoming`](Self::incoming) then shows.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance_any<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        Ok(self.take(inbox, outbox, true)?.is_some())
    }

    /// The request for a WebSocket that was received last; `None` if there is none, or if the inbox
    /// has been used since. Each call parses it again.
    pub fn request<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<Request<'i>> {
        match self.look(inbox)? {
            Incoming::WebSocket(request) if self.judged == Judged::WebSocket => Some(request),
            _ => None,
        }
    }

    /// The request that was received last, for a WebSocket or not; `None` if there is none, or if the
    /// inbox has been used since. Each call parses it again.
    pub fn incoming<'i, S: Storage>(&'i self, inbox: &'i Inbox<S>) -> Option<Incoming<'i>> {
        let incoming = self.look(inbox)?;
        match (self.judged, &incoming) {
            (Judged::WebSocket, Incoming::WebSocket(_)) | (Judged::Http, Incoming::Http(_)) => {
                Some(incoming.ending(&self.over))
            }
            _ => None,
        }
    }

    /// The request that was refused, for a log; `None` if none was refused, if its request line is
    /// malformed or its head is not complete, or if the inbox has been used since.
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
        if self.judged != Judged::Refused {
            return None;
        }
        let (head, line) = reread_request(inbox.head()?)?;
        let known = head.fields().check();
        let headers = known.map_or(ReceivedHeaders::of_lines(&[]), |known| known.headers());
        Some(RefusedRequest::new(line, headers))
    }

    fn take<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
        serves_http: bool,
    ) -> Result<Option<Incoming<'i>>, Error> {
        if *self.over.get_mut() {
            self.send_refusal(outbox)?;
            return Err(Error::HandshakeOver);
        }
        self.judged = Judged::Nothing;
        let capacity = inbox.max_capacity();
        let (bytes, cursor, mark) = inbox.parts_and_found();
        let received = &bytes[cursor.unread..cursor.end];
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
            Ok(Incoming::Http(request)) if !serves_http => {
                let is_old = request.asks_for_websocket;
                if is_old { Refusal::HttpVersion } else { Refusal::NotWebSocket }
            }
            Ok(incoming) => {
                let (judged, is_last) = match &incoming {
                    Incoming::WebSocket(_) => (Judged::WebSocket, true),
                    Incoming::Http(request) => (Judged::Http, request.is_last),
                };
                self.judged = judged;
                *self.over.get_mut() = is_last;
                return Ok(Some(incoming));
            }
            Err(refusal) => refusal,
        };
        // Discard what follows a request that is refused.
        cursor.clear();
        self.judged = Judged::Refused;
        *self.over.get_mut() = true;
        self.unsent = Some((refusal, head.starts_with(b"HEAD ")));
        // If there is no room for it yet, it waits.
        let _ = self.send_refusal(outbox);
        Err(Error::Refused(refusal))
    }

    /// Puts the refusal that waits into the outbox, if there is one.
    fn send_refusal(&mut self, outbox: &mut impl Outbox) -> Result<(), OutboxFull> {
        if let Some((refusal, answers_head)) = self.unsent {
            let response = refusal.response().answers_head(answers_head);
            response.send_with(refusal.fields(), outbox)?;
            self.unsent = None;
        }
        Ok(())
    }

    /// Takes the marked head apart. Its origin is not judged again.
    fn look<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<Incoming<'i>> {
        let (head, line) = reread_request(inbox.head()?)?;
        Incoming::parse(head, line, self.scanner.limits(), None).ok()
    }
}
