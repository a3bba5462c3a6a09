//! The request for a tunnel.

use super::{Error, Opening, State};
use crate::{
    buffer::{Outbox, append_parts},
    handshake::{Authority, Uri, awaited::Awaited},
    http1::{
        FieldError, HeadLimits, HeaderField,
        authorization::Authorization,
        to_send::{self, CallerFields},
    },
};

/// The field with the credentials for the proxy.
const AUTHORIZATION: &str = "Proxy-Authorization";

/// A request for a tunnel, to be completed and sent.
#[derive(Clone)]
#[must_use = "a request is sent by `send`"]
pub struct Connect<'a> {
    /// Always with the port.
    authority: Authority<'a>,
    authorization: Option<Authorization<'a>>,
    fields: CallerFields<'a>,
    limits: HeadLimits,
}

impl<'a> Connect<'a> {
    /// Requests a tunnel to the host and the port of this URI. Nothing else of the URI is sent to the
    /// proxy.
    pub const fn new(uri: &Uri<'a>) -> Self {
        Self {
            authority: Authority { host: uri.host(), port: Some(uri.port()) },
            authorization: None,
            fields: CallerFields::none(),
            limits: HeadLimits::new(),
        }
    }

    /// Sends a user name and a password to the proxy (Basic authentication, RFC 7617). Without TLS to
    /// the proxy, anybody on the path to it can read both. The server does not see them.
    ///
    /// For another scheme, add the field `Proxy-Authorization` with [`header`](Self::header).
    pub const fn basic_auth(self, user: &'a str, password: &'a str) -> Self {
        Self { authorization: Some(Authorization::Basic { user, password }), ..self }
    }

    /// Adds a header field for the proxy, such as `User-Agent`; up to 16 of them. Use
    /// [`headers`](Self::headers) for more.
    ///
    /// Fields for the server belong in the request that goes through the tunnel: `Authorization` and
    /// `Cookie` are refused here.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Header fields for the proxy. They come before those that are added one by one.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// The limits on the response head.
    pub const fn limits(self, limits: HeadLimits) -> Self {
        Self { limits, ..self }
    }

    /// Puts the request into the outbox.
    ///
    /// # Errors
    ///
    /// [`UserName`](Error::UserName), [`Password`](Error::Password),
    /// [`HeaderField`](Error::HeaderField), [`OutboxFull`](Error::OutboxFull): nothing was written.
    pub fn send(self, outbox: &mut impl Outbox) -> Result<Opening, Error> {
        self.check()?;
        append_parts(outbox, |sink| self.write(&mut |part| sink.put(part)))?;
        Ok(Opening(State::Waiting(Awaited::new(self.limits))))
    }

    /// Checks every option that is written into the request, so that none can inject anything.
    fn check(&self) -> Result<(), Error> {
        if let Some(authorization) = self.authorization {
            authorization.check()?;
            let is_same = |(name, _): HeaderField<'_>| name.eq_ignore_ascii_case(AUTHORIZATION);
            if let Some(index) = self.fields.iter().position(is_same) {
                return Err(FieldError::Reserved { index, name: AUTHORIZATION }.into());
            }
        }
        Ok(to_send::check_for_proxy(&self.fields)?)
    }

    fn write(&self, sink: &mut impl FnMut(&[u8])) {
        // RFC 9112, section 3.2.3, and section 3.2 for `Host`.
        sink(b"CONNECT ");
        self.authority.write(sink);
        sink(b" HTTP/1.1\r\nHost: ");
        self.authority.write(sink);
        sink(b"\r\n");
        if let Some(authorization) = self.authorization {
            authorization.write(AUTHORIZATION, sink);
        }
        to_send::write(&self.fields, sink);
        sink(b"\r\n");
    }
}

/// Shows neither the credentials nor the values of fields, which may hold some.
impl core::fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connect")
            .field("authority", &self.authority)
            .field("fields", &self.fields)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
