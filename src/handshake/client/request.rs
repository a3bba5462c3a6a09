//! A client's request.

#[cfg(feature = "deflate")]
mod compression;

use core::fmt::Display;

use super::{
    Error, Opening,
    authorization::Authorization,
    offered::{Extensions, Offered, Subprotocols},
};
use crate::{
    buffer::{Outbox, append_parts},
    config::Config,
    deflate::Policy,
    extension,
    handshake::{Uri, key::Key, origin},
    http1::{
        FieldError, HeadLimits, HeaderField,
        scanner::Scanner,
        start_line::Kind,
        to_send::{self, OwnFields},
        token::{NamesFault, check_names, target_length},
        write::format,
    },
    random::Entropy,
};

/// A request for a WebSocket to be completed and sent.
#[derive(Clone)]
#[must_use = "a request is sent by `send`"]
pub struct Request<'a> {
    uri: Uri<'a>,
    /// In place of what the URI names.
    target: Option<&'a str>,
    subprotocols: &'a [&'a str],
    requires_subprotocol: bool,
    extensions: &'a str,
    origin: Option<&'a str>,
    authorization: Option<Authorization<'a>>,
    fields: OwnFields<'a>,
    limits: HeadLimits,
    config: Config,
    deflate: Policy<'a>,
}

impl<'a> Request<'a> {
    /// Asks for the WebSocket of this URI.
    pub const fn new(uri: &Uri<'a>) -> Self {
        Self {
            uri: *uri,
            target: None,
            subprotocols: &[],
            requires_subprotocol: false,
            extensions: "",
            origin: None,
            authorization: None,
            fields: OwnFields::none(),
            limits: HeadLimits::new(),
            config: Config::new(),
            deflate: Policy::NONE,
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

    /// Says which page asks: for browsers, and for whoever acts for one.
    pub const fn origin(self, origin: &'a str) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Sends this request target in place of the path and the query of the URI, byte for byte: for a
    /// gateway that passes on what it received.
    ///
    /// Browsers send some characters as they are that [`Uri::parse`] refuses, such as `[`, `|`, or a
    /// percent sign alone, and a server of this crate accepts them.
    pub const fn target(self, target: &'a str) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Says who asks, by a user name and a password (RFC 7617). Without TLS, anybody on the way can
    /// read both.
    pub const fn basic_auth(self, user: &'a str, password: &'a str) -> Self {
        Self { authorization: Some(Authorization::Basic { user, password }), ..self }
    }

    /// Says who asks, by a token (RFC 6750). Without TLS, anybody on the way can read it.
    pub const fn bearer(self, token: &'a str) -> Self {
        Self { authorization: Some(Authorization::Bearer(token)), ..self }
    }

    /// Adds a header field, such as `Cookie`; up to 16 of them. Use [`headers`](Self::headers) for
    /// more.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Header fields, such as `Cookie` or `User-Agent`. They come before those that are added one by
    /// one.
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
    /// [`SubprotocolSyntax`](Error::SubprotocolSyntax),
    /// [`SubprotocolTwice`](Error::SubprotocolTwice),
    /// [`TooManySubprotocols`](Error::TooManySubprotocols), [`Extensions`](Error::Extensions),
    /// [`Origin`](Error::Origin), [`Target`](Error::Target), [`UserName`](Error::UserName),
    /// [`Password`](Error::Password), [`BearerToken`](Error::BearerToken),
    /// [`HeaderField`](Error::HeaderField),
    /// [`OutboxFull`](Error::OutboxFull), [`Entropy`](Error::Entropy): nothing was written.
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
            deflate: self.deflate.offer(),
        };
        let scanner = Scanner::new(Kind::Response, self.limits);
        Ok(Opening::new(offered, self.config, scanner, entropy))
    }

    /// Refuses whatever could put more into the request than it says.
    fn check(&self) -> Result<(), Error> {
        let names = self.subprotocols.iter().map(|name| name.as_bytes());
        check_names(names).map_err(|fault| match fault {
            NamesFault::NotToken(index) => Error::SubprotocolSyntax { index },
            NamesFault::Repeated => Error::SubprotocolTwice { index: repeated(self.subprotocols) },
            NamesFault::TooMany => Error::TooManySubprotocols(self.subprotocols.len()),
        })?;
        let offers = self.extensions;
        if !offers.is_empty() && extension::parse(offers.as_bytes()).is_err() {
            return Err(Error::Extensions(offers.into()));
        }
        if let Some(origin) = self.origin
            && !origin::is_serialized(origin)
        {
            return Err(Error::Origin(origin.into()));
        }
        if let Some(target) = self.target {
            check_target(target)?;
        }
        if let Some(authorization) = self.authorization {
            authorization.check()?;
        }
        // `Origin` has a setter of its own, so that there is never a second one.
        self.check_absent("Origin")?;
        if self.authorization.is_some() {
            self.check_absent("Authorization")?;
        }
        Ok(to_send::check(&self.fields)?)
    }

    /// Refuses a header field that would be sent twice.
    fn check_absent(&self, name: &'static str) -> Result<(), FieldError> {
        let index = self.fields.iter().position(|(other, _)| other.eq_ignore_ascii_case(name));
        index.map_or(Ok(()), |index| Err(FieldError::Reserved { index, name }))
    }

    fn write(&self, key: &Key, sink: &mut dyn FnMut(&[u8])) {
        sink(b"GET ");
        match self.target {
            Some(target) => sink(target.as_bytes()),
            None => {
                self.uri.resource_name().parts().iter().for_each(|part| sink(part.as_bytes()));
            }
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
        if let Some(element) = self.deflate.element() {
            format(sink, format_args!("Sec-WebSocket-Extensions: {element}\r\n"));
        }
        if let Some(authorization) = self.authorization {
            authorization.write(sink);
        }
        to_send::write(&self.fields, sink);
        sink(b"\r\n");
    }
}

/// The origin form of a target (RFC 9112, section 3.2.1), as a server of this crate reads it: what
/// browsers send is not always in the grammar of a URI.
fn check_target(target: &str) -> Result<(), Error> {
    if !target.starts_with('/') {
        return Err(Error::Target { offset: 0 });
    }
    let offset = target_length(target.as_bytes());
    if offset == target.len() { Ok(()) } else { Err(Error::Target { offset }) }
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

/// The first name that is the same as one before it.
fn repeated(names: &[&str]) -> usize {
    (1..names.len()).find(|&index| names[..index].contains(&names[index])).unwrap_or_default()
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
