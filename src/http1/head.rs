//! The head of an HTTP/1.1 message: start line and header fields (RFC 9112).
//!
//! This module owns the limits on a head and the grammar of its fields. What the fields mean is for
//! others to say.

use super::{ReceivedHeaders, known::Known, token::find};

/// How many fields are parsed at once. Most heads have fewer, and to prepare room for more takes
/// time.
const BATCH: usize = 24;

/// The most elements that [`HeadLimits::elements`] can allow: their names are compared on the stack,
/// without an allocator.
pub(crate) const MAX_ELEMENTS: usize = 128;

/// Limits on the head of a request or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    pub(super) size: usize,
    pub(super) fields: usize,
    pub(super) line: usize,
    pub(super) elements: usize,
}

impl HeadLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self { size: 16 * 1024, fields: 100, line: 8 * 1024, elements: MAX_ELEMENTS }
    }

    /// The whole head, in bytes; 16 KiB by default.
    #[must_use]
    pub const fn size(self, bytes: usize) -> Self {
        Self { size: bytes, ..self }
    }

    /// The number of header fields; 100 by default. With `usize::MAX`, [`size`](Self::size) alone
    /// limits it.
    #[must_use]
    pub const fn fields(self, count: usize) -> Self {
        Self { fields: count, ..self }
    }

    /// One line without its end, in bytes; 8 KiB by default. It limits the request's target too.
    #[must_use]
    pub const fn line(self, bytes: usize) -> Self {
        Self { line: bytes, ..self }
    }

    /// The elements of one list, over all fields of its name, with the empty ones, and with the
    /// parameters of extensions; 128 by default. A larger number sets 128: the names in a list are
    /// compared on the stack, each with the others.
    ///
    /// It limits `Upgrade`, `Connection`, `Sec-WebSocket-Protocol`, `Sec-WebSocket-Extensions` and
    /// `Sec-WebSocket-Version`, so that a list costs little more than any other field of its length.
    #[must_use]
    pub const fn elements(self, count: usize) -> Self {
        Self { elements: if count < MAX_ELEMENTS { count } else { MAX_ELEMENTS }, ..self }
    }
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// What is wrong with the head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadFault {
    /// The peer speaks TLS, which was not expected here: it sent a handshake message or an alert.
    #[error("the peer speaks TLS: this is a TLS record, not HTTP")]
    Tls,
    /// The start line is not of its form. Peers that speak another protocol end here.
    #[error("the start line is malformed: this is not HTTP/1.1")]
    StartLine,
    /// The start line is longer than [`HeadLimits::line`].
    #[error("the start line is too long; HeadLimits::line is the limit")]
    StartLineTooLong,
    /// The major version is not 1.
    #[error("the HTTP version is not 1.x: HTTP/2 needs another port or ALPN")]
    HttpVersion,
    /// A header field is not `name: value`, or has whitespace before the colon, or is folded over
    /// lines in a request. A client joins the lines of a folded field in a response.
    #[error("a header field is malformed")]
    Field,
    /// A carriage return or a line feed stands alone.
    #[error("a line does not end with CR LF")]
    LineEnd,
    /// A control character.
    #[error("there is a control character in the head")]
    ControlCharacter,
    /// A line is longer than [`HeadLimits::line`].
    #[error("a header field is too long; HeadLimits::line is the limit")]
    LineTooLong,
    /// More fields than [`HeadLimits::fields`].
    #[error("there are too many header fields; HeadLimits::fields is the limit")]
    TooManyFields,
    /// A list has more elements than [`HeadLimits::elements`].
    #[error("a list has too many elements; HeadLimits::elements is the limit")]
    TooManyElements,
    /// The head is longer than [`HeadLimits::size`], or than an inbox that cannot grow.
    #[error("the head is too long; HeadLimits::size is the limit, or the inbox if it is fixed")]
    TooLong,
}

/// A complete head, whose lines are sound but for the grammar of the fields.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    bytes: &'a [u8],
    /// How long its start line is, with its end.
    start_line: usize,
}

impl<'a> Head<'a> {
    pub(crate) const fn new(bytes: &'a [u8], start_line: usize) -> Self {
        Self { bytes, start_line }
    }

    /// All of it.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The start line without its end.
    pub(crate) fn line(self) -> &'a [u8] {
        let line = &self.bytes[..self.start_line];
        line.strip_suffix(b"\r\n").unwrap_or(line)
    }

    /// The field lines.
    pub(crate) fn fields(self) -> FieldLines<'a> {
        FieldLines(&self.bytes[self.start_line..])
    }
}

/// Header fields whose grammar has not been checked, with the empty line behind them.
#[derive(Clone, Copy)]
pub(crate) struct FieldLines<'a>(&'a [u8]);

impl<'a> FieldLines<'a> {
    /// Checks the grammar of all fields, and finds those that the handshake knows.
    pub(crate) fn check(self) -> Result<Known<'a>, HeadFault> {
        let lines = self.0.strip_suffix(b"\r\n").ok_or(HeadFault::Field)?;
        let mut known = Known::none_of(ReceivedHeaders::of_lines(lines));
        let mut rest = self.0;
        loop {
            let mut batch = [httparse::EMPTY_HEADER; BATCH];
            match httparse::parse_headers(rest, &mut batch) {
                Ok(httparse::Status::Complete((length, batch))) if length == rest.len() => {
                    add(&mut known, batch);
                    return Ok(known);
                }
                Err(httparse::Error::TooManyHeaders) => {
                    add(&mut known, &batch);
                    let last = batch[BATCH - 1].name;
                    rest = after_line_of(rest, last).ok_or(HeadFault::Field)?;
                }
                _ => return Err(HeadFault::Field),
            }
        }
    }
}

fn add<'a>(known: &mut Known<'a>, batch: &[httparse::Header<'a>]) {
    for header in batch {
        known.add(header.name, header.value);
    }
}

/// What follows the line of this name, which is part of these lines.
fn after_line_of<'a>(lines: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let start = name.as_ptr().addr().checked_sub(lines.as_ptr().addr())?;
    let line = lines.get(start..)?;
    line.get(find(line, b'\n')? + 1..)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::http1::known::Name;

    /// So many fields, each with its own value, and one that is known at the end.
    fn lines(count: usize) -> String {
        let mut lines: Vec<_> = (1..count).map(|i| format!("X-{i}: {i}\r\n")).collect();
        lines.push("Host: a.example\r\n\r\n".into());
        lines.concat()
    }

    // P-sh-c
    #[test]
    fn fields_are_checked_however_many_there_are() {
        for count in [1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1, 10_000] {
            let lines = lines(count);
            let known = FieldLines(lines.as_bytes()).check().unwrap();
            assert_eq!(known.headers().iter().count(), count);
            assert_eq!(known.only(Name::Host), Some(&b"a.example"[..]), "{count}");
            // The last one is malformed.
            let malformed = lines.replace("Host:", "Host :");
            let fault = FieldLines(malformed.as_bytes()).check().map(|_| ());
            assert_eq!(fault, Err(HeadFault::Field), "{count}");
        }
    }

    // P-sh-c
    #[test]
    fn a_field_is_found_in_each_batch() {
        for at in [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH] {
            let mut lines: Vec<_> = (0..3 * BATCH).map(|i| format!("X-{i}: y\r\n")).collect();
            lines[at] = "upgrade: websocket\r\n".into();
            lines.push("Upgrade: h2c\r\n\r\n".into());
            let lines = lines.concat();
            let known = FieldLines(lines.as_bytes()).check().unwrap();
            let values = known.all(Name::Upgrade).collect::<Vec<_>>();
            assert_eq!(values, [&b"websocket"[..], b"h2c"], "{at}");
        }
    }
}
