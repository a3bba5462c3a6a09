//! A request, and what a server makes of it.

use super::Refusal;
#[cfg(feature = "deflate")]
use crate::extension::deflate::{self, Accepted, Deflate};
use crate::{
    Config, Connection, Error, Misuse, Server,
    buffer::Outbox,
    extension::{self, Extension},
    handshake::{
        Field, Fields, Origins, Response, Uri,
        field::{self, OwnFields},
        head::RequestLine,
        negotiation::{self, Offer},
        response,
    },
};

/// A request on a port that serves both.
#[derive(Clone, Copy, Debug)]
pub enum Incoming<'i> {
    /// A sound request for a WebSocket, from an origin that is let in.
    WebSocket(Request<'i>),
    /// Any other request.
    Http(HttpRequest<'i>),
}

/// A request for a WebSocket: sound in every field, from an origin that is let in.
///
/// It lies in the inbox. [Accept](Self::accept) or [reject](Self::reject) it.
#[derive(Clone, Copy, Debug)]
#[must_use = "a request is to be accepted or rejected"]
pub struct Request<'i> {
    line: RequestLine<'i>,
    fields: Fields<'i>,
    offer: Offer<'i>,
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
    pub(super) fn parse(head: &'i [u8], origins: &Origins<'_>) -> Result<Self, Refusal> {
        let (line, fields) = RequestLine::parse(head).map_err(Refusal::Head)?;
        if !negotiation::asks_for_websocket(fields.iter()) {
            return Ok(Self::Http(HttpRequest { head, line, fields }));
        }
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
        let offer = negotiation::check_offer(&fields.iter())?;
        if !origins.allow(offer.origin, offer.host) {
            return Err(Refusal::Origin);
        }
        Ok(Self::WebSocket(Request { line, fields, offer }))
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
        negotiation::subprotocols(self.fields.iter())
            .filter_map(|name| core::str::from_utf8(name).ok())
    }

    /// The extensions that the client offers, in order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'i>> + Clone {
        let fields = self.fields.all("Sec-WebSocket-Extensions");
        fields.filter_map(|value| extension::parse(value).ok()).flatten()
    }

    /// Begins to accept it; [`finish`](Accept::finish) does.
    pub const fn accept(self) -> Accept<'i> {
        Accept {
            request: self,
            subprotocol: None,
            fields: OwnFields(&[]),
            config: Config::new(),
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }

    /// Begins to reject it with a status from 200 to 599, such as 401, 404 or 307;
    /// [`send`](Response::send) does.
    pub const fn reject(self, status: u16) -> Response<'i> {
        Response::new(status)
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

/// An acceptance to be completed.
#[derive(Clone, Copy, Debug)]
#[must_use = "an acceptance is sent by `finish`"]
pub struct Accept<'a> {
    request: Request<'a>,
    subprotocol: Option<&'a str>,
    fields: OwnFields<'a>,
    config: Config,
    #[cfg(feature = "deflate")]
    deflate: Option<&'a Deflate>,
}

impl<'a> Accept<'a> {
    /// Chooses a subprotocol, one that the client offers.
    pub const fn subprotocol(self, name: &'a str) -> Self {
        Self { subprotocol: Some(name), ..self }
    }

    /// Header fields to send along, such as cookies.
    pub const fn headers(self, fields: &'a [Field<'a>]) -> Self {
        Self { fields: OwnFields(fields), ..self }
    }

    /// The settings of the connection.
    pub const fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Accepts compression, if the client offers what this policy can accept.
    #[cfg(feature = "deflate")]
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Some(deflate), ..self }
    }

    /// Puts the response into the outbox: the connection is open.
    ///
    /// # Errors
    ///
    /// - [`Misuse::SubprotocolNotOffered`], [`Misuse::FieldName`], [`Misuse::FieldValue`],
    ///   [`Misuse::ReservedField`].
    /// - [`OutboxFull`](Error::OutboxFull): nothing was written.
    pub fn finish(self, outbox: &mut impl Outbox) -> Result<Connection<Server>, Error> {
        // Section 4.2.2: only what the client offers.
        if let Some(name) = self.subprotocol
            && !self.request.subprotocols().any(|offered| offered == name)
        {
            return Err(Misuse::SubprotocolNotOffered.into());
        }
        field::check(self.fields)?;
        #[cfg(feature = "deflate")]
        let agreed = self.agree_on_deflate();
        let accept = self.request.offer.key.accept();
        response::append(outbox, |sink| {
            sink(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                  Connection: Upgrade\r\nSec-WebSocket-Accept: ",
            );
            sink(&accept);
            sink(b"\r\n");
            if let Some(name) = self.subprotocol {
                field::write(OwnFields(&[("Sec-WebSocket-Protocol", name)]), sink);
            }
            #[cfg(feature = "deflate")]
            if let Some((_, accepted)) = &agreed {
                sink(b"Sec-WebSocket-Extensions: ");
                response::format(sink, format_args!("{}\r\n", accepted.answer));
            }
            field::write(self.fields, sink);
            sink(b"\r\n");
        })?;
        let websocket = Connection::server(self.config);
        #[cfg(feature = "deflate")]
        if let Some((deflate, accepted)) = agreed {
            return Ok(websocket.with_deflate(deflate, accepted.parameters));
        }
        Ok(websocket)
    }

    #[cfg(feature = "deflate")]
    fn agree_on_deflate(&self) -> Option<(&'a Deflate, Accepted)> {
        let offers = self.request.extensions().filter(|offer| offer.name() == deflate::NAME);
        let deflate = self.deflate?;
        Some((deflate, deflate.accept(offers)?))
    }
}

/// The path in a target, of the origin form or of the absolute form (RFC 9112, section 3.2).
fn path_of(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return target.split('?').next();
    }
    Uri::parse_http(target).ok().map(|url| url.path())
}
