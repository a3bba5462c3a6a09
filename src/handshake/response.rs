//! Plain HTTP responses: refusals, and answers to requests that ask for no WebSocket.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::field::{self, Field, OwnFields};
use crate::{Error, Misuse, buffer::Outbox};

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
    pub const fn headers(self, fields: &'a [Field<'a>]) -> Self {
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
        field::check(self.fields)?;
        self.send_with(b"", outbox)?;
        if let Some(over) = self.over {
            over.store(true, Relaxed);
        }
        Ok(())
    }

    /// Puts it into the outbox with fields of the engine's own, as they stand on the wire.
    pub(crate) fn send_with(self, own: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        append(outbox, |sink| {
            let number = Decimal::of(usize::from(self.status));
            let length = Decimal::of(self.body.len());
            for part in [b"HTTP/1.1 ", number.digits(), b" ", reason(self.status), b"\r\n"] {
                sink(part);
            }
            sink(own);
            field::write(self.fields, sink);
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

/// Formats into whatever takes bytes.
pub(crate) fn format(sink: &mut dyn FnMut(&[u8]), words: core::fmt::Arguments<'_>) {
    // It fails for what fails to format itself, and nothing here does.
    let _ = core::fmt::Write::write_fmt(&mut Sink(sink), words);
}

struct Sink<'a>(&'a mut dyn FnMut(&[u8]));

impl core::fmt::Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        (self.0)(text.as_bytes());
        Ok(())
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

/// Appends what `write` writes; all of it, or nothing if the outbox has no room.
pub(crate) fn append(
    outbox: &mut impl Outbox,
    write: impl Fn(&mut dyn FnMut(&[u8])),
) -> Result<(), Error> {
    let room = outbox.room();
    // An outbox that grows has room for all.
    if room != usize::MAX {
        let mut needed = 0_usize;
        write(&mut |part| needed = needed.saturating_add(part.len()));
        if needed > room {
            return Err(Error::OutboxFull { needed });
        }
    }
    write(&mut |part| outbox.append(part));
    Ok(())
}

/// A number in decimal, without allocating.
pub(crate) struct Decimal {
    bytes: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn of(mut number: usize) -> Self {
        let mut bytes = [b'0'; 20];
        let mut start = bytes.len() - 1;
        while number > 0 {
            #[allow(clippy::cast_possible_truncation)] // below ten
            let digit = (number % 10) as u8;
            bytes[start] = b'0' + digit;
            number /= 10;
            if number > 0 {
                start -= 1;
            }
        }
        Self { bytes, start }
    }

    pub(crate) fn digits(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The words behind a status; nobody acts on them.
const fn reason(status: u16) -> &'static [u8] {
    match status {
        200 => b"OK",
        204 => b"No Content",
        301 => b"Moved Permanently",
        302 => b"Found",
        303 => b"See Other",
        304 => b"Not Modified",
        307 => b"Temporary Redirect",
        308 => b"Permanent Redirect",
        400 => b"Bad Request",
        401 => b"Unauthorized",
        403 => b"Forbidden",
        404 => b"Not Found",
        405 => b"Method Not Allowed",
        408 => b"Request Timeout",
        410 => b"Gone",
        413 => b"Content Too Large",
        414 => b"URI Too Long",
        417 => b"Expectation Failed",
        421 => b"Misdirected Request",
        426 => b"Upgrade Required",
        429 => b"Too Many Requests",
        431 => b"Request Header Fields Too Large",
        500 => b"Internal Server Error",
        501 => b"Not Implemented",
        502 => b"Bad Gateway",
        503 => b"Service Unavailable",
        504 => b"Gateway Timeout",
        505 => b"HTTP Version Not Supported",
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn decimals() {
        for (number, digits) in [(0, "0"), (7, "7"), (10, "10"), (65_536, "65536")] {
            assert_eq!(Decimal::of(number).digits(), digits.as_bytes());
        }
        assert_eq!(Decimal::of(usize::MAX).digits().len(), if usize::BITS == 64 { 20 } else { 10 });
    }
}
