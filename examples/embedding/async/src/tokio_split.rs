//! A reader task and a writer task on one connection, which any other task can send on.
//!
//! The connection and its outbox are behind a mutex that is locked only to receive and to send,
//! never across an `await`. The inbox is the reader's own; the bytes being written are the
//! writer's. Both tasks' futures can be dropped at any `await` and made anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hybi::{CloseCode, Connection, Error, Event, Inbox, Origins, Server, server::Opening};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::Notify,
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    deadlines::{Deadlines, Due},
    tokio_echo::{Alarm, CONFIG, Failure},
    tokio_transport::{PATIENCE, Reading, Transport, Writing},
};

/// Serves one connection: echoes what comes. When it is open, `opened` gets a handle to send with.
pub async fn serve<R, W>(reader: R, writer: W, opened: impl FnOnce(Handle)) -> Result<(), Failure>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let mut transport = Transport::new(reader, writer);
    let websocket = match timeout(PATIENCE.opening, open(&mut transport)).await? {
        Ok(websocket) => websocket,
        Err(failure) => {
            // The answer that says what it was waits to be written.
            let _ = transport.finish().await;
            return Err(failure);
        }
    };
    let (mut reader, mut writer) = split(transport, websocket);
    opened(reader.handle());
    // A task that ends with this one, however that ends.
    let mut writing = JoinSet::new();
    writing.spawn(async move { writer.run().await });
    let ended = reader.run().await;
    let written = timeout(PATIENCE.closing, writing.join_all()).await;
    reader.reading.linger().await;
    // The first failure is the one to tell of.
    written?.into_iter().fold(ended, Result::and)
}

/// The opening handshake.
async fn open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
) -> Result<Connection<Server>, Failure> {
    // Pages of this server, and clients that are no browsers.
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let Transport { reading, outbox, .. } = transport;
    loop {
        if reading.read().await? == 0 {
            return Err("the peer hung up during the opening handshake".into());
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
    let Transport { reading, writing, outbox } = transport;
    let deadlines = Deadlines::open(&PATIENCE, Instant::now().into_std());
    let timer = Alarm::new(&deadlines);
    let shared = Mutex::new(Shared { websocket, outbox, deadlines, is_over: false });
    let end = Arc::new(End { shared, to_read: Notify::new(), to_write: Notify::new() });
    let writer = Writer { end: Handle(Arc::clone(&end)), writing, deadline: None };
    (Reader { end: Handle(end), reading, timer }, writer)
}

/// This end of a connection, for every task that has to do with it.
#[derive(Clone)]
pub struct Handle(Arc<End>);

struct End {
    shared: Mutex<Shared>,
    /// Told when there is room in the outbox again, and when a deadline comes closer.
    to_read: Notify,
    /// Told when there is something to write, and when nothing more comes.
    to_write: Notify,
}

struct Shared {
    websocket: Connection<Server>,
    outbox: Vec<u8>,
    /// The reader waits for them. The writer reports what it writes: a peer that has not read all
    /// before a ping is not silent.
    deadlines: Deadlines,
    /// Whether the writer ends once the outbox is written, or has ended.
    is_over: bool,
}

impl Handle {
    /// Sends a text message.
    ///
    /// If the peer does not take what waits for it, this fails with
    /// [`AboveHighWater`](Error::AboveHighWater), and nothing was sent.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        websocket.send_text(text, outbox)?;
        self.0.to_write.notify_one();
        Ok(())
    }

    /// Begins to close the connection.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        websocket.close(code, reason, outbox)?;
        self.0.to_write.notify_one();
        // It sets a deadline.
        self.0.to_read.notify_one();
        Ok(())
    }

    /// Asks a silent peer for a sign of life, unless more than enough waits for it.
    fn ping(&self) -> Result<(), Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        if websocket.has_room(outbox) {
            websocket.send_ping(b"", outbox)?;
            self.0.to_write.notify_one();
        }
        Ok(())
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

/// What receives.
pub struct Reader<R> {
    end: Handle,
    reading: Reading<R>,
    timer: Alarm,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A handle to send with.
    pub fn handle(&self) -> Handle {
        self.end.clone()
    }

    /// Receives and answers until the connection has ended, and has the writer end too.
    ///
    /// It may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let ended = self.receive().await;
        self.end.finish();
        ended
    }

    async fn receive(&mut self) -> Result<(), Failure> {
        let Self { end, reading, timer } = self;
        loop {
            let has_room = end.receive(&mut reading.inbox)?;
            {
                let Shared { websocket, deadlines, is_over, .. } = &mut *end.lock();
                if *is_over || websocket.should_close_transport() {
                    return Ok(());
                }
                if websocket.is_closing() {
                    deadlines.closing(Instant::now().into_std());
                }
                timer.advance_to(deadlines);
            }
            select! {
                length = reading.read(), if has_room => {
                    if length? == 0 {
                        return Ok(end.lock().websocket.end_of_input()?);
                    }
                    end.lock().deadlines.heard(Instant::now().into_std());
                }
                () = end.0.to_read.notified() => {}
                () = timer.ring() => {
                    let due = timer.due(&mut end.lock().deadlines);
                    match due {
                        Due::Nothing => {}
                        Due::Ping => end.ping()?,
                        Due::End => return Err("the peer took too long".into()),
                    }
                }
            }
        }
    }
}

impl Handle {
    /// Receives and answers what was read. False if the outbox was full before all was received.
    fn receive(&self, inbox: &mut Inbox) -> Result<bool, Error> {
        let Shared { websocket, outbox, .. } = &mut *self.lock();
        // Also after an error: the Close that says what it was is in the outbox.
        self.0.to_write.notify_one();
        // Not unlocked between an event and its answer, so that nobody else takes the room.
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

/// What writes.
pub struct Writer<W> {
    end: Handle,
    writing: Writing<W>,
    /// For what is being written.
    deadline: Option<Instant>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes what anybody puts into the outbox until the connection has ended.
    ///
    /// It may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let Self { end, writing, deadline } = self;
        loop {
            let is_over = end.take_output(writing);
            if !writing.is_flushed() {
                let by = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE.writing);
                let written = timeout_at(by, writing.write()).await;
                if !matches!(written, Ok(Ok(()))) {
                    end.finish();
                }
                written??;
                if writing.is_flushed() {
                    *deadline = None;
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
    /// Takes what waits to be written. True if nothing more comes.
    fn take_output<W: AsyncWrite + Unpin>(&self, writing: &mut Writing<W>) -> bool {
        let Shared { websocket, outbox, deadlines, is_over } = &mut *self.lock();
        let (now, next) = (Instant::now().into_std(), deadlines.next());
        let was_full = !websocket.has_room(outbox);
        deadlines.wrote(writing.is_flushed(), now);
        writing.copy_from(outbox);
        deadlines.wrote(writing.is_flushed(), now);
        if was_full && outbox.is_empty() || deadlines.next() < next {
            self.0.to_read.notify_one();
        }
        *is_over
    }
}
