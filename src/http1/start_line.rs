//! The start line of a request or a response (RFC 9112, sections 3 and 4).
//!
//! This module parses the line byte by byte as it arrives, so that a peer that does not speak
//! HTTP/1.x is refused at the first wrong byte.

use super::{
    head::HeadFault,
    token::{is_token_byte, target_length},
};

/// The kind of message that the line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
}

/// The start line of a request.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// The minor version of HTTP/1.
    pub(crate) minor: u8,
}

/// Omits the target, whose path and query may contain credentials.
impl core::fmt::Debug for RequestLine<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RequestLine")
            .field("method", &self.method)
            .field("minor", &self.minor)
            .finish_non_exhaustive()
    }
}

/// The start line of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    /// The minor version of HTTP/1.
    pub(crate) minor: u8,
}

/// A partly parsed start line, with the offsets of its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartLine {
    part: Part,
    /// The number of bytes parsed.
    parsed: usize,
    /// The offset of the current part.
    start: usize,
    /// The offset after the method and the space that follows it.
    method: usize,
    /// The offset after the target, before the space that follows it.
    target: usize,
    /// Whether the major version is 1.
    is_one: bool,
    minor: u8,
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Method,
    Target,
    /// The version of a request, its last part.
    LastVersion,
    /// The version of a response, its first part.
    FirstVersion,
    Status,
    /// The space after the status, or the end of the line: some servers omit the space.
    AfterStatus,
    Reason,
    End,
}

impl StartLine {
    pub(crate) const fn new(kind: Kind) -> Self {
        let part = match kind {
            Kind::Request => Part::Method,
            Kind::Response => Part::FirstVersion,
        };
        let (parsed, start, method, target) = (0, 0, 0, 0);
        Self { part, parsed, start, method, target, is_one: false, minor: 0, status: 0 }
    }

    /// Parses the part of the line that has arrived, without its CRLF. Each byte is looked at once.
    pub(crate) fn parse(&mut self, line: &[u8]) -> Result<(), HeadFault> {
        while let Some(rest) = line.get(self.parsed..).filter(|rest| !rest.is_empty()) {
            match self.part {
                Part::Method => {
                    self.parsed += rest.iter().take_while(|&&byte| is_token_byte(byte)).count();
                    if self.consume_space(line)? {
                        self.method = self.parsed;
                        self.go_to(Part::Target);
                    }
                }
                Part::Target => {
                    self.parsed += target_length(rest);
                    self.target = self.parsed;
                    if self.consume_space(line)? {
                        self.go_to(Part::LastVersion);
                    }
                }
                Part::FirstVersion | Part::LastVersion => self.parse_version(rest)?,
                Part::Status => self.parse_status(rest)?,
                Part::AfterStatus if rest.starts_with(b" ") => self.go_to(Part::Reason),
                // The reason phrase is ignored.
                Part::Reason => self.parsed = line.len(),
                Part::AfterStatus | Part::End => return Err(HeadFault::StartLine),
            }
        }
        Ok(())
    }

    /// Checks that the line may end here.
    pub(crate) const fn finish(&self) -> Result<(), HeadFault> {
        match self.part {
            Part::End | Part::AfterStatus | Part::Reason => Ok(()),
            _ => Err(HeadFault::StartLine),
        }
    }

    /// The start line of a request, from the complete line; `None` if it was not parsed.
    pub(crate) fn request(self, line: &[u8]) -> Option<RequestLine<'_>> {
        // The parsed line is ASCII.
        let line = core::str::from_utf8(line).ok()?;
        let method = line.get(..self.method.checked_sub(b" ".len())?)?;
        let target = line.get(self.method..self.target)?;
        Some(RequestLine { method, target, minor: self.minor })
    }

    /// The start line of a response, after the complete line was parsed.
    pub(crate) const fn response(self) -> StatusLine {
        StatusLine { status: self.status, minor: self.minor }
    }

    /// Consumes the space after a non-empty part; `false` if it has not arrived yet.
    fn consume_space(&mut self, line: &[u8]) -> Result<bool, HeadFault> {
        match line.get(self.parsed) {
            None => Ok(false),
            Some(b' ') if self.parsed > self.start => {
                self.parsed += 1;
                Ok(true)
            }
            Some(_) => Err(HeadFault::StartLine),
        }
    }

    fn parse_version(&mut self, rest: &[u8]) -> Result<(), HeadFault> {
        const FORM: &[u8; 8] = b"HTTP/1.1";
        let at = self.parsed - self.start;
        // Fast path: it arrived in one piece.
        if at == 0
            && let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', ..] = rest
        {
            self.minor = minor - b'0';
            self.parsed += FORM.len();
            self.end_version();
            return Ok(());
        }
        let Some(&byte) = rest.first() else { return Ok(()) };
        let is_digit = byte.is_ascii_digit();
        match at {
            5 if is_digit => self.is_one = byte == b'1',
            7 if is_digit && !self.is_one => return Err(HeadFault::HttpVersion),
            7 if is_digit => self.minor = byte - b'0',
            0..=4 | 6 if FORM.get(at) == Some(&byte) => {}
            _ => return Err(HeadFault::StartLine),
        }
        self.parsed += 1;
        if at + 1 == FORM.len() {
            self.end_version();
        }
        Ok(())
    }

    fn end_version(&mut self) {
        self.go_to(if self.part == Part::FirstVersion { Part::Status } else { Part::End });
    }

    /// Parses a space and three digits, the first of them from 1 to 5.
    fn parse_status(&mut self, rest: &[u8]) -> Result<(), HeadFault> {
        let at = self.parsed - self.start;
        // Fast path: it arrived in one piece.
        if at == 0
            && let [b' ', hundreds @ b'1'..=b'5', tens, ones, b' ', ..] = rest
            && tens.is_ascii_digit()
            && ones.is_ascii_digit()
        {
            let digit = |byte: &u8| u16::from(byte - b'0');
            self.status = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
            self.parsed += rest.len();
            self.go_to(Part::Reason);
            return Ok(());
        }
        let Some(&byte) = rest.first() else { return Ok(()) };
        match (at, byte) {
            (0, b' ') => {}
            (1, b'1'..=b'5') | (2 | 3, b'0'..=b'9') => {
                self.status = self.status * 10 + u16::from(byte - b'0');
            }
            _ => return Err(HeadFault::StartLine),
        }
        self.parsed += 1;
        if at == 3 {
            self.go_to(Part::AfterStatus);
        }
        Ok(())
    }

    const fn go_to(&mut self, part: Part) {
        self.part = part;
        self.start = self.parsed;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    /// The offset at which a line is refused, and the fault; the offset is the length of the line
    /// if only its end is refused.
    fn parse(kind: Kind, line: &str) -> Result<(), (usize, HeadFault)> {
        let bytes = line.as_bytes();
        let mut stepwise = StartLine::new(kind);
        let steps = (1..=bytes.len())
            .try_for_each(|end| stepwise.parse(&bytes[..end]).map_err(|fault| (end - 1, fault)));
        let steps = steps.and_then(|()| stepwise.finish().map_err(|fault| (bytes.len(), fault)));
        let mut whole = StartLine::new(kind);
        let at_once = whole.parse(bytes).and_then(|()| whole.finish());
        assert_eq!(at_once, steps.map_err(|(_, fault)| fault), "{line}");
        steps
    }

    // 9112-3-a, 9112-3-b
    #[test]
    fn a_start_line_is_refused_at_the_first_byte_that_rules_it_out() {
        use HeadFault::{HttpVersion, StartLine};
        let table = [
            (Kind::Request, "GET / HTTP/1.1", Ok(())),
            (Kind::Request, "M-SEARCH * HTTP/1.0", Ok(())),
            (Kind::Request, "GET  / HTTP/1.1", Err((4, StartLine))),
            (Kind::Request, " GET / HTTP/1.1", Err((0, StartLine))),
            (Kind::Request, "GET / HTTP/1.1 ", Err((14, StartLine))),
            (Kind::Request, "GET /#a HTTP/1.1", Err((5, StartLine))),
            (Kind::Request, "GET / http/1.1", Err((6, StartLine))),
            (Kind::Request, "PRI * HTTP/2.0", Err((13, HttpVersion))),
            (Kind::Request, "PING", Err((4, StartLine))),
            (Kind::Request, "{\"a\"", Err((0, StartLine))),
            (Kind::Request, "SSH-2.0-x", Err((9, StartLine))),
            (Kind::Request, "PROXY TCP4 1.2.3.4", Err((11, StartLine))),
            (Kind::Response, "HTTP/1.1 101 x y", Ok(())),
            (Kind::Response, "HTTP/1.1 101", Ok(())),
            (Kind::Response, "HTTP/1.1 101\tx", Err((12, StartLine))),
            (Kind::Response, "HTTP/1.1 1010", Err((12, StartLine))),
            (Kind::Response, "HTTP/1.1 600 x", Err((9, StartLine))),
            (Kind::Response, "HTTP/2.0 101 x", Err((7, HttpVersion))),
            (Kind::Response, "SSH-2.0-x", Err((0, StartLine))),
            (Kind::Response, "220 mail", Err((0, StartLine))),
        ];
        for (kind, line, expected) in table {
            assert_eq!(parse(kind, line), expected, "{line}");
        }
    }
}
