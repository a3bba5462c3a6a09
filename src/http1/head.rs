//! The head of an HTTP/1.1 message: start line and header fields (RFC 9112).
//!
//! This module owns the limits on a head and the grammar of its fields. It does not interpret the
//! fields.

use super::{
    ReceivedHeaders,
    known::Known,
    token::{find, split_once},
};

/// The number of fields parsed in one call of httparse. Most heads have fewer, and initializing
/// more takes time.
const BATCH: usize = 24;

/// The largest value of [`HeadLimits::elements`]. List elements are compared in an array on the
/// stack, without an allocator.
pub(crate) const MAX_ELEMENTS: usize = 128;

/// Limits on the head of a request or a response. A head that exceeds one is refused with a
/// [`HeadFault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    pub(super) size: usize,
    pub(super) fields: usize,
    pub(super) line: usize,
    pub(super) elements: usize,
}

impl HeadLimits {
    /// The defaults: 16 KiB in total, 100 fields, 8 KiB per line, 128 list elements.
    pub const fn new() -> Self {
        Self { size: 16 * 1024, fields: 100, line: 8 * 1024, elements: MAX_ELEMENTS }
    }

    /// Limits the whole head, in bytes; 16 KiB by default.
    #[must_use]
    pub const fn size(self, bytes: usize) -> Self {
        Self { size: bytes, ..self }
    }

    /// Returns the limit on the header section in bytes, for an HTTP/2 or HTTP/3 implementation to
    /// announce as `SETTINGS_MAX_HEADER_LIST_SIZE` or `SETTINGS_MAX_FIELD_SECTION_SIZE`.
    ///
    /// ```
    /// assert_eq!(hybi::http1::HeadLimits::new().size(8192).max_size(), 8192);
    /// ```
    pub const fn max_size(self) -> usize {
        self.size
    }

    /// Limits the number of header fields; 100 by default. With `usize::MAX`, only
    /// [`size`](Self::size) limits it.
    #[must_use]
    pub const fn fields(self, count: usize) -> Self {
        Self { fields: count, ..self }
    }

    /// Limits each line, in bytes without its CRLF; 8 KiB by default. This also limits the request
    /// target.
    #[must_use]
    pub const fn line(self, bytes: usize) -> Self {
        Self { line: bytes, ..self }
    }

    /// Limits the number of elements of one list, in all fields of its name; 128 by default. Empty
    /// elements and the parameters of extensions count. Values above 128 mean 128.
    ///
    /// The limit applies to `Upgrade`, `Connection`, `Sec-WebSocket-Protocol`,
    /// `Sec-WebSocket-Extensions` and `Sec-WebSocket-Version`. Checking a list compares its
    /// elements with each other; the limit keeps this about as cheap as any other field of the same
    /// length.
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

/// A fault in the head of a message. The peer that sent it is at fault, unless one of the
/// [`HeadLimits`] is too low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadFault {
    /// The peer speaks TLS on a plain connection: it sent a TLS handshake message or alert.
    #[error("expected HTTP/1.1, but received a TLS record")]
    Tls,
    /// The start line is malformed. This is also the error for peers that speak another protocol.
    #[error("the start line is malformed: this is not HTTP/1.1")]
    StartLine,
    /// The start line is longer than [`HeadLimits::line`].
    #[error("the start line is longer than HeadLimits::line")]
    StartLineTooLong,
    /// The major version of HTTP is not 1. A peer that speaks HTTP/2 needs ALPN or another port.
    #[error("the HTTP version is not 1.x")]
    HttpVersion,
    /// A header field is not of the form `name: value`, has whitespace before the colon, or is
    /// folded over several lines in a request. In a response, a client joins the lines of a folded
    /// field.
    #[error("a header field is not of the form `name: value`")]
    Field,
    /// A CR or LF is not part of a CRLF.
    #[error("a line does not end with CRLF")]
    LineEnd,
    /// The head contains a control character.
    #[error("the head contains a control character")]
    ControlCharacter,
    /// A header field line is longer than [`HeadLimits::line`].
    #[error("a header field is longer than HeadLimits::line")]
    LineTooLong,
    /// There are more header fields than [`HeadLimits::fields`].
    #[error("there are more header fields than HeadLimits::fields")]
    TooManyFields,
    /// A list has more elements than [`HeadLimits::elements`].
    #[error("a list has more elements than HeadLimits::elements")]
    TooManyElements,
    /// The head is longer than [`HeadLimits::size`], or than the maximum capacity of the inbox.
    #[error("the head is longer than HeadLimits::size, or than the capacity of the inbox")]
    TooLong,
}

/// A complete head. Its start line and line ends are valid; the grammar of its fields has not been
/// checked.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    bytes: &'a [u8],
    /// The length of the start line, including its CRLF.
    start_line: usize,
}

impl<'a> Head<'a> {
    pub(crate) const fn new(bytes: &'a [u8], start_line: usize) -> Self {
        Self { bytes, start_line }
    }

    /// Takes a complete head whose start line was parsed before.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes, start_line: find(bytes, b'\n')? + 1 })
    }

    /// The whole head.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The start line without its CRLF.
    pub(crate) fn line(self) -> &'a [u8] {
        let line = self.bytes.get(..self.start_line).unwrap_or_default();
        line.strip_suffix(b"\r\n").unwrap_or(line)
    }

    /// The field lines.
    pub(crate) fn fields(self) -> FieldLines<'a> {
        FieldLines(self.bytes.get(self.start_line..).unwrap_or_default())
    }
}

/// Unchecked header field lines, including the empty line that ends them.
#[derive(Clone, Copy)]
pub(crate) struct FieldLines<'a>(&'a [u8]);

impl<'a> FieldLines<'a> {
    /// Checks the grammar of all fields, and collects those that the handshake needs.
    pub(crate) fn check(self) -> Result<Known<'a>, HeadFault> {
        let lines = self.0.strip_suffix(b"\r\n").ok_or(HeadFault::Field)?;
        let mut known = Known::new(ReceivedHeaders::of_lines(lines));
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

/// The lines after the line that contains `name`, which is a slice of `lines`.
fn after_line_of<'a>(lines: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let start = name.as_ptr().addr().checked_sub(lines.as_ptr().addr())?;
    split_once(lines.get(start..)?, b'\n').map(|(_, after)| after)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::http1::known::Name;

    /// `count` fields, each with its own value; the last one is `Host`.
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
