//! The bounds within which everything is explored.

/// What the applications, the network and the clock may do. All numbers are for each endpoint.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent settings
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    /// The size of the outbox, in bytes. A frame takes 6 to 8 bytes from a client, and 2 to 4 from a
    /// server.
    pub(crate) outbox: usize,
    /// The size of the inbox, in bytes.
    pub(crate) inbox: usize,
    pub(crate) messages: u8,
    /// Whether a message may be sent in two fragments.
    pub(crate) fragments: bool,
    pub(crate) pings: u8,
    /// Whether the application may also close the connection without a code.
    pub(crate) closes_without_code: bool,
    /// Whether the network may lose the bytes in flight, and end the input of their receiver.
    pub(crate) losses: bool,
    /// Whether the network may lose the bytes in flight and all later ones, without an end of the input.
    pub(crate) silence: bool,
    /// Whether one frame that violates the protocol may be sent.
    pub(crate) violations: bool,
    pub(crate) clock: Clock,
}

/// When time passes, and how often at most. Each timeout is one tick, and silence is two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// There are no deadlines.
    None,
    /// Time passes at any point, so that the network and the applications may be slow.
    Any(u8),
    /// Time passes only when nothing else happens, so that no deadline may end a connection.
    AtRest(u8),
}

impl Setup {
    /// Only the two connections and the closing handshake.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            outbox: 64,
            inbox: 256,
            messages: 0,
            fragments: false,
            pings: 0,
            closes_without_code: false,
            losses: false,
            silence: false,
            violations: false,
            clock: Clock::None,
        }
    }
}
