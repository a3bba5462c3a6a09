//! A blocking socket with deadlines.
//!
//! The timeout of a socket bounds one read or one write. A peer that sends or reads a byte now and
//! then never exceeds it. [`Deadlines`] bound whole operations, so this sets the timeout of the socket to
//! what is left of them.

#![allow(dead_code)] // not every program needs all of it

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use hybi::{
    Connection, Inbox, Outbox, Role,
    deadline::{Cause, Deadlines, Stage, Timeouts},
    server::Opening,
};

#[path = "clock.rs"]
pub(crate) mod clock;

use clock::{is_temporary, left, now};

/// The most bytes to read and discard at the end of a connection.
const DRAINED: u64 = 16 * 1024 * 1024;

/// A socket and its deadlines.
///
/// For an open connection, call [`expire`](Self::expire) before each [`read_once`](Self::read_once) and
/// each [`write_once`](Self::write_once). Otherwise use the traits: reading and writing then fail with
/// [`io::ErrorKind::TimedOut`] if the peer takes too long.
pub(crate) struct Timed<'s> {
    pub(crate) stream: &'s TcpStream,
    pub(crate) deadlines: Deadlines,
    stage: Stage,
}

impl<'s> Timed<'s> {
    /// A socket on which the opening handshake begins.
    pub(crate) fn new(stream: &'s TcpStream, timeouts: Timeouts) -> Self {
        Self { stream, deadlines: Deadlines::new(timeouts, now()), stage: Stage::Opening }
    }

    /// Enters a stage.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
    }

    /// Reads once for a server that waits for a request. If that takes too long, the outbox holds a
    /// response. 0 is the end of the input.
    pub(crate) fn read_request(
        &mut self,
        opening: &mut Opening<'_>,
        inbox: &mut Inbox,
        outbox: &mut Vec<u8>,
    ) -> io::Result<usize> {
        loop {
            let until = self.deadlines.expire_opening(now(), opening, outbox)?;
            if let Some(length) = self.read_once(inbox, until)? {
                return Ok(length);
            }
        }
    }

    /// Sends what is due over an open connection. Returns how long to wait for input.
    pub(crate) fn expire<R: Role>(
        &mut self,
        websocket: &mut Connection<R>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Duration>, Cause> {
        self.enter(Stage::Open);
        self.deadlines.expire(now(), websocket, outbox)
    }

    /// Reads once. `None` if the deadline passes, 0 at the end of the input.
    pub(crate) fn read_once(
        &mut self,
        inbox: &mut Inbox,
        until: Option<Duration>,
    ) -> io::Result<Option<usize>> {
        self.stream.set_read_timeout(left(until))?;
        let read = done(inbox.read_from(&mut self.stream))?;
        if read.is_some() {
            self.deadlines.on_read(now());
        }
        Ok(read)
    }

    /// Writes once. `None` if the deadline passes.
    pub(crate) fn write_once(
        &mut self,
        bytes: &[u8],
        until: Option<Duration>,
    ) -> io::Result<Option<usize>> {
        self.stream.set_write_timeout(left(until))?;
        let written = done(self.stream.write(bytes))?;
        self.deadlines.on_write(now(), written.unwrap_or(0));
        Ok(written)
    }

    /// Closes the connection without losing output: writes what is left, shuts down the output, and waits
    /// for the peer to close. Closing a socket with unread input resets it, and the peer may lose the
    /// final bytes.
    pub(crate) fn end(&mut self, outbox: &[u8]) {
        self.enter(Stage::Closing);
        if self.write_all(outbox).is_ok() {
            let _ = self.stream.shutdown(Shutdown::Write);
            let _ = io::copy(&mut self.take(DRAINED), &mut io::sink());
        }
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let until = self.deadlines.check(now(), self.stage, 0)?;
            self.stream.set_read_timeout(left(until))?;
            if let Some(length) = done(self.stream.read(bytes))? {
                self.deadlines.on_read(now());
                return Ok(length);
            }
        }
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let until = self.deadlines.check(now(), self.stage, bytes.len())?;
            if let Some(length) = self.write_once(bytes, until)? {
                return Ok(length);
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// `None` if the timeout of the socket has passed.
fn done(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if is_temporary(&error) => Ok(None),
        result => result.map(Some),
    }
}
