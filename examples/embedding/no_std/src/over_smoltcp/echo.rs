//! The server.

use core::time::Duration;

use hybi::{
    Connection, Error, Event, Origins, Outbox as _, Server,
    deadline::{Cause, Deadlines, Stage, Timeouts},
    server::Opening,
};
use smoltcp::{socket::tcp::Socket, time::Instant};

use super::{Failure, Input, Wire};

/// The echo server of one connection.
pub struct Echo {
    protocol: Protocol,
    wire: Wire,
    deadlines: Deadlines,
    /// The result, after the end. The outbox may still hold output.
    outcome: Option<Result<(), Failure>>,
}

#[allow(clippy::large_enum_variant)] // there is no heap for the larger variant
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

impl Echo {
    /// A connection on a socket that listens or is connected.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            protocol: Protocol::Opening(Opening::new(Origins::no_browser())),
            wire: Wire::new(),
            deadlines: Deadlines::new(Timeouts::new(), time_of(now)),
            outcome: None,
        }
    }

    /// When to call [`poll`](Self::poll) at the latest, if the interface has nothing to do before.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        let deadline = self.deadlines.deadline()?;
        Some(Instant::from_micros(i64::try_from(deadline.as_micros()).ok()?))
    }

    /// Writes, reads and echoes. Returns whether the connection has ended. Call it after each poll of the
    /// interface.
    ///
    /// # Errors
    ///
    /// The connection ended without a closing handshake.
    pub fn poll(&mut self, now: Instant, socket: &mut Socket<'_>) -> Result<bool, Failure> {
        let now = time_of(now);
        // Receives only while the outbox is empty. So there is room for each reply, and a peer that
        // does not read is slowed down.
        loop {
            if let Err(cause) = self.expire(now) {
                if self.outcome.is_some() || (cause.status(), cause.close_code()) == (None, None) {
                    socket.abort();
                    return Err(cause.into());
                }
                self.outcome = Some(Err(cause.into())); // the outbox holds the reason
            }
            let waited = self.wire.outbox.pending();
            let is_written = self.wire.write(socket)?;
            self.deadlines.on_write(now, waited - self.wire.outbox.pending());
            if !is_written {
                return Ok(false);
            }
            if let Some(outcome) = self.outcome {
                socket.close();
                return outcome.map(|()| true);
            }
            match self.answer_next() {
                Ok(true) => {}
                Ok(false) => match self.wire.read(socket)? {
                    Input::Some => self.deadlines.on_read(now),
                    Input::None if self.wire.outbox.pending() > 0 => {}
                    Input::None => return Ok(false),
                    Input::Ended => self.outcome = Some(self.end_of_input()),
                },
                // The outbox holds the reason. Write it before the socket is closed.
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
    }

    /// Does what is due: sends a ping or a Close, or fails.
    fn expire(&mut self, now: Duration) -> Result<(), Cause> {
        let Self { protocol, wire: Wire { outbox, .. }, deadlines, outcome } = self;
        let until = match protocol {
            _ if outcome.is_some() => deadlines.check(now, Stage::Closing, outbox.pending()),
            Protocol::Opening(opening) => deadlines.expire_opening(now, opening, outbox),
            Protocol::Open(websocket) => deadlines.expire(now, websocket, outbox),
        };
        until.map(|_| ())
    }

    /// Handles the request or the next event. False if there is none.
    fn answer_next(&mut self) -> Result<bool, Failure> {
        let Wire { inbox, outbox } = &mut self.wire;
        match &mut self.protocol {
            Protocol::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.protocol = Protocol::Open(request.accept().finish(outbox)?);
            }
            Protocol::Open(websocket) => match websocket.receive(inbox, outbox)? {
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
        match &mut self.protocol {
            Protocol::Opening(_) => Err(Error::ConnectionLost.into()),
            Protocol::Open(websocket) => Ok(websocket.end_of_input()?),
        }
    }
}

/// The time since the epoch of the interface.
fn time_of(now: Instant) -> Duration {
    Duration::from_micros(u64::try_from(now.total_micros()).unwrap_or(0))
}
