//! The head of an HTTP/1.1 message: start line and header fields (RFC 9112).
//!
//! This module owns the limits on a head and the grammar of its fields. What the fields mean is for
//! others to say.

use httparse::Header;

use super::Fields;

/// The most fields that [`HeadLimits::fields`] can allow.
const MAX_FIELDS: usize = 128;

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

    /// The number of header fields; 100 by default, 128 at most.
    #[must_use]
    pub const fn fields(self, count: usize) -> Self {
        Self { fields: if count < MAX_FIELDS { count } else { MAX_FIELDS }, ..self }
    }

    /// One line without its end, in bytes; 8 KiB by default. It limits the request's target too.
    #[must_use]
    pub const fn line(self, bytes: usize) -> Self {
        Self { line: bytes, ..self }
    }

    /// The elements of one list, over all fields of its name, with the empty ones, and with the
    /// parameters of extensions; 128 by default, which is the most that can be set.
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
    /// Checks the grammar, then has somebody look at the fields: as they are to be kept, and taken
    /// apart.
    pub(crate) fn check<T>(
        self,
        look: impl FnOnce(Fields<'a>, &[Header<'a>]) -> T,
    ) -> Result<T, HeadFault> {
        /// Nearly every head has no more, and to prepare the room for more takes time.
        const FEW: usize = 24;
        let lines = self.0.strip_suffix(b"\r\n").ok_or(HeadFault::Field)?;
        let look = |headers: &[Header<'a>]| look(Fields::of_lines(lines), headers);
        let mut few = [httparse::EMPTY_HEADER; FEW];
        let parsed = httparse::parse_headers(self.0, &mut few);
        if parsed != Err(httparse::Error::TooManyHeaders) {
            return self.complete(parsed).map(look);
        }
        let mut many = [httparse::EMPTY_HEADER; MAX_FIELDS];
        self.complete(httparse::parse_headers(self.0, &mut many)).map(look)
    }

    fn complete<'h>(
        self,
        parsed: httparse::Result<(usize, &'h [Header<'a>])>,
    ) -> Result<&'h [Header<'a>], HeadFault> {
        match parsed {
            Ok(httparse::Status::Complete((length, headers))) if length == self.0.len() => {
                Ok(headers)
            }
            _ => Err(HeadFault::Field),
        }
    }
}
