//! A request, judged.

use super::{
    Accept, Refusal, Response,
    check::{self, Offer},
};
use crate::{
    extension::{self, Extension},
    handshake::{Origins, Uri, uri::Authority},
    http1::{
        Head, HeadLimits, ReceivedHeaders,
        known::{Known, Name},
        start_line::RequestLine,
        token::elements,
    },
};
use core::sync::atomic::AtomicBool;

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
#[derive(Clone)]
#[must_use = "a request is to be accepted or rejected"]
pub struct Request<'i> {
    line: RequestLine<'i>,
    path: &'i str,
    fields: ReceivedHeaders<'i>,
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
    fields: ReceivedHeaders<'i>,
    /// Whether it would be one for a WebSocket if it were not of HTTP/1.0.
    pub(super) asks_for_websocket: bool,
    /// Whether no other request follows it.
    pub(super) is_last: bool,
    /// Whether the opening is over, to be set once an answer says so.
    pub(super) over: Option<&'i AtomicBool>,
}

impl<'i> Incoming<'i> {
    /// Takes a complete head apart and judges it.
    pub(super) fn parse(
        head: Head<'i>,
        line: RequestLine<'i>,
        limits: HeadLimits,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        let known = head.fields().check().map_err(Refusal::Head)?;
        known.check_lists(limits).map_err(Refusal::Head)?;
        let fields = known.headers();
        let asks_for_websocket = check::asks_for_websocket(&known);
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        if asks_for_websocket && line.minor > 0 {
            return Request::judge(line, fields, &known, origins).map(Self::WebSocket);
        }
        if !check::has_valid_host(&known, line.minor) {
            return Err(Refusal::Host);
        }
        let is_last = is_last(line, &known);
        let head = head.bytes();
        let over = None;
        let request = HttpRequest { head, line, fields, asks_for_websocket, is_last, over };
        Ok(Self::Http(request))
    }
}

/// Whether no other request can follow this one, because it ends the connection, or because the
/// bytes after its head are something else.
fn is_last(line: RequestLine<'_>, known: &Known<'_>) -> bool {
    // RFC 9112, section 9.3.
    let persists = !known.has_token(Name::Connection, "close")
        && (line.minor > 0 || known.has_token(Name::Connection, "keep-alive"));
    let has_body = !known.values(Name::TransferEncoding).is_empty()
        || known.all(Name::ContentLength).any(|length| length != b"0");
    // RFC 9110, section 9.3.6: what follows CONNECT is for the tunnel.
    !persists || has_body || line.method == "CONNECT"
}

/// Shows the method and the fields' names: the target, the subprotocols and the values of fields may
/// hold credentials.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("line", &self.line)
            .field("fields", &self.fields)
            .field("origin", &self.offer.origin)
            .finish_non_exhaustive()
    }
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

    /// Judges a request that asks for a WebSocket.
    pub(super) fn judge(
        line: RequestLine<'i>,
        fields: ReceivedHeaders<'i>,
        known: &Known<'i>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        if line.method != "GET" {
            return Err(Refusal::Method);
        }
        let (host, path) = parse_target(line.target).ok_or(Refusal::Target)?;
        Self::judge_fields(line, path, host, fields, known, origins)
    }

    /// Judges a request whose target names this path, and perhaps a host.
    pub(super) fn judge_fields(
        line: RequestLine<'i>,
        path: &'i str,
        host: Option<Authority<'i>>,
        fields: ReceivedHeaders<'i>,
        known: &Known<'i>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        let offer = check::check_offer(known, host)?;
        if !origins.allow(offer.origin, offer.host) {
            return Err(Refusal::Origin);
        }
        Ok(Self { line, path, fields, offer })
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
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.fields
    }

    /// The whole head as it was sent, with the empty line that ends it.
    pub const fn head(&self) -> &'i [u8] {
        self.head
    }

    /// Begins to answer it with a status from 200 to 599; [`send`](Response::send) does. A request
    /// with HEAD gets no body.
    pub fn respond(self, status: u16) -> Response<'i> {
        Response::new(status).without_body(self.line.method == "HEAD").ends(self.over)
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

/// The host in a target, if it is of the absolute form, and its path (RFC 9112, section 3.2).
fn parse_target(target: &str) -> Option<(Option<Authority<'_>>, &str)> {
    if target.starts_with('/') {
        return Some((None, target.split('?').next()?));
    }
    let (host, path) = Uri::parse_target(target).ok()?;
    Some((Some(host), path))
}
