//! The message being received.

use core::ops::Range;

use super::Kind;
use crate::{
    Config, Error, LimitExceeded, Violation,
    buffer::{Cursor, MAX_OVERHEAD},
    frame::{Header, Opcode},
    mask::Mask,
    raw::xor::IsAscii,
    utf8::Validator,
};
#[cfg(feature = "deflate")]
use crate::{buffer::Inflated, frame::Reserved};

/// How messages are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Each when it is complete, in an inbox that can hold so many bytes.
    Whole { capacity: usize },
    /// As the bytes arrive.
    Chunks,
}

/// A part of a message, or all of it, ready to be delivered from the inbox.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    /// Where it lies; text ends on a whole character.
    pub(crate) bytes: Range<usize>,
    pub(crate) last: bool,
    /// Whether the memory that it lies in knows that it is UTF-8.
    pub(crate) is_valid_text: bool,
    /// Whether it lies with what was decompressed, rather than where it was read.
    #[cfg(feature = "deflate")]
    pub(crate) is_inflated: bool,
}

/// The frame and the message in progress.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a fact by itself
pub(crate) struct Incoming {
    /// Whether a data frame has begun and not ended.
    in_frame: bool,
    /// Whether the frame in progress is the last of its message.
    fin: bool,
    /// Bytes of payload that the frame in progress still lacks.
    remaining: u64,
    /// `None` where the peer is a server.
    mask: Option<Mask>,
    /// The message in progress.
    message: Option<Kind>,
    /// Its bytes, up to the end of the frame in progress.
    length: u64,
    fragments: u32,
    utf8: Validator,
    /// Whether it is being handed out in chunks.
    in_chunks: bool,
    /// Whether its payload is compressed.
    #[cfg(feature = "deflate")]
    is_compressed: bool,
    /// Whether compressed payload that was unmasked waits in the inbox, which knows how much.
    #[cfg(feature = "deflate")]
    has_unmasked: bool,
}

impl Incoming {
    pub(crate) const fn new() -> Self {
        Self {
            in_frame: false,
            fin: false,
            remaining: 0,
            mask: None,
            message: None,
            length: 0,
            fragments: 0,
            utf8: Validator::new(),
            in_chunks: false,
            #[cfg(feature = "deflate")]
            is_compressed: false,
            #[cfg(feature = "deflate")]
            has_unmasked: false,
        }
    }

    /// Whether the payload of a data frame comes next, rather than a header.
    pub(crate) const fn in_frame(&self) -> bool {
        self.in_frame
    }

    /// Whether a message is in progress.
    pub(crate) const fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether an inbox holds what it is expected to hold of the message in progress.
    pub(crate) fn is_held_by(
        &self,
        cursor: &Cursor,
        #[cfg(feature = "deflate")] inflated: &Inflated,
    ) -> bool {
        let expected = match self.message {
            None => 0,
            // All but an incomplete character has been delivered.
            Some(_) if self.in_chunks => self.utf8.partial() as u64,
            Some(_) => self.length - self.lacking(),
        };
        #[cfg(feature = "deflate")]
        if self.is_compressed {
            return cursor.message() == 0
                && inflated.len() as u64 == expected
                && (cursor.unmasked > 0) == self.has_unmasked
                && cursor.unmasked <= cursor.available()
                && cursor.unmasked as u64 <= self.remaining;
        }
        #[cfg(feature = "deflate")]
        if !inflated.is_empty() || cursor.unmasked > 0 {
            return false;
        }
        cursor.message() as u64 == expected
    }

    /// How many bytes of the frame in progress are counted in the length and have not come.
    const fn lacking(&self) -> u64 {
        // The length of a compressed message counts what was made.
        #[cfg(feature = "deflate")]
        if self.is_compressed {
            return 0;
        }
        self.remaining
    }

    /// Whether a message has been handed out in part.
    pub(crate) const fn in_chunks(&self) -> bool {
        self.in_chunks
    }

    /// Begins a data frame. All that its header can tell is judged here, before a byte of its
    /// payload is stored.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        header: &Header,
        config: &Config,
        delivery: Delivery,
    ) -> Result<(), Error> {
        match (header.opcode(), self.message) {
            // Section 5.4: fragments of one message are not interleaved with those of another.
            (Opcode::Continuation, None) => return Err(Violation::NothingToContinue.into()),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::MessageInsideMessage.into());
            }
            (Opcode::Text, None) => self.message = Some(Kind::Text),
            (Opcode::Binary, None) => self.message = Some(Kind::Binary),
            _ => {}
        }
        #[cfg(feature = "deflate")]
        self.mark_compressed(header)?;
        self.limit(header, config, delivery)?;
        self.in_frame = true;
        self.fin = header.fin();
        self.remaining = header.payload_len();
        self.mask = header.masking_key().map(Mask::new);
        self.in_chunks |= delivery == Delivery::Chunks;
        Ok(())
    }

    /// Takes what has come of the frame's payload: unmasks it, moves it to the message in progress
    /// and, where that is text, validates it.
    #[inline]
    pub(crate) fn absorb(
        &mut self,
        bytes: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<(), Violation> {
        let available = cursor.available();
        let length = usize::try_from(self.remaining).map_or(available, |n| n.min(available));
        let from = cursor.unread..cursor.unread + length;
        let to = cursor.held..cursor.held + length;
        let is_text = self.message == Some(Kind::Text);
        let ascii = if let Some(mask) = &mut self.mask {
            mask.shift(bytes, from, to.start, is_text)
        } else {
            if from != to {
                bytes.copy_within(from, to.start);
            }
            IsAscii::UNKNOWN
        };
        cursor.held += length;
        cursor.unread += length;
        self.remaining -= length as u64;
        // Section 8.1: judged as it arrives, so that an impossible byte ends the connection even
        // inside a frame that is not complete.
        if is_text {
            let before = self.utf8;
            if !(ascii.get() && before.is_complete()) {
                self.utf8.feed(&bytes[to]).map_err(|_| Violation::TextNotUtf8)?;
            }
            cursor.vouch(length, before, self.utf8);
        }
        Ok(())
    }

    /// What can be delivered now.
    pub(crate) fn deliver(
        &mut self,
        cursor: &mut Cursor,
        delivery: Delivery,
    ) -> Result<Option<Piece>, Violation> {
        let Some(kind) = self.message else { return Ok(None) };
        let frame_ended = self.remaining == 0;
        let last = frame_ended && self.fin;
        let start = cursor.start;
        let end = cursor.held - self.utf8.partial();
        if last {
            // Section 8.1: a message that ends inside a character is not UTF-8.
            if !self.utf8.is_complete() {
                return Err(Violation::TextNotUtf8);
            }
            *self = Self::new();
        } else {
            self.in_frame = !frame_ended;
            if delivery != Delivery::Chunks || start >= end {
                return Ok(None);
            }
            self.in_chunks = true;
        }
        let is_valid_text = cursor.vouches_for(end);
        cursor.deliver(end);
        Ok(Some(Piece {
            kind,
            bytes: start..end,
            last,
            is_valid_text,
            #[cfg(feature = "deflate")]
            is_inflated: false,
        }))
    }

    /// Says what the frame in progress lacks, in an inbox that can hold `capacity` bytes.
    pub(crate) fn want(
        &self,
        cursor: &mut Cursor,
        delivery: Delivery,
        capacity: usize,
    ) -> Result<(), LimitExceeded> {
        let lacking = match delivery {
            // What comes is delivered at once, and needs no more room than there is.
            Delivery::Chunks => 1,
            Delivery::Whole { .. } => usize::try_from(self.remaining).unwrap_or(usize::MAX),
        };
        // The inbox may be smaller than the one in which the frame began.
        if lacking > capacity - cursor.message() {
            let size = (cursor.message() as u64).saturating_add(lacking as u64);
            return Err(LimitExceeded::InboxSize { size, limit: capacity as u64 });
        }
        if self.fin && delivery != Delivery::Chunks {
            cursor.want_last(lacking);
        } else {
            cursor.want(lacking);
        }
        Ok(())
    }

    fn limit(
        &mut self,
        header: &Header,
        config: &Config,
        delivery: Delivery,
    ) -> Result<(), LimitExceeded> {
        // Empty fragments count: they cost work, though no memory.
        self.fragments = self.fragments.saturating_add(1);
        if self.fragments > config.max_fragments {
            return Err(LimitExceeded::Fragments { limit: config.max_fragments });
        }
        let size = header.payload_len();
        if size > config.max_frame_size {
            return Err(LimitExceeded::FrameSize { size, limit: config.max_frame_size });
        }
        // How long a compressed message is shows as it is decompressed, outside the inbox.
        #[cfg(feature = "deflate")]
        if self.is_compressed {
            return Ok(());
        }
        // Lengths are below 2^63 each, and the sum so far is within a limit or saturated.
        let size = self.length.saturating_add(size);
        if size > config.max_message_size {
            return Err(LimitExceeded::MessageSize { size, limit: config.max_message_size });
        }
        if let Delivery::Whole { capacity } = delivery {
            // Before more fragments, control frames may come.
            let kept = if header.fin() { 0 } else { MAX_OVERHEAD };
            let limit = capacity.saturating_sub(kept) as u64;
            if size > limit {
                return Err(LimitExceeded::InboxSize { size, limit });
            }
        }
        self.length = size;
        Ok(())
    }
}

/// What a message needs that is decompressed on the way.
#[cfg(feature = "deflate")]
impl Incoming {
    /// How far the validation of its text has come.
    pub(crate) const fn validator(&self) -> Validator {
        self.utf8
    }

    /// Whether the message in progress is compressed.
    pub(crate) const fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// What the message in progress carries.
    pub(crate) const fn kind(&self) -> Option<Kind> {
        self.message
    }

    /// How many bytes it has come to, decompressed.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Whether all of its payload has been taken.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.remaining == 0 && self.fin
    }

    /// Whether it lacks just this much of its payload.
    pub(crate) const fn lacks_just(&self, length: usize) -> bool {
        self.fin && self.remaining == length as u64
    }

    /// How many bytes of a character that is not complete it ends with.
    pub(crate) fn partial_character(&self) -> usize {
        self.utf8.partial()
    }

    /// Whether it may end here.
    pub(crate) const fn may_end(&self) -> bool {
        self.utf8.is_complete()
    }

    /// Unmasks what has come of the frame's payload, each byte once, and returns where it lies.
    pub(crate) fn unmask(&mut self, bytes: &mut [u8], cursor: &mut Cursor) -> Range<usize> {
        let available = cursor.available();
        let length = usize::try_from(self.remaining).map_or(available, |n| n.min(available));
        let payload = cursor.unread..cursor.unread + length;
        if let Some(mask) = &mut self.mask {
            mask.apply(&mut bytes[payload.start + cursor.unmasked..payload.end]);
        }
        cursor.unmasked = length;
        self.has_unmasked = length > 0;
        payload
    }

    /// Whether something was unmasked and not taken.
    pub(crate) const fn has_unmasked(&self) -> bool {
        self.has_unmasked
    }

    /// So many bytes of the payload have been decompressed.
    pub(crate) fn took(&mut self, cursor: &mut Cursor, length: usize) {
        cursor.pass(length);
        cursor.unmasked -= length;
        self.has_unmasked = cursor.unmasked > 0;
        self.remaining -= length as u64;
    }

    /// Judges the next bytes of the message, and returns its length so far.
    pub(crate) fn inflated(&mut self, made: &[u8]) -> Result<u64, Violation> {
        self.length = self.length.saturating_add(made.len() as u64);
        if self.message == Some(Kind::Text) {
            // RFC 7692, section 6: validity is that of the decompressed text.
            self.utf8.feed(made).map_err(|_| Violation::TextNotUtf8)?;
        }
        Ok(self.length)
    }

    /// Awaits the next header, if the frame in progress is complete and not the last.
    pub(crate) fn end_frame(&mut self) {
        self.in_frame = self.remaining > 0 || self.fin;
    }

    /// All of the message so far is being delivered, except for an incomplete character.
    pub(crate) fn deliver_chunk(&mut self) {
        self.in_chunks = true;
    }

    /// RFC 7692, section 6: the first frame of a message says whether it is compressed.
    fn mark_compressed(&mut self, header: &Header) -> Result<(), Violation> {
        let marked = header.reserved().contains(Reserved::RSV1);
        match header.opcode() {
            Opcode::Continuation if marked => Err(Violation::ReservedBits),
            Opcode::Continuation => Ok(()),
            _ => {
                self.is_compressed = marked;
                Ok(())
            }
        }
    }
}
