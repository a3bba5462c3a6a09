//! Finding the response to a request in an inbox: interim responses are skipped.
//!
//! This module knows nothing of what was requested: a WebSocket, or a tunnel through a proxy.

use core::ops::Range;

use crate::{
    buffer::{Inbox, Parts, Storage},
    http1::{
        Head, HeadFault, HeadLimits,
        known::Known,
        scanner::Scanner,
        start_line::{Kind, StatusLine},
        write::Decimal,
    },
};

/// The maximum number of interim responses (1xx) that are skipped.
const MAX_INTERIM: u8 = 8;

/// A response that is not complete yet.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    scanner: Scanner,
    /// The number of interim responses skipped.
    interim: u8,
}

/// Why a response cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AwaitedFault {
    Head(HeadFault),
    TooManyInterim,
}

/// The head of a response that is not an interim one, with fields of valid grammar.
pub(crate) struct FinalHead<'i> {
    pub(crate) head: Head<'i>,
    pub(crate) line: StatusLine,
    pub(crate) known: Known<'i>,
    /// Where the head lies in the memory of the inbox.
    pub(crate) range: Range<usize>,
}

impl Awaited {
    pub(crate) const fn new(limits: HeadLimits) -> Self {
        Self { scanner: Scanner::new(Kind::Response, limits), interim: 0 }
    }

    /// Consumes the heads of interim responses, then that of the response; `None` as long as it is
    /// not complete. Status 101 is the response, not an interim one.
    pub(crate) fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
    ) -> Result<Option<FinalHead<'i>>, AwaitedFault> {
        let capacity = inbox.max_capacity();
        let limits = self.scanner.limits();
        let Parts { bytes, cursor, .. } = inbox.parts();
        let (start, found, line) = loop {
            let start = cursor.unread;
            let received = bytes.get_mut(start..cursor.end).unwrap_or_default();
            let scanned = self.scanner.scan(received, capacity).map_err(AwaitedFault::Head)?;
            let Some(found) = scanned else {
                cursor.expect(1);
                return Ok(None);
            };
            found.unfold(received);
            let line = self.scanner.start_line().response();
            self.scanner.reset();
            cursor.pass(found.length());
            if !matches!(line.status, 100 | 102..=199) {
                break (start, found, line);
            }
            check(found.head(received), limits)?;
            if self.interim == MAX_INTERIM {
                return Err(AwaitedFault::TooManyInterim);
            }
            self.interim += 1;
        };
        let head = found.head(bytes.get(start..).unwrap_or_default());
        let known = check(head, limits)?;
        let range = start..start + found.length();
        Ok(Some(FinalHead { head, line, known, range }))
    }
}

/// The fields of the response with this status that was found in the inbox last; `None` if the inbox
/// has been used since.
pub(crate) fn reread<S: Storage>(status: u16, inbox: &Inbox<S>) -> Option<Known<'_>> {
    let head = inbox.head()?;
    // Another opening that shares this inbox may have found the head.
    let is_same = |digits: &[u8]| *digits == *Decimal::of(status.into()).digits();
    head.get(b"HTTP/1.1 ".len()..b"HTTP/1.1 101".len()).filter(|digits| is_same(digits))?;
    Head::of(head)?.fields().check().ok()
}

fn check(head: Head<'_>, limits: HeadLimits) -> Result<Known<'_>, AwaitedFault> {
    let known = head.fields().check().map_err(AwaitedFault::Head)?;
    known.check_lists(limits).map_err(AwaitedFault::Head)?;
    Ok(known)
}
