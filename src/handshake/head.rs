//! The head of an HTTP/1.1 message: start line and header fields (RFC 9112).
//!
//! This module finds the end of a head that arrives in pieces, with work linear in its length and
//! under named limits, and checks its grammar. What the fields mean is for others to say.

use httparse::Header;

use super::Fields;
use crate::handshake::token::is_token;

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
}

impl Scanner {
    pub(crate) const fn new(limits: HeadLimits) -> Self {
        Self { limits, scanned: 0, line: 0, lines: 0 }
    }

    /// Starts over, for the next head.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.limits);
    }

    /// The length of the head at the front of `bytes`, with the empty line that ends it; `None` if
    /// it has not ended, and there is room for more in an inbox of this capacity. Each byte is
    /// looked at once.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        capacity: usize,
    ) -> Result<Option<usize>, HeadFault> {
        loop {
            self.skip_ordinary(bytes);
            let Some(&byte) = bytes.get(self.scanned) else { break };
            if self.scanned >= self.limits.size {
                return Err(HeadFault::TooLong);
            }
            let after_cr = self.scanned > self.line && bytes[self.scanned - 1] == b'\r';
            match (byte, after_cr) {
                (b'\n', true) => {
                    let empty = self.scanned - self.line == 1;
                    self.scanned += 1;
                    if self.end_line(empty)? {
                        return Ok(Some(self.scanned));
                    }
                    continue;
                }
                (b'\n', false) | (_, true) => return Err(HeadFault::LineEnd),
                (b'\r', _) => {}
                (0..=0x08 | 0x0a..=0x1f | 0x7f, _) => return Err(HeadFault::ControlCharacter),
                _ if self.scanned - self.line >= self.limits.line => {
                    return Err(if self.lines == 0 {
                        HeadFault::StartLineTooLong
                    } else {
                        HeadFault::LineTooLong
                    });
                }
                _ => {}
            }
            self.scanned += 1;
        }
        if bytes.len() >= capacity {
            return Err(HeadFault::TooLong);
        }
        Ok(None)
    }

    /// Goes over what has neither a control character nor a limit in it, piece by piece.
    fn skip_ordinary(&mut self, bytes: &[u8]) {
        const PIECE: usize = 16;
        // A line feed is looked for behind each carriage return.
        if self.scanned > self.line && bytes.get(self.scanned - 1) == Some(&b'\r') {
            return;
        }
        while let Some(piece) = bytes.get(self.scanned..).and_then(<[u8]>::first_chunk::<PIECE>) {
            let end = self.scanned + PIECE;
            let control = |byte: u8| u8::from(byte < b' ') | u8::from(byte == 0x7f);
            if end > self.limits.size || end - self.line > self.limits.line {
                return;
            }
            if piece.iter().fold(0, |seen, &byte| seen | control(byte)) != 0 {
                self.scanned += piece.iter().take_while(|&&byte| control(byte) == 0).count();
                return;
            }
            self.scanned = end;
        }
    }

    /// Ends a line, and tells whether the head has ended with it.
    fn end_line(&mut self, empty: bool) -> Result<bool, HeadFault> {
        match (empty, self.lines) {
            (true, 0) => return Err(HeadFault::StartLine),
            (true, _) => return Ok(true),
            (false, lines) if lines > self.limits.fields => return Err(HeadFault::TooManyFields),
            (false, _) => {}
        }
        self.lines += 1;
        self.line = self.scanned;
        Ok(false)
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
    /// Takes a complete head apart (RFC 9112, section 3).
    pub(crate) fn parse(head: &'a [u8]) -> Result<(Self, FieldLines<'a>), HeadFault> {
        let (line, fields) = split(head)?;
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HeadFault::StartLine);
        };
        let minor = minor_version(version)?;
        // A `#` never stands in a target: the fragment is not sent.
        let sound = |&byte: &u8| byte.is_ascii_graphic() && byte != b'#';
        if !is_token(method) || target.is_empty() || !target.iter().all(sound) {
            return Err(HeadFault::StartLine);
        }
        let (Ok(method), Ok(target)) = (core::str::from_utf8(method), core::str::from_utf8(target))
        else {
            return Err(HeadFault::StartLine);
        };
        Ok((Self { method, target, minor }, fields))
    }
}

impl StatusLine {
    /// Takes a complete head apart (RFC 9112, section 4).
    pub(crate) fn parse(head: &[u8]) -> Result<(Self, FieldLines<'_>), HeadFault> {
        let (line, fields) = split(head)?;
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

/// The start line without its end, and what is behind it.
fn split(head: &[u8]) -> Result<(&[u8], FieldLines<'_>), HeadFault> {
    let end = head.iter().position(|&byte| byte == b'\n').ok_or(HeadFault::StartLine)?;
    let (line, fields) = head.split_at(end + 1);
    let line = line.strip_suffix(b"\r\n").ok_or(HeadFault::StartLine)?;
    Ok((line, FieldLines(fields)))
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
