//! What a connection with compression has besides.

use core::ops::Range;
use std::boxed::Box;

use crate::Config;
use crate::{
    Error, LimitExceeded, Violation,
    buffer::{Cursor, Inflated},
    deflate::{Compressor, Decompressor, Deflate, Direction, Negotiated, Outcome, ROOM_BEHIND},
    message::{Delivery, Incoming, Kind, Piece},
};

/// Up to here, a compressed message is decompressed as a whole if it is here as a whole.
const SHORT: usize = 4096;

/// The longest chunk of decompressed data that is delivered, in bytes.
const CHUNK: usize = 16 * 1024;

/// The longest character in UTF-8, in bytes: a chunk must be able to hold it.
const MAX_CHARACTER: usize = 4;

/// The extension in use on a connection, with the codecs that it holds.
#[derive(Debug)]
pub(crate) struct Compression {
    deflate: Deflate,
    parameters: Negotiated,
    sending: Direction,
    receiving: Direction,
    /// Whether the caller wants messages compressed.
    wanted: bool,
    compressor: Option<Box<Compressor>>,
    decompressor: Option<Box<Decompressor>>,
}

impl Compression {
    pub(crate) fn new(deflate: &Deflate, parameters: Negotiated, is_server: bool) -> Self {
        let Negotiated { server, client } = parameters;
        let (sending, receiving) = if is_server { (server, client) } else { (client, server) };
        Self {
            deflate: deflate.clone(),
            parameters,
            sending,
            receiving,
            wanted: true,
            compressor: None,
            decompressor: None,
        }
    }

    pub(crate) const fn parameters(&self) -> Negotiated {
        self.parameters
    }

    pub(crate) const fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    /// Whether a message is to be compressed of which so much is known.
    pub(crate) fn suits(&self, length: Option<usize>) -> bool {
        // A window of 256 bytes is more than the compressor can keep to: nothing is compressed.
        self.wanted
            && self.sending.window_bits >= 9
            && length.is_none_or(|length| length >= self.deflate.settings().threshold)
    }

    /// Whether a message may be sent that was compressed by itself with such a window.
    pub(crate) fn takes_prepared(&self, window_bits: u8) -> bool {
        self.wanted && self.sending.window_bits >= window_bits
    }

    /// Compresses the next part of a message.
    pub(crate) fn compress(&mut self, part: &[u8], last: bool) -> Option<&[u8]> {
        let Self { deflate, sending, compressor, .. } = self;
        let bits = sending.window_bits;
        compressor.get_or_insert_with(|| deflate.compressor(bits)).compress(part, last)
    }

    /// A message was sent that was compressed to its end.
    pub(crate) fn sent(&mut self) {
        if self.sending.takeover {
            self.compressor.iter_mut().for_each(|compressor| compressor.shrink());
        } else {
            self.forget_sent();
        }
    }

    /// Something was compressed and not sent, or sent and not compressed here: nothing to come may
    /// refer to what was before.
    pub(crate) fn forget_sent(&mut self) {
        if !self.sending.takeover {
            self.return_compressor();
        } else if let Some(compressor) = &mut self.compressor {
            compressor.reset();
        }
    }

    /// The connection has failed, and with it the codecs.
    pub(crate) fn fail(&mut self) {
        self.compressor = None;
        self.decompressor = None;
    }

    /// The peer has sent its Close: no message follows, neither way. Returns the codecs.
    pub(crate) fn close(&mut self) {
        self.return_compressor();
        self.return_decompressor();
    }

    fn return_compressor(&mut self) {
        if let Some(mut compressor) = self.compressor.take() {
            compressor.reset();
            self.deflate.pool().keep_compressor(compressor);
        }
    }

    fn return_decompressor(&mut self) {
        if let Some(mut decompressor) = self.decompressor.take() {
            decompressor.reset();
            self.deflate.pool().keep_decompressor(decompressor);
        }
    }

    /// Decompresses what has come of a message, as far as it can be delivered.
    ///
    /// An inbox that holds `capacity` bytes at most holds no more of decompressed data either.
    #[allow(clippy::too_many_arguments)] // the parts of a connection and of an inbox
    pub(crate) fn receive(
        &mut self,
        incoming: &mut Incoming,
        bytes: &mut [u8],
        cursor: &mut Cursor,
        inflated: &mut Inflated,
        config: &Config,
        delivery: Delivery,
        capacity: usize,
    ) -> Result<Option<Piece>, Error> {
        let in_chunks = delivery == Delivery::Chunks;
        let most = if in_chunks { CHUNK.min(capacity.max(MAX_CHARACTER)) } else { capacity };
        loop {
            let room = most.saturating_sub(inflated.len());
            if in_chunks && room == 0 {
                break;
            }
            let limits = Limits { config, room, capacity: (!in_chunks).then_some(capacity) };
            let ended = self.step(incoming, bytes, cursor, inflated, &limits)?;
            if ended {
                return Ok(self.end(incoming, inflated));
            }
            if !incoming.has_unmasked() && !incoming.is_at_end() {
                break;
            }
        }
        incoming.end_frame();
        let kept = incoming.partial_character();
        if !in_chunks || inflated.len() <= kept {
            return Ok(None);
        }
        if let Some(decompressor) = &mut self.decompressor {
            let pending = inflated.pending();
            decompressor.remember(&pending[..pending.len() - kept]);
        }
        incoming.deliver_chunk();
        let is_valid_text = inflated.vouches_for_all_but(kept);
        let bytes = inflated.deliver(kept);
        Ok(incoming.kind().map(|kind| Piece {
            kind,
            bytes,
            last: false,
            is_valid_text,
            is_inflated: true,
        }))
    }

    /// One turn of the codec; `true` if the message ended with it.
    fn step(
        &mut self,
        incoming: &mut Incoming,
        bytes: &mut [u8],
        cursor: &mut Cursor,
        inflated: &mut Inflated,
        limits: &Limits<'_>,
    ) -> Result<bool, Error> {
        let input = incoming.unmask(bytes, cursor);
        let Self { deflate, decompressor, .. } = self;
        let decompressor = decompressor.get_or_insert_with(|| deflate.decompressor());
        let room = limits.room_after(incoming.length());
        let (output, made) = inflated.room(room);
        let step = if incoming.is_at_end() {
            decompressor.finish(output, made)
        } else if let Some(input) = short_message(incoming, bytes, &input)
            && let Some(step) = decompressor.decompress_whole(input, &mut output[made..])
        {
            step
        } else {
            decompressor.decompress(&bytes[input], output, made)
        };
        incoming.took(cursor, step.taken);
        // What was made is judged first: it was there before whatever is wrong behind it.
        let before = incoming.validator();
        let size = incoming.inflated(inflated.made(step.made))?;
        if incoming.kind() == Some(Kind::Text) {
            inflated.vouch(step.made, before, incoming.validator());
        }
        limits.check(size)?;
        match step.outcome {
            Outcome::Invalid => return Err(Violation::NotDeflate.into()),
            Outcome::TooManyFinalBlocks => {
                return Err(LimitExceeded::FinalBlocks(decompressor.taken()).into());
            }
            Outcome::Unfinished | Outcome::Finished => {}
        }
        let ended = step.outcome == Outcome::Finished;
        if ended && !incoming.may_end() {
            return Err(Violation::TextNotUtf8.into());
        }
        Ok(ended)
    }

    fn end(&mut self, incoming: &mut Incoming, inflated: &mut Inflated) -> Option<Piece> {
        if !self.receiving.takeover {
            self.return_decompressor();
        } else if let Some(decompressor) = &mut self.decompressor {
            decompressor.keep_window(inflated.pending());
        }
        let kind = incoming.kind();
        *incoming = Incoming::new();
        let is_valid_text = inflated.vouches_for_all_but(0);
        let bytes = inflated.deliver(0);
        kind.map(|kind| Piece { kind, bytes, last: true, is_valid_text, is_inflated: true })
    }
}

/// How much may be made of a message.
struct Limits<'c> {
    config: &'c Config,
    /// How many bytes may be made in one turn, before the one that shows that there are more.
    room: usize,
    /// How many bytes the inbox may hold of it, if it is delivered complete.
    capacity: Option<usize>,
}

impl Limits<'_> {
    /// The room for output of a message that has come to `length` bytes. One more byte than
    /// allowed shows that there are more.
    fn room_after(&self, length: u64) -> usize {
        let allowed = self.config.max_message_size.saturating_sub(length).saturating_add(1);
        let room = self.room.saturating_add(usize::from(self.capacity.is_some()));
        usize::try_from(allowed).unwrap_or(usize::MAX).min(room)
    }

    /// Judges the length that a message has come to.
    fn check(&self, size: u64) -> Result<(), LimitExceeded> {
        let limit = self.config.max_message_size;
        if size > limit {
            return Err(LimitExceeded::MessageSize { size, limit });
        }
        match self.capacity.map(|capacity| capacity as u64) {
            Some(limit) if size > limit => Err(LimitExceeded::InboxSize { size, limit }),
            _ => Ok(()),
        }
    }
}

/// What is left of a message, with room behind it, if it is short and all of it is here.
fn short_message<'b>(
    incoming: &Incoming,
    bytes: &'b mut [u8],
    input: &Range<usize>,
) -> Option<&'b mut [u8]> {
    let is_short = (1..=SHORT).contains(&input.len()) && incoming.lacks_just(input.len());
    bytes.get_mut(input.start..input.end + ROOM_BEHIND).filter(|_| is_short)
}
