//! The head of an HTTP/1.1 message: start line and header fields (RFC 9112).
//!
//! This module finds the end of a head that arrives in pieces, with work linear in its length and
//! under named limits, and checks its grammar. What the fields mean is for others to say.

use httparse::Header;

use super::{Fields, controls::controls};
use crate::{block::BLOCK, handshake::token::is_token};

/// The most fields that [`HeadLimits::fields`] can allow.
const MAX_FIELDS: usize = 128;

/// Limits on the head of a request or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    size: usize,
    fields: usize,
    line: usize,
}

impl HeadLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self { size: 16 * 1024, fields: 100, line: 8 * 1024 }
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
    /// The start line is not of its form.
    #[error("the start line is malformed")]
    StartLine,
    /// The start line is longer than [`HeadLimits::line`].
    #[error("the start line is too long; HeadLimits::line is the limit")]
    StartLineTooLong,
    /// The major version is not 1.
    #[error("the HTTP version is not 1.x")]
    HttpVersion,
    /// A header field is not `name: value`, folded over lines, or has whitespace before the colon.
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
    /// The head is longer than [`HeadLimits::size`], or than an inbox that cannot grow.
    #[error("the head is too long; HeadLimits::size is the limit, or the inbox if it is fixed")]
    TooLong,
}

/// Looks for the end of a head, going on where it stopped.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    limits: HeadLimits,
    /// How many bytes have been looked at.
    scanned: usize,
    /// Where the line in progress starts.
    line: usize,
    /// How many lines have ended.
    lines: usize,
    /// Where the start line has ended.
    start_line: usize,
}

/// A complete head, whose lines are sound but for their grammar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    bytes: &'a [u8],
    /// How long its start line is, with its end.
    start_line: usize,
}

impl Scanner {
    pub(crate) const fn new(limits: HeadLimits) -> Self {
        Self { limits, scanned: 0, line: 0, lines: 0, start_line: 0 }
    }

    /// Starts over, for the next head.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.limits);
    }

    /// The head at the front of `bytes`, with the empty line that ends it; `None` if it has not
    /// ended, and there is room for more in an inbox of this capacity. Each byte is looked at
    /// once.
    pub(crate) fn scan<'a>(
        &mut self,
        bytes: &'a [u8],
        capacity: usize,
    ) -> Result<Option<Head<'a>>, HeadFault> {
        let mut start = self.scanned;
        while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let mut controls = if let Some(block) = rest.first_chunk() {
                controls(block)
            } else {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                controls(&block)
            };
            while controls != 0 {
                let at = start + controls.trailing_zeros() as usize;
                controls &= controls - 1;
                // A line feed has been taken with the carriage return before it.
                if at < self.scanned {
                    continue;
                }
                self.pass_to(at, bytes)?;
                if self.take_control(bytes)? {
                    let bytes = &bytes[..self.scanned];
                    return Ok(Some(Head { bytes, start_line: self.start_line }));
                }
            }
            start += BLOCK;
        }
        self.pass_to(bytes.len(), bytes)?;
        if bytes.len() >= capacity {
            return Err(HeadFault::TooLong);
        }
        Ok(None)
    }

    /// Goes over what has no control character in it.
    #[inline]
    fn pass_to(&mut self, end: usize, bytes: &[u8]) -> Result<(), HeadFault> {
        if end <= self.scanned {
            return Ok(());
        }
        let size = self.limits.size;
        if self.is_after_cr(bytes) {
            return Err(if self.scanned < size { HeadFault::LineEnd } else { HeadFault::TooLong });
        }
        // Which limit is met first.
        let line = self.line.saturating_add(self.limits.line);
        if end > line.min(size) {
            return Err(match self.lines {
                _ if size <= line => HeadFault::TooLong,
                0 => HeadFault::StartLineTooLong,
                _ => HeadFault::LineTooLong,
            });
        }
        self.scanned = end;
        Ok(())
    }

    /// Takes a control character, and tells whether the head has ended with it.
    #[inline]
    fn take_control(&mut self, bytes: &[u8]) -> Result<bool, HeadFault> {
        let at = self.scanned;
        if at >= self.limits.size {
            return Err(HeadFault::TooLong);
        }
        match (bytes[at], self.is_after_cr(bytes)) {
            (b'\n', true) => {
                self.scanned = at + 1;
                self.end_line()
            }
            (b'\n', false) | (_, true) => Err(HeadFault::LineEnd),
            // Both at once, as they come unless the input was cut between them.
            (b'\r', _) if bytes.get(at + 1) == Some(&b'\n') && at + 1 < self.limits.size => {
                self.scanned = at + 2;
                self.end_line()
            }
            (b'\r', _) => {
                self.scanned = at + 1;
                Ok(false)
            }
            (b'\t', _) => self.pass_to(at + 1, bytes).map(|()| false),
            _ => Err(HeadFault::ControlCharacter),
        }
    }

    /// Whether the line feed is awaited that ends a line.
    fn is_after_cr(&self, bytes: &[u8]) -> bool {
        self.scanned > self.line && bytes[self.scanned - 1] == b'\r'
    }

    /// Ends a line, and tells whether the head has ended with it.
    fn end_line(&mut self) -> Result<bool, HeadFault> {
        let is_empty = self.scanned - self.line == b"\r\n".len();
        match (is_empty, self.lines) {
            (true, 0) => return Err(HeadFault::StartLine),
            (true, _) => return Ok(true),
            (false, 0) => self.start_line = self.scanned,
            (false, lines) if lines > self.limits.fields => return Err(HeadFault::TooManyFields),
            (false, _) => {}
        }
        self.lines += 1;
        self.line = self.scanned;
        Ok(false)
    }
}

impl<'a> Head<'a> {
    /// All of it, as it was sent.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The start line without its end, and the field lines.
    fn split(self) -> Result<(&'a [u8], FieldLines<'a>), HeadFault> {
        let (line, fields) = self.bytes.split_at(self.start_line);
        let line = line.strip_suffix(b"\r\n").ok_or(HeadFault::StartLine)?;
        Ok((line, FieldLines(fields)))
    }
}

/// The start line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// The minor version of HTTP/1.
    pub(crate) minor: u8,
}

/// The start line of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    /// The minor version of HTTP/1.
    pub(crate) minor: u8,
}

impl<'a> RequestLine<'a> {
    /// Takes a head apart (RFC 9112, section 3).
    pub(crate) fn parse(head: Head<'a>) -> Result<(Self, FieldLines<'a>), HeadFault> {
        let (line, fields) = head.split()?;
        let (line, version) = line.split_last_chunk::<8>().ok_or(HeadFault::StartLine)?;
        let line = line.strip_suffix(b" ").ok_or(HeadFault::StartLine)?;
        let method = line.iter().position(|&byte| byte == b' ').ok_or(HeadFault::StartLine)?;
        if line[method + 1..].contains(&b' ') {
            return Err(HeadFault::StartLine);
        }
        let minor = minor_version(version)?;
        let line = core::str::from_utf8(line).map_err(|_| HeadFault::StartLine)?;
        let (method, target) = (&line[..method], &line[method + 1..]);
        // A `#` never stands in a target: the fragment is not sent.
        let sound = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !is_token(method.as_bytes()) || target.is_empty() || !target.bytes().all(sound) {
            return Err(HeadFault::StartLine);
        }
        Ok((Self { method, target, minor }, fields))
    }
}

impl StatusLine {
    /// Takes a head apart (RFC 9112, section 4).
    pub(crate) fn parse(head: Head<'_>) -> Result<(Self, FieldLines<'_>), HeadFault> {
        let (line, fields) = head.split()?;
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let minor = minor_version(parts.next().unwrap_or_default())?;
        let status = match parts.next() {
            Some([hundreds @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
                let digit = |byte: &u8| u16::from(byte - b'0');
                digit(hundreds) * 100 + digit(tens) * 10 + digit(ones)
            }
            _ => return Err(HeadFault::StartLine),
        };
        Ok((Self { status, minor }, fields))
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

fn minor_version(version: &[u8]) -> Result<u8, HeadFault> {
    match version {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Ok(minor - b'0'),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(HeadFault::HttpVersion)
        }
        _ => Err(HeadFault::StartLine),
    }
}
