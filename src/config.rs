//! The settings of a connection, chiefly its limits.

/// The longest message that memory can hold, in bytes: no allocation has more than `isize::MAX`, and a
/// decompressor gets room for one byte above the limit, which shows that the message exceeds it.
#[cfg(feature = "alloc")]
pub(crate) const MAX_MESSAGE: usize = isize::MAX.cast_unsigned() - 1;

/// The settings of a connection. The defaults are safe on the open Internet.
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

/// How pings are answered. Each ping is also an event, under any policy.
///
/// # While a compressed message is sent in fragments
///
/// RFC 6455 allows control frames between the fragments of any message, but some peers fail the
/// connection when one arrives between the fragments of a compressed message (Tornado, wsproto,
/// Jetty 9.4, libwebsockets 4.1). An automatic pong is therefore delayed until the last fragment
/// has been sent, or until [`close`](crate::Connection::close) abandons the message. If several
/// pings arrive meanwhile, only the latest is answered (section 5.5.3).
///
/// A peer that pings during a long or endless compressed message may time out waiting for the pong.
/// Send such a message uncompressed: call `set_compression(false)` before its first fragment, and
/// pongs go between its fragments. Or choose [`Manual`](Self::Manual) and send the pongs yourself:
/// they are not delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pongs {
    /// Answer every ping at once while fewer than `max_backlog` bytes are pending in the outbox.
    /// Above that, answer as with [`Latest`](Self::Latest).
    ///
    /// A peer that sends pings but does not read eventually fills the outbox to
    /// [`Config::outbox_high_water`]. Do not read from the transport while the outbox
    /// [has no room](crate::Connection::has_room).
    All {
        /// The backlog in bytes. 64 KiB in [`Pongs::all`].
        max_backlog: usize,
    },
    /// Answer only the latest ping of each batch of input, as section 5.5.3 allows. A flood of
    /// pings costs one pong. At most one pong is pending, inside the connection.
    Latest,
    /// Answer no ping. The caller sends the pongs that section 5.5.2 requires, with
    /// [`send_pong`](crate::Connection::send_pong).
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
    /// The connection replies at once, with the close code that the peer sent.
    #[default]
    Automatic,
    /// The caller replies, with [`close`](crate::Connection::close) or
    /// [`close_without_code`](crate::Connection::close_without_code). It may send data until then:
    /// section 5.5.1 allows an endpoint to delay its Close until the message in progress is sent.
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

    /// Whether a message of `size` bytes in a single frame is within all limits.
    #[inline]
    pub(crate) const fn allows_whole(&self, size: u64) -> bool {
        size <= self.max_frame_size && size <= self.max_message_size && self.max_fragments > 0
    }

    /// The maximum size of a received message, in bytes. 16 MiB by default.
    ///
    /// A larger message fails the connection with 1009. An uncompressed one does so when the header
    /// of the frame that exceeds the limit arrives, a compressed one when its decompressed data
    /// exceeds the limit. If messages are received in chunks, the limit may be `u64::MAX`, because
    /// chunks are not collected in memory. Otherwise, no message is larger than an allocation can be:
    /// 2 GiB with addresses of 32 bits.
    #[must_use]
    pub const fn max_message_size(self, bytes: u64) -> Self {
        Self { max_message_size: bytes, ..self }
    }

    /// The maximum payload length of a received frame, in bytes. 16 MiB by default.
    ///
    /// A larger frame fails the connection with 1009 when its header arrives.
    #[must_use]
    pub const fn max_frame_size(self, bytes: u64) -> Self {
        Self { max_frame_size: bytes, ..self }
    }

    /// The maximum number of fragments of a received message, including empty ones. 131,072 by
    /// default.
    ///
    /// A message with more fragments fails the connection with 1008.
    #[must_use]
    pub const fn max_fragments(self, count: u32) -> Self {
        Self { max_fragments: count, ..self }
    }

    /// The number of pending bytes at which the outbox accepts no more messages. 32 MiB by default:
    /// a loop that echoes each message, and writes when `receive` returns `None`, never reaches it.
    ///
    /// At or above this mark, sending returns [`AboveHighWater`](crate::Error::AboveHighWater), and
    /// pongs wait. The last message before that may exceed the mark.
    #[must_use]
    pub const fn outbox_high_water(self, bytes: usize) -> Self {
        Self { outbox_high_water: bytes, ..self }
    }

    /// How pings are answered. [`Pongs::all`] by default.
    #[must_use]
    pub const fn pongs(self, pongs: Pongs) -> Self {
        Self { pongs, ..self }
    }

    /// Whether to deliver messages that arrive after our Close and before the peer's. By default
    /// they are checked and dropped. Section 5.1 allows the peer to send them until its own Close.
    #[must_use]
    pub const fn deliver_while_closing(self, deliver: bool) -> Self {
        Self { deliver_while_closing: deliver, ..self }
    }

    /// Who replies to the peer's Close. [`CloseReply::Automatic`] by default.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_that_the_documentation_names() {
        let defaults = Config {
            max_message_size: 16_777_216,
            max_frame_size: 16_777_216,
            max_fragments: 131_072,
            outbox_high_water: 33_554_432,
            pongs: Pongs::All { max_backlog: 65_536 },
            deliver_while_closing: false,
            close_reply: CloseReply::Automatic,
        };
        assert_eq!(Config::new(), defaults);
    }

    #[test]
    fn a_message_in_one_frame_is_within_each_limit() {
        let config = Config::new().max_fragments(1);
        for (frame, message) in [(10, 20), (20, 10)] {
            let config = config.max_frame_size(frame).max_message_size(message);
            assert_eq!([10, 11].map(|size| config.allows_whole(size)), [true, false]);
        }
        assert!(!config.max_fragments(0).allows_whole(1));
    }
}
