//! The compression state of one connection.

use std::{boxed::Box, vec::Vec};

use super::{Compressor, Decompressor, Deflate, Direction, Negotiated, Next, Outcome};
use crate::{
    config::MAX_MESSAGE,
    error::{Error, LimitExceeded, Violation},
    frame::Reserved,
};

/// The smallest window that the compressor supports, in bits.
const MIN_SEND_BITS: u8 = 9;

/// The first room for output in [`Session::decompress_apart`], in bytes.
const SMALLEST_OUTPUT: usize = 256;

/// The negotiated extension of one connection, with the codecs that it currently holds.
///
/// Boxed, because most connections do not use it.
#[derive(Debug)]
pub(crate) struct Session(Option<Box<Active>>);

#[derive(Debug)]
struct Active {
    deflate: Deflate,
    negotiated: Negotiated,
    sending: Direction,
    receiving: Direction,
    /// Whether to compress the messages that are sent.
    is_enabled: bool,
    compressor: Option<Box<Compressor>>,
    decompressor: Option<Box<Decompressor>>,
    /// Whether the last message that was compressed for a custom extension has not been sent.
    has_unsent: bool,
}

impl Session {
    /// The extension is not in use.
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn new(deflate: &Deflate, negotiated: Negotiated, is_server: bool) -> Self {
        let Negotiated { server, client } = negotiated;
        let (sending, receiving) = if is_server { (server, client) } else { (client, server) };
        Self(Some(Box::new(Active {
            deflate: deflate.clone(),
            negotiated,
            sending,
            receiving,
            is_enabled: true,
            compressor: None,
            decompressor: None,
            has_unsent: false,
        })))
    }

    /// The negotiated parameters, if the extension is in use.
    pub(crate) fn negotiated(&self) -> Option<Negotiated> {
        self.0.as_ref().map(|active| active.negotiated)
    }

    /// Sets whether to compress the messages that are sent from now on.
    pub(crate) fn set_enabled(&mut self, is_enabled: bool) {
        if let Some(active) = &mut self.0 {
            active.is_enabled = is_enabled;
        }
    }

    /// The reserved bits that the extension allows.
    pub(crate) const fn reserved(&self) -> Reserved {
        match self.0 {
            Some(_) => Reserved::RSV1,
            None => Reserved::NONE,
        }
    }

    /// Whether to compress a message of this length; `None` if the length is not known yet.
    pub(crate) fn should_compress(&self, length: Option<usize>) -> bool {
        self.0.as_ref().is_some_and(|active| {
            active.is_enabled
                && active.sending.window_bits >= MIN_SEND_BITS
                && length.is_none_or(|length| length >= active.deflate.settings().threshold)
        })
    }

    /// Whether the peer can decompress a prepared message that needs this window.
    #[cfg(feature = "alloc")]
    pub(crate) fn allows_prepared(&self, window_bits: u8) -> bool {
        self.0
            .as_ref()
            .is_some_and(|active| active.is_enabled && active.sending.window_bits >= window_bits)
    }

    /// Compresses the next part of a message. `None` if the codec fails.
    pub(crate) fn compress(&mut self, part: &[u8], last: bool) -> Option<&[u8]> {
        if self.0.as_ref().is_some_and(|active| active.has_unsent) {
            self.reset_sending();
        }
        let Active { deflate, sending, compressor, .. } = self.0.as_deref_mut()?;
        let bits = sending.window_bits;
        let next = if last { sending.after_message() } else { Next::Part };
        compressor.get_or_insert_with(|| deflate.compressor(bits)).compress(part, next)
    }

    /// Compresses a complete message that a custom extension then encodes. If it is not sent, the
    /// window is cleared before the next message.
    pub(crate) fn compress_apart(&mut self, message: &[u8]) -> Option<&[u8]> {
        if !self.should_compress(None) {
            return None;
        }
        if self.0.as_ref().is_some_and(|active| active.has_unsent) {
            self.reset_sending();
        }
        self.0.as_mut()?.has_unsent = true;
        let Active { deflate, sending, compressor, .. } = self.0.as_deref_mut()?;
        let (bits, next) = (sending.window_bits, sending.after_message());
        compressor.get_or_insert_with(|| deflate.compressor(bits)).compress(message, next)
    }

    /// Decompresses a complete message that a custom extension has decoded.
    pub(crate) fn decompress_apart(
        &mut self,
        payload: &[u8],
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        let Some(decompressor) = self.decompressor() else {
            return Err(Violation::ReservedBits.into());
        };
        // One byte of room above the limit detects output that exceeds it.
        let limit = limit.min(MAX_MESSAGE as u64);
        let most = usize::try_from(limit).unwrap_or(MAX_MESSAGE) + 1;
        let (mut rest, mut output, mut length) = (payload, Vec::new(), 0);
        loop {
            if length == output.len() {
                let more = rest.len().max(length).max(SMALLEST_OUTPUT);
                output.resize(length.saturating_add(more).min(most), 0);
            }
            let step = if rest.is_empty() {
                decompressor.finish(&mut output, length)
            } else {
                decompressor.decompress(rest, &mut output, length)
            };
            rest = rest.get(step.consumed..).unwrap_or_default();
            length += step.produced;
            if length as u64 > limit {
                return Err(LimitExceeded::MessageSize { size: length as u64, limit }.into());
            }
            match step.outcome {
                Outcome::Unfinished => {}
                Outcome::Finished => break,
                Outcome::Invalid => return Err(Violation::NotDeflate.into()),
                Outcome::TooManyFinalBlocks => {
                    return Err(LimitExceeded::FinalBlocks(decompressor.consumed()).into());
                }
            }
        }
        output.truncate(length);
        self.on_received(&output);
        Ok(output)
    }

    /// Called after the last frame of a compressed message was sent.
    pub(crate) fn on_sent(&mut self) {
        let Some(active) = &mut self.0 else { return };
        active.has_unsent = false;
        if active.sending.context_takeover {
            active.compressor.iter_mut().for_each(|compressor| compressor.shrink());
        } else {
            active.return_compressor();
        }
    }

    /// Clears the window, because it differs from the peer's: data was compressed and not sent, or
    /// sent after it was compressed elsewhere.
    pub(crate) fn reset_sending(&mut self) {
        let Some(active) = &mut self.0 else { return };
        active.has_unsent = false;
        if !active.sending.context_takeover {
            active.return_compressor();
        } else if let Some(compressor) = &mut active.compressor {
            compressor.reset();
        }
    }

    /// Drops the codecs, because the connection has failed.
    pub(crate) fn on_failure(&mut self) {
        if let Some(active) = &mut self.0 {
            active.compressor = None;
            active.decompressor = None;
        }
    }

    /// Returns the decompressor to the pool, because no more messages are received.
    pub(crate) fn end_receiving(&mut self) {
        if let Some(active) = &mut self.0 {
            active.return_decompressor();
        }
    }

    /// Returns the compressor to the pool, because no more messages are sent.
    pub(crate) fn end_sending(&mut self) {
        if let Some(active) = &mut self.0 {
            active.return_compressor();
        }
    }

    /// The decompressor for the message in progress. `None` if the extension is not in use.
    pub(crate) fn decompressor(&mut self) -> Option<&mut Decompressor> {
        let Active { deflate, decompressor, .. } = self.0.as_deref_mut()?;
        Some(decompressor.get_or_insert_with(|| deflate.decompressor()))
    }

    /// Called when a compressed message is complete. `output` is its decompressed data, or the part
    /// of it that has not been passed to [`remember`](Self::remember).
    pub(crate) fn on_received(&mut self, output: &[u8]) {
        let Some(active) = &mut self.0 else { return };
        if !active.receiving.context_takeover {
            active.return_decompressor();
        } else if let Some(decompressor) = &mut active.decompressor {
            decompressor.keep_window(output);
        }
    }

    /// Records decompressed data that the caller is about to drop.
    pub(crate) fn remember(&mut self, output: &[u8]) {
        if let Some(decompressor) = self.0.as_mut().and_then(|active| active.decompressor.as_mut())
        {
            decompressor.remember(output);
        }
    }
}

impl Direction {
    /// What follows a message.
    const fn after_message(self) -> Next {
        if self.context_takeover { Next::Message } else { Next::EmptyWindow }
    }
}

impl Active {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_compressor_whose_window_is_kept_stays_after_a_reset() {
        for takeover in [true, false] {
            let direction = Direction::new(15, takeover).unwrap();
            let negotiated = Negotiated::new(direction, direction);
            let mut session = Session::new(&Deflate::new(), negotiated, true);
            assert!(session.compress(b"Hello", false).is_some());
            session.reset_sending();
            assert_eq!(session.0.unwrap().compressor.is_some(), takeover);
        }
    }
}
