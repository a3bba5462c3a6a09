//! A reader task and a writer task for each connection, over which any other task can send.
//!
//! A mutex protects the connection and its outbox. It is locked only to receive or to send, never across
//! an `await`. The reader owns the inbox; the writer owns the bytes that it is writing. The futures of
//! both tasks are cancel safe.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hybi::{
    CloseCode, Connection, Error, Event, GrowingOutbox, Inbox, Origins, Outbox as _, Server,
    deadline::{Cause, Deadlines, Stage},
    server::Opening,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::Notify,
    task::JoinSet,
};

use crate::{
    following::Following,
    tokio_echo::{CONFIG, DeadlineTimer, Failure},
    tokio_transport::{Reading, Transport, Writing, by, now},
};

/// Serves one connection: echoes messages. When it is open, calls `opened` with a handle for sending.
pub async fn serve<R, W>(reader: R, writer: W, opened: impl FnOnce(Handle)) -> Result<(), Failure>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let mut transport = Transport::new(reader, writer);
    let websocket = match open(&mut transport).await {
        Ok(websocket) => websocket,
        Err(failure) => {
            // The outbox holds a response with the reason.
            let _ = transport.finish().await;
            return Err(failure);
        }
    };
    let (mut reader, mut writer) = split(transport, websocket);
    opened(reader.handle());
    // Aborts the writer when this task ends for any reason.
    let mut writing = JoinSet::new();
    writing.spawn(async move { writer.run().await });
    let ended = reader.run().await;
    let written = writing.join_all().await;
    let until = reader.end.lock().check_closing();
    if let Ok(until) = until {
        reader.reading.linger(until).await;
    }
    // Reports the first failure.
    written.into_iter().fold(ended, Result::and)
}

/// The opening handshake.
async fn open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
) -> Result<Connection<Server>, Failure> {
    // Pages of this server, and clients that are not browsers.
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let Transport { reading, outbox, deadlines, .. } = transport;
    loop {
        let until = deadlines.expire_opening(now(), &mut opening, outbox)?;
        match by(until, reading.read()).await.transpose()? {
            None => continue,
            Some(0) => {
                return Err("the peer closed the connection during the opening handshake".into());
            }
            Some(_) => deadlines.on_read(now()),
        }
        if let Some(request) = opening.receive(&mut reading.inbox, outbox)? {
            return Ok(request.accept().config(CONFIG).finish(outbox)?);
        }
    }
}

/// Divides an open connection between a reader and a writer.
pub fn split<R, W>(
    transport: Transport<R, W>,
    websocket: Connection<Server>,
) -> (Reader<R>, Writer<W>) {
    let Transport { reading, writing, outbox, deadlines } = transport;
    let shared = Shared { websocket, outbox, unwritten: 0, deadlines, is_over: false };
    let shared = Mutex::new(shared);
    let end = Arc::new(End { shared, to_read: Notify::new(), to_write: Notify::new() });
    let writer = Writer { end: Handle(Arc::clone(&end)), writing };
    (Reader { end: Handle(end), reading, timer: DeadlineTimer::new() }, writer)
}

/// A handle to a connection, for any task.
#[derive(Clone)]
pub struct Handle(Arc<End>);

struct End {
    shared: Mutex<Shared>,
    /// Notified when the outbox has room again, and when the next deadline becomes earlier.
    to_read: Notify,
    /// Notified when the outbox has output, and at the end of the connection.
    to_write: Notify,
}

struct Shared {
    websocket: Connection<Server>,
    outbox: GrowingOutbox,
    /// How many bytes the writer has taken from the outbox and has not written yet.
    unwritten: usize,
    /// The reader and the writer both wait for these.
    deadlines: Deadlines,
    /// Whether the writer has ended, or ends after it has written the outbox.
    is_over: bool,
}

impl Shared {
    fn expire(&mut self) -> Result<Option<Duration>, Cause> {
        let mut outbox = Following { ahead: self.unwritten, outbox: &mut self.outbox };
        self.deadlines.expire(now(), &mut self.websocket, &mut outbox)
    }

    fn check_closing(&mut self) -> Result<Option<Duration>, Cause> {
        let pending = self.unwritten + self.outbox.pending();
        self.deadlines.check(now(), Stage::Closing, pending)
    }
}

impl Handle {
    /// Sends a text message.
    ///
    /// If the peer does not read, this fails with [`AboveHighWater`](Error::AboveHighWater), and nothing
    /// is sent.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        websocket.send_text(text, outbox)?;
        self.0.to_write.notify_one();
        Ok(())
    }

    /// Begins the closing handshake.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        websocket.close(code, reason, outbox)?;
        self.0.to_write.notify_one();
        // The reader must wait for the closing deadline.
        self.0.to_read.notify_one();
        Ok(())
    }

    /// Does what is due. Returns when to call it again.
    fn expire(&self) -> Result<Option<Duration>, Cause> {
        let mut shared = self.lock();
        let until = shared.expire();
        // The outbox may hold a ping or a Close, also after an error.
        if !shared.outbox.is_empty() {
            self.0.to_write.notify_one();
        }
        until
    }

    /// Whether the connection has ended.
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    fn finish(&self) {
        self.lock().is_over = true;
        self.0.to_read.notify_one();
        self.0.to_write.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reader task.
pub struct Reader<R> {
    end: Handle,
    reading: Reading<R>,
    timer: DeadlineTimer,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A handle for sending.
    pub fn handle(&self) -> Handle {
        self.end.clone()
    }

    /// Receives and echoes until the connection ends, then ends the writer.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let ended = self.receive().await;
        self.end.finish();
        ended
    }

    async fn receive(&mut self) -> Result<(), Failure> {
        let Self { end, reading, timer } = self;
        loop {
            let has_room = end.receive(&mut reading.inbox)?;
            timer.set(end.expire()?);
            {
                let Shared { websocket, is_over, .. } = &*end.lock();
                if *is_over || websocket.should_close_transport() {
                    return Ok(());
                }
            }
            select! {
                length = reading.read(), if has_room => {
                    if length? == 0 {
                        return Ok(end.lock().websocket.end_of_input()?);
                    }
                    end.lock().deadlines.on_read(now());
                }
                () = end.0.to_read.notified() => {}
                () = timer.expired() => {} // the next turn does what is due
            }
        }
    }
}

impl Handle {
    /// Receives and echoes. False if the outbox has no room for the remaining events.
    fn receive(&self, inbox: &mut Inbox) -> Result<bool, Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        // Also after an error: the outbox holds a Close with the reason.
        self.0.to_write.notify_one();
        // Locked from `has_room` to the echo, so that no other task takes the room.
        while websocket.has_room(outbox) {
            match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// The writer task.
pub struct Writer<W> {
    end: Handle,
    writing: Writing<W>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes out the outbox until the connection ends.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let ended = self.write().await;
        if ended.is_err() {
            self.end.finish();
        }
        ended
    }

    async fn write(&mut self) -> Result<(), Failure> {
        let Self { end, writing } = self;
        loop {
            let is_over = end.take_output(writing);
            if !writing.is_flushed() {
                let until = end.expire()?;
                if let Some(written) = by(until, writing.write()).await {
                    end.on_write(written?, writing.pending());
                }
            } else if is_over {
                return Ok(writing.shutdown().await?);
            } else {
                end.0.to_write.notified().await;
            }
        }
    }
}

impl Handle {
    /// Takes the next batch from the outbox. Returns whether the connection has ended.
    fn take_output<W: AsyncWrite + Unpin>(&self, writing: &mut Writing<W>) -> bool {
        let Shared { websocket, outbox, unwritten, is_over, .. } = &mut *self.lock();
        let was_full = !websocket.has_room(outbox);
        writing.take_from(outbox);
        *unwritten = writing.pending();
        if was_full && outbox.is_empty() {
            self.0.to_read.notify_one();
        }
        *is_over
    }

    fn on_write(&self, length: usize, unwritten: usize) {
        let shared = &mut *self.lock();
        let before = shared.deadlines.deadline();
        shared.unwritten = unwritten;
        shared.deadlines.on_write(now(), length);
        if shared.deadlines.deadline() < before {
            self.0.to_read.notify_one();
        }
    }
}
