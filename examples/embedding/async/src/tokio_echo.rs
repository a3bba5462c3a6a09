//! One task for each connection: `select!` over reading, writing, and the messages of the application.
//!
//! All state is in a [`Session`] and its [`Transport`], none in a future. So every future here is cancel
//! safe: it can be dropped at any `await` and created again, and no message is lost or repeated.

use std::{pin::Pin, sync::Arc, time::Duration};

use hybi::{
    CloseCode, Config, Connection, Error, Event, GrowingOutbox, Origins, Role, Server, State,
    deflate::Deflate, server::Opening,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::{broadcast, mpsc},
    time::{Instant, Sleep, sleep},
};

use crate::{
    buffers,
    clock::instant_of,
    following::Following,
    tokio_transport::{Transport, by, now},
};

/// While this many bytes wait in the outbox, nothing is read and no message is taken from the
/// application.
pub const BACKLOG: usize = 256 * 1024;

/// The settings of a connection for a [`Session`].
pub const CONFIG: Config = Config::new().max_message_size(1024 * 1024).outbox_high_water(BACKLOG);

/// Why a connection ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The messages of the application for one connection.
pub trait Messages: Send {
    /// Waits for the next one. After the last one, the connection closes.
    ///
    /// Cancel safe: if the future is dropped, no message is lost.
    fn next(&mut self) -> impl Future<Output = Option<String>> + Send;
}

/// Messages for this connection alone. The channel takes more than 1 KiB of memory.
impl Messages for mpsc::Receiver<String> {
    async fn next(&mut self) -> Option<String> {
        self.recv().await
    }
}

/// Messages for all connections, which share the memory of the channel. If this connection is so slow that
/// it misses one, there are no more.
impl Messages for broadcast::Receiver<Arc<str>> {
    async fn next(&mut self) -> Option<String> {
        self.recv().await.ok().map(|text| text.as_ref().into())
    }
}

/// Serves one connection: echoes messages, and sends the messages of the application.
pub async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: R,
    writer: W,
    deflate: &Deflate,
    messages: impl Messages,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = match open(&mut transport, deflate).await {
        Ok(websocket) => Session::new(&mut transport, websocket, messages).run(echo).await,
        Err(failure) => Err(failure),
    };
    // Also after an error: the outbox holds a response or a Close with the reason.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}

/// The opening handshake.
async fn open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
    deflate: &Deflate,
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
            return Ok(request.accept().config(CONFIG).deflate(deflate).finish(outbox)?);
        }
    }
}

/// Handles an event as the echo server.
pub fn echo(
    event: Event<'_>,
    websocket: &mut Connection<Server>,
    outbox: &mut GrowingOutbox,
) -> Result<(), Error> {
    match event {
        Event::Text(text) => websocket.send_text(text, outbox),
        Event::Binary(data) => websocket.send_binary(data, outbox),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => Ok(()),
    }
}

/// An open connection, of either role.
pub struct Session<'t, P: Role, R, W, M> {
    transport: &'t mut Transport<R, W>,
    websocket: Connection<P>,
    messages: M,
    timer: DeadlineTimer,
}

impl<'t, P: Role, R: AsyncRead + Unpin, W: AsyncWrite + Unpin, M: Messages>
    Session<'t, P, R, W, M>
{
    /// A connection whose opening handshake is complete.
    pub fn new(transport: &'t mut Transport<R, W>, websocket: Connection<P>, messages: M) -> Self {
        Self { transport, websocket, messages, timer: DeadlineTimer::new() }
    }

    /// Reads, writes and sends messages, concurrently, until the connection ends.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(
        &mut self,
        mut handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut GrowingOutbox) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let Self { transport, websocket, messages, timer } = self;
        let Transport { reading, writing, outbox, deadlines } = &mut **transport;
        let mut time = now();
        loop {
            buffers::take_outbox(outbox);
            while websocket.has_room(outbox)
                && let Some(event) = websocket.receive(&mut reading.inbox, outbox)?
            {
                handle(event, websocket, outbox)?;
            }
            let has_room = websocket.has_room(outbox);
            writing.take_from(outbox);
            // Most writes are possible at once.
            deadlines.on_write(time, writing.write_now().await?);
            let mut output = Following { ahead: writing.pending(), outbox };
            let until = deadlines.expire(time, websocket, &mut output)?;
            writing.take_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed() {
                return Ok(());
            }
            if !has_room && writing.is_flushed() {
                continue; // the inbox may still hold events
            }
            timer.set(until);
            let is_open = websocket.state() == State::Open;
            select! {
                length = reading.read(), if has_room && !should_close_transport => {
                    time = now();
                    match length {
                        Ok(0) => websocket.end_of_input()?,
                        Ok(_) => deadlines.on_read(time),
                        // After both Close frames, a reset is a normal end.
                        Err(_) if websocket.state() == State::Closed => websocket.end_of_input()?,
                        Err(error) => return Err(error.into()),
                    }
                }
                written = writing.write(), if !writing.is_flushed() => {
                    time = now();
                    deadlines.on_write(time, written?);
                }
                message = messages.next(), if has_room && is_open => {
                    time = now();
                    match message {
                        Some(text) => websocket.send_text(&text, outbox)?,
                        None => websocket.close(CloseCode::NORMAL, "", outbox)?,
                    }
                }
                () = timer.expired() => time = now(), // the next turn does what is due
            }
        }
    }
}

/// The longest sleep.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A timer for deadlines that change often. Most changes extend a deadline, so it is reset only when it
/// has expired, or when the deadline becomes earlier.
pub(crate) struct DeadlineTimer(Pin<Box<Sleep>>);

impl DeadlineTimer {
    pub(crate) fn new() -> Self {
        Self(Box::pin(sleep(DAY)))
    }

    /// Sets the deadline.
    pub(crate) fn set(&mut self, deadline: Option<Duration>) {
        let at = deadline.and_then(instant_of).map_or_else(|| Instant::now() + DAY, Instant::from);
        if at < self.0.deadline() || self.0.is_elapsed() {
            self.0.as_mut().reset(at);
        }
    }

    /// Waits until it expires, which may be before the deadline.
    pub(crate) async fn expired(&mut self) {
        self.0.as_mut().await;
    }
}
