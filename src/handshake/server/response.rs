//! Plain HTTP responses: refusals, and answers to requests that ask for no WebSocket.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{
    Error, Misuse,
    buffer::{Outbox, OutboxFull, append_parts},
    http1::{
        HeaderField,
        to_send::{self, OwnFields},
        write::{Decimal, reason},
    },
};

/// A response to be completed and put into the outbox.
///
/// It says `Connection: close`: what follows the request is not looked at, the opening that the
/// request came from is over once the response is sent, and the transport is to be closed when the
/// outbox is written out.
#[derive(Clone, Copy)]
#[must_use = "a response is sent by `send`"]
pub struct Response<'a> {
    status: u16,
    fields: OwnFields<'a>,
    body: &'a [u8],
    has_body: bool,
    /// Whether the opening is over that the request came from.
    over: Option<&'a AtomicBool>,
}

impl<'a> Response<'a> {
    pub(crate) const fn new(status: u16) -> Self {
        // RFC 9110, sections 15.3.5 and 15.4.5: these have no body.
        let has_body = !matches!(status, 204 | 304);
        Self { status, fields: OwnFields(&[]), body: &[], has_body, over: None }
    }

    /// Leaves the body out, but says how long it is: the answer to HEAD.
    pub(crate) const fn without_body(self, without: bool) -> Self {
        Self { has_body: self.has_body && !without, ..self }
    }

    /// Ends the opening that the request came from when the response is sent, because it says
    /// `Connection: close`: no request that follows is answered (RFC 9112, section 9.6).
    pub(crate) const fn ends(self, over: Option<&'a AtomicBool>) -> Self {
        Self { over, ..self }
    }

    /// Header fields to send, besides `Connection` and `Content-Length`.
    pub const fn headers(self, fields: &'a [HeaderField<'a>]) -> Self {
        Self { fields: OwnFields(fields), ..self }
    }

    /// The body; say with [`headers`](Self::headers) what `Content-Type` it has.
    pub const fn body(self, body: &'a [u8]) -> Self {
        Self { body, ..self }
    }

    /// Puts it into the outbox.
    ///
    /// # Errors
    ///
    /// - [`Misuse::Status`], [`Misuse::FieldName`], [`Misuse::FieldValue`],
    ///   [`Misuse::ReservedField`].
    /// - [`OutboxFull`](Error::OutboxFull): nothing was written.
    pub fn send(self, outbox: &mut impl Outbox) -> Result<(), Error> {
        // A status below 200 would leave the request without an answer.
        if !(200..=599).contains(&self.status) {
            return Err(Misuse::Status(self.status).into());
        }
        to_send::check(self.fields)?;
        self.send_with(b"", outbox)?;
        if let Some(over) = self.over {
            over.store(true, Relaxed);
        }
        Ok(())
    }

    /// Puts it into the outbox with fields of the engine's own, as they stand on the wire.
    pub(crate) fn send_with(self, own: &[u8], outbox: &mut impl Outbox) -> Result<(), OutboxFull> {
        append_parts(outbox, |sink| {
            let number = Decimal::of(usize::from(self.status));
            let length = Decimal::of(self.body.len());
            for part in [b"HTTP/1.1 ", number.digits(), b" ", reason(self.status), b"\r\n"] {
                sink(part);
            }
            sink(own);
            to_send::write(self.fields, sink);
            sink(b"Connection: close\r\n");
            // RFC 9110, section 8.6: not even its length.
            if self.status != 204 {
                [b"Content-Length: ", length.digits(), b"\r\n"].into_iter().for_each(&mut *sink);
            }
            sink(b"\r\n");
            if self.has_body {
                sink(self.body);
            }
        })
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
