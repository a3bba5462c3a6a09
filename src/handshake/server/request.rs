//! A request, judged.

use super::{Accept, Refusal};
use crate::{
    extension::{self, Extension},
    handshake::{
        Fields, Origins, Response, Uri,
        head::{Head, RequestLine},
        known::{Known, Name},
        negotiation::{self, FieldRef, Offer},
        token::elements,
    },
};

/// A request on a port that serves both.
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
#[derive(Clone, Debug)]
#[must_use = "a request is to be accepted or rejected"]
pub struct Request<'i> {
    line: RequestLine<'i>,
    fields: Fields<'i>,
    pub(super) offer: Offer<'i>,
}

/// A request that asks for no WebSocket. Only its head has been read.
///
/// [Answer](Self::respond) it, or hand its [head](Self::head) and the [unread] bytes of the inbox
/// to an HTTP server.
///
/// [unread]: crate::Inbox::unread
#[derive(Clone, Copy)]
pub struct HttpRequest<'i> {
    head: &'i [u8],
    line: RequestLine<'i>,
    fields: Fields<'i>,
}

impl<'i> Incoming<'i> {
    /// Takes a complete head apart and judges it.
    pub(super) fn parse(head: Head<'i>, origins: &Origins<'_>) -> Result<Self, Refusal> {
        let (line, lines) = RequestLine::parse(head).map_err(Refusal::Head)?;
        let judged = lines.check(|fields, headers| {
            let each = headers.iter().map(|header| (header.name, header.value));
            let known = Known::among(each);
            if !negotiation::asks_for_websocket(&known) {
                return Ok(Self::Http(HttpRequest { head: head.bytes(), line, fields }));
            }
            Request::judge(line, fields, &known, origins).map(Self::WebSocket)
        });
        judged.map_err(Refusal::Head)?
    }
}

impl<'i> Request<'i> {
    /// The target as it was sent: usually a path with its query.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The path of the target, without the query. It is not decoded.
    pub fn path(&self) -> &'i str {
        path_of(self.line.target).unwrap_or_default()
    }

    /// All header fields.
    pub const fn headers(&self) -> Fields<'i> {
        self.fields
    }

    /// The origin of the page that asks, as it was sent; `None` from a client that is no browser.
    pub const fn origin(&self) -> Option<&'i str> {
        self.offer.origin
    }

    /// The subprotocols that the client offers, in order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'i str> + Clone {
        // All are tokens, and so ASCII.
        let lists = self.offer.subprotocols.all(Name::Protocol, self.fields.iter());
        lists.flat_map(elements).filter_map(|name| core::str::from_utf8(name).ok())
    }

    /// The extensions that the client offers, in order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'i>> + Clone {
        let lists = self.offer.extensions.all(Name::Extensions, self.fields.iter());
        lists.filter_map(|value| extension::parse(value).ok()).flatten()
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

    /// Judges a request that asks for a WebSocket.
    pub(super) fn judge(
        line: RequestLine<'i>,
        fields: Fields<'i>,
        known: &Known<'i, impl Iterator<Item = FieldRef<'i>> + Clone>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        // RFC 9110, section 7.8: HTTP/1.0 knows no upgrade.
        if line.minor == 0 {
            return Err(Refusal::HttpVersion);
        }
        if line.method != "GET" {
            return Err(Refusal::Method);
        }
        if path_of(line.target).is_none() {
            return Err(Refusal::Target);
        }
        let offer = negotiation::check_offer(known)?;
        if !origins.allow(offer.origin, offer.host) {
            return Err(Refusal::Origin);
        }
        Ok(Self { line, fields, offer })
    }
}

impl<'i> HttpRequest<'i> {
    /// The method, such as `GET`.
    pub const fn method(&self) -> &'i str {
        self.line.method
    }

    /// The target as it was sent.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// All header fields.
    pub const fn headers(&self) -> Fields<'i> {
        self.fields
    }

    /// The whole head as it was sent, with the empty line that ends it.
    pub const fn head(&self) -> &'i [u8] {
        self.head
    }

    /// Whether a body follows the head, so that the next request does not.
    pub(super) fn has_body(&self) -> bool {
        let lengths_are_zero = self.fields.all("Content-Length").all(|value| value == b"0");
        !lengths_are_zero || self.fields.get("Transfer-Encoding").is_some()
    }

    /// Begins to answer it with a status from 200 to 599; [`send`](Response::send) does. A request
    /// with HEAD gets no body.
    pub fn respond(self, status: u16) -> Response<'i> {
        Response::new(status).without_body(self.line.method == "HEAD")
    }
}

/// Shows no more of the head than its fields' names.
impl core::fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("line", &self.line)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// The path in a target, of the origin form or of the absolute form (RFC 9112, section 3.2).
fn path_of(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return target.split('?').next();
    }
    Uri::parse_http(target).ok().map(|url| url.path())
}
