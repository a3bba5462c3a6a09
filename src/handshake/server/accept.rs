//! The response that opens the connection.

#[cfg(feature = "deflate")]
mod compression;
mod extensions;

#[cfg(feature = "http")]
use http::{HeaderName, HeaderValue, header};

#[cfg(feature = "http")]
use super::http::append_caller_fields;
use super::{Error, Request, check::Asked};
#[cfg(feature = "http")]
use crate::http2;
use crate::{
    buffer::{Outbox, append_parts},
    config::Config,
    connection::{Connection, Server},
    deflate::{Acceptance, Policy, Session},
    http1::{
        Excerpt, HeaderField,
        to_send::{self, CallerFields},
    },
};

/// A response that accepts the WebSocket. Set its options, then call [`finish`](Self::finish).
#[derive(Clone)]
#[must_use = "call `finish` to put the response into the outbox"]
pub struct Accept<'a> {
    pub(super) request: Request<'a>,
    pub(super) subprotocol: Option<&'a str>,
    /// Custom extensions that encode a message before its compression.
    extensions: &'a str,
    /// Custom extensions that encode a message after its compression.
    later_extensions: &'a str,
    pub(super) fields: CallerFields<'a>,
    pub(super) config: Config,
    pub(super) deflate: Policy<'a>,
}

impl<'a> Accept<'a> {
    pub(super) const fn new(request: Request<'a>) -> Self {
        Self {
            request,
            subprotocol: None,
            extensions: "",
            later_extensions: "",
            fields: CallerFields::none(),
            config: Config::new(),
            deflate: Policy::NONE,
        }
    }

    /// Selects a subprotocol that the client offers. To select the first match from a list, call
    /// [`select_subprotocol`](Self::select_subprotocol).
    pub const fn subprotocol(self, name: &'a str) -> Self {
        Self { subprotocol: Some(name), ..self }
    }

    /// Selects the first of these subprotocols that the client offers. The list is in the server's
    /// order of preference. If the client offers none of them, the connection has no subprotocol.
    ///
    /// ```
    /// # use hybi::{Inbox, Origins, server::Opening};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    /// #     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    /// #     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1, chat.v2\r\n\r\n";
    /// # let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    /// # assert_eq!(inbox.copy_from(head), head.len());
    /// # let mut opening = Opening::new(Origins::no_browser());
    /// # let request = opening.receive(&mut inbox, &mut outbox)?.ok_or("incomplete")?;
    /// let accept = request.accept().select_subprotocol(&["chat.v2", "chat.v1"]);
    /// assert_eq!(accept.selected_subprotocol(), Some("chat.v2"));
    /// let websocket = accept.header("Set-Cookie", "seen=yes").finish(&mut outbox)?;
    /// # let _ = websocket;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select_subprotocol(self, names: &[&'a str]) -> Self {
        let subprotocol = names.iter().copied().find(|name| self.offers(name));
        Self { subprotocol, ..self }
    }

    /// The selected subprotocol.
    pub const fn selected_subprotocol(&self) -> Option<&'a str> {
        self.subprotocol
    }

    /// Adds a header field to the response, such as `Set-Cookie`. Up to 16 fields can be added this
    /// way; use [`headers`](Self::headers) for more.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Sets a slice of header fields of the response, such as `Set-Cookie`. They precede the fields
    /// that [`header`](Self::header) adds.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// Sets the configuration of the connection.
    pub const fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Puts the response into the outbox and returns the open connection.
    ///
    /// # Errors
    ///
    /// - [`SubprotocolNotOffered`](Error::SubprotocolNotOffered): the selected subprotocol is not
    ///   one that the client offers.
    /// - [`Extensions`](Error::Extensions), [`ExtensionNotOffered`](Error::ExtensionNotOffered),
    ///   [`ExtensionTwice`](Error::ExtensionTwice): the custom extensions are malformed, are not
    ///   offered, or have the same name.
    /// - [`HeaderField`](Error::HeaderField): a header field cannot be sent.
    /// - [`OutboxFull`](Error::OutboxFull): the outbox has no room.
    /// - [`HttpVersion`](Error::HttpVersion): the request is an extended CONNECT. Call
    ///   [`finish_fields`](Self::finish_fields).
    ///
    /// Nothing is written in any of these cases.
    pub fn finish(self, outbox: &mut impl Outbox) -> Result<Connection<Server>, Error> {
        let Asked::Upgrade(key) = &self.request.offer.asked else { return Err(Error::HttpVersion) };
        self.check()?;
        let start = start_of_response(&key.accept());
        let compression = self.deflate.accept(self.request.extensions());
        let answer = compression.as_ref().map(Acceptance::answer);
        let extensions = self.accepted_extensions(answer);
        append_parts(outbox, |sink| {
            let sink = &mut |part: &[u8]| sink.put(part);
            sink(&start);
            if let Some(name) = self.subprotocol {
                to_send::write_field(("Sec-WebSocket-Protocol", name), sink);
            }
            if let Some(accepted) = &extensions {
                sink(b"Sec-WebSocket-Extensions: ");
                accepted.write(&mut |part| sink(part.as_bytes()));
                sink(b"\r\n");
            }
            to_send::write(&self.fields, sink);
            sink(b"\r\n");
        })?;
        let session = compression.map_or(Session::NONE, |accepted| accepted.session());
        Ok(Connection::server(self.config).with_session(session))
    }

    /// As [`finish`](Self::finish), for an HTTP server that writes the response itself: send the
    /// returned response, then take over the transport. Bytes that the server has read after the
    /// request are the first input of the connection.
    ///
    /// The response to an extended CONNECT has status 200.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish), except [`OutboxFull`](Error::OutboxFull).
    #[cfg(feature = "http")]
    pub fn finish_http(self) -> Result<(http::Response<()>, Connection<Server>), Error> {
        self.check()?;
        let mut response = http::Response::new(());
        let key = match self.request.offer.asked {
            Asked::Upgrade(key) => {
                *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
                let headers = response.headers_mut();
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
                Some(key)
            }
            Asked::Connect(key) => {
                http2::to_send::check_caller_fields(&self.fields)?;
                key
            }
        };
        let headers = response.headers_mut();
        if let Some(key) = key {
            insert(headers, header::SEC_WEBSOCKET_ACCEPT, &key.accept());
        }
        if let Some(name) = self.subprotocol {
            insert(headers, header::SEC_WEBSOCKET_PROTOCOL, name.as_bytes());
        }
        append_caller_fields(headers, &self.fields)?;
        let compression = self.deflate.accept(self.request.extensions());
        let answer = compression.as_ref().map(Acceptance::answer);
        if let Some(accepted) = self.accepted_extensions(answer) {
            let value = std::format!("{accepted}");
            insert(headers, header::SEC_WEBSOCKET_EXTENSIONS, value.as_bytes());
        }
        let session = compression.map_or(Session::NONE, |accepted| accepted.session());
        Ok((response, Connection::server(self.config).with_session(session)))
    }

    /// Checks the caller's choices before anything is written.
    pub(super) fn check(&self) -> Result<(), Error> {
        // Section 4.2.2: the client must have offered it.
        match self.subprotocol {
            Some(name) if !self.offers(name) => {
                Err(Error::SubprotocolNotOffered(Excerpt::from(name)))
            }
            _ => {
                self.check_extensions()?;
                Ok(to_send::check(&self.fields)?)
            }
        }
    }

    /// Whether the client offers this subprotocol.
    fn offers(&self, name: &str) -> bool {
        self.request.subprotocols().any(|offered| offered == name)
    }
}

/// Omits the subprotocol and the values of fields, which may contain credentials.
impl core::fmt::Debug for Accept<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Accept")
            .field("request", &self.request)
            .field("fields", &self.fields)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The start of every response, up to and including `Sec-WebSocket-Accept`.
fn start_of_response(accept: &[u8; 28]) -> [u8; 127] {
    let mut start = *b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: ............................\r\n";
    let before = start.len() - accept.len() - b"\r\n".len();
    start[before..][..accept.len()].copy_from_slice(accept);
    start
}

/// Inserts a value of our own. It is base64, a token or a list of tokens, and always valid.
#[cfg(feature = "http")]
fn insert(headers: &mut http::HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}
