//! One task for each connection: `select!` over reading, writing, and the messages of the application.
//!
//! All state is in a [`Session`] and its [`Transport`], none in a future. So every future here is cancel
//! safe: it can be dropped at any `await` and created again, and no message is lost or repeated.

use std::pin::Pin;

use hybi::{
    CloseCode, Config, Connection, Error, Event, GrowingOutbox, Origins, Role, Server, State,
    deflate::Deflate, server::Opening,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::mpsc::Receiver,
    time::{Instant, Sleep, sleep_until, timeout},
};

use crate::{
    deadlines::{Deadlines, Due},
    tokio_transport::{TIMEOUTS, Transport},
};

/// While this many bytes wait in the outbox, nothing is read and no message is taken from the
/// application.
pub const BACKLOG: usize = 256 * 1024;

/// The settings of a connection for a [`Session`].
pub const CONFIG: Config = Config::new().max_message_size(1024 * 1024).outbox_high_water(BACKLOG);

/// Why a connection ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves one connection: echoes messages, and sends the messages of the application.
pub async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: R,
    writer: W,
    deflate: &Deflate,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = match timeout(TIMEOUTS.opening, open(&mut transport, deflate)).await? {
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
    let Transport { reading, outbox, .. } = transport;
    loop {
        if reading.read().await? == 0 {
            return Err("the peer closed the connection during the opening handshake".into());
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
pub struct Session<'t, P: Role, R, W> {
    transport: &'t mut Transport<R, W>,
    websocket: Connection<P>,
    /// The messages of the application. When the last sender is dropped, the connection closes.
    messages: Receiver<String>,
    deadlines: Deadlines,
    timer: DeadlineTimer,
}

impl<'t, P: Role, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'t, P, R, W> {
    /// A connection whose opening handshake is complete.
    pub fn new(
        transport: &'t mut Transport<R, W>,
        websocket: Connection<P>,
        messages: Receiver<String>,
    ) -> Self {
        let deadlines = Deadlines::open(&TIMEOUTS, Instant::now().into_std());
        Self { transport, websocket, messages, deadlines, timer: DeadlineTimer::new(&deadlines) }
    }

    /// Reads, writes and sends messages, concurrently, until the connection ends.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(
        &mut self,
        mut handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut GrowingOutbox) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let Self { transport, websocket, messages, deadlines, timer } = self;
        let Transport { reading, writing, outbox } = &mut **transport;
        loop {
            while websocket.has_room(outbox)
                && let Some(event) = websocket.receive(&mut reading.inbox, outbox)?
            {
                handle(event, websocket, outbox)?;
            }
            // Without room, the inbox may still hold events.
            let has_room = websocket.has_room(outbox);
            let now = Instant::now().into_std();
            deadlines.set_flushed(writing.is_flushed(), now);
            writing.take_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed() {
                return Ok(());
            }
            deadlines.set_flushed(writing.is_flushed(), now);
            if should_close_transport || websocket.is_closing() {
                deadlines.on_closing(now);
            }
            timer.advance_to(deadlines);
            let is_open = websocket.state() == State::Open;
            select! {
                length = reading.read(), if has_room && !should_close_transport => match length {
                    Ok(0) => websocket.end_of_input()?,
                    Ok(_) => deadlines.on_read(Instant::now().into_std()),
                    // After both Close frames, a reset is a normal end.
                    Err(_) if websocket.state() == State::Closed => websocket.end_of_input()?,
                    Err(error) => return Err(error.into()),
                },
                written = writing.write(), if !writing.is_flushed() => written?,
                message = messages.recv(), if has_room && is_open => match message {
                    Some(text) => websocket.send_text(&text, outbox)?,
                    None => websocket.close(CloseCode::NORMAL, "", outbox)?,
                },
                () = timer.expired() => match timer.due(deadlines) {
                    Due::Nothing => {}
                    Due::Ping => websocket.send_ping(b"", outbox)?,
                    Due::Drop => return Err("the peer took too long".into()),
                },
            }
        }
    }
}

/// A timer for deadlines that change often. Most changes extend a deadline, so it is reset only when it
/// expires, or when the next deadline becomes earlier.
pub(crate) struct DeadlineTimer(Pin<Box<Sleep>>);

impl DeadlineTimer {
    pub(crate) fn new(deadlines: &Deadlines) -> Self {
        Self(Box::pin(sleep_until(deadlines.next().into())))
    }

    /// Resets it if the next deadline is earlier.
    pub(crate) fn advance_to(&mut self, deadlines: &Deadlines) {
        let next = deadlines.next().into();
        if next < self.0.deadline() {
            self.0.as_mut().reset(next);
        }
    }

    /// Waits until it expires. Then call [`due`](Self::due).
    pub(crate) async fn expired(&mut self) {
        self.0.as_mut().await;
    }

    /// Returns the action that is due, which may be none, and resets the timer.
    pub(crate) fn due(&mut self, deadlines: &mut Deadlines) -> Due {
        let due = deadlines.due(Instant::now().into_std());
        self.0.as_mut().reset(deadlines.next().into());
        due
    }
}
