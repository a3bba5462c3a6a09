//! A request, judged.

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

/// A request on a port that serves both.
///
/// It is exhaustive: a request asks for a WebSocket, or it does not.
#[derive(Clone, Debug)]
pub enum Incoming<'i> {
    /// A sound request for a WebSocket, from an origin that is let in.
    WebSocket(Request<'i>),
    /// Any other request.
    Http(HttpRequest<'i>),
}

/// A request for a WebSocket: sound in every field, from an origin that is let in.
///
/// It lies in the inbox. [Accept](Self::accept) or [reject](Self::reject) it.
#[derive(Clone)]
#[must_use = "a request is to be accepted or rejected"]
pub struct Request<'i> {
    line: RequestLine<'i>,
    path: &'i str,
    headers: ReceivedHeaders<'i>,
    /// For `to_owned`.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code))]
    source: Source<'i>,
    pub(super) offer: Offer<'i>,
}

/// What a request was taken apart from.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "alloc"), expect(dead_code))]
pub(super) enum Source<'i> {
    /// Its head, by this crate.
    Head(&'i [u8]),
    /// By another implementation of HTTP.
    #[cfg(feature = "http")]
    Http(&'i http::Uri, &'i http::HeaderMap),
}

impl<'i> Incoming<'i> {
    /// Takes a complete head apart and judges it; its origin only if there is a policy for it.
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
            return Request::judge(head, line, &known, origins).map(Self::WebSocket);
        }
        if !check::has_valid_host(&known, line.minor) {
            return Err(Refusal::Host);
        }
        let is_last = is_last(line, &known);
        let headers = known.headers();
        Ok(Self::Http(HttpRequest::new(head, line, headers, asks_for_websocket, is_last)))
    }

    /// Has the answer to a plain request end the opening.
    pub(super) fn ending(self, over: &'i AtomicBool) -> Self {
        match self {
            Self::Http(request) => Self::Http(request.ending(over)),
            websocket @ Self::WebSocket(_) => websocket,
        }
    }
}

/// Whether no other request can follow this one, because it ends the connection, or because the
/// bytes after its head are something else.
fn is_last(line: RequestLine<'_>, known: &Known<'_>) -> bool {
    // RFC 9112, section 9.3.
    let persists = !known.has_token(Name::Connection, "close")
        && (line.minor > 0 || known.has_token(Name::Connection, "keep-alive"));
    // RFC 9110, section 9.3.6: what follows CONNECT is for the tunnel.
    !persists || has_body(&Message::Request(known)) || line.method == "CONNECT"
}

impl<'i> Request<'i> {
    /// The target as it was sent: usually a path with its query.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The path of the target, without the query. It is not decoded.
    pub const fn path(&self) -> &'i str {
        self.path
    }

    /// The host that the request is for, and the port if it names one: that of an absolute target,
    /// otherwise that of the `Host` field, which an absolute target replaces (RFC 9112, section
    /// 3.2.2). Choose a virtual host by this, and not by the field.
    pub const fn host(&self) -> Authority<'i> {
        self.offer.host
    }

    /// All header fields.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }

    /// The value of the first cookie of this name, over all `Cookie` fields (RFC 6265).
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

    /// The names and values of all cookies, in order, as they were sent: names compare with regard
    /// to case, and quotes are part of a value.
    pub fn cookies(&self) -> impl Iterator<Item = (&'i [u8], &'i [u8])> + Clone + use<'i> {
        cookies(self.headers)
    }

    /// The origin of the page that asks, as it was sent; `None` from a client that is no browser.
    pub const fn origin(&self) -> Option<&'i str> {
        self.offer.origin
    }

    /// The subprotocols that the client offers, in order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'i str> + Clone {
        // All are tokens, and so ASCII.
        let lists = self.offer.subprotocols.all(Name::Protocol, self.headers);
        lists.flat_map(elements).filter_map(|name| core::str::from_utf8(name).ok())
    }

    /// The extensions that the client offers, in order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'i>> + Clone {
        let lists = self.offer.extensions.all(Name::Extensions, self.headers);
        lists.flat_map(extension::parsed)
    }

    /// Begins to accept it; [`finish`](Accept::finish) does.
    pub const fn accept(self) -> Accept<'i> {
        Accept::new(self)
    }

    /// Begins to reject it with a status from 200 to 599, such as 401, 404 or 307;
    /// [`send`](Response::send) does.
    pub fn reject<'a>(self, status: u16) -> Response<'a> {
        Response::new(status)
    }

    /// The request without its borrow of the inbox: it can be held across an `await`, and moved to
    /// another thread.
    #[cfg(feature = "alloc")]
    pub fn to_owned(&self) -> OwnedRequest {
        OwnedRequest::of(self.source)
    }

    /// Judges a request that asks for a WebSocket; its origin only if there is a policy for it.
    fn judge(
        head: Head<'i>,
        line: RequestLine<'i>,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        if line.method != "GET" {
            return Err(Refusal::Method);
        }
        let (host, path) = check::parse_target(line.target).ok_or(Refusal::Target)?;
        Self::judge_fields(Source::Head(head.bytes()), line, path, host, known, origins)
    }

    /// Judges a request whose target names this path, and perhaps a host.
    pub(super) fn judge_fields(
        source: Source<'i>,
        line: RequestLine<'i>,
        path: &'i str,
        host: Option<Authority<'i>>,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let offer = check::check_offer(known, host)?;
        if origins.is_some_and(|origins| !origins.allow(offer.origin, offer.host)) {
            return Err(Refusal::Origin);
        }
        Ok(Self { source, line, path, headers: known.headers(), offer })
    }
}

/// Shows the method and the fields' names: the target, the subprotocols and the values of fields may
/// hold credentials.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .field("origin", &self.offer.origin)
            .finish_non_exhaustive()
    }
}
