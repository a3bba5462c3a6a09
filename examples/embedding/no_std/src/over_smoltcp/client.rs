//! The client.

use hybi::{
    Connection, Event, Outbox as _, Uri,
    client::{self, Opening, Request, Response},
    random::Entropy,
};
use smoltcp::socket::tcp::Socket;

use super::{Failure, Input, Outbox, Wire};

/// The client of one connection.
pub struct Client<'u, E: Entropy> {
    stage: Stage<'u, E>,
    wire: Wire,
}

#[allow(clippy::large_enum_variant)] // there is no heap for the larger variant
enum Stage<'u, E: Entropy> {
    Opening(Opening<'u, E>),
    Open(Connection<hybi::Client<E>>),
}

impl<'u, E: Entropy> Client<'u, E> {
    /// Requests the WebSocket of this URI when the socket is connected.
    ///
    /// # Errors
    ///
    /// The source of randomness failed.
    pub fn new(uri: &Uri<'u>, entropy: E) -> Result<Self, client::Error> {
        let mut wire = Wire::new();
        let opening = Request::new(uri).send_with(entropy, &mut wire.outbox)?;
        Ok(Self { stage: Stage::Opening(opening), wire })
    }

    /// The connection and its outbox, for sending. `None` until it is open.
    pub fn open(&mut self) -> Option<(&mut Connection<hybi::Client<E>>, &mut Outbox)> {
        match &mut self.stage {
            Stage::Opening(_) => None,
            Stage::Open(websocket) => Some((websocket, &mut self.wire.outbox)),
        }
    }

    /// Whether to close the transport, because the connection has ended.
    pub fn should_close_transport(&self) -> bool {
        matches!(&self.stage, Stage::Open(websocket) if websocket.should_close_transport())
    }

    /// Writes, reads, and returns the next event, if there is one. Call it after each poll of the
    /// interface until [`should_close_transport`](Self::should_close_transport).
    ///
    /// # Errors
    ///
    /// The server rejected the request, violated the protocol, or disappeared.
    pub fn poll(&mut self, socket: &mut Socket<'_>) -> Result<Option<Event<'_>>, Failure> {
        self.wire.write(socket)?;
        let input = self.wire.read(socket)?;
        let Wire { inbox, outbox } = &mut self.wire;
        match &mut self.stage {
            Stage::Opening(opening) => match opening.receive(inbox)? {
                Some(Response::Accepted(accepted)) => self.stage = Stage::Open(accepted.finish()),
                Some(Response::Rejected(rejected)) => {
                    return Err(Failure::Rejected(rejected.status()));
                }
                None if input == Input::Ended => return Err(hybi::Error::ConnectionLost.into()),
                None => {}
            },
            Stage::Open(websocket) => {
                let event = websocket.receive(inbox, outbox)?;
                if event.is_none() && input == Input::Ended {
                    websocket.end_of_input()?;
                }
                if websocket.should_close_transport() && outbox.pending() == 0 {
                    socket.close();
                }
                return Ok(event);
            }
        }
        Ok(None)
    }
}
