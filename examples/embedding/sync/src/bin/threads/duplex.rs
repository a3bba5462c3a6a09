//! A connection that several threads share.

use std::{
    io, mem,
    net::{Shutdown, TcpStream},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hybi::{CloseCode, Connection, Error, Event, Inbox, Role, State};

use crate::timed::Timed;

/// How long a peer may take to read all that is in the outbox.
const WRITING: Duration = Duration::from_secs(30);

/// Senders wait while this many bytes wait in the outbox.
pub(crate) const BACKLOG: usize = 64 * 1024;

/// A connection and its outbox, shared by one thread that reads, one that writes, and any number
/// that send.
///
/// The lock is held to receive or to send, which never blocks. It is not held while a socket is read or
/// written, or while the reader uses an event: an event borrows the inbox, which the reader owns.
pub(crate) struct Duplex<R: Role> {
    shared: Mutex<(Connection<R>, Vec<u8>)>,
    /// Notified when the outbox changes, and at the end of the connection.
    changed: Condvar,
}

impl<R: Role> Duplex<R> {
    pub(crate) const fn new(websocket: Connection<R>, outbox: Vec<u8>) -> Self {
        Self { shared: Mutex::new((websocket, outbox)), changed: Condvar::new() }
    }

    /// For the reader: the next event, or `None` if more input is needed.
    pub(crate) fn receive<'i>(&self, inbox: &'i mut Inbox) -> Result<Option<Event<'i>>, Error> {
        let (websocket, outbox) = &mut *self.lock();
        let event = websocket.receive(inbox, outbox);
        if !outbox.is_empty() || websocket.should_close_transport() {
            self.changed.notify_all(); // a reply, or a Close with the reason
        }
        event
    }

    /// For the reader: reports the end of the input.
    pub(crate) fn end_of_input(&self) -> Result<(), Error> {
        let ended = self.lock().0.end_of_input();
        self.changed.notify_all();
        ended
    }

    /// For any thread: waits for room and sends, unless the connection is closing.
    pub(crate) fn send(
        &self,
        act: impl FnOnce(&mut Connection<R>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut shared = self.wait_for_room(self.lock());
        let (websocket, outbox) = &mut *shared;
        if websocket.state() == State::Open {
            act(websocket, outbox)?;
            self.changed.notify_all();
        }
        Ok(())
    }

    /// For the writer: writes out the outbox until the connection ends.
    pub(crate) fn write(&self, stream: &TcpStream) -> io::Result<()> {
        let mut batch = Vec::new();
        let mut timed = Timed::new(stream, WRITING);
        while self.take(&mut batch) {
            if let Err(error) = timed.write_out(&mut batch, WRITING) {
                // Wakes the reader and all senders.
                let _ = self.end_of_input();
                let _ = stream.shutdown(Shutdown::Both);
                return Err(error);
            }
        }
        stream.shutdown(Shutdown::Write)
    }

    /// Without a writer: writes the outbox and a Close, and shuts down the output.
    pub(crate) fn write_close(&self, code: CloseCode, stream: &TcpStream) -> io::Result<()> {
        // Fails if the connection is already closed.
        let _ = self.send(|websocket, outbox| websocket.close(code, "", outbox));
        let _ = self.end_of_input();
        self.write(stream)
    }

    /// Whether to close the transport after the outbox is written.
    pub(crate) fn should_close_transport(&self) -> bool {
        self.lock().0.should_close_transport()
    }

    /// Waits for output. False at the end of the connection.
    fn take(&self, batch: &mut Vec<u8>) -> bool {
        let waits = |(websocket, outbox): &mut (Connection<R>, Vec<u8>)| {
            outbox.is_empty() && !websocket.should_close_transport()
        };
        let mut shared =
            self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        mem::swap(batch, &mut shared.1);
        if batch.len() >= BACKLOG {
            self.changed.notify_all(); // there is room again
        }
        !batch.is_empty()
    }

    fn wait_for_room<'a>(&self, shared: Guard<'a, R>) -> Guard<'a, R> {
        let waits = |(websocket, outbox): &mut (Connection<R>, Vec<u8>)| {
            outbox.len() >= BACKLOG && websocket.state() == State::Open
        };
        self.changed.wait_while(shared, waits).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Guard<'_, R> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Guard<'a, R> = MutexGuard<'a, (Connection<R>, Vec<u8>)>;
