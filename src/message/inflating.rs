//! Compressed messages (RFC 7692, section 6).

use core::ops::Range;

use super::{incoming::Step, limits::Limits, partial::Partial};
use crate::{
    buffer::{Content, Found, Inbox, Inflated, Parts, Place, Storage},
    deflate::{Outcome, Session, TRAILING_ROOM},
    error::{Error, LimitExceeded, Violation},
    frame::{Header, Kind},
};

/// A complete message of at most this many bytes is decompressed in one call.
const SHORT: usize = 4096;

/// The maximum length of a delivered chunk of decompressed data, in bytes.
const CHUNK: usize = 16 * 1024;

/// The length of the longest character in UTF-8, in bytes. A chunk must be able to hold one.
const MAX_CHARACTER: usize = 4;

/// A compressed message. It is decompressed into separate memory of the inbox.
#[derive(Debug)]
pub(crate) struct Inflating {
    message: Partial,
    /// The number of decompressed bytes so far.
    length: u64,
    /// Whether unmasked payload waits in the inbox, which knows its length.
    has_unmasked: bool,
}

impl Inflating {
    #[allow(clippy::unnecessary_wraps)] // without the feature, none can begin
    pub(super) const fn new(message: Partial) -> Option<Self> {
        Some(Self { message, length: 0, has_unmasked: false })
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

    pub(super) fn is_held_by<S: Storage>(&self, inbox: &Inbox<S>) -> bool {
        let (cursor, inflated) = inbox.holdings();
        // In chunks, everything except an incomplete character has been delivered.
        let partial = self.message.utf8.partial() as u64;
        let held = if self.message.in_chunks { partial } else { self.length };
        cursor.message() == 0
            && inflated.len() as u64 == held
            && (cursor.unmasked > 0) == self.has_unmasked
            && cursor.unmasked <= cursor.available()
            && cursor.unmasked as u64 <= self.message.remaining()
    }

    /// Begins the next frame of the message. The limit on the message is checked while it is
    /// decompressed.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        limits: &Limits<'_>,
    ) -> Result<(), LimitExceeded> {
        self.message.begin(header, limits)
    }

    /// Decompresses the received payload of the message, up to the next chunk or message to
    /// deliver.
    ///
    /// The capacity of the inbox limits the decompressed data too.
    pub(super) fn advance(
        &mut self,
        parts: &mut Parts<'_>,
        session: &mut Session,
        limits: &Limits<'_>,
    ) -> Result<Step, Error> {
        if self.message.frame.is_none() {
            return Ok(Step::Header);
        }
        let capacity = limits.capacity;
        let in_chunks = limits.in_chunks();
        let most = if in_chunks { CHUNK.min(capacity.max(MAX_CHARACTER)) } else { capacity };
        loop {
            let room = most.saturating_sub(parts.inflated.len());
            if in_chunks && room == 0 {
                break;
            }
            // One byte of room above the limit detects output that exceeds it.
            let room = if in_chunks { room } else { room.saturating_add(1) };
            if self.decompress(parts, session, limits, room)? {
                session.on_received(parts.inflated.pending());
                return Ok(Step::Found(self.deliver(parts.inflated, 0, limits, true)));
            }
            if !self.has_unmasked && !self.is_at_end() {
                break;
            }
        }
        if self.message.remaining() == 0 && !self.message.is_last() {
            self.message.frame = None;
        }
        let kept = self.message.utf8.partial();
        if in_chunks && parts.inflated.len() > kept {
            let pending = parts.inflated.pending();
            session.remember(&pending[..pending.len() - kept]);
            return Ok(Step::Found(self.deliver(parts.inflated, kept, limits, false)));
        }
        if self.message.frame.is_none() {
            return Ok(Step::Header);
        }
        // Payload is decompressed as it arrives, so one byte is enough to continue.
        if capacity == parts.cursor.message() {
            let size = (parts.cursor.message() as u64).saturating_add(1);
            return Err(LimitExceeded::InboxSize { size, limit: capacity as u64 }.into());
        }
        parts.cursor.expect(1);
        Ok(Step::Incomplete)
    }

    /// Calls the decompressor once, for at most `room` bytes of output. Returns whether the message
    /// is complete.
    fn decompress(
        &mut self,
        parts: &mut Parts<'_>,
        session: &mut Session,
        limits: &Limits<'_>,
        room: usize,
    ) -> Result<bool, Error> {
        let input = self.unmask(parts);
        let allowed = limits.config.max_message_size.saturating_sub(self.length).saturating_add(1);
        let room = usize::try_from(allowed).unwrap_or(usize::MAX).min(room);
        let Some(decompressor) = session.decompressor() else {
            return Err(Violation::ReservedBits.into());
        };
        let Parts { bytes, cursor, inflated } = parts;
        let (output, filled) = inflated.room(room);
        let step = if self.is_at_end() {
            decompressor.finish(output, filled)
        } else if let Some(input) = self.short_message(bytes, &input)
            && let Some(step) = decompressor.decompress_whole(input, &mut output[filled..])
        {
            step
        } else {
            decompressor.decompress(&bytes[input], output, filled)
        };
        cursor.pass(step.consumed);
        cursor.unmasked -= step.consumed;
        self.has_unmasked = cursor.unmasked > 0;
        if let Some(frame) = &mut self.message.frame {
            frame.remaining -= step.consumed as u64;
        }
        // Check the output first, because it precedes any error in the input.
        self.check_output(inflated, step.produced)?;
        limits.check_message(self.length)?;
        limits.check_inbox(self.length, 0)?;
        match step.outcome {
            Outcome::Unfinished => Ok(false),
            Outcome::Finished if self.message.utf8.is_complete() => Ok(true),
            Outcome::Finished => Err(Violation::TextNotUtf8.into()),
            Outcome::Invalid => Err(Violation::NotDeflate.into()),
            Outcome::TooManyFinalBlocks => {
                Err(LimitExceeded::FinalBlocks(decompressor.consumed()).into())
            }
        }
    }

    /// Unmasks the received payload of the frame, each byte once, and returns its range.
    fn unmask(&mut self, parts: &mut Parts<'_>) -> Range<usize> {
        let Parts { bytes, cursor, .. } = parts;
        let Some(frame) = &mut self.message.frame else { return cursor.unread..cursor.unread };
        let length = frame.limit(cursor.available());
        let payload = cursor.unread..cursor.unread + length;
        if let Some(mask) = &mut frame.mask {
            mask.apply(&mut bytes[payload.start + cursor.unmasked..payload.end]);
        }
        cursor.unmasked = length;
        payload
    }

    /// Whether the decompressor has consumed the whole payload of the message.
    fn is_at_end(&self) -> bool {
        self.message.remaining() == 0 && self.message.is_last()
    }

    /// The rest of the message and the room after it, if the rest is short and complete.
    fn short_message<'b>(&self, bytes: &'b mut [u8], input: &Range<usize>) -> Option<&'b mut [u8]> {
        let is_complete = self.message.is_last() && self.message.remaining() == input.len() as u64;
        let is_short = (1..=SHORT).contains(&input.len()) && is_complete;
        bytes.get_mut(input.start..input.end + TRAILING_ROOM).filter(|_| is_short)
    }

    /// Adds `length` bytes of output to the message.
    fn check_output(&mut self, inflated: &mut Inflated, length: usize) -> Result<(), Violation> {
        inflated.commit(length);
        self.length = self.length.saturating_add(length as u64);
        if self.message.kind == Kind::Text {
            // RFC 7692, section 6: the decompressed text must be UTF-8.
            let validator = &mut self.message.utf8;
            inflated.validate(validator, length).map_err(|_| Violation::TextNotUtf8)?;
        }
        Ok(())
    }

    /// Delivers all decompressed data except the last `kept` bytes.
    fn deliver(
        &mut self,
        inflated: &mut Inflated,
        kept: usize,
        limits: &Limits<'_>,
        last: bool,
    ) -> Found {
        let content = match self.message.kind {
            Kind::Text => Content::Text(inflated.deliver_text(kept), Place::Inflated),
            Kind::Binary => Content::Binary(inflated.deliver(kept), Place::Inflated),
        };
        if limits.in_chunks() {
            self.message.in_chunks = true;
            return Found::Chunk(content, last);
        }
        self.message.found(content)
    }
}
