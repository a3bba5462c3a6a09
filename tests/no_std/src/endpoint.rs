//! An endpoint with fixed-size buffers, and the transport between two of them.

use hybi::{
    Config, Connection, FixedOutbox, Role, Server,
    random::{Entropy, EntropyError},
};

/// The size of each inbox and outbox, in bytes. There is room for the opening handshake.
pub(crate) const SIZE: usize = 512;

pub(crate) type Inbox = hybi::FixedInbox<[u8; SIZE]>;
pub(crate) type Client = hybi::Client<Sequence>;

/// An endpoint with its buffers.
pub(crate) struct Endpoint<R: Role> {
    pub(crate) websocket: Connection<R>,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: FixedOutbox<[u8; SIZE]>,
}

impl<R: Role> Endpoint<R> {
    /// Keeps the inbox of the opening handshake, which may contain frames.
    pub(crate) fn new(websocket: Connection<R>, inbox: Inbox) -> Self {
        Self { websocket, inbox, outbox: FixedOutbox::over([0; SIZE]) }
    }

    /// Moves the pending bytes of the outbox to the peer.
    pub(crate) fn send_to<P: Role>(&mut self, peer: &mut Endpoint<P>) {
        carry(&mut self.outbox, &mut peer.inbox);
    }
}

/// Both endpoints of a connection.
pub(crate) struct Pair {
    pub(crate) client: Endpoint<Client>,
    pub(crate) server: Endpoint<Server>,
}

impl Pair {
    /// Two endpoints after the opening handshake.
    pub(crate) fn connected() -> Self {
        let client = Connection::client(Config::new(), Sequence::new());
        let server = Connection::server(Config::new());
        Self {
            client: Endpoint::new(client, empty_inbox()),
            server: Endpoint::new(server, empty_inbox()),
        }
    }
}

pub(crate) fn empty_inbox() -> Inbox {
    Inbox::over([0; SIZE])
}

/// Moves as many bytes to the inbox as it has room for.
pub(crate) fn carry<B>(outbox: &mut FixedOutbox<B>, inbox: &mut Inbox)
where
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let taken = inbox.copy_from(outbox.bytes());
    let dropped = outbox.consume(taken);
    debug_assert_eq!(dropped, Ok(()));
}

/// A fixed sequence of bytes, which repeats after 256.
///
/// A client on a network needs unpredictable bytes. Here nothing leaves the process, and a fixed
/// sequence makes each run the same.
#[derive(Debug)]
pub(crate) struct Sequence(u8);

impl Sequence {
    pub(crate) const fn new() -> Self {
        Self(0)
    }
}

impl Entropy for Sequence {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(89);
        }
        Ok(())
    }
}
