//! A client's request.

#[cfg(feature = "deflate")]
mod compression;

use super::{
    Error, Opening,
    offered::{Extensions, Offered, Subprotocols},
};
use crate::{
    buffer::{Outbox, append_parts},
    config::Config,
    deflate::Policy,
    extension,
    handshake::{Uri, awaited::Awaited, key::Key, origin},
    http1::{
        FieldError, HeadLimits, HeaderField,
        authorization::Authorization,
        to_send::{self, CallerFields},
        token::{NamesFault, check_names, target_length},
    },
    random::Entropy,
};

/// A WebSocket request. Set its options, then call [`send`](Self::send).
#[derive(Clone)]
#[must_use = "call `send` to put the request into the outbox"]
pub struct Request<'a> {
    pub(super) uri: Uri<'a>,
    /// Replaces the path and the query of the URI.
    pub(super) target: Option<&'a str>,
    pub(super) subprotocols: &'a [&'a str],
    requires_subprotocol: bool,
    pub(super) extensions: &'a str,
    pub(super) origin: Option<&'a str>,
    pub(super) authorization: Option<Authorization<'a>>,
    pub(super) fields: CallerFields<'a>,
    pub(super) limits: HeadLimits,
    pub(super) config: Config,
    pub(super) deflate: Policy<'a>,
}

impl<'a> Request<'a> {
    /// Creates a request for this URI.
    pub const fn new(uri: &Uri<'a>) -> Self {
        Self {
            uri: *uri,
            target: None,
            subprotocols: &[],
            requires_subprotocol: false,
            extensions: "",
            origin: None,
            authorization: None,
            fields: CallerFields::none(),
            limits: HeadLimits::new(),
            config: Config::new(),
            deflate: Policy::NONE,
        }
    }

    /// Offers subprotocols, in order of preference.
    ///
    /// The server may select none of them, unless one is [required](Self::require_subprotocol).
    pub const fn subprotocols(self, names: &'a [&'a str]) -> Self {
        Self { subprotocols: names, ..self }
    }

    /// Fails the handshake if the server selects none of the subprotocols, as browsers do.
    pub const fn require_subprotocol(self) -> Self {
        Self { requires_subprotocol: true, ..self }
    }

    /// Offers extensions. `offers` is a value of `Sec-WebSocket-Extensions`.
    ///
    /// The server may use every extension that it accepts. Offer only those that you implement (see
    /// [`extension`](crate::extension)), and pass the reserved bits of the accepted ones to
    /// [`Connection::with_claims`](crate::Connection::with_claims). For `permessage-deflate`, call
    /// [`deflate`](Self::deflate) instead.
    pub const fn extensions(self, offers: &'a str) -> Self {
        Self { extensions: offers, ..self }
    }

    /// Sets the `Origin` field: for browsers, and for clients that act on behalf of one.
    pub const fn origin(self, origin: &'a str) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Sends this request target unchanged in place of the path and the query of the URI. Use it in
    /// a gateway that forwards the target that it received.
    ///
    /// Browsers send some characters that [`Uri::parse`] refuses, such as `[`, `|`, or a percent
    /// sign that encodes nothing. A server of this crate accepts them.
    pub const fn target(self, target: &'a str) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Authenticates with a user name and a password (RFC 7617). Without TLS, anyone on the network
    /// path can read both.
    pub const fn basic_auth(self, user: &'a str, password: &'a str) -> Self {
        Self { authorization: Some(Authorization::Basic { user, password }), ..self }
    }

    /// Authenticates with a bearer token (RFC 6750). Without TLS, anyone on the network path can
    /// read it.
    pub const fn bearer(self, token: &'a str) -> Self {
        Self { authorization: Some(Authorization::Bearer(token)), ..self }
    }

    /// Adds a header field, such as `Cookie`. Up to 16 fields can be added this way; use
    /// [`headers`](Self::headers) for more.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Sets a slice of header fields, such as `Cookie` and `User-Agent`. They precede the fields
    /// that [`header`](Self::header) adds.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// Sets the limits on the response head.
    pub const fn limits(self, limits: HeadLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the configuration of the connection.
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

    /// Puts the request into the outbox, with randomness from `entropy`. The connection uses the
    /// same source for its masking keys.
    ///
    /// # Errors
    ///
    /// - [`SubprotocolSyntax`](Error::SubprotocolSyntax),
    ///   [`SubprotocolTwice`](Error::SubprotocolTwice),
    ///   [`TooManySubprotocols`](Error::TooManySubprotocols): the subprotocols are not up to 128
    ///   distinct tokens.
    /// - [`Extensions`](Error::Extensions), [`Origin`](Error::Origin), [`Target`](Error::Target),
    ///   [`UserName`](Error::UserName), [`Password`](Error::Password),
    ///   [`BearerToken`](Error::BearerToken), [`HeaderField`](Error::HeaderField): one of these
    ///   values cannot be sent.
    /// - [`Entropy`](Error::Entropy): the source of randomness failed.
    /// - [`OutboxFull`](Error::OutboxFull): the outbox has no room.
    ///
    /// Nothing is written in any of these cases.
    pub fn send_with<E: Entropy>(
        self,
        mut entropy: E,
        outbox: &mut impl Outbox,
    ) -> Result<Opening<'a, E>, Error> {
        self.check()?;
        let key = Key::generate(&mut entropy)?;
        append_parts(outbox, |sink| self.write(&key, &mut |part| sink.put(part)))?;
        let offered = self.offered();
        let awaited = Awaited::new(self.limits);
        Ok(Opening::new(offered, key.accept(), self.config, awaited, entropy))
    }

    /// What the check of the response needs of the request.
    #[inline]
    pub(super) fn offered(&self) -> Offered<'a> {
        Offered {
            subprotocols: Subprotocols::Borrowed(self.subprotocols),
            extensions: Extensions::Borrowed(self.extensions),
            requires_subprotocol: self.requires_subprotocol,
            deflate: self.deflate.offer(),
        }
    }

    /// Checks every option that is written into the request, so that none can inject anything.
    pub(super) fn check(&self) -> Result<(), Error> {
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
        // `Origin` has its own setter, so a header field could only duplicate it.
        self.check_absent("Origin")?;
        if self.authorization.is_some() {
            self.check_absent("Authorization")?;
        }
        Ok(to_send::check(&self.fields)?)
    }

    /// Refuses a header field that would be a duplicate.
    fn check_absent(&self, name: &'static str) -> Result<(), FieldError> {
        let index = self.fields.iter().position(|(other, _)| other.eq_ignore_ascii_case(name));
        index.map_or(Ok(()), |index| Err(FieldError::Reserved { index, name }))
    }

    fn write(&self, key: &Key, sink: &mut impl FnMut(&[u8])) {
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
            to_send::write_field(("Origin", origin), sink);
        }
        if let [first, others @ ..] = self.subprotocols {
            sink(b"Sec-WebSocket-Protocol: ");
            sink(first.as_bytes());
            for name in others {
                sink(b", ");
                sink(name.as_bytes());
            }
            sink(b"\r\n");
        }
        if !self.extensions.is_empty() {
            to_send::write_field(("Sec-WebSocket-Extensions", self.extensions), sink);
        }
        if let Some(element) = self.deflate.element() {
            sink(b"Sec-WebSocket-Extensions: ");
            element.write(&mut |part| sink(part.as_bytes()));
            sink(b"\r\n");
        }
        if let Some(authorization) = self.authorization {
            authorization.write("Authorization", sink);
        }
        to_send::write(&self.fields, sink);
        sink(b"\r\n");
    }
}

/// Checks a target in origin form (RFC 9112, section 3.2.1). As in a server of this crate, any
/// visible ASCII character except `#` is allowed: browsers do not always follow the URI grammar.
fn check_target(target: &str) -> Result<(), Error> {
    if !target.starts_with('/') {
        return Err(Error::Target { offset: 0 });
    }
    let offset = target_length(target.as_bytes());
    if offset == target.len() { Ok(()) } else { Err(Error::Target { offset }) }
}

/// Omits the target, the subprotocols and the values of fields, which may contain credentials.
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

/// The index of the first name that is equal to an earlier one.
fn repeated(names: &[&str]) -> usize {
    let is_repeated =
        |(index, name): &(usize, &&str)| names.iter().take(*index).any(|other| other == *name);
    names.iter().enumerate().find(is_repeated).map_or(0, |(index, _)| index)
}
