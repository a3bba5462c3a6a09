//! The client.

use hybi::{
    Connection, Event, Outbox as _, Uri,
    client::{self, Opening, Request, Response},
    random::Entropy,
};
use smoltcp::socket::tcp::Socket;

use super::{Failure, Input, Outbox, Wire};

/// A client's end of one connection.
pub struct Client<'u, E: Entropy> {
    stage: Stage<'u, E>,
    wire: Wire,
}

#[allow(clippy::large_enum_variant)] // there is no heap to put the larger one on
enum Stage<'u, E: Entropy> {
    Opening(Opening<'u, E>),
    Open(Connection<hybi::Client<E>>),
}

impl<'u, E: Entropy> Client<'u, E> {
    /// Asks for the WebSocket of this URI, once the socket is connected.
    ///
    /// # Errors
    ///
    /// There is no randomness to be had.
    pub fn new(uri: &Uri<'u>, entropy: E) -> Result<Self, client::Error> {
        let mut wire = Wire::new();
        let opening = Request::new(uri).send_with(entropy, &mut wire.outbox)?;
        Ok(Self { stage: Stage::Opening(opening), wire })
    }

    /// The connection to send with and the outbox to send to, once it is open.
    pub fn open(&mut self) -> Option<(&mut Connection<hybi::Client<E>>, &mut Outbox)> {
        match &mut self.stage {
            Stage::Opening(_) => None,
            Stage::Open(websocket) => Some((websocket, &mut self.wire.outbox)),
        }
    }

    /// Whether it is over.
    pub fn should_close_transport(&self) -> bool {
        matches!(&self.stage, Stage::Open(websocket) if websocket.should_close_transport())
    }

    /// Does what can be done now, and returns the next event, if there is one. Call it whenever
    /// the interface was polled, until it is done.
    ///
    /// # Errors
    ///
    /// The server rejected the request, broke the protocol or went away.
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
