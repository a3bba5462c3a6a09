//! permessage-deflate: compression (RFC 7692).
//!
//! This module owns the negotiation of the extension, the compressor and the decompressor, and the
//! memory that they hold. It knows nothing of frames, sockets or time.
//!
//! Compression is off unless a handshake is given a [`Deflate`]: a policy, and the codecs that all
//! connections made with it share.
//!
//! ```
//! use hybi::deflate::Deflate;
//!
//! // Once for all connections of a server:
//! let deflate = Deflate::new().level(3).threshold(512);
//! // For each: request.accept().deflate(&deflate).finish(&mut outbox)
//! ```
//!
//! # What a connection holds
//!
//! Between messages, a direction without context takeover holds nothing: a codec is taken from the
//! shared ones for one message and given back. That is the default for both directions. A
//! direction with context takeover keeps its codec, because its window is what makes the next
//! message shorter. A connection that has not used a direction holds nothing for it.
//!
//! What context takeover costs for each connection, measured after a message of some KiB each way
//! (`cargo test --test memory -- --nocapture` prints it):
//!
//! | window, memory level | takeover when sending | when receiving | neither |
//! | --- | --- | --- | --- |
//! | 2^15, 8 | 372 KiB | 79 KiB | 56 bytes |
//! | 2^12, 8 | 260 KiB | 79 KiB | 56 bytes |
//! | 2^9, 8 | 246 KiB | 79 KiB | 56 bytes |
//! | 2^15, 1 | 261 KiB | 79 KiB | 56 bytes |
//! | 2^12, 1 | 149 KiB | 79 KiB | 56 bytes |
//! | 2^9, 1 | 135 KiB | 79 KiB | 56 bytes |
//!
//! A message is decompressed as it arrives, and each time that it stops and goes on, the decompressor
//! puts its window aside. Where time matters more than memory, give the inbox room for the usual
//! frame twice over, so that most frames come in one piece: 64 KiB of text then take a twentieth
//! less.
//!
//! # Secrets
//!
//! The length of compressed data tells something of what is in it, even under encryption. Do not
//! compress a secret in one message with data that an attacker chose (or, with context takeover,
//! on one connection): see [`Connection::compress`](crate::Connection::set_compression).

mod compressor;
mod decompressor;
mod negotiation;
mod parameters;
mod policy;
mod pool;
mod session;

pub(crate) use compressor::Compressor;
pub(crate) use decompressor::{Decompressor, Outcome, ROOM_BEHIND};
use negotiation::Accepted;
pub use parameters::{Direction, Negotiated};
pub(crate) use policy::{Agreed, NotAnAnswer, Offer, Policy};
pub(crate) use pool::Pool;
pub(crate) use session::Session;

use std::{boxed::Box, sync::Arc, vec::Vec};

/// The name of the extension.
pub(crate) const NAME: &str = "permessage-deflate";

/// What to offer and to accept, how to compress, and the codecs that connections share.
///
/// A clone shares its codecs.
#[derive(Clone, Debug)]
pub struct Deflate {
    settings: Settings,
    pool: Arc<Pool>,
}

/// The policy, by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) level: u8,
    pub(crate) memory_level: u8,
    pub(crate) threshold: usize,
    /// What we do when sending.
    pub(crate) sending: Direction,
    /// What we ask of the peer.
    pub(crate) receiving: Direction,
    /// As a server: whether compression depends on the client's window.
    pub(crate) requires_window: bool,
    /// As a client: whether the offer says what it asks for.
    pub(crate) offers_parameters: bool,
}

impl Deflate {
    /// The defaults: no context takeover, windows of 32 KiB, a fast level.
    pub fn new() -> Self {
        let direction = Direction { window_bits: 15, context_takeover: false };
        let settings = Settings {
            level: 2,
            memory_level: 8,
            threshold: 256,
            sending: direction,
            receiving: direction,
            requires_window: false,
            offers_parameters: true,
        };
        Self { settings, pool: Arc::default() }
    }

    /// How hard to compress, from 1 (fast) to 9 (small); 2 by default.
    #[must_use]
    pub fn level(self, level: u8) -> Self {
        self.with(|settings| settings.level = level.clamp(1, 9))
    }

    /// How much memory a compressor takes besides its window, from 1 to 9; 8 by default.
    #[must_use]
    pub fn memory_level(self, level: u8) -> Self {
        self.with(|settings| settings.memory_level = level.clamp(1, 9))
    }

    /// Messages of fewer bytes are sent uncompressed; 256 by default.
    #[must_use]
    pub fn threshold(self, bytes: usize) -> Self {
        self.with(|settings| settings.threshold = bytes)
    }

    /// Keeps the window from one message that is sent to the next: similar messages become much
    /// shorter, and the connection keeps a compressor. Off by default; the peer may forbid it.
    #[must_use]
    pub fn send_context_takeover(self, takeover: bool) -> Self {
        self.with(|settings| settings.sending.context_takeover = takeover)
    }

    /// Lets the peer keep its window from one message to the next; the connection keeps a
    /// decompressor. Off by default.
    #[must_use]
    pub fn receive_context_takeover(self, takeover: bool) -> Self {
        self.with(|settings| settings.receiving.context_takeover = takeover)
    }

    /// The window of our compressor, 2^bits bytes, from 9 to 15; 15 by default. The peer may ask
    /// for a smaller one.
    #[must_use]
    pub fn send_window(self, bits: u8) -> Self {
        self.with(|settings| settings.sending.window_bits = bits.clamp(9, 15))
    }

    /// The window that the peer is asked to keep to, 2^bits bytes, from 8 to 15; 15 by default.
    /// Some peers cannot compress with 8 and refuse; 9 asks for little more.
    #[must_use]
    pub fn receive_window(self, bits: u8) -> Self {
        self.with(|settings| settings.receiving.window_bits = bits.clamp(8, 15))
    }

    /// As a server, goes without compression if the client does not let us limit its window to
    /// [`receive_window`](Self::receive_window); by default, a server takes what it gets.
    ///
    /// A client always offers one element with all that it asks for, as browsers do. A server that
    /// does not grant it declines, and there is no compression.
    #[must_use]
    pub fn require_receive_window(self, require: bool) -> Self {
        self.with(|settings| settings.requires_window = require)
    }

    /// As a client, whether the offer has parameters; it has, by default.
    ///
    /// `false` offers `permessage-deflate` alone, for servers that cannot cope with parameters. The
    /// server may then keep its window from one message to the next and choose its size, whatever
    /// [`receive_context_takeover`](Self::receive_context_takeover) and
    /// [`receive_window`](Self::receive_window) say, so that the connection may keep a decompressor
    /// with a window of 32 KiB. What we send follows the other settings all the same.
    #[must_use]
    pub fn offer_parameters(self, offer: bool) -> Self {
        self.with(|settings| settings.offers_parameters = offer)
    }

    /// Compresses a message by itself, and returns the window that it needs, too.
    pub(crate) fn compress_alone(&self, message: &[u8]) -> Option<(Vec<u8>, u8)> {
        let bits = self.settings.sending.window_bits;
        let mut compressor = self.compressor(bits);
        let compressed = compressor.compress(message, true).map(Vec::from);
        compressor.reset();
        self.pool.keep_compressor(compressor);
        compressed.map(|compressed| (compressed, bits))
    }

    /// A compressor that nobody uses.
    pub(crate) fn compressor(&self, window_bits: u8) -> Box<Compressor> {
        let kept = self.pool.compressor(window_bits);
        kept.unwrap_or_else(|| Box::new(Compressor::new(&self.settings, window_bits)))
    }

    /// A decompressor that nobody uses.
    pub(crate) fn decompressor(&self) -> Box<Decompressor> {
        self.pool.decompressor().unwrap_or_else(|| Box::new(Decompressor::new()))
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        // Codecs of other settings are of no use.
        self.pool = Arc::default();
        self
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}
