//! Compression: the permessage-deflate extension (RFC 7692).
//!
//! This module owns the negotiation of the extension, the compressor and the decompressor, and
//! their memory. It knows nothing of frames, sockets or time.
//!
//! Compression is off unless you pass a [`Deflate`] to the handshake. It contains the settings, and
//! the codecs that all its connections share.
//!
//! ```
//! use hybi::deflate::Deflate;
//!
//! // Once for all connections of a server:
//! let deflate = Deflate::new().level(3).threshold(512);
//! // For each connection: request.accept().deflate(&deflate).finish(&mut outbox)
//! ```
//!
//! # Memory
//!
//! By default, neither direction uses context takeover. Such a direction holds no memory between
//! messages: it borrows a shared codec for each message. A direction with context takeover keeps
//! its codec, because the window with the previous messages makes the next one shorter. It holds no
//! memory before its first compressed message.
//!
//! This is the memory per connection with context takeover, measured after a message of a few KiB
//! in each direction (`cargo test --test memory -- --nocapture` prints it):
//!
//! | window, memory level | takeover for sending | takeover for receiving | neither |
//! | --- | --- | --- | --- |
//! | 2^15, 8 | 372 KiB | 79 KiB | 56 bytes |
//! | 2^12, 8 | 260 KiB | 79 KiB | 56 bytes |
//! | 2^9, 8 | 246 KiB | 79 KiB | 56 bytes |
//! | 2^15, 1 | 261 KiB | 79 KiB | 56 bytes |
//! | 2^12, 1 | 149 KiB | 79 KiB | 56 bytes |
//! | 2^9, 1 | 135 KiB | 79 KiB | 56 bytes |
//!
//! A message is decompressed as it arrives. Whenever the input pauses, the decompressor saves its
//! window. If speed matters more than memory, give the inbox an initial capacity of twice the
//! typical frame, so that most frames are decompressed in one call. 64 KiB of text then take 5 %
//! less time.
//!
//! # Secrets
//!
//! The length of compressed data reveals something about its content, even under encryption. Do not
//! compress a secret and data chosen by an attacker in the same message or, with context takeover,
//! on the same connection. See [`Connection::set_compression`](crate::Connection::set_compression).

mod compressor;
mod decompressor;
mod negotiation;
mod parameters;
mod policy;
mod pool;
mod session;

pub(crate) use compressor::{Compressor, Next};
pub(crate) use decompressor::{Decompressor, Outcome, TRAILING_ROOM};
use negotiation::Accepted;
#[cfg(feature = "inspect")]
pub(crate) use negotiation::negotiated;
pub(crate) use parameters::Element;
pub use parameters::{Direction, Negotiated};
pub(crate) use policy::{Acceptance, Agreed, NotAnAnswer, Offer, Policy};
pub(crate) use pool::Pool;
pub(crate) use session::Session;

use std::{boxed::Box, sync::Arc, vec::Vec};

/// The name of the extension.
pub(crate) const NAME: &str = "permessage-deflate";

/// The settings for compression, and the codecs that connections share.
///
/// A clone shares the codecs. A change of a setting detaches it from them, so make one `Deflate`
/// and use it for all connections.
#[derive(Clone, Debug)]
pub struct Deflate {
    settings: Settings,
    pool: Arc<Pool>,
}

/// The settings of a [`Deflate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) level: u8,
    pub(crate) memory_level: u8,
    pub(crate) threshold: usize,
    /// For the messages that we send.
    pub(crate) sending: Direction,
    /// For the messages that the peer sends.
    pub(crate) receiving: Direction,
    /// As a server: whether compression depends on the client's window.
    pub(crate) requires_window: bool,
    /// As a client: whether the offer says what it asks for.
    pub(crate) offers_parameters: bool,
}

impl Deflate {
    /// The default settings: no context takeover, windows of 32 KiB, level 2.
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

    /// The compression level, from 1 (fastest) to 9 (smallest). 2 by default. Other values are
    /// clamped.
    #[must_use]
    pub fn level(self, level: u8) -> Self {
        self.with(|settings| settings.level = level.clamp(1, 9))
    }

    /// The memory level of the compressor, zlib's `memLevel`: how much memory it uses in addition
    /// to its window, from 1 to 9. 8 by default. Other values are clamped.
    #[must_use]
    pub fn memory_level(self, level: u8) -> Self {
        self.with(|settings| settings.memory_level = level.clamp(1, 9))
    }

    /// The length in bytes from which messages are compressed. 256 by default. Shorter messages are
    /// sent uncompressed.
    #[must_use]
    pub fn threshold(self, bytes: usize) -> Self {
        self.with(|settings| settings.threshold = bytes)
    }

    /// Whether to keep the window between sent messages. Off by default. The peer may forbid it.
    ///
    /// Similar messages become much shorter, but the connection keeps a compressor.
    #[must_use]
    pub fn send_context_takeover(self, takeover: bool) -> Self {
        self.with(|settings| settings.sending.context_takeover = takeover)
    }

    /// Whether to let the peer keep its window between messages. Off by default.
    ///
    /// The connection then keeps a decompressor.
    #[must_use]
    pub fn receive_context_takeover(self, takeover: bool) -> Self {
        self.with(|settings| settings.receiving.context_takeover = takeover)
    }

    /// The window of our compressor, 2^`bits` bytes, from 9 to 15. 15 by default. Other values are
    /// clamped. The peer may ask for a smaller window.
    #[must_use]
    pub fn send_window(self, bits: u8) -> Self {
        self.with(|settings| settings.sending.window_bits = bits.clamp(9, 15))
    }

    /// The maximum window that we ask the peer to use, 2^`bits` bytes, from 8 to 15. 15 by default.
    /// Other values are clamped.
    ///
    /// Some peers do not support a window of 2^8 bytes and decline. Prefer 9.
    #[must_use]
    pub fn receive_window(self, bits: u8) -> Self {
        self.with(|settings| settings.receiving.window_bits = bits.clamp(8, 15))
    }

    /// Whether a server declines compression if the client does not let it limit the client's
    /// window. Off by default: such a client compresses with any window.
    ///
    /// This does not affect a client. A client always makes a single offer with all its parameters,
    /// as browsers do. A server that does not grant them declines the offer, and the connection is
    /// uncompressed.
    #[must_use]
    pub fn require_receive_window(self, require: bool) -> Self {
        self.with(|settings| settings.requires_window = require)
    }

    /// Whether the offer of a client has parameters. On by default.
    ///
    /// `false` offers `permessage-deflate` alone, for servers that do not handle parameters. The
    /// server may then keep its window between messages and choose its size, regardless of
    /// [`receive_context_takeover`](Self::receive_context_takeover) and
    /// [`receive_window`](Self::receive_window), so the connection may keep a decompressor with a window
    /// of 32 KiB. The messages that we send follow the other settings.
    #[must_use]
    pub fn offer_parameters(self, offer: bool) -> Self {
        self.with(|settings| settings.offers_parameters = offer)
    }

    /// Compresses a message independently of other messages. Returns the payload and the window
    /// that it needs, in bits.
    pub(crate) fn compress_alone(&self, message: &[u8]) -> Option<(Vec<u8>, u8)> {
        let bits = self.settings.sending.window_bits;
        let mut compressor = self.compressor(bits);
        let compressed = compressor.compress(message, Next::EmptyWindow).map(Vec::from);
        compressor.reset();
        self.pool.keep_compressor(compressor);
        compressed.map(|compressed| (compressed, bits))
    }

    /// An unused compressor, from the pool if there is one.
    pub(crate) fn compressor(&self, window_bits: u8) -> Box<Compressor> {
        let kept = self.pool.compressor(window_bits);
        kept.unwrap_or_else(|| Box::new(Compressor::new(&self.settings, window_bits)))
    }

    /// An unused decompressor, from the pool if there is one.
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
        // Codecs with other settings cannot be used.
        self.pool = Arc::default();
        self
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}
