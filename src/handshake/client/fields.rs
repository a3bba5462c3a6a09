//! The request in HTTP/2 and HTTP/3: an extended CONNECT (RFC 8441, RFC 9220).

use core::fmt::{Display, Formatter, Result as FmtResult};

use super::{Error, Exchange, Request};
use crate::{
    http1::authorization::Authorization,
    http2::to_send::{self, FieldSink},
    random::Entropy,
};

impl<'a> Request<'a> {
    /// Asks for the WebSocket in HTTP/2 or HTTP/3: calls `sink` with each field of an extended CONNECT,
    /// pseudo-header fields first: its name in lower case, and its value. Send the fields, and do not
    /// end the stream. The masking keys come from the operating system.
    ///
    /// Wait until the server has sent `SETTINGS_ENABLE_CONNECT_PROTOCOL` (0x8) with the value 1 (RFC
    /// 8441, section 3). The HTTP connection must lead to the server of the URI, over TLS if the scheme
    /// is `wss`. The [guide] says how a stream ends.
    ///
    /// ```
    /// use hybi::{Uri, client::{Request, Response}};
    ///
    /// let uri = Uri::parse("wss://server.example.com/chat")?;
    /// let mut fields = Vec::new();
    /// let mut exchange = Request::new(&uri).subprotocols(&["chat"]).send_fields(|name, value| {
    ///     fields.push((name.to_string(), value.to_string()));
    /// })?;
    /// assert_eq!(fields[..2], [
    ///     (":method".to_owned(), "CONNECT".to_owned()),
    ///     (":protocol".to_owned(), "websocket".to_owned()),
    /// ]);
    ///
    /// let response = exchange.receive_fields(&[
    ///     (b":status", b"200"),
    ///     (b"sec-websocket-protocol", b"chat"),
    /// ])?;
    /// let Some(Response::Accepted(accepted)) = response else { panic!("{response:?}") };
    /// assert_eq!(accepted.subprotocol(), Some("chat"));
    /// let websocket = accepted.finish();
    /// # let _ = websocket;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [guide]: https://docs.rs/hybi/latest/hybi/guide/index.html
    ///
    /// # Errors
    ///
    /// As for [`send_with`](Self::send_with), except [`OutboxFull`](Error::OutboxFull) and
    /// [`Entropy`](Error::Entropy). `sink` is not called in any of these cases.
    #[cfg(feature = "getrandom")]
    pub fn send_fields(
        self,
        sink: impl FnMut(&dyn Display, &dyn Display),
    ) -> Result<Exchange<'a>, Error> {
        self.send_fields_with(crate::random::OsEntropy::new(), sink)
    }

    /// As `send_fields`, with masking keys from the caller's source.
    ///
    /// # Errors
    ///
    /// As for [`send_with`](Self::send_with), except [`OutboxFull`](Error::OutboxFull) and
    /// [`Entropy`](Error::Entropy). `sink` is not called in any of these cases.
    pub fn send_fields_with<E: Entropy>(
        self,
        entropy: E,
        mut sink: impl FnMut(&dyn Display, &dyn Display),
    ) -> Result<Exchange<'a, E>, Error> {
        self.check_for_connect()?;
        sink(&":method", &"CONNECT");
        sink(&":protocol", &"websocket");
        sink(&":scheme", &self.scheme());
        match self.target {
            Some(target) => sink(&":path", &target),
            None => sink(&":path", &self.uri.resource_name()),
        }
        sink(&":authority", &self.uri.authority());
        self.write_fields(&mut sink);
        Ok(Exchange::new(self.offered(), None, self.config, self.limits, entropy))
    }

    /// Checks every option that is written into the fields, so that none can inject anything.
    pub(super) fn check_for_connect(&self) -> Result<(), Error> {
        self.check()?;
        Ok(to_send::check_caller_fields(&self.fields)?)
    }

    /// The scheme of the target (RFC 8441, section 5).
    pub(super) const fn scheme(&self) -> &'static str {
        if self.uri.is_secure() { "https" } else { "http" }
    }

    /// Writes the regular fields that are the same in all versions of HTTP.
    pub(super) fn write_fields(&self, sink: &mut FieldSink<'_>) {
        sink(&"sec-websocket-version", &13);
        if let Some(origin) = self.origin {
            sink(&"origin", &origin);
        }
        if !self.subprotocols.is_empty() {
            sink(&"sec-websocket-protocol", &List(self.subprotocols));
        }
        if !self.extensions.is_empty() {
            sink(&"sec-websocket-extensions", &self.extensions.trim_matches([' ', '\t']));
        }
        if let Some(element) = self.deflate.element() {
            sink(&"sec-websocket-extensions", &element);
        }
        if let Some(authorization) = &self.authorization {
            sink(&"authorization", authorization);
        }
        to_send::write(&self.fields, sink);
    }
}

/// A comma-separated list.
struct List<'a>(&'a [&'a str]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let mut separator = "";
        self.0.iter().try_for_each(|element| {
            f.write_str(core::mem::replace(&mut separator, ", "))?;
            f.write_str(element)
        })
    }
}

/// The value of the field.
impl Display for Authorization<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let mut result = Ok(());
        self.write_value(&mut |part| {
            // Each part is ASCII or a whole `str` of the caller.
            let part = core::str::from_utf8(part).unwrap_or_default();
            result = result.and_then(|()| f.write_str(part));
        });
        result
    }
}
