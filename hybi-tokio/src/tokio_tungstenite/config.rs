//! The settings of a connection.

use std::time::Duration;

use hybi::{Config, deadline::Timeouts};

/// The role of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It has accepted the connection.
    Server,
    /// It has opened the connection.
    Client,
}

/// The settings of a connection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WebSocketConfig {
    /// It has no effect: connections share their buffers, and an idle one has none.
    pub read_buffer_size: usize,
    /// The number of pending bytes at which the sink waits, before it takes another message. 128 KiB by
    /// default.
    pub write_buffer_size: usize,
    /// The maximum number of pending bytes. A message that does not fit is
    /// [`WriteBufferFull`](super::tungstenite::Error::WriteBufferFull). No limit by default: a sink that is
    /// polled as it must be never has more than [`write_buffer_size`](Self::write_buffer_size) and one
    /// message.
    pub max_write_buffer_size: usize,
    /// The maximum size of a received message in bytes. 64 MiB by default.
    pub max_message_size: Option<usize>,
    /// The maximum payload of a received frame in bytes. 16 MiB by default.
    pub max_frame_size: Option<usize>,
    /// Whether to compress messages, with the settings of `hybi::deflate::Deflate::new`, if the peer does so
    /// too. Off by default. Connections from a raw socket are not compressed.
    #[cfg(feature = "deflate")]
    pub compression: bool,
    /// The deadlines. By default, the opening handshake and the closing handshake may take 10 seconds each,
    /// and no other deadline is set. `Timeouts::new()` also closes connections of silent peers; then the
    /// stream must be polled all the time.
    pub timeouts: Timeouts,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            read_buffer_size: 128 * 1024,
            write_buffer_size: 128 * 1024,
            max_write_buffer_size: usize::MAX,
            max_message_size: Some(64 * 1024 * 1024),
            max_frame_size: Some(16 * 1024 * 1024),
            #[cfg(feature = "deflate")]
            compression: false,
            timeouts: Timeouts::new().ping(None).silence(None).pong(None).writing(Duration::MAX),
        }
    }
}

macro_rules! setters {
    ($($(#[$attribute:meta])* $field:ident: $type:ty,)*) => {
        impl WebSocketConfig {$(
            #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
            $(#[$attribute])*
            #[must_use]
            pub const fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )*}
    };
}

setters! {
    read_buffer_size: usize,
    write_buffer_size: usize,
    max_write_buffer_size: usize,
    max_message_size: Option<usize>,
    max_frame_size: Option<usize>,
    #[cfg(feature = "deflate")]
    compression: bool,
    timeouts: Timeouts,
}

impl WebSocketConfig {
    /// The same in the terms of hybi.
    pub(super) fn to_hybi(self) -> Config {
        let limit = |bytes: Option<usize>| {
            bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(u64::MAX)
        };
        Config::new()
            .max_message_size(limit(self.max_message_size))
            .max_frame_size(limit(self.max_frame_size))
            .deliver_while_closing(true)
            // The sink limits what waits. Reading never depends on it: the peer may read only after it
            // has written.
            .outbox_high_water(usize::MAX)
    }

    /// The settings for compression; `None` if it is off. All connections share their codecs.
    #[cfg(feature = "deflate")]
    pub(super) fn deflate(self) -> Option<&'static hybi::deflate::Deflate> {
        use std::sync::LazyLock;

        use hybi::deflate::Deflate;

        static DEFLATE: LazyLock<Deflate> = LazyLock::new(Deflate::new);
        self.compression.then(|| &*DEFLATE)
    }
}
