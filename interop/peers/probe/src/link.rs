//! A connection over TCP that counts what it receives.

use std::{
    io::{ErrorKind, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use hybi::{Connection, Inbox, Message, Role, State};

use crate::Failure;

/// For each step of a check.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// An event that owns its contents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Message(Message),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code, or 1005 if there is none, and the reason.
    Close(u16, String),
    /// The end of the input after a closing handshake.
    End,
}

/// A connection, its transport and its buffers.
pub(crate) struct Link<R: Role> {
    pub(crate) websocket: Connection<R>,
    pub(crate) outbox: Vec<u8>,
    pub(crate) subprotocol: Option<String>,
    /// The number of extensions in use.
    pub(crate) extensions: usize,
    inbox: Inbox,
    stream: TcpStream,
    /// The number of bytes received after the opening handshake.
    received: usize,
}

impl<R: Role> Link<R> {
    pub(crate) fn new(websocket: Connection<R>, inbox: Inbox, stream: TcpStream) -> Self {
        let outbox = Vec::new();
        Self { websocket, outbox, subprotocol: None, extensions: 0, inbox, stream, received: 0 }
    }

    /// The number of bytes received since the last call.
    pub(crate) fn take_received(&mut self) -> usize {
        std::mem::take(&mut self.received)
    }

    /// Writes the outbox.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.stream.write_all(&self.outbox)?;
        self.outbox.clear();
        Ok(())
    }

    /// Writes the outbox, then waits for the next event. Fails after [`TIMEOUT`].
    pub(crate) fn next(&mut self) -> Result<Received, Failure> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let event = self.websocket.receive(&mut self.inbox, &mut self.outbox);
            let event = match event {
                Ok(event) => event.map(|event| owned(&event)),
                Err(error) => {
                    // The outbox holds a Close that reports the error.
                    self.flush()?;
                    return Err(error.into());
                }
            };
            self.flush()?;
            if let Some(event) = event {
                return Ok(event);
            }
            if self.websocket.should_close_transport() {
                let _ = self.stream.shutdown(Shutdown::Write);
                return Ok(Received::End);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("nothing within {} s", TIMEOUT.as_secs()).into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => {
                    self.websocket.end_of_input()?;
                    return Ok(Received::End);
                }
                Ok(count) => self.received += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // After both Close frames, a reset is a normal end.
                Err(_) if self.websocket.state() == State::Closed => return Ok(Received::End),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn owned(event: &hybi::Event<'_>) -> Received {
    match *event {
        hybi::Event::Text(text) => Received::Message(Message::Text(text.into())),
        hybi::Event::Binary(data) => Received::Message(Message::Binary(data.into())),
        hybi::Event::Ping(payload) => Received::Ping(payload.into()),
        hybi::Event::Pong(payload) => Received::Pong(payload.into()),
        hybi::Event::Close(close) => {
            let code = close.code().map_or(1005, hybi::CloseCode::get);
            Received::Close(code, close.reason().into())
        }
    }
}
