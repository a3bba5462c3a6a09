//! The server.

use hybi::{Connection, Error, Event, Origins, Server, server::Opening};
use smoltcp::{
    socket::tcp::Socket,
    time::{Duration, Instant},
};

use super::{Failure, Input, Wire};

/// How long the opening handshake may take.
const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may be silent or not read.
const SILENCE: Duration = Duration::from_secs(60);

/// The echo server of one connection.
pub struct Echo {
    stage: Stage,
    wire: Wire,
    /// The result, after the end. The outbox may still hold output.
    outcome: Option<Result<(), Failure>>,
    deadline: Instant,
}

#[allow(clippy::large_enum_variant)] // there is no heap for the larger variant
enum Stage {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

impl Echo {
    /// A connection on a socket that listens or is connected.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Opening(Opening::new(Origins::no_browser())),
            wire: Wire::new(),
            outcome: None,
            deadline: now + OPENING,
        }
    }

    /// Writes, reads and echoes. Returns whether the connection has ended. Call it after each poll of the
    /// interface.
    ///
    /// # Errors
    ///
    /// The connection ended without a closing handshake.
    pub fn poll(&mut self, now: Instant, socket: &mut Socket<'_>) -> Result<bool, Failure> {
        if now >= self.deadline {
            socket.abort();
            return Err(Error::ConnectionLost.into());
        }
        // Receives only while the outbox is empty. So there is room for each reply, and a peer that
        // does not read is slowed down.
        while self.wire.write(socket)? {
            if let Some(outcome) = self.outcome {
                socket.close();
                return outcome.map(|()| true);
            }
            match self.answer_next() {
                Ok(true) => self.deadline = now + SILENCE,
                Ok(false) => match self.wire.read(socket)? {
                    Input::Some => {}
                    Input::None => return Ok(false),
                    Input::Ended => self.outcome = Some(self.end_of_input()),
                },
                // The outbox holds the reason. Write it before the socket is closed.
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
        Ok(false)
    }

    /// Handles the request or the next event. False if there is none.
    fn answer_next(&mut self) -> Result<bool, Failure> {
        let Wire { inbox, outbox } = &mut self.wire;
        match &mut self.stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.stage = Stage::Open(request.accept().finish(outbox)?);
            }
            Stage::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.should_close_transport() => self.outcome = Some(Ok(())),
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Opening(_) => Err(Error::ConnectionLost.into()),
            Stage::Open(websocket) => Ok(websocket.end_of_input()?),
        }
    }
}
