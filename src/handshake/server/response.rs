//! Plain HTTP responses: to rejected and refused requests, and to requests that do not ask for a
//! WebSocket.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Error;
use crate::{
    buffer::{Outbox, append_parts},
    error::OutboxFull,
    http1::{
        HeaderField,
        body::{Message, has_body},
        to_send::{self, CallerFields},
        write::{Decimal, reason},
    },
};

/// A plain HTTP response. Set its fields and body, then call [`send`](Self::send).
///
/// It has `Connection: close`. Once it is sent, the opening of its request is over and input that
/// follows the request is ignored. Flush the outbox, then close the transport.
#[derive(Clone)]
#[must_use = "call `send` to put the response into the outbox"]
pub struct Response<'a> {
    pub(super) status: u16,
    pub(super) fields: CallerFields<'a>,
    pub(super) body: &'a [u8],
    answers_head: bool,
    /// It responds to an extended CONNECT, so it cannot be sent in HTTP/1.1.
    pub(super) answers_connect: bool,
    /// Set when the response is sent: the opening of the request is over.
    over: Option<&'a AtomicBool>,
}

impl<'a> Response<'a> {
    /// A response that does not belong to a request. A server sends 408 when a request does not
    /// arrive in time. `status` is from 200 to 599.
    ///
    /// To respond to a request, call [`Request::reject`](super::Request::reject) or
    /// [`HttpRequest::respond`](super::HttpRequest::respond). A response with status 426 includes
    /// the `Upgrade` field (RFC 9110, section 15.5.22).
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
        let (answers_head, answers_connect) = (false, false);
        let fields = CallerFields::none();
        Self { status, fields, body: &[], answers_head, answers_connect, over: None }
    }

    /// Omits the body but not `Content-Length`, in response to HEAD.
    pub(crate) const fn answers_head(self, answers_head: bool) -> Self {
        Self { answers_head, ..self }
    }

    /// Prevents [`send`](Self::send) if the request is an extended CONNECT.
    pub(crate) const fn answers_connect(self, answers_connect: bool) -> Self {
        Self { answers_connect, ..self }
    }

    /// Ends the opening of the request when the response is sent: after `Connection: close`, no
    /// further request is answered (RFC 9112, section 9.6).
    pub(crate) const fn ends_opening(self, over: Option<&'a AtomicBool>) -> Self {
        Self { over, ..self }
    }

    /// Adds a header field. `Connection` and `Content-Length` are written by this crate. Up to 16
    /// fields can be added this way; use [`headers`](Self::headers) for more.
    pub const fn header(self, name: &'a str, value: &'a str) -> Self {
        Self { fields: self.fields.with_field(name, value), ..self }
    }

    /// Sets a slice of header fields. They precede the fields that [`header`](Self::header) adds.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: self.fields.with_slice(fields), ..self }
    }

    /// Sets the body. Add its `Content-Type` with [`header`](Self::header).
    pub const fn body(self, body: &'a [u8]) -> Self {
        Self { body, ..self }
    }

    /// Puts the response into the outbox.
    ///
    /// # Errors
    ///
    /// - [`Status`](Error::Status): the status is not from 200 to 599.
    /// - [`HeaderField`](Error::HeaderField): a header field cannot be sent.
    /// - [`OutboxFull`](Error::OutboxFull): the outbox has no room.
    /// - [`HttpVersion`](Error::HttpVersion): the request is an extended CONNECT. Call
    ///   [`send_fields`](Self::send_fields).
    ///
    /// Nothing is written in any of these cases.
    pub fn send(self, outbox: &mut impl Outbox) -> Result<(), Error> {
        if self.answers_connect {
            return Err(Error::HttpVersion);
        }
        self.check()?;
        self.send_with(b"", outbox)?;
        if let Some(over) = self.over {
            over.store(true, Relaxed);
        }
        Ok(())
    }

    /// Checks the caller's choices before anything is written.
    pub(super) fn check(&self) -> Result<(), Error> {
        // A status below 200 is interim: the request would get no final response. 2xx accepts an
        // extended CONNECT.
        let first = if self.answers_connect { 300 } else { 200 };
        if !(first..=599).contains(&self.status) {
            return Err(Error::Status(self.status));
        }
        Ok(to_send::check(&self.fields)?)
    }

    /// Puts the response into the outbox, with these field lines of this crate before the caller's.
    pub(crate) fn send_with(&self, own: &[u8], outbox: &mut impl Outbox) -> Result<(), OutboxFull> {
        let (status, answers_head) = (self.status, self.answers_head);
        let has_body = has_body(&Message::Response { status, answers_head });
        append_parts(outbox, |sink| {
            let sink = &mut |part: &[u8]| sink.put(part);
            let number = Decimal::of(usize::from(status));
            let length = Decimal::of(self.body.len());
            for part in [b"HTTP/1.1 ", number.digits(), b" ", reason(status), b"\r\n"] {
                sink(part);
            }
            sink(upgrade_fields(status));
            sink(own);
            to_send::write(&self.fields, sink);
            // RFC 9110, section 7.8: a sender of Upgrade also lists it in Connection.
            sink(if status == 426 {
                b"Connection: close, Upgrade\r\n"
            } else {
                b"Connection: close\r\n"
            });
            // RFC 9110, section 8.6: a 204 response has no Content-Length.
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

/// The fields that a response with status 426 must have: the protocol to upgrade to (RFC 9110,
/// section 15.5.22) and its versions (RFC 6455, section 4.4).
pub(super) const fn upgrade_fields(status: u16) -> &'static [u8] {
    match status {
        426 => b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        _ => b"",
    }
}

/// Omits the values of fields and the body, which may contain private data.
impl core::fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
