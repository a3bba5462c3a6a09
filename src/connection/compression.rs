//! What a connection with compression has besides.

use core::ops::Range;
use std::boxed::Box;

use super::Config;
use crate::{
    Error, LimitExceeded, Violation,
    buffer::{Cursor, Inflated},
    extension::deflate::{
        Compressor, Decompressor, Deflate, Direction, Outcome, Parameters, ROOM_BEHIND,
    },
    message::{Delivery, Incoming, Kind, Piece},
};

/// Up to here, a compressed message is decompressed as a whole if it is here as a whole.
const SHORT: usize = 4096;

/// How many bytes are decompressed at the most before they are delivered in chunks.
const CHUNK: usize = 16 * 1024;

/// The extension in use on a connection, with the codecs that it holds.
#[derive(Debug)]
pub(crate) struct Compression {
    deflate: Deflate,
    parameters: Parameters,
    sending: Direction,
    receiving: Direction,
    /// Whether the caller wants messages compressed.
    wanted: bool,
    compressor: Option<Box<Compressor>>,
    decompressor: Option<Box<Decompressor>>,
}

impl Compression {
    pub(crate) fn new(deflate: &Deflate, parameters: Parameters, is_server: bool) -> Self {
        let Parameters { server, client } = parameters;
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

    pub(crate) const fn parameters(&self) -> Parameters {
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
        let Some(mut compressor) = self.compressor.take() else { return };
        compressor.reset();
        if self.sending.takeover {
            self.compressor = Some(compressor);
        } else {
            self.deflate.pool().keep_compressor(compressor);
        }
    }

    /// The connection has failed: what the codecs hold is of no more use.
    pub(crate) fn fail(&mut self) {
        self.compressor = None;
        self.decompressor = None;
    }

    /// Decompresses what has come of a message, as far as it can be delivered.
    pub(crate) fn receive(
        &mut self,
        incoming: &mut Incoming,
        bytes: &mut [u8],
        cursor: &mut Cursor,
        inflated: &mut Inflated,
        config: &Config,
        delivery: Delivery,
    ) -> Result<Option<Piece>, Error> {
        let in_chunks = delivery == Delivery::Chunks;
        loop {
            let most = if in_chunks { CHUNK.saturating_sub(inflated.len()) } else { usize::MAX };
            if most == 0 {
                break;
            }
            if self.step(incoming, bytes, cursor, inflated, config, most)? {
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
        incoming.hand_out_in_chunks();
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

    /// One turn of the codec, which makes so many bytes at the most; `true` if the message ended
    /// with it.
    fn step(
        &mut self,
        incoming: &mut Incoming,
        bytes: &mut [u8],
        cursor: &mut Cursor,
        inflated: &mut Inflated,
        config: &Config,
        most: usize,
    ) -> Result<bool, Error> {
        let input = incoming.unmask(bytes, cursor);
        let Self { deflate, decompressor, .. } = self;
        let decompressor = decompressor.get_or_insert_with(|| deflate.decompressor());
        // One byte more than allowed tells that there is more.
        let allowed = config.message_size.saturating_sub(incoming.length()).saturating_add(1);
        let room = usize::try_from(allowed).unwrap_or(usize::MAX).min(most);
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
        if size > config.message_size {
            let limit = config.message_size;
            return Err(LimitExceeded::MessageSize { size, limit }.into());
        }
        if step.outcome == Outcome::Invalid {
            return Err(Violation::NotDeflate.into());
        }
        let ended = step.outcome == Outcome::Finished;
        if ended && !incoming.may_end() {
            return Err(Violation::TextNotUtf8.into());
        }
        Ok(ended)
    }

    fn end(&mut self, incoming: &mut Incoming, inflated: &mut Inflated) -> Option<Piece> {
        if let Some(mut decompressor) = self.decompressor.take() {
            if self.receiving.takeover {
                decompressor.keep_window(inflated.pending());
                self.decompressor = Some(decompressor);
            } else {
                decompressor.reset();
                self.deflate.pool().keep_decompressor(decompressor);
            }
        }
        let kind = incoming.kind();
        *incoming = Incoming::new();
        let is_valid_text = inflated.vouches_for_all_but(0);
        let bytes = inflated.deliver(0);
        kind.map(|kind| Piece { kind, bytes, last: true, is_valid_text, is_inflated: true })
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
