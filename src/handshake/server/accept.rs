//! The answer that opens the connection.

#[cfg(feature = "http")]
use http::{HeaderName, HeaderValue, header};

use super::Request;
#[cfg(feature = "deflate")]
use crate::deflate::{self, Accepted, Deflate};
use crate::{
    Config, Connection, Error, Misuse, Server,
    buffer::{Outbox, append_parts},
    http1::{
        HeaderField,
        to_send::{self, OwnFields},
    },
};

/// An acceptance to be completed.
#[derive(Clone)]
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
    pub(super) const fn new(request: Request<'a>) -> Self {
        Self {
            request,
            subprotocol: None,
            fields: OwnFields(&[]),
            config: Config::new(),
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }

    /// Chooses a subprotocol, one that the client offers.
    pub const fn subprotocol(self, name: &'a str) -> Self {
        Self { subprotocol: Some(name), ..self }
    }

    /// Header fields to send along, such as cookies.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
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
        self.check()?;
        let start = start_of_response(&self.request.offer.key.accept());
        #[cfg(feature = "deflate")]
        let agreed = self.agree_on_deflate();
        append_parts(outbox, |sink| {
            sink(&start);
            if let Some(name) = self.subprotocol {
                to_send::write(OwnFields(&[("Sec-WebSocket-Protocol", name)]), sink);
            }
            #[cfg(feature = "deflate")]
            if let Some((_, accepted)) = &agreed {
                sink(b"Sec-WebSocket-Extensions: ");
                crate::http1::write::format(sink, format_args!("{}\r\n", accepted.answer));
            }
            to_send::write(self.fields, sink);
            sink(b"\r\n");
        })?;
        let websocket = Connection::server(self.config);
        #[cfg(feature = "deflate")]
        if let Some((deflate, accepted)) = agreed {
            return Ok(websocket.with_deflate(deflate, accepted.parameters));
        }
        Ok(websocket)
    }

    /// As [`finish`](Self::finish), for an HTTP server that writes the response itself: send it,
    /// then take over the transport. What the server has read behind the request is the first
    /// input of the connection.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish), but for [`OutboxFull`](Error::OutboxFull).
    #[cfg(feature = "http")]
    pub fn finish_http(self) -> Result<(http::Response<()>, Connection<Server>), Error> {
        self.check()?;
        let mut response = http::Response::new(());
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let accept = self.request.offer.key.accept();
        insert(headers, header::SEC_WEBSOCKET_ACCEPT, &accept);
        if let Some(name) = self.subprotocol {
            insert(headers, header::SEC_WEBSOCKET_PROTOCOL, name.as_bytes());
        }
        for (index, (name, own)) in self.fields.0.iter().enumerate() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let name = name.map_err(|_| Misuse::FieldName { index })?;
            let own = HeaderValue::from_str(own).map_err(|_| Misuse::FieldValue { index })?;
            headers.append(name, own);
        }
        let websocket = Connection::server(self.config);
        #[cfg(feature = "deflate")]
        if let Some((deflate, accepted)) = self.agree_on_deflate() {
            let answer = std::format!("{}", accepted.answer);
            insert(headers, header::SEC_WEBSOCKET_EXTENSIONS, answer.as_bytes());
            return Ok((response, websocket.with_deflate(deflate, accepted.parameters)));
        }
        Ok((response, websocket))
    }

    /// Checks what the application chose before a byte is written.
    fn check(&self) -> Result<(), Misuse> {
        // Section 4.2.2: only what the client offers.
        if let Some(name) = self.subprotocol
            && !self.request.subprotocols().any(|offered| offered == name)
        {
            return Err(Misuse::SubprotocolNotOffered);
        }
        to_send::check(self.fields)
    }

    #[cfg(feature = "deflate")]
    fn agree_on_deflate(&self) -> Option<(&'a Deflate, Accepted)> {
        let offers = self.request.extensions().filter(|offer| offer.name() == deflate::NAME);
        let deflate = self.deflate?;
        Some((deflate, deflate.accept(offers)?))
    }
}

/// Shows neither the subprotocol nor the values of fields, which may hold credentials.
impl core::fmt::Debug for Accept<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Accept")
            .field("request", &self.request)
            .field("fields", &self.fields)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What every response begins with.
fn start_of_response(accept: &[u8; 28]) -> [u8; 127] {
    let mut start = *b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: ............................\r\n";
    let before = start.len() - accept.len() - b"\r\n".len();
    start[before..][..accept.len()].copy_from_slice(accept);
    start
}

/// Inserts a value of our own: base64, a token, or a list of tokens, all of which are valid.
#[cfg(feature = "http")]
fn insert(headers: &mut http::HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}
