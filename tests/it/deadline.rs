//! The deadlines of a connection, with a simulated clock.

mod bucket;
mod closing;
mod honest;
mod hostile;
mod opening;
mod silence;
mod simulation;
mod writing;

use std::time::Duration;

use hybi::{
    Config, Connection, Event, Inbox, Server,
    deadline::{Cause, Deadlines, Timeouts},
};

use crate::support::wire::{FIN, From, PONG, frame};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const TIMEOUTS: Timeouts = Timeouts::new()
    .opening(seconds(10))
    .ping(Some(seconds(20)))
    .silence(Some(seconds(25)))
    .pong(Some(seconds(60)))
    .writing(seconds(30))
    .closing(seconds(10));

/// A server whose opening handshake was complete at second 0, and its transport.
struct Open {
    websocket: Connection<Server>,
    inbox: Inbox,
    outbox: Vec<u8>,
    deadlines: Deadlines,
}

impl Open {
    fn new(timeouts: Timeouts) -> Self {
        let mut open = Self {
            websocket: Connection::server(Config::new()),
            inbox: Inbox::with_capacity(1024),
            outbox: Vec::new(),
            deadlines: Deadlines::new(timeouts, seconds(0)),
        };
        open.expire(0).unwrap();
        open
    }

    fn expire(&mut self, second: u64) -> Result<Option<Duration>, Cause> {
        let Self { websocket, outbox, deadlines, .. } = self;
        deadlines.expire(seconds(second), websocket, outbox)
    }

    /// Reads these bytes and receives.
    fn read(&mut self, second: u64, bytes: &[u8]) {
        assert_eq!(self.inbox.copy_from(bytes), bytes.len());
        self.deadlines.on_read(seconds(second));
        while let Some(event) = self.websocket.receive(&mut self.inbox, &mut self.outbox).unwrap() {
            assert!(!matches!(event, Event::Text(_) | Event::Binary(_)));
        }
    }

    /// Writes the first bytes of the outbox.
    fn write(&mut self, second: u64, length: usize) {
        self.outbox.drain(..length);
        self.deadlines.on_write(seconds(second), length);
    }

    /// Writes a ping with a nonce, and returns the nonce.
    fn write_ping(&mut self, second: u64) -> [u8; 2] {
        let nonce = self.outbox.strip_prefix(b"\x89\x02").unwrap().try_into().unwrap();
        self.write(second, 4);
        nonce
    }
}

fn pong(payload: &[u8]) -> Vec<u8> {
    frame(From::Client, FIN | PONG, payload)
}
