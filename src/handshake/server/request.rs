//! A checked request.

use core::sync::atomic::AtomicBool;

#[cfg(feature = "alloc")]
use super::OwnedRequest;
use super::{
    Accept, HttpRequest, Refusal, Response,
    check::{self, Offer},
    cookie::cookies,
};
use crate::{
    extension::{self, Extension},
    handshake::{Origins, uri::Authority},
    http1::{
        Head, HeadLimits, ReceivedHeaders,
        body::{Message, has_body},
        known::{Known, Name},
        start_line::RequestLine,
        token::elements,
    },
};

/// A request to a server that serves WebSockets and plain HTTP on one port.
///
/// The enum is exhaustive: a request either asks for a WebSocket or does not.
#[derive(Clone, Debug)]
pub enum Incoming<'i> {
    /// A valid WebSocket request from an allowed origin.
    WebSocket(Request<'i>),
    /// Any other request.
    Http(HttpRequest<'i>),
}

/// A WebSocket request: every field is valid, and its origin is allowed.
///
/// It borrows the inbox. [Accept](Self::accept) or [reject](Self::reject) it.
#[derive(Clone)]
#[must_use = "call `accept` or `reject` to respond to a request"]
pub struct Request<'i> {
    line: RequestLine<'i>,
    path: &'i str,
    headers: ReceivedHeaders<'i>,
    /// What `to_owned` copies.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code))]
    pub(super) source: Source<'i>,
    pub(super) offer: Offer<'i>,
}

/// What a request was parsed from.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "alloc"), expect(dead_code))]
pub(super) enum Source<'i> {
    /// A head parsed by this crate.
    Head(&'i [u8]),
    /// The parts of a request that another HTTP implementation has parsed.
    #[cfg(feature = "http")]
    Http(&'i http::Uri, &'i http::HeaderMap),
    /// By an implementation of HTTP/2 or HTTP/3: its `:authority`.
    Connect(&'i str),
}

impl<'i> Incoming<'i> {
    /// Parses and checks a complete head. `origins` is `None` if its origin was checked before.
    pub(super) fn parse(
        head: Head<'i>,
        line: RequestLine<'i>,
        limits: HeadLimits,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let known = head.fields().check().map_err(Refusal::Head)?;
        known.check_lists(limits).map_err(Refusal::Head)?;
        let asks_for_websocket = check::asks_for_websocket(&known);
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        if asks_for_websocket && line.minor > 0 {
            return Request::check_request(head, line, &known, origins).map(Self::WebSocket);
        }
        if !check::has_valid_host(&known, line.minor) {
            return Err(Refusal::Host);
        }
        let is_last = is_last(line, &known);
        let headers = known.headers();
        Ok(Self::Http(HttpRequest::new(head, line, headers, asks_for_websocket, is_last)))
    }

    /// Makes the response to a plain HTTP request end the opening.
    pub(super) fn ends_opening(self, over: &'i AtomicBool) -> Self {
        match self {
            Self::Http(request) => Self::Http(request.ends_opening(over)),
            websocket @ Self::WebSocket(_) => websocket,
        }
    }
}

/// Whether no other request can follow this one: it ends the connection, or the bytes after its
/// head are not a request head.
fn is_last(line: RequestLine<'_>, known: &Known<'_>) -> bool {
    // RFC 9112, section 9.3.
    let persists = !known.has_token(Name::Connection, "close")
        && (line.minor > 0 || known.has_token(Name::Connection, "keep-alive"));
    // RFC 9110, section 9.3.6: the bytes after a CONNECT belong to the tunnel.
    !persists || has_body(&Message::Request(known)) || line.method == "CONNECT"
}

impl<'i> Request<'i> {
    /// The request target as it was sent: usually a path and a query.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The path of the target, without the query. Percent-encoding is not decoded.
    pub const fn path(&self) -> &'i str {
        self.path
    }

    /// The host and port of the request: those of an absolute target, otherwise those of the `Host`
    /// field, which an absolute target replaces (RFC 9112, section 3.2.2). Select virtual hosts by
    /// this value, not by the field.
    pub const fn host(&self) -> Authority<'i> {
        self.offer.host
    }

    /// All header fields.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }

    /// The value of the first cookie with this name in all `Cookie` fields (RFC 6265).
    ///
    /// ```
    /// # use hybi::{Inbox, Origins, server::Opening};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    /// #     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    /// #     Sec-WebSocket-Version: 13\r\nCookie: session=31d4d96e407aad42; lang=en-US\r\n\r\n";
    /// # let mut inbox = Inbox::with_capacity(1024);
    /// # assert_eq!(inbox.copy_from(head), head.len());
    /// # let mut opening = Opening::new(Origins::no_browser());
    /// # let request = opening.receive(&mut inbox, &mut Vec::new())?.ok_or("incomplete")?;
    /// assert_eq!(request.cookie("lang"), Some(&b"en-US"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cookie(&self, name: &str) -> Option<&'i [u8]> {
        let mut cookies = self.cookies();
        cookies.find(|(other, _)| *other == name.as_bytes()).map(|(_, value)| value)
    }

    /// The names and values of all cookies, in order and as they were sent: names are
    /// case-sensitive, and quotes are part of a value.
    pub fn cookies(&self) -> impl Iterator<Item = (&'i [u8], &'i [u8])> + Clone + use<'i> {
        cookies(self.headers)
    }

    /// The origin of the page that opens the connection, as it was sent; `None` if there is no
    /// `Origin` field, as from clients that are not browsers.
    pub const fn origin(&self) -> Option<&'i str> {
        self.offer.origin
    }

    /// The subprotocols that the client offers, in the client's order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'i str> + Clone {
        // All are tokens, and therefore ASCII.
        let lists = self.offer.subprotocols.all(Name::Protocol, self.headers);
        lists.flat_map(elements).filter_map(|name| core::str::from_utf8(name).ok())
    }

    /// The extensions that the client offers, in the client's order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'i>> + Clone {
        let lists = self.offer.extensions.all(Name::Extensions, self.headers);
        lists.flat_map(extension::parsed)
    }

    /// Starts a response that accepts the request. Call [`finish`](Accept::finish) to put it into
    /// the outbox and open the connection.
    pub const fn accept(self) -> Accept<'i> {
        Accept::new(self)
    }

    /// Starts a response that rejects the request with a status from 200 to 599, such as 401, 404
    /// or 307. Call [`send`](Response::send) to put it into the outbox. An extended CONNECT is rejected
    /// with 300 to 599, because 2xx would accept it, and by [`send_fields`](Response::send_fields).
    pub fn reject<'a>(self, status: u16) -> Response<'a> {
        Response::new(status).answers_connect(self.is_connect())
    }

    /// A copy of the request that does not borrow the inbox: it can be held across an `await` and
    /// moved to another thread.
    #[cfg(feature = "alloc")]
    pub fn to_owned(&self) -> OwnedRequest {
        OwnedRequest::of(self)
    }

    /// Checks a WebSocket request. `origins` is `None` if its origin was checked before.
    fn check_request(
        head: Head<'i>,
        line: RequestLine<'i>,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        if line.method != "GET" {
            return Err(Refusal::Method);
        }
        let (host, path) = check::parse_target(line.target).ok_or(Refusal::Target)?;
        Self::check_fields(Source::Head(head.bytes()), line, path, host, known, origins)
    }

    /// Checks the fields of a request with this path, and with the host of its target if that is in
    /// absolute form.
    pub(super) fn check_fields(
        source: Source<'i>,
        line: RequestLine<'i>,
        path: &'i str,
        host: Option<Authority<'i>>,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let offer = check::check_offer(known, host)?;
        Self::of_offer(source, line, path, known.headers(), offer, origins)
    }

    /// Checks the origin, unless it was checked before.
    #[inline]
    pub(super) fn of_offer(
        source: Source<'i>,
        line: RequestLine<'i>,
        path: &'i str,
        headers: ReceivedHeaders<'i>,
        offer: Offer<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        if origins.is_some_and(|origins| !origins.allow(offer.origin, offer.host)) {
            return Err(Refusal::Origin);
        }
        Ok(Self { line, path, headers, source, offer })
    }
}

/// Omits the target, the subprotocols and the values of fields, which may contain credentials.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .field("origin", &self.offer.origin)
            .finish_non_exhaustive()
    }
}
