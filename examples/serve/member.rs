//! A connection that any thread can send over.
//!
//! It has two threads: one receives, the other writes out the outbox.

use std::{
    error::Error,
    io::{self, Write},
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use hybi::{
    CloseCode, Connection, Event, Inbox, Prepared, Server,
    deadline::{Bucket, Cause, Deadlines},
};

use crate::{
    accept::STACK,
    following::Following,
    frames::Report,
    tapped::Tapped,
    timed::{
        Timed,
        clock::{TURN, is_temporary, left, now},
    },
};

/// The most messages and control frames that a peer may send at once.
const BURST: u32 = 50;

/// The time for each of them in the long run.
const INTERVAL: Duration = Duration::from_millis(20);

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
    /// How many bytes the writer has taken from the outbox and has not written yet.
    unwritten: usize,
    deadlines: Deadlines,
    /// Whether the writer stops after it has written the outbox.
    over: bool,
}

impl End {
    fn expire(&mut self) -> Result<Option<Duration>, Cause> {
        let mut outbox = Following { ahead: self.unwritten, outbox: &mut self.outbox };
        self.deadlines.expire(now(), &mut self.websocket, &mut outbox)
    }
}

/// What the peer has sent.
enum Received {
    Message(Prepared),
    Control,
}

impl Member {
    /// Starts the thread that writes.
    pub(crate) fn start(
        websocket: Connection<Server>,
        stream: &mut Timed<'_>,
        report: &Report,
    ) -> Result<(Arc<Self>, JoinHandle<()>), Box<dyn Error>> {
        let deadlines = stream.deadlines;
        let end = End { websocket, outbox: Vec::new(), unwritten: 0, deadlines, over: false };
        let member = Arc::new(Self { end: Mutex::new(end), changed: Condvar::new() });
        let writer = stream.stream.try_clone().and_then(|stream| {
            let (member, report) = (Arc::clone(&member), report.clone());
            thread::Builder::new().stack_size(STACK).spawn(move || member.write(&stream, &report))
        });
        match writer {
            Ok(writer) => Ok((member, writer)),
            Err(error) => {
                // The connection is already open, so close it with 1013: try again later.
                let End { websocket, outbox, .. } = &mut *lock(&member.end);
                websocket.close(CloseCode::TRY_AGAIN_LATER, "", outbox)?;
                Tapped::sent(report).pass(outbox);
                stream.write_all(outbox)?;
                Err(error.into())
            }
        }
    }

    /// Receives until the connection ends. Calls `take` with each message. A peer that sends too many is
    /// slowed down.
    pub(crate) fn listen(
        &self,
        mut inbox: Inbox,
        stream: &Timed<'_>,
        report: &Report,
        mut take: impl FnMut(&Prepared),
    ) -> Result<(), Box<dyn Error>> {
        let mut stream = stream.stream;
        let (mut received, mut rate) = (Tapped::received(report), Bucket::new(BURST, INTERVAL));
        received.pass_traced(inbox.unread());
        loop {
            while let Some(received) = self.receive(&mut inbox)? {
                self.wait_for_token(&mut rate)?;
                if let Received::Message(message) = received {
                    take(&message);
                }
            }
            let until = self.expire()?;
            if lock(&self.end).websocket.should_close_transport() {
                return Ok(());
            }
            stream.set_read_timeout(Some(left(until).map_or(TURN, |left| left.min(TURN))))?;
            match inbox.read_from(&mut stream) {
                Ok(0) => return Ok(lock(&self.end).websocket.end_of_input()?),
                Ok(length) => {
                    lock(&self.end).deadlines.on_read(now());
                    received.pass_last(inbox.unread(), length);
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until the peer may send once more. The deadlines hold meanwhile.
    fn wait_for_token(&self, rate: &mut Bucket) -> Result<(), Cause> {
        while let Err(Some(at)) = rate.take(now(), 1) {
            let until = self.expire()?.map_or(at, |until| until.min(at));
            thread::sleep(until.saturating_sub(now()));
        }
        Ok(())
    }

    /// Sends a ping to a silent peer. Returns when to call it again.
    fn expire(&self) -> Result<Option<Duration>, Cause> {
        let until = lock(&self.end).expire();
        self.changed.notify_one(); // the outbox may hold a ping or a Close, also after an error
        until
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
    pub(crate) fn stop(&self, writer: JoinHandle<()>, stream: &mut Timed<'_>) {
        lock(&self.end).over = true;
        self.changed.notify_one();
        let _ = writer.join();
        stream.deadlines = lock(&self.end).deadlines;
    }

    /// The next message or control frame from the peer.
    fn receive(&self, inbox: &mut Inbox) -> Result<Option<Received>, hybi::Error> {
        let mut end = lock(&self.end);
        let End { websocket, outbox, .. } = &mut *end;
        let received = websocket.receive(inbox, outbox).map(|event| {
            Some(match event? {
                Event::Text(text) => Received::Message(Prepared::text(text)),
                Event::Binary(data) => Received::Message(Prepared::binary(data)),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => Received::Control,
            })
        });
        // The outbox may hold a pong or a Close, also after an error.
        self.changed.notify_one();
        received
    }

    /// Writes out the outbox until the connection ends.
    fn write(&self, stream: &TcpStream, report: &Report) {
        let mut sent = Tapped::sent(report);
        let mut bytes = Vec::new();
        loop {
            let mut end = lock(&self.end);
            while end.outbox.is_empty() && !end.over {
                end = self.changed.wait(end).unwrap_or_else(PoisonError::into_inner);
            }
            // Without the lock, so that no sender waits for a slow peer.
            std::mem::swap(&mut bytes, &mut end.outbox);
            end.unwritten = bytes.len();
            let over = end.over;
            drop(end);
            sent.pass(&bytes);
            if self.write_batch(&bytes, stream).is_err() || over {
                break;
            }
            bytes = Vec::new();
        }
        lock(&self.end).unwritten = 0;
        // Wakes the reading thread, if it still waits.
        let _ = stream.shutdown(Shutdown::Read);
    }

    /// Writes these bytes, unless a deadline passes.
    fn write_batch(&self, mut bytes: &[u8], mut stream: &TcpStream) -> io::Result<()> {
        while !bytes.is_empty() {
            let until = lock(&self.end).expire()?;
            stream.set_write_timeout(left(until))?;
            match stream.write(bytes) {
                Ok(length) => {
                    bytes = &bytes[length..];
                    let mut end = lock(&self.end);
                    end.unwritten = bytes.len();
                    end.deadlines.on_write(now(), length);
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
