//! Finding the end of a head that arrives in pieces, with work linear in its length and under
//! named limits.
//!
//! What is judged here is judged from left to right, so that the result does not depend on how the
//! input is cut.

use core::ops::Range;

use super::{
    head::{Head, HeadFault, HeadLimits},
    start_line::{Kind, RequestLine, StartLine},
    token::find,
};
use crate::raw::{BLOCK, controls};

/// How many empty lines before a request are ignored. RFC 9112, section 2.2, asks for at least one;
/// some clients send one or two after a body.
const MAX_EMPTY_LINES: u8 = 4;

/// The first byte of what a TLS peer sends: an alert, or a `ClientHello`.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

/// Takes the head of a request that was found before apart again, without the empty lines before it.
pub(crate) fn reread_request(bytes: &[u8]) -> Option<(Head<'_>, RequestLine<'_>)> {
    let head = Head::new(bytes, find(bytes, b'\n')? + 1);
    let mut line = StartLine::new(Kind::Request);
    line.judge(head.line()).ok()?;
    Some((head, line.request(head.line())?))
}

/// Looks for the end of a head, and continues where it stopped.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    kind: Kind,
    limits: HeadLimits,
    /// How many bytes have been looked at.
    scanned: usize,
    /// Where the line in progress starts.
    line: usize,
    /// How many lines have ended, without the empty ones before a request.
    lines: usize,
    empty_lines: u8,
    start_line: StartLine,
    /// What is found so far.
    found: Scanned,
}

/// A complete head, whose lines are sound but for the grammar of the fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scanned {
    /// Where it begins: after the empty lines before it.
    start: usize,
    /// Where its start line ends, with the end of the line.
    start_line: usize,
    /// Where it ends, with the empty line.
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

    /// Starts over, for the next head.
    pub(crate) const fn reset(&mut self) {
        *self = Self::new(self.kind, self.limits);
    }

    pub(crate) const fn limits(&self) -> HeadLimits {
        self.limits
    }

    /// Looks for the head at the front of `bytes`, with the empty line that ends it; `None` if it
    /// has not ended, and there is room for more in an inbox of this capacity. Each byte is looked
    /// at once.
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
                // A line feed has been taken with the carriage return before it.
                if at < self.scanned {
                    continue;
                }
                self.pass_to(at, bytes)?;
                if self.take_control(bytes)? {
                    self.found.end = self.scanned;
                    return Ok(Some(self.found));
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

    /// The start line of the head that was found.
    pub(crate) const fn start_line(&self) -> StartLine {
        self.start_line
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
        let limit = line.min(size);
        if self.lines == 0
            && let Some(line) = bytes.get(self.line..end.min(limit))
        {
            self.start_line.judge(line)?;
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

    /// Takes a control character, and returns whether the head has ended with it.
    #[inline]
    fn take_control(&mut self, bytes: &[u8]) -> Result<bool, HeadFault> {
        let at = self.scanned;
        if at >= self.limits.size {
            return Err(HeadFault::TooLong);
        }
        match (bytes[at], self.is_after_cr(bytes)) {
            (b'\n', true) => {
                self.scanned = at + 1;
                self.end_line(bytes)
            }
            (b'\n', false) | (_, true) => Err(HeadFault::LineEnd),
            // Both at once, as they come unless the input was cut between them.
            (b'\r', _) if bytes.get(at + 1) == Some(&b'\n') && at + 1 < self.limits.size => {
                self.scanned = at + 2;
                self.end_line(bytes)
            }
            (b'\r', _) => {
                // Before a request, it may begin an empty line.
                if self.lines == 0 && (at > self.line || self.kind == Kind::Response) {
                    self.start_line.finish()?;
                }
                self.scanned = at + 1;
                Ok(false)
            }
            (byte, _) if at == 0 && TLS_RECORDS.contains(&byte) => Err(HeadFault::Tls),
            _ => Err(HeadFault::ControlCharacter),
        }
    }

    /// Whether the line feed is awaited that ends a line.
    fn is_after_cr(&self, bytes: &[u8]) -> bool {
        self.scanned > self.line && bytes[self.scanned - 1] == b'\r'
    }

    /// Ends a line, and returns whether the head has ended with it.
    fn end_line(&mut self, bytes: &[u8]) -> Result<bool, HeadFault> {
        let is_empty = self.scanned - self.line == b"\r\n".len();
        match (is_empty, self.lines) {
            // RFC 9112, section 2.2: before a request, and not before a response.
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
            (false, _) => self.found.has_folds |= matches!(bytes[self.line], b' ' | b'\t'),
        }
        self.lines += 1;
        self.line = self.scanned;
        Ok(false)
    }
}

impl Scanned {
    /// How many bytes the head takes, with the empty lines before it.
    pub(crate) const fn length(self) -> usize {
        self.end
    }

    /// Where the head is, without the empty lines before it, in memory that the bytes lie in from
    /// `base` on.
    pub(crate) const fn range(self, base: usize) -> Range<usize> {
        base + self.start..base + self.end
    }

    /// Joins the lines of folded fields (RFC 9112, section 5.2): a user agent replaces each fold
    /// with spaces.
    pub(crate) fn unfold(self, bytes: &mut [u8]) {
        if !self.has_folds {
            return;
        }
        // The end of the start line is not one of a field: whitespace after it is refused.
        for at in self.start_line..self.end.saturating_sub(2) {
            if let [cr @ b'\r', lf @ b'\n', b' ' | b'\t'] = &mut bytes[at..at + 3] {
                (*cr, *lf) = (b' ', b' ');
            }
        }
    }

    /// The head among the bytes that it was found in.
    pub(crate) fn head(self, bytes: &[u8]) -> Head<'_> {
        Head::new(&bytes[self.start..self.end], self.start_line - self.start)
    }
}
