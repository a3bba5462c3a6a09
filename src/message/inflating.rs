//! A compressed message (RFC 7692, section 6).

use core::ops::Range;

use super::{incoming::Step, limits::Limits, partial::Partial};
use crate::{
    buffer::{Content, Found, Inbox, Inflated, Parts, Place, Storage},
    deflate::{Outcome, ROOM_BEHIND, Session},
    error::{Error, LimitExceeded, Violation},
    frame::{Header, Kind},
};

/// A message of at most this many bytes is decompressed in one call if it is complete.
const SHORT: usize = 4096;

/// The longest chunk of decompressed data that is delivered, in bytes.
const CHUNK: usize = 16 * 1024;

/// The longest character in UTF-8, in bytes: a chunk must be able to hold it.
const MAX_CHARACTER: usize = 4;

/// A message that is decompressed into memory of the inbox.
#[derive(Debug)]
pub(crate) struct Inflating {
    message: Partial,
    /// How many bytes it has come to, decompressed.
    length: u64,
}

impl Inflating {
    #[allow(clippy::unnecessary_wraps)] // without the feature, none can begin
    pub(super) const fn new(message: Partial) -> Option<Self> {
        Some(Self { message, length: 0 })
    }

    pub(super) const fn in_chunks(&self) -> bool {
        self.message.in_chunks
    }

    pub(super) fn is_held_by<S: Storage>(&self, inbox: &Inbox<S>) -> bool {
        let (cursor, inflated) = inbox.holdings();
        // In chunks, all but an incomplete character has been delivered.
        let partial = self.message.utf8.partial() as u64;
        let held = if self.message.in_chunks { partial } else { self.length };
        cursor.message() == 0
            && inflated.len() as u64 == held
            && (cursor.unmasked > 0) == self.message.has_unmasked()
            && cursor.unmasked <= cursor.available()
            && cursor.unmasked as u64 <= self.message.remaining()
    }

    /// Begins the next frame of the message. Its length shows while it is decompressed.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        limits: &Limits<'_>,
    ) -> Result<(), LimitExceeded> {
        self.message.begin(header, limits)
    }

    /// Decompresses what has arrived of the message, as far as it can be delivered.
    ///
    /// An inbox that holds `capacity` bytes at most holds no more of decompressed data either.
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
            // One more byte than allowed shows that there are more.
            let room = if in_chunks { room } else { room.saturating_add(1) };
            if self.turn(parts, session, limits, room)? {
                session.on_received(parts.inflated.pending());
                return Ok(Step::Found(self.deliver(parts.inflated, 0, limits, true)));
            }
            if !self.message.has_unmasked() && !self.is_at_end() {
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
        // The payload is decompressed as it arrives: one byte is enough to go on.
        if capacity == parts.cursor.message() {
            let size = (parts.cursor.message() as u64).saturating_add(1);
            return Err(LimitExceeded::InboxSize { size, limit: capacity as u64 }.into());
        }
        parts.cursor.expect(1);
        Ok(Step::Incomplete)
    }

    /// One call of the codec, for at most `room` bytes; `true` if the message ended with it.
    fn turn(
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
        let (output, made) = inflated.room(room);
        let step = if self.is_at_end() {
            decompressor.finish(output, made)
        } else if let Some(input) = self.short_message(bytes, &input)
            && let Some(step) = decompressor.decompress_whole(input, &mut output[made..])
        {
            step
        } else {
            decompressor.decompress(&bytes[input], output, made)
        };
        cursor.pass(step.taken);
        cursor.unmasked -= step.taken;
        if let Some(frame) = &mut self.message.frame {
            frame.has_unmasked = cursor.unmasked > 0;
            frame.remaining -= step.taken as u64;
        }
        // The output is checked first: it precedes whatever is wrong with the input.
        self.check_output(inflated, step.made)?;
        limits.check_message(self.length)?;
        limits.check_inbox(self.length, 0)?;
        match step.outcome {
            Outcome::Unfinished => Ok(false),
            Outcome::Finished if self.message.utf8.is_complete() => Ok(true),
            Outcome::Finished => Err(Violation::TextNotUtf8.into()),
            Outcome::Invalid => Err(Violation::NotDeflate.into()),
            Outcome::TooManyFinalBlocks => {
                Err(LimitExceeded::FinalBlocks(decompressor.taken()).into())
            }
        }
    }

    /// Unmasks what has arrived of the frame's payload, each byte once, and returns where it lies.
    fn unmask(&mut self, parts: &mut Parts<'_>) -> Range<usize> {
        let Parts { bytes, cursor, .. } = parts;
        let Some(frame) = &mut self.message.frame else { return cursor.unread..cursor.unread };
        let length = frame.limit(cursor.available());
        let payload = cursor.unread..cursor.unread + length;
        if let Some(mask) = &mut frame.mask {
            mask.apply(&mut bytes[payload.start + cursor.unmasked..payload.end]);
        }
        cursor.unmasked = length;
        frame.has_unmasked = length > 0;
        payload
    }

    /// Whether all of the message's payload has been decompressed.
    fn is_at_end(&self) -> bool {
        self.message.remaining() == 0 && self.message.is_last()
    }

    /// The rest of the message and the room after it, if the rest is complete and short.
    fn short_message<'b>(&self, bytes: &'b mut [u8], input: &Range<usize>) -> Option<&'b mut [u8]> {
        let is_complete = self.message.is_last() && self.message.remaining() == input.len() as u64;
        let is_short = (1..=SHORT).contains(&input.len()) && is_complete;
        bytes.get_mut(input.start..input.end + ROOM_BEHIND).filter(|_| is_short)
    }

    /// Adds `length` bytes of output to the message.
    fn check_output(&mut self, inflated: &mut Inflated, length: usize) -> Result<(), Violation> {
        inflated.commit(length);
        self.length = self.length.saturating_add(length as u64);
        if self.message.kind == Kind::Text {
            // RFC 7692, section 6: validity is that of the decompressed text.
            let validator = &mut self.message.utf8;
            inflated.validate(validator, length).map_err(|_| Violation::TextNotUtf8)?;
        }
        Ok(())
    }

    /// Delivers all but the last `kept` bytes.
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
        Found::Message(content)
    }
}
