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
//! let mut opening = Opening::new(Origins::list(&["http://example.com"]));
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
#[cfg(feature = "http")]
mod http;
mod refusal;
mod request;
mod response;

pub use accept::Accept;
pub use refusal::Refusal;
pub use request::{HttpRequest, Incoming, Request};
pub use response::Response;

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Origins;
use crate::{
    Error, Misuse,
    buffer::{Inbox, Outbox, Parts, Storage},
    http1::{HeadFault, HeadLimits, scanner::Scanner, start_line::Kind},
};

/// A server's connection on which a request is awaited.
#[derive(Debug)]
pub struct Opening<'a> {
    origins: Origins<'a>,
    scanner: Scanner,
    /// Whether a request was handed out, answered or refused that ends the opening. A response sets
    /// it from afar: the request that it answers may be on another thread by then.
    over: AtomicBool,
}

impl Clone for Opening<'_> {
    fn clone(&self) -> Self {
        let over = AtomicBool::new(self.over.load(Relaxed));
        Self { origins: self.origins, scanner: self.scanner.clone(), over }
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
        Self { origins, scanner, over: AtomicBool::new(false) }
    }

    /// Looks for a request for a WebSocket; `None` as long as it is not complete.
    ///
    /// Give the peer a deadline of your own: it may never complete one.
    ///
    /// # Errors
    ///
    /// - [`Refused`](Error::Refused): the request is no WebSocket's, or is malformed, or comes
    ///   from an origin that is not let in. The HTTP response that says so is in the outbox, what
    ///   else came is dropped: write the outbox out and close the transport.
    /// - [`Misuse::HandshakeOver`]: a request has been handed out or refused.
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
    /// - has a body, which is for the caller to read,
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
        let mut incoming = self.take(inbox, outbox, true)?;
        if let Some(Incoming::Http(request)) = &mut incoming {
            request.over = Some(&self.over);
        }
        Ok(incoming)
    }

    fn take<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
        serves_http: bool,
    ) -> Result<Option<Incoming<'i>>, Error> {
        if *self.over.get_mut() {
            return Err(Misuse::HandshakeOver.into());
        }
        let capacity = inbox.max_capacity();
        let Parts { bytes, cursor, .. } = inbox.parts();
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
                cursor.pass(found.length());
                let line = line.ok_or(Refusal::Head(HeadFault::StartLine));
                let parse = |line| Incoming::parse(head, line, limits, &self.origins);
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
                let is_last = match &incoming {
                    Incoming::WebSocket(_) => true,
                    Incoming::Http(request) => request.is_last,
                };
                *self.over.get_mut() = is_last;
                return Ok(Some(incoming));
            }
            Err(refusal) => refusal,
        };
        // Discard what follows a request that is refused.
        cursor.clear();
        *self.over.get_mut() = true;
        let response = refusal.response().without_body(head.starts_with(b"HEAD "));
        // If the outbox has no room for it, the transport is closed without an answer.
        match response.send_with(refusal.fields(), outbox) {
            Ok(()) | Err(_) => Err(Error::Refused(refusal)),
        }
    }
}
