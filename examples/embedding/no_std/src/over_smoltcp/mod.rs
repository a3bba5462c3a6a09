//! A server and a client over sockets of smoltcp: polled, with an inbox and an outbox of 1 KiB
//! each.
//!
//! They show three things:
//!
//! - **Fixed memory.** Messages come whole, and the inbox is the largest message: a larger one is
//!   refused with close code 1009 as soon as its header has come, and the error says how long it
//!   is and how much there is room for.
//! - **No waiting.** [`Echo::poll`] and [`Client::poll`] do what can be done now. They belong into
//!   the loop that polls the interface.
//! - **Randomness of your own.** A client masks what it sends with keys that nobody can predict,
//!   here from [`Hardware`].

mod client;
mod conversation;
mod echo;
mod hardware;
mod network;

pub use client::Client;
pub use conversation::converse;
pub use echo::Echo;
pub use hardware::Hardware;

use hybi::{Error, FixedInbox, FixedOutbox, Inbox, Outbox as _, Overrun, frame::MAX_HEADER};
use smoltcp::socket::tcp::{RecvError, Socket};

/// The longest message, in bytes.
pub const MESSAGE: usize = 1024;

/// What is to be sent: room for the longest message in a frame.
pub type Outbox = FixedOutbox<[u8; MESSAGE + MAX_HEADER]>;

/// What ends a conversation before its time.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// The peer broke the protocol, or went away.
    WebSocket(Error),
    /// The server refused the client's request, or could not answer it.
    Accepting(hybi::server::Error),
    /// The client's opening handshake failed, or could not begin.
    Opening(hybi::client::Error),
    /// The server rejected the client's request with this status.
    Rejected(u16),
    /// TCP could not connect.
    Connect,
    /// Something else came than what was expected.
    Unexpected,
    /// Nothing came for too long.
    Deadline,
}

/// The buffers of one end, and their way to a socket.
struct Wire {
    inbox: FixedInbox<[u8; MESSAGE]>,
    outbox: Outbox,
}

/// What came of reading.
#[derive(PartialEq)]
enum Input {
    Some,
    None,
    Ended,
}

impl Wire {
    const fn new() -> Self {
        Self { inbox: Inbox::over([0; MESSAGE]), outbox: Outbox::over([0; MESSAGE + MAX_HEADER]) }
    }

    /// Hands the socket what is in the outbox, as far as it takes it. Whether that is all.
    fn write(&mut self, socket: &mut Socket<'_>) -> Result<bool, Overrun> {
        if socket.is_open() {
            let written = socket.send_slice(self.outbox.bytes()).unwrap_or(0);
            self.outbox.consume(written)?;
        } else {
            self.outbox.clear(); // there is nobody to take it
        }
        Ok(self.outbox.pending() == 0)
    }

    /// Takes what the socket has received, as far as there is room for it.
    fn read(&mut self, socket: &mut Socket<'_>) -> Result<Input, Error> {
        match socket.recv_slice(self.inbox.spare()?) {
            Ok(0) => Ok(Input::None),
            Ok(length) => Ok(self.inbox.commit(length).map(|()| Input::Some)?),
            // Not connected yet.
            Err(RecvError::InvalidState) if socket.is_open() => Ok(Input::None),
            Err(RecvError::InvalidState | RecvError::Finished) => Ok(Input::Ended),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::WebSocket(error)
    }
}

impl From<Overrun> for Failure {
    fn from(overrun: Overrun) -> Self {
        Self::WebSocket(overrun.into())
    }
}

impl From<hybi::server::Error> for Failure {
    fn from(error: hybi::server::Error) -> Self {
        Self::Accepting(error)
    }
}

impl From<hybi::client::Error> for Failure {
    fn from(error: hybi::client::Error) -> Self {
        Self::Opening(error)
    }
}
