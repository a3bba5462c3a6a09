//! A client's request.

use core::fmt::Display;

use super::{
    Opening,
    offered::{Extensions, Offered, Subprotocols},
};
#[cfg(feature = "deflate")]
use crate::deflate::Deflate;
use crate::{
    Config, Error, Misuse,
    buffer::{Outbox, append_parts},
    extension,
    handshake::{Uri, key::Key, origin},
    http1::{
        HeadLimits, HeaderField,
        scanner::Scanner,
        start_line::Kind,
        to_send::{self, OwnFields},
        token::{NamesFault, check_names},
        write::format,
    },
    random::Entropy,
};

/// A request for a WebSocket to be completed and sent.
#[derive(Clone, Copy)]
#[must_use = "a request is sent by `send`"]
pub struct Request<'a> {
    uri: Uri<'a>,
    subprotocols: &'a [&'a str],
    requires_subprotocol: bool,
    extensions: &'a str,
    origin: Option<&'a str>,
    fields: OwnFields<'a>,
    limits: HeadLimits,
    config: Config,
    #[cfg(feature = "deflate")]
    deflate: Option<&'a Deflate>,
}

impl<'a> Request<'a> {
    /// Asks for the WebSocket of this URI.
    pub const fn new(uri: &Uri<'a>) -> Self {
        Self {
            uri: *uri,
            subprotocols: &[],
            requires_subprotocol: false,
            extensions: "",
            origin: None,
            fields: OwnFields::none(),
            limits: HeadLimits::new(),
            config: Config::new(),
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }

    /// Offers subprotocols, in order of preference.
    ///
    /// A server that chooses none is fine, unless they are
    /// [required](Self::require_subprotocol).
    pub const fn subprotocols(self, names: &'a [&'a str]) -> Self {
        Self { subprotocols: names, ..self }
    }

    /// Fails the handshake if the server chooses none of the subprotocols, as browsers do.
    pub const fn require_subprotocol(self) -> Self {
        Self { requires_subprotocol: true, ..self }
    }

    /// Offers extensions, in the words of `Sec-WebSocket-Extensions`.
    ///
    /// What the server accepts, it will use: offer only what you handle yourself, with
    /// [`frame`](crate::frame), because a [`Connection`](crate::Connection) knows nothing of it.
    pub const fn extensions(self, offers: &'a str) -> Self {
        Self { extensions: offers, ..self }
    }

    /// Offers compression with this policy.
    #[cfg(feature = "deflate")]
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Some(deflate), ..self }
    }

    /// Says which page asks: for browsers, and for whoever acts for one.
    pub const fn origin(self, origin: &'a str) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Further header fields, such as `Authorization` or `Cookie`.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// Limits on the head of the response.
    pub const fn limits(self, limits: HeadLimits) -> Self {
        Self { limits, ..self }
    }

    /// The settings of the connection.
    pub const fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Puts the request into the outbox, with randomness from the operating system.
    ///
    /// # Errors
    ///
    /// As for [`send_with`](Self::send_with).
    #[cfg(feature = "getrandom")]
    pub fn send(self, outbox: &mut impl Outbox) -> Result<Opening<'a>, Error> {
        self.send_with(crate::random::OsEntropy::new(), outbox)
    }

    /// Puts the request into the outbox, with randomness from the caller's source, which will
    /// serve the connection too.
    ///
    /// # Errors
    ///
    /// - [`Misuse::SubprotocolSyntax`], [`Misuse::SubprotocolTwice`],
    ///   [`Misuse::TooManySubprotocols`], [`Misuse::Extensions`], [`Misuse::Origin`],
    ///   [`Misuse::FieldName`], [`Misuse::FieldValue`], [`Misuse::ReservedField`].
    /// - [`OutboxFull`](Error::OutboxFull), [`Entropy`](Error::Entropy): nothing was written.
    pub fn send_with<E: Entropy>(
        self,
        mut entropy: E,
        outbox: &mut impl Outbox,
    ) -> Result<Opening<'a, E>, Error> {
        self.check()?;
        let key = Key::draw(&mut entropy)?;
        append_parts(outbox, |sink| self.write(&key, sink))?;
        let offered = Offered {
            accept: key.accept(),
            subprotocols: Subprotocols::Borrowed(self.subprotocols),
            extensions: Extensions::Borrowed(self.extensions),
            requires_subprotocol: self.requires_subprotocol,
            #[cfg(feature = "deflate")]
            deflate: self.deflate.map(std::borrow::Cow::Borrowed),
        };
        let scanner = Scanner::new(Kind::Response, self.limits);
        Ok(Opening::new(offered, self.config, scanner, entropy))
    }

    /// Refuses whatever could put more into the request than it says.
    fn check(&self) -> Result<(), Misuse> {
        let names = self.subprotocols.iter().map(|name| name.as_bytes());
        check_names(names).map_err(|fault| match fault {
            NamesFault::NotToken(index) => Misuse::SubprotocolSyntax { index },
            NamesFault::Repeated => Misuse::SubprotocolTwice,
            NamesFault::TooMany => Misuse::TooManySubprotocols(self.subprotocols.len()),
        })?;
        let offers = self.extensions.as_bytes();
        if !offers.is_empty() && extension::parse(offers).is_err() {
            return Err(Misuse::Extensions);
        }
        if self.origin.is_some_and(|origin| !origin::is_serialized(origin)) {
            return Err(Misuse::Origin);
        }
        // `Origin` has a setter of its own, so that there is never a second one.
        let mut fields = self.fields.iter();
        if let Some(index) = fields.position(|(name, _)| name.eq_ignore_ascii_case("Origin")) {
            return Err(Misuse::ReservedField { index, name: "Origin" });
        }
        Ok(to_send::check(&self.fields)?)
    }

    fn write(&self, key: &Key, sink: &mut dyn FnMut(&[u8])) {
        sink(b"GET ");
        for part in self.uri.resource_name().parts() {
            sink(part.as_bytes());
        }
        sink(b" HTTP/1.1\r\nHost: ");
        self.uri.authority().write(sink);
        sink(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
        sink(key.as_bytes());
        sink(b"\r\nSec-WebSocket-Version: 13\r\n");
        if let Some(origin) = self.origin {
            format(sink, format_args!("Origin: {origin}\r\n"));
        }
        write_list(sink, "Sec-WebSocket-Protocol", self.subprotocols.iter());
        let extensions = Some(self.extensions).filter(|offers| !offers.is_empty());
        write_list(sink, "Sec-WebSocket-Extensions", extensions.iter());
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.deflate {
            format(sink, format_args!("Sec-WebSocket-Extensions: {}\r\n", deflate.offer()));
        }
        to_send::write(&self.fields, sink);
        sink(b"\r\n");
    }
}

/// Shows neither the resource nor the subprotocols nor the values of fields, which may hold
/// credentials.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("uri", &self.uri)
            .field("extensions", &self.extensions)
            .field("origin", &self.origin)
            .field("fields", &self.fields)
            .field("limits", &self.limits)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Writes a field with a comma list, unless the list is empty.
fn write_list(
    sink: &mut dyn FnMut(&[u8]),
    name: &str,
    elements: impl Iterator<Item = impl Display>,
) {
    let mut is_empty = true;
    for element in elements {
        if is_empty {
            format(sink, format_args!("{name}: {element}"));
        } else {
            format(sink, format_args!(", {element}"));
        }
        is_empty = false;
    }
    if !is_empty {
        sink(b"\r\n");
    }
}
