//! Finds the end of a head that arrives in pieces. The work is linear in the length of the head,
//! and limits bound the length.
//!
//! Everything is checked from left to right, so that the result does not depend on how the input is
//! split.

use core::ops::Range;

use super::{
    head::{Head, HeadFault, HeadLimits},
    start_line::{Kind, RequestLine, StartLine},
};
use crate::raw::{BLOCK, controls};

/// The maximum number of empty lines ignored before a request. RFC 9112, section 2.2, asks for at
/// least one; some clients send one or two after a body.
const MAX_EMPTY_LINES: u8 = 4;

/// The first byte of a TLS record that opens a connection: an alert or a handshake message.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

/// Parses a request head again that a scanner has found before. It has no empty lines before it.
pub(crate) fn reread_request(bytes: &[u8]) -> Option<(Head<'_>, RequestLine<'_>)> {
    let head = Head::of(bytes)?;
    let mut line = StartLine::new(Kind::Request);
    line.parse(head.line()).ok()?;
    Some((head, line.request(head.line())?))
}

/// Searches for the end of a head, and resumes where the previous call stopped.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    kind: Kind,
    limits: HeadLimits,
    /// The number of bytes scanned.
    scanned: usize,
    /// The offset of the current line.
    line: usize,
    /// The number of complete lines, except empty ones before a request.
    lines: usize,
    empty_lines: u8,
    start_line: StartLine,
    /// The offsets found so far.
    found: Scanned,
}

/// Where a complete head is. Its start line and line ends are valid; the grammar of its fields has
/// not been checked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scanned {
    /// The offset of the head, after any empty lines before it.
    start: usize,
    /// The offset of the line after the start line.
    start_line: usize,
    /// The offset after the empty line that ends the head.
    end: usize,
    /// Whether a field is folded over several lines.
    has_folds: bool,
}

impl Scanner {
    pub(crate) const fn new(kind: Kind, limits: HeadLimits) -> Self {
        let found = Scanned { start: 0, start_line: 0, end: 0, has_folds: false };
        let start_line = StartLine::new(kind);
        Self { kind, limits, scanned: 0, line: 0, lines: 0, empty_lines: 0, start_line, found }
    }

    /// Restarts for the next head.
    pub(crate) const fn reset(&mut self) {
        *self = Self::new(self.kind, self.limits);
    }

    pub(crate) const fn limits(&self) -> HeadLimits {
        self.limits
    }

    /// Searches `bytes` for a complete head, including the empty line that ends it. `bytes` starts
    /// at the same byte in every call and grows; each byte is scanned once. Returns `None` if the
    /// head is incomplete and an inbox of this capacity has room for more.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        capacity: usize,
    ) -> Result<Option<Scanned>, HeadFault> {
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
                // `end_field` handles an LF together with the CR before it.
                if at < self.scanned || self.end_field(at, bytes) {
                    continue;
                }
                self.advance_to(at, bytes)?;
                if self.handle_control(bytes)? {
                    self.found.end = self.scanned;
                    return Ok(Some(self.found));
                }
            }
            start += BLOCK;
        }
        self.advance_to(bytes.len(), bytes)?;
        if bytes.len() >= capacity {
            return Err(HeadFault::TooLong);
        }
        Ok(None)
    }

    /// The start line of the head found last.
    pub(crate) const fn start_line(&self) -> StartLine {
        self.start_line
    }

    /// Fast path: ends a field line at the control character at `at`, if the line and its CRLF have
    /// arrived in one piece and exceed no limit. Returns `false` in all other cases.
    #[inline]
    fn end_field(&mut self, at: usize, bytes: &[u8]) -> bool {
        let Self { line, limits, .. } = *self;
        let is_field = self.scanned == line && at > line && self.lines > 0;
        let fits = at - line <= limits.line
            && at + b"\r\n".len() <= limits.size
            && self.lines <= limits.fields;
        if !is_field || !fits || !matches!(bytes.get(at..), Some([b'\r', b'\n', ..])) {
            return false;
        }
        self.found.has_folds |= matches!(bytes.get(line), Some(b' ' | b'\t'));
        self.lines += 1;
        self.scanned = at + b"\r\n".len();
        self.line = self.scanned;
        true
    }

    /// Advances over bytes without control characters.
    #[inline]
    fn advance_to(&mut self, end: usize, bytes: &[u8]) -> Result<(), HeadFault> {
        if end <= self.scanned {
            return Ok(());
        }
        let size = self.limits.size;
        if self.is_after_cr(bytes) {
            return Err(if self.scanned < size { HeadFault::LineEnd } else { HeadFault::TooLong });
        }
        // The nearer of the two limits.
        let line = self.line.saturating_add(self.limits.line);
        let limit = line.min(size);
        if self.lines == 0
            && let Some(line) = bytes.get(self.line..end.min(limit))
        {
            self.start_line.parse(line)?;
        }
        if end > limit {
            return Err(match self.lines {
                _ if size <= line => HeadFault::TooLong,
                0 => HeadFault::StartLineTooLong,
                _ => HeadFault::LineTooLong,
            });
        }
        self.scanned = end;
        Ok(())
    }

    /// Handles the control character at `scanned`, and returns whether it ends the head.
    #[inline]
    fn handle_control(&mut self, bytes: &[u8]) -> Result<bool, HeadFault> {
        let at = self.scanned;
        if at >= self.limits.size {
            return Err(HeadFault::TooLong);
        }
        let Some(&byte) = bytes.get(at) else { return Ok(false) };
        match (byte, self.is_after_cr(bytes)) {
            (b'\n', true) => {
                self.scanned = at + 1;
                self.end_line(bytes)
            }
            (b'\n', false) | (_, true) => Err(HeadFault::LineEnd),
            (b'\r', _) => {
                // Before a request, this CR may be part of an empty line.
                if self.lines == 0 && (at > self.line || self.kind == Kind::Response) {
                    self.start_line.finish()?;
                }
                self.scanned = at + 1;
                Ok(false)
            }
            _ if at == 0 && TLS_RECORDS.contains(&byte) => Err(HeadFault::Tls),
            _ => Err(HeadFault::ControlCharacter),
        }
    }

    /// Whether the last byte is a CR whose LF has not arrived.
    fn is_after_cr(&self, bytes: &[u8]) -> bool {
        self.scanned > self.line && bytes.get(self.scanned - 1) == Some(&b'\r')
    }

    /// Ends the current line, and returns whether that ends the head.
    fn end_line(&mut self, bytes: &[u8]) -> Result<bool, HeadFault> {
        let is_empty = self.scanned - self.line == b"\r\n".len();
        match (is_empty, self.lines) {
            // RFC 9112, section 2.2: empty lines are ignored before a request, but not before a
            // response.
            (true, 0) if self.kind == Kind::Request && self.empty_lines < MAX_EMPTY_LINES => {
                self.empty_lines += 1;
                self.line = self.scanned;
                self.found.start = self.scanned;
                return Ok(false);
            }
            (true, 0) => return Err(HeadFault::StartLine),
            (true, _) => return Ok(true),
            (false, 0) => {
                self.start_line.finish()?;
                self.found.start_line = self.scanned;
            }
            (false, lines) if lines > self.limits.fields => return Err(HeadFault::TooManyFields),
            (false, _) => {
                self.found.has_folds |= matches!(bytes.get(self.line), Some(b' ' | b'\t'));
            }
        }
        self.lines += 1;
        self.line = self.scanned;
        Ok(false)
    }
}

impl Scanned {
    /// The number of bytes up to the end of the head, including any empty lines before it.
    pub(crate) const fn length(self) -> usize {
        self.end
    }

    /// The range of the head in a buffer where the scanned bytes start at `base`.
    pub(crate) const fn range(self, base: usize) -> Range<usize> {
        base + self.start..base + self.end
    }

    /// Joins the lines of folded fields: a user agent replaces each fold with spaces (RFC 9112,
    /// section 5.2).
    pub(crate) fn unfold(self, bytes: &mut [u8]) {
        if !self.has_folds {
            return;
        }
        // The CRLF of the start line is not a fold: whitespace after it is refused.
        let mut rest = bytes.get_mut(self.start_line..self.end).unwrap_or_default();
        while let [first, others @ ..] = rest {
            if let (b'\r', [lf @ b'\n', b' ' | b'\t', ..]) = (&first, &mut *others) {
                (*first, *lf) = (b' ', b' ');
            }
            rest = others;
        }
    }

    /// The head in the bytes that were scanned.
    pub(crate) fn head(self, bytes: &[u8]) -> Head<'_> {
        let bytes = bytes.get(self.start..self.end).unwrap_or_default();
        Head::new(bytes, self.start_line - self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_line_that_is_complete_and_within_the_limits_is_ended_at_once() {
        let limits = HeadLimits::new().line(10).size(40).fields(3);
        // The offset of the line, how much of it is scanned, the complete lines, and the line.
        let end = |offset: usize, scanned, lines, line: &[u8]| {
            let bytes = [&[b'x'; 40][..offset], line].concat();
            let at = bytes.iter().position(|byte| *byte == b'\r').unwrap();
            let mut scanner = Scanner::new(Kind::Request, limits);
            (scanner.line, scanner.scanned, scanner.lines) = (offset, offset + scanned, lines);
            let is_ended = scanner.end_field(at, &bytes);
            let expected = if is_ended {
                (at + 2, at + 2, lines + 1)
            } else {
                (offset, offset + scanned, lines)
            };
            assert_eq!((scanner.line, scanner.scanned, scanner.lines), expected);
            is_ended
        };
        assert!(end(20, 0, 1, b"a: b\r\n"));
        assert!(end(20, 0, 1, b"a: b\r\nc: d\r\n"));
        // Empty, split, not ended by CR and LF, or the start line.
        assert!(!end(20, 0, 1, b"\r\n"));
        assert!(!end(20, 2, 1, b"a: b\r\n"));
        assert!(!end(20, 0, 1, b"a: b\r"));
        assert!(!end(20, 0, 1, b"a: b\rc"));
        assert!(!end(0, 0, 0, b"GET /\r\n"));
        // Each limit, and one byte or field more.
        assert!(end(20, 0, 1, b"a: 4567890\r\n"));
        assert!(!end(20, 0, 1, b"a: 45678901\r\n"));
        assert!(end(34, 0, 1, b"a: b\r\n"));
        assert!(!end(35, 0, 1, b"a: b\r\n"));
        assert!(end(20, 0, 3, b"a: b\r\n"));
        assert!(!end(20, 0, 4, b"a: b\r\n"));
    }
}
