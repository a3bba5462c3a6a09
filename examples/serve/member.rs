//! A connection that any thread can send over.
//!
//! It has two threads: one receives, the other writes out the outbox.

use std::{
    error::Error,
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use hybi::{CloseCode, Connection, Event, Inbox, Prepared, Server};

use crate::{PONG, SILENCE, accept::STACK, frames::Report, tapped::Tapped, timed::is_timeout};

/// A connection, shared by its two threads and all senders.
pub(crate) struct Member {
    end: Mutex<End>,
    /// Notified when the outbox changes, and at the end of the connection.
    changed: Condvar,
}

/// The server's end of the connection.
struct End {
    websocket: Connection<Server>,
    outbox: Vec<u8>,
    /// Whether the writer stops after it has written the outbox.
    over: bool,
}

impl Member {
    /// Starts the thread that writes.
    pub(crate) fn start(
        websocket: Connection<Server>,
        stream: &TcpStream,
        report: &Report,
    ) -> Result<(Arc<Self>, JoinHandle<()>), Box<dyn Error>> {
        let end = End { websocket, outbox: Vec::new(), over: false };
        let member = Arc::new(Self { end: Mutex::new(end), changed: Condvar::new() });
        let writer = stream.try_clone().and_then(|stream| {
            let (member, report) = (Arc::clone(&member), report.clone());
            thread::Builder::new().stack_size(STACK).spawn(move || member.write(&stream, &report))
        });
        match writer {
            Ok(writer) => Ok((member, writer)),
            Err(error) => {
                // The connection is already open, so close it with 1013: try again later.
                let End { websocket, outbox, .. } = &mut *lock(&member.end);
                websocket.close(CloseCode::TRY_AGAIN_LATER, "", outbox)?;
                Tapped::sent(stream, report).write_out(outbox)?;
                Err(error.into())
            }
        }
    }

    /// Receives until the connection ends. Calls `take` with each message.
    pub(crate) fn listen(
        &self,
        mut inbox: Inbox,
        stream: &TcpStream,
        report: &Report,
        mut take: impl FnMut(&Prepared),
    ) -> Result<(), Box<dyn Error>> {
        let mut stream = Tapped::received(stream, report);
        stream.pass(inbox.unread());
        loop {
            while let Some(message) = self.receive(&mut inbox)? {
                take(&message);
            }
            if lock(&self.end).websocket.should_close_transport() {
                return Ok(());
            }
            let length = match stream.read_into(&mut inbox, SILENCE) {
                Err(error) if is_timeout(&error) => {
                    self.ping()?;
                    stream.read_into(&mut inbox, PONG)?
                }
                result => result?,
            };
            if length == 0 {
                return Ok(lock(&self.end).websocket.end_of_input()?);
            }
        }
    }

    /// Appends a message to the outbox. Returns false if the outbox has no room.
    pub(crate) fn send(&self, message: &Prepared) -> bool {
        let mut end = lock(&self.end);
        let End { websocket, outbox, .. } = &mut *end;
        let sent = websocket.send_prepared(message, outbox);
        self.changed.notify_one();
        !matches!(sent, Err(hybi::Error::AboveHighWater { .. }))
    }

    /// Ends the connection without writing out the outbox.
    pub(crate) fn drop_connection(&self) {
        let mut end = lock(&self.end);
        end.outbox.clear();
        end.over = true;
        self.changed.notify_one();
    }

    /// Waits until the writer has written the outbox and has ended.
    pub(crate) fn stop(&self, writer: JoinHandle<()>) {
        lock(&self.end).over = true;
        self.changed.notify_one();
        let _ = writer.join();
    }

    /// The next message from the peer.
    fn receive(&self, inbox: &mut Inbox) -> Result<Option<Prepared>, hybi::Error> {
        let mut end = lock(&self.end);
        let End { websocket, outbox, .. } = &mut *end;
        let received = loop {
            match websocket.receive(inbox, outbox) {
                Ok(Some(Event::Text(text))) => break Ok(Some(Prepared::text(text))),
                Ok(Some(Event::Binary(data))) => break Ok(Some(Prepared::binary(data))),
                Ok(Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_))) => {}
                Ok(None) => break Ok(None),
                Err(error) => break Err(error),
            }
        };
        // The outbox may hold a pong or a Close, also after an error.
        self.changed.notify_one();
        received
    }

    /// Sends a ping to a silent peer.
    fn ping(&self) -> Result<(), hybi::Error> {
        let End { websocket, outbox, .. } = &mut *lock(&self.end);
        websocket.send_ping(b"", outbox)?;
        self.changed.notify_one();
        Ok(())
    }

    /// Writes out the outbox until the connection ends.
    fn write(&self, stream: &TcpStream, report: &Report) {
        let mut tapped = Tapped::sent(stream, report);
        let mut bytes = Vec::new();
        loop {
            let mut end = lock(&self.end);
            while end.outbox.is_empty() && !end.over {
                end = self.changed.wait(end).unwrap_or_else(PoisonError::into_inner);
            }
            // Without the lock, so that no sender waits for a slow peer.
            std::mem::swap(&mut bytes, &mut end.outbox);
            let over = end.over;
            drop(end);
            if tapped.write_out(&mut bytes).is_err() || over {
                break;
            }
        }
        // Wakes the reading thread, if it still waits.
        let _ = stream.shutdown(Shutdown::Read);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
