//! Plain HTTP responses: refusals, and answers to requests that ask for no WebSocket.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Error;
use crate::{
    buffer::{Outbox, append_parts},
    error::OutboxFull,
    http1::{
        HeaderField,
        body::{Message, has_body},
        to_send::{self, OwnFields},
        write::{Decimal, reason},
    },
};

/// A response to be completed and put into the outbox.
///
/// It says `Connection: close`: what follows the request is not looked at, the opening that the
/// request came from is over once the response is sent, and the transport is to be closed when the
/// outbox is written out.
#[derive(Clone)]
#[must_use = "a response is sent by `send`"]
pub struct Response<'a> {
    status: u16,
    fields: OwnFields<'a>,
    body: &'a [u8],
    answers_head: bool,
    /// Whether the opening is over that the request came from.
    over: Option<&'a AtomicBool>,
}

impl<'a> Response<'a> {
    /// A response with a status from 200 to 599 that answers no request in particular: a server says
    /// 408 when a request does not come in time.
    ///
    /// A response to a request is begun with [`Request::reject`](super::Request::reject) or
    /// [`HttpRequest::respond`](super::HttpRequest::respond). One with status 426 says by itself which
    /// protocol to upgrade to (RFC 9110, section 15.5.22).
    ///
    /// ```
    /// use hybi::server::Response;
    ///
    /// let mut outbox = Vec::new();
    /// Response::new(408).send(&mut outbox)?;
    /// assert!(outbox.starts_with(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"));
    /// # Ok::<(), hybi::server::Error>(())
    /// ```
    pub const fn new(status: u16) -> Self {
        Self { status, fields: OwnFields::none(), body: &[], answers_head: false, over: None }
    }

    /// Leaves the body out, but says how long it is: the answer to HEAD.
    pub(crate) const fn answers_head(self, answers_head: bool) -> Self {
        Self { answers_head, ..self }
    }

    /// Ends the opening that the request came from when the response is sent, because it says
    /// `Connection: close`: no request that follows is answered (RFC 9112, section 9.6).
    pub(crate) const fn ends(self, over: Option<&'a AtomicBool>) -> Self {
        Self { over, ..self }
    }

    /// Adds a header field to send, besides `Connection` and `Content-Length`; up to 16 of them. Use
    /// [`headers`](Self::headers) for more.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Header fields to send, besides `Connection` and `Content-Length`.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// The body; say with [`header`](Self::header) what `Content-Type` it has.
    pub const fn body(self, body: &'a [u8]) -> Self {
        Self { body, ..self }
    }

    /// Puts it into the outbox.
    ///
    /// # Errors
    ///
    /// - [`Status`](Error::Status), [`HeaderField`](Error::HeaderField): nothing was written.
    /// - [`OutboxFull`](Error::OutboxFull): nothing was written.
    pub fn send(self, outbox: &mut impl Outbox) -> Result<(), Error> {
        // A status below 200 would leave the request without an answer.
        if !(200..=599).contains(&self.status) {
            return Err(Error::Status(self.status));
        }
        to_send::check(&self.fields)?;
        self.send_with(b"", outbox)?;
        if let Some(over) = self.over {
            over.store(true, Relaxed);
        }
        Ok(())
    }

    /// Puts it into the outbox with fields of the engine's own, as they stand on the wire.
    pub(crate) fn send_with(&self, own: &[u8], outbox: &mut impl Outbox) -> Result<(), OutboxFull> {
        let (status, answers_head) = (self.status, self.answers_head);
        let has_body = has_body(&Message::Response { status, answers_head });
        append_parts(outbox, |sink| {
            let number = Decimal::of(usize::from(status));
            let length = Decimal::of(self.body.len());
            for part in [b"HTTP/1.1 ", number.digits(), b" ", reason(status), b"\r\n"] {
                sink(part);
            }
            sink(upgrade_fields(status));
            sink(own);
            to_send::write(&self.fields, sink);
            // RFC 9110, section 7.8: whoever sends Upgrade lists it in Connection.
            sink(if status == 426 {
                b"Connection: close, Upgrade\r\n"
            } else {
                b"Connection: close\r\n"
            });
            // RFC 9110, section 8.6: not even its length.
            if status != 204 {
                [b"Content-Length: ", length.digits(), b"\r\n"].into_iter().for_each(&mut *sink);
            }
            sink(b"\r\n");
            if has_body {
                sink(self.body);
            }
        })
    }
}

/// The fields of a response with status 426: the protocol to upgrade to (RFC 9110, section 15.5.22),
/// and its versions (RFC 6455, section 4.4).
pub(super) const fn upgrade_fields(status: u16) -> &'static [u8] {
    match status {
        426 => b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        _ => b"",
    }
}

/// Shows neither the values of fields nor the body, which may be somebody's.
impl core::fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
