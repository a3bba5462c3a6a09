//! A connection that several threads share.

use std::{
    error,
    io::{self, Write},
    mem,
    net::{Shutdown, TcpStream},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hybi::{
    CloseCode, Connection, Error, Event, Inbox, Outbox as _, Role, State,
    deadline::{Cause, Deadlines, Stage},
};

use crate::{
    following::Following,
    timed::clock::{TURN, is_temporary, left, now},
};

/// Senders wait while this many bytes wait in the outbox.
pub(crate) const BACKLOG: usize = 64 * 1024;

/// The most memory that an empty batch keeps, in bytes.
const KEPT: usize = 1024 * 1024;

/// The most reads at the end of a connection, whose bytes are discarded.
const DRAINED: usize = 1024;

/// A connection and its outbox, shared by one thread that reads, one that writes, and any number
/// that send.
///
/// The lock is held to receive or to send, which never blocks. It is not held while a socket is read or
/// written, or while the reader uses an event: an event borrows the inbox, which the reader owns.
pub(crate) struct Duplex<R: Role> {
    shared: Mutex<Shared<R>>,
    /// Notified when the outbox changes, and at the end of the connection.
    changed: Condvar,
}

struct Shared<R: Role> {
    websocket: Connection<R>,
    outbox: Vec<u8>,
    /// How many bytes the writer has taken from the outbox and has not written yet.
    unwritten: usize,
    /// The reader and the writer both wait for these.
    deadlines: Deadlines,
}

impl<R: Role> Shared<R> {
    fn expire(&mut self) -> Result<Option<Duration>, Cause> {
        let mut outbox = Following { ahead: self.unwritten, outbox: &mut self.outbox };
        self.deadlines.expire(now(), &mut self.websocket, &mut outbox)
    }
}

impl<R: Role> Duplex<R> {
    pub(crate) const fn new(
        websocket: Connection<R>,
        outbox: Vec<u8>,
        deadlines: Deadlines,
    ) -> Self {
        let shared = Shared { websocket, outbox, unwritten: 0, deadlines };
        Self { shared: Mutex::new(shared), changed: Condvar::new() }
    }

    /// For the reader: the next event, or `None` if more input is needed.
    pub(crate) fn receive<'i>(&self, inbox: &'i mut Inbox) -> Result<Option<Event<'i>>, Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        let event = websocket.receive(inbox, outbox);
        if !outbox.is_empty() || websocket.should_close_transport() {
            self.changed.notify_all(); // a reply, or a Close with the reason
        }
        event
    }

    /// For the reader: reads once, unless the connection has ended or the peer takes too long. False at
    /// the end of the connection.
    pub(crate) fn read(
        &self,
        inbox: &mut Inbox,
        mut stream: &TcpStream,
    ) -> Result<bool, Box<dyn error::Error>> {
        while !self.should_close_transport() {
            let until = self.lock().expire();
            self.changed.notify_all(); // the outbox may hold a ping or a Close, also after an error
            let wait = left(until?).map_or(TURN, |left| left.min(TURN));
            stream.set_read_timeout(Some(wait))?;
            match inbox.read_from(&mut stream) {
                Ok(0) => {
                    self.end_of_input()?;
                    return Ok(false);
                }
                Ok(_) => {
                    self.lock().deadlines.on_read(now());
                    return Ok(true);
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// For the reader: reports the end of the input.
    pub(crate) fn end_of_input(&self) -> Result<(), Error> {
        let ended = self.lock().websocket.end_of_input();
        self.changed.notify_all();
        ended
    }

    /// For any thread: waits for room and sends, unless the connection is closing.
    pub(crate) fn send(
        &self,
        act: impl FnOnce(&mut Connection<R>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut shared = self.wait_for_room(self.lock());
        let Shared { websocket, outbox, .. } = &mut *shared;
        if websocket.state() == State::Open {
            act(websocket, outbox)?;
            self.changed.notify_all();
        }
        Ok(())
    }

    /// For the writer: writes out the outbox until the connection ends.
    pub(crate) fn write(&self, stream: &TcpStream) -> io::Result<()> {
        let mut batch = Vec::new();
        while self.take(&mut batch) {
            if let Err(error) = self.write_batch(&batch, stream) {
                // Wakes the reader and all senders.
                let _ = self.end_of_input();
                let _ = stream.shutdown(Shutdown::Both);
                return Err(error);
            }
            if batch.capacity() > KEPT {
                batch = Vec::new();
            }
            batch.clear();
        }
        stream.shutdown(Shutdown::Write)
    }

    /// Writes these bytes, unless the peer takes too long to read them.
    fn write_batch(&self, mut bytes: &[u8], mut stream: &TcpStream) -> io::Result<()> {
        while !bytes.is_empty() {
            let until = self.lock().expire()?;
            stream.set_write_timeout(left(until))?;
            match stream.write(bytes) {
                Ok(length) => {
                    bytes = &bytes[length..];
                    let mut shared = self.lock();
                    shared.unwritten = bytes.len();
                    shared.deadlines.on_write(now(), length);
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Without a writer: writes the outbox and a Close, and shuts down the output.
    pub(crate) fn write_close(&self, code: CloseCode, stream: &TcpStream) -> io::Result<()> {
        // Fails if the connection is already closed.
        let _ = self.send(|websocket, outbox| websocket.close(code, "", outbox));
        let _ = self.end_of_input();
        self.write(stream)
    }

    /// For the reader, at the end: reads and discards until the peer closes, while the writer writes what
    /// is left and shuts down the output. Closing a socket with unread input resets it, and the peer may
    /// lose the final bytes.
    pub(crate) fn drain(&self, mut stream: &TcpStream) {
        let mut bytes = [0; 4096];
        for _ in 0..DRAINED {
            let mut shared = self.lock();
            let pending = shared.unwritten + shared.outbox.pending();
            let until = shared.deadlines.check(now(), Stage::Closing, pending);
            drop(shared);
            let Ok(until) = until else { break };
            let read = stream
                .set_read_timeout(left(until))
                .and_then(|()| io::Read::read(&mut stream, &mut bytes));
            match read {
                Err(error) if is_temporary(&error) => {}
                Ok(length) if length > 0 => {}
                _ => break,
            }
        }
        // Also wakes the writer.
        let _ = stream.shutdown(Shutdown::Both);
    }

    /// Whether to close the transport after the outbox is written.
    pub(crate) fn should_close_transport(&self) -> bool {
        self.lock().websocket.should_close_transport()
    }

    /// Waits for output. False at the end of the connection.
    fn take(&self, batch: &mut Vec<u8>) -> bool {
        let waits = |shared: &mut Shared<R>| {
            shared.outbox.is_empty() && !shared.websocket.should_close_transport()
        };
        let mut shared =
            self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        mem::swap(batch, &mut shared.outbox);
        shared.unwritten = batch.len();
        if batch.len() >= BACKLOG {
            self.changed.notify_all(); // there is room again
        }
        !batch.is_empty()
    }

    fn wait_for_room<'a>(&self, shared: Guard<'a, R>) -> Guard<'a, R> {
        let waits = |shared: &mut Shared<R>| {
            shared.outbox.len() >= BACKLOG && shared.websocket.state() == State::Open
        };
        self.changed.wait_while(shared, waits).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Guard<'_, R> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Guard<'a, R> = MutexGuard<'a, Shared<R>>;
