//! A server and a client over sockets of smoltcp. They are polled, and have an inbox and an outbox of
//! 1 KiB each.
//!
//! They show three things:
//!
//! - **Fixed memory.** Messages are received whole, so the inbox limits their size. When the header of a
//!   larger message arrives, the connection fails with close code 1009, and the error contains the
//!   length of the message and the limit.
//! - **No waiting.** [`Echo::poll`] and [`Client::poll`] never wait. Call them in the loop that polls the
//!   interface.
//! - **A source of randomness.** A client needs unpredictable masking keys, here from [`Hardware`].

mod client;
mod conversation;
mod echo;
mod hardware;
mod network;

pub use client::Client;
pub use conversation::converse;
pub use echo::Echo;
pub use hardware::Hardware;

use hybi::{
    Error, FixedInbox, FixedOutbox, Inbox, Outbox as _, Overrun, deadline::Cause, frame::MAX_HEADER,
};
use smoltcp::socket::tcp::{RecvError, Socket};

/// The longest message, in bytes.
pub const MESSAGE: usize = 1024;

/// An outbox with room for the longest message in a frame.
pub type Outbox = FixedOutbox<[u8; MESSAGE + MAX_HEADER]>;

/// Why a conversation failed.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// The peer violated the protocol, or disappeared.
    WebSocket(Error),
    /// The server refused the request, or could not respond.
    Accepting(hybi::server::Error),
    /// The opening handshake of the client failed.
    Opening(hybi::client::Error),
    /// The server responded with this status.
    Rejected(u16),
    /// TCP could not connect.
    Connect,
    /// An unexpected event.
    Unexpected,
    /// The peer took too long.
    Late(Cause),
    /// The conversation took too long.
    Deadline,
}

/// The buffers of one endpoint.
struct Wire {
    inbox: FixedInbox<[u8; MESSAGE]>,
    outbox: Outbox,
}

/// The result of a read.
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

    /// Moves output to the socket, as much as it has room for. Returns whether the outbox is empty.
    fn write(&mut self, socket: &mut Socket<'_>) -> Result<bool, Overrun> {
        if socket.is_open() {
            let written = socket.send_slice(self.outbox.bytes()).unwrap_or(0);
            self.outbox.consume(written)?;
        } else {
            self.outbox.clear(); // the peer cannot receive it
        }
        Ok(self.outbox.pending() == 0)
    }

    /// Moves input from the socket to the inbox, as much as it has room for.
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

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self::Late(cause)
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
