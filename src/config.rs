//! What the caller can choose for a connection, limits above all.

/// The settings of a connection; each has a default that is safe on the open Internet.
///
/// ```
/// use hybi::{Config, Pongs};
///
/// let config = Config::new().max_message_size(64 * 1024).max_fragments(100).pongs(Pongs::Latest);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) max_message_size: u64,
    pub(crate) max_frame_size: u64,
    pub(crate) max_fragments: u32,
    pub(crate) outbox_high_water: usize,
    pub(crate) pongs: Pongs,
    pub(crate) deliver_while_closing: bool,
    pub(crate) close_reply: CloseReply,
}

/// How pings are answered. Whatever the choice, each ping is an event too.
///
/// # While a compressed message is sent in fragments
///
/// RFC 6455 allows control frames between the fragments of any message, but some peers fail the
/// connection when one comes between those of a compressed message (Tornado, wsproto, Jetty 9.4,
/// libwebsockets 4.1). So an automatic pong waits until the last fragment was sent, or until
/// [`close`](crate::Connection::close) gives the message up, and then leaves at once. Of several
/// pings received meanwhile, the latest is answered (section 5.5.3).
///
/// A peer that pings during a compressed message that takes long, or has no end, may then give up
/// for lack of a pong. Send such a message uncompressed: call `set_compression(false)` before its first
/// fragment, and pongs go between its fragments. Or answer by hand under
/// [`Manual`](Self::Manual): what the caller sends leaves where the caller sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pongs {
    /// Every ping, at once, while fewer bytes than the backlog wait in the outbox; beyond that as
    /// [`Latest`](Self::Latest).
    ///
    /// A peer that pings and does not read reaches
    /// [`Config::outbox_high_water`] in the end; do not read on while the outbox
    /// [has no room](crate::Connection::has_room).
    All {
        /// The backlog, in bytes; 64 KiB in [`Pongs::all`].
        max_backlog: usize,
    },
    /// The latest ping, once for each batch of input, as section 5.5.3 allows: a flood of pings
    /// costs one pong. At most one pong waits, in the connection itself.
    Latest,
    /// None: the caller answers with [`send_pong`](crate::Connection::send_pong), as section
    /// 5.5.2 obliges it to.
    Manual,
}

impl Pongs {
    /// [`Pongs::All`] with a backlog of 64 KiB.
    pub const fn all() -> Self {
        Self::All { max_backlog: 64 * 1024 }
    }
}

impl Default for Pongs {
    fn default() -> Self {
        Self::all()
    }
}

/// Who replies to the peer's Close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReply {
    /// The connection, at once, with the code that the peer sent.
    #[default]
    Automatic,
    /// The caller, with [`close`](crate::Connection::close) or
    /// [`close_without_code`](crate::Connection::close_without_code). Until then it may send: section
    /// 5.5.1 allows an endpoint to finish the message that it is sending.
    Manual,
}

const MIB: u64 = 1024 * 1024;

impl Config {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            max_message_size: 16 * MIB,
            max_frame_size: 16 * MIB,
            max_fragments: 128 * 1024,
            outbox_high_water: 32 * 1024 * 1024,
            pongs: Pongs::all(),
            deliver_while_closing: false,
            close_reply: CloseReply::Automatic,
        }
    }

    /// Whether a message of so many bytes in one frame is within all limits.
    #[inline]
    pub(crate) const fn allows_whole(&self, size: u64) -> bool {
        size <= self.max_frame_size && size <= self.max_message_size && self.max_fragments > 0
    }

    /// The largest message to be received, in bytes; 16 MiB by default.
    ///
    /// A larger one fails the connection with 1009, when the header that exceeds the limit
    /// arrives. For messages that are received in chunks it may be `u64::MAX`: they take no memory.
    #[must_use]
    pub const fn max_message_size(self, bytes: u64) -> Self {
        Self { max_message_size: bytes, ..self }
    }

    /// The largest frame to be received, in bytes; 16 MiB by default.
    ///
    /// A larger one fails the connection with 1009, when its header arrives.
    #[must_use]
    pub const fn max_frame_size(self, bytes: u64) -> Self {
        Self { max_frame_size: bytes, ..self }
    }

    /// The most fragments that a received message may have, empty ones included; 131,072 by
    /// default.
    ///
    /// More fail the connection with 1008.
    #[must_use]
    pub const fn max_fragments(self, count: u32) -> Self {
        Self { max_fragments: count, ..self }
    }

    /// How many bytes may wait in the outbox; 32 MiB by default, so that a loop that answers each
    /// message with as many bytes, and writes when nothing more is to be received, never gets there.
    ///
    /// Once so many wait, sending is refused with [`OutboxFull`](crate::Error::OutboxFull) and
    /// pongs wait too, until some are written out. One message may reach beyond the mark.
    #[must_use]
    pub const fn outbox_high_water(self, bytes: usize) -> Self {
        Self { outbox_high_water: bytes, ..self }
    }

    /// How pings are answered; [`Pongs::all`] by default.
    #[must_use]
    pub const fn pongs(self, pongs: Pongs) -> Self {
        Self { pongs, ..self }
    }

    /// Whether messages are delivered that arrive after our Close and before the peer's; by
    /// default they are checked and dropped (section 5.1 leaves it open).
    #[must_use]
    pub const fn deliver_while_closing(self, deliver: bool) -> Self {
        Self { deliver_while_closing: deliver, ..self }
    }

    /// Who replies to the peer's Close; [`CloseReply::Automatic`] by default.
    #[must_use]
    pub const fn close_reply(self, reply: CloseReply) -> Self {
        Self { close_reply: reply, ..self }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
