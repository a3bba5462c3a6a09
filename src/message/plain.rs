//! Uncompressed messages.

use super::{
    incoming::Step,
    limits::Limits,
    partial::{Frame, Partial},
};
use crate::{
    buffer::{Content, Cursor, Found, Inbox, MAX_OVERHEAD, Parts, Place, Storage},
    error::{Error, LimitExceeded, Misuse, Violation},
    frame::{Header, Kind},
    raw::xor::IsAscii,
};

/// An uncompressed message. It is unmasked and reassembled in the inbox.
#[derive(Debug)]
pub(crate) struct Plain {
    message: Partial,
    /// The length of the message up to the end of the frame in progress, in bytes.
    length: u64,
}

impl Plain {
    pub(super) const fn new(message: Partial) -> Self {
        Self { message, length: 0 }
    }

    pub(super) const fn is_in_frame(&self) -> bool {
        self.message.frame.is_some()
    }

    pub(super) const fn in_chunks(&self) -> bool {
        self.message.in_chunks
    }

    pub(super) const fn is_extended(&self) -> bool {
        self.message.is_extended()
    }

    #[inline] // asked once for each control frame and fragment
    pub(super) fn is_held_by<S: Storage>(&self, inbox: &Inbox<S>) -> bool {
        let (cursor, inflated) = inbox.holdings();
        let held = if self.message.in_chunks {
            // Everything except an incomplete character has been delivered.
            self.message.utf8.partial() as u64
        } else {
            self.length - self.message.remaining()
        };
        cursor.message() as u64 == held && cursor.unmasked == 0 && inflated.is_empty()
    }

    /// Begins the next frame of the message.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        limits: &Limits<'_>,
    ) -> Result<(), LimitExceeded> {
        self.message.begin(header, limits)?;
        // Each length is below 2^63, and the sum so far is within the limit.
        let size = self.length.saturating_add(header.payload_len());
        limits.check_message(size)?;
        // A control frame may arrive before the next fragment.
        limits.check_inbox(size, if header.fin() { 0 } else { MAX_OVERHEAD })?;
        self.length = size;
        Ok(())
    }

    pub(super) fn advance(
        &mut self,
        parts: &mut Parts<'_>,
        limits: &Limits<'_>,
    ) -> Result<Step, Error> {
        let Self { message, .. } = self;
        let Some(frame) = &mut message.frame else { return Ok(Step::Header) };
        let Some((length, ascii)) = consume(frame, message.kind, parts) else {
            return Err(Misuse::InboxChanged.into());
        };
        if message.kind == Kind::Text {
            // Section 8.1: text is validated as it arrives, so that an invalid byte fails the
            // connection even before the frame is complete.
            let Parts { bytes, cursor, .. } = parts;
            cursor
                .validate(&mut message.utf8, bytes, length, ascii)
                .map_err(|_| Violation::TextNotUtf8)?;
        }
        if let Some(found) = self.deliver(parts.cursor, limits)? {
            return Ok(Step::Found(found));
        }
        if self.message.frame.is_none() {
            return Ok(Step::Header);
        }
        self.expect(parts.cursor, limits)?;
        Ok(Step::Incomplete)
    }

    /// Delivers the complete message, or the next chunk of it. `None` if there is neither.
    fn deliver(
        &mut self,
        cursor: &mut Cursor,
        limits: &Limits<'_>,
    ) -> Result<Option<Found>, Violation> {
        let frame_ended = self.message.remaining() == 0;
        let last = frame_ended && self.message.is_last();
        if last {
            // Section 8.1: a message that ends with an incomplete character is not UTF-8.
            if !self.message.utf8.is_complete() {
                return Err(Violation::TextNotUtf8);
            }
        } else if frame_ended {
            self.message.frame = None;
        }
        let end = cursor.held - self.message.utf8.partial();
        if !last && (!limits.in_chunks() || cursor.start >= end) {
            return Ok(None);
        }
        let content = match self.message.kind {
            Kind::Text => Content::Text(cursor.deliver_text(end), Place::Received),
            Kind::Binary => Content::Binary(cursor.deliver(end), Place::Received),
        };
        if limits.in_chunks() {
            self.message.in_chunks = true;
            return Ok(Some(Found::Chunk(content, last)));
        }
        Ok(Some(self.message.found(content)))
    }

    /// Reports to the inbox how many bytes the frame in progress is missing.
    fn expect(&self, cursor: &mut Cursor, limits: &Limits<'_>) -> Result<(), LimitExceeded> {
        let missing = if limits.in_chunks() {
            // Any bytes that arrive are delivered at once, so one byte of room is enough.
            1
        } else {
            usize::try_from(self.message.remaining()).unwrap_or(usize::MAX)
        };
        // The inbox may be smaller than the one in which the frame began.
        if missing > limits.capacity - cursor.message() {
            let size = (cursor.message() as u64).saturating_add(missing as u64);
            return Err(LimitExceeded::InboxSize { size, limit: limits.capacity as u64 });
        }
        if self.message.is_last() && !limits.in_chunks() {
            cursor.expect_last(missing);
        } else {
            cursor.expect(missing);
        }
        Ok(())
    }
}

/// Consumes the payload of the frame that has arrived: unmasks it and appends it to the message, in
/// one pass. Returns its length, and whether it is ASCII if known.
///
/// `None` if the memory is the caller's and has become shorter.
#[inline]
fn consume(frame: &mut Frame, kind: Kind, parts: &mut Parts<'_>) -> Option<(usize, IsAscii)> {
    let Parts { bytes, cursor, .. } = parts;
    let length = frame.limit(cursor.available());
    if length == 0 {
        return Some((0, IsAscii::UNKNOWN));
    }
    // The payload, and before it the gap that it is moved over.
    let region = bytes.get_mut(cursor.held..cursor.unread + length)?;
    let gap = region.len().checked_sub(length)?;
    let ascii = if let Some(mask) = &mut frame.mask {
        mask.shift(region, gap, kind == Kind::Text)
    } else {
        if gap != 0 {
            region.copy_within(gap.., 0);
        }
        IsAscii::UNKNOWN
    };
    cursor.hold(length);
    frame.remaining -= length as u64;
    Some((length, ascii))
}
