//! One task for a connection: `select!` over what can be read, what can be written, and what the
//! application sends from elsewhere.
//!
//! All state is in a [`Session`] and its [`Transport`], none in a future. So every future here can
//! be dropped at any `await`, and made anew: no message is lost or repeated.

use std::pin::Pin;

use hybi::{
    CloseCode, Config, Connection, Error, Event, Origins, Role, Server, State, deflate::Deflate,
    server::Opening,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::mpsc::Receiver,
    time::{Instant, Sleep, sleep_until, timeout},
};

use crate::{
    deadlines::{Deadlines, Due},
    tokio_transport::{PATIENCE, Transport},
};

/// When so many bytes wait to be written, nothing more is read and nothing more is taken from the
/// application.
pub const BACKLOG: usize = 256 * 1024;

/// The settings of a connection for a [`Session`].
pub const CONFIG: Config = Config::new().max_message_size(1024 * 1024).outbox_high_water(BACKLOG);

/// Why a connection ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves one connection: echoes what comes, and sends the application's messages.
pub async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: R,
    writer: W,
    deflate: &Deflate,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = match timeout(PATIENCE.opening, open(&mut transport, deflate)).await? {
        Ok(websocket) => Session::new(&mut transport, websocket, messages).run(echo).await,
        Err(failure) => Err(failure),
    };
    // Also after an error: the answer that says what it was waits to be written.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}

/// The opening handshake.
async fn open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
    deflate: &Deflate,
) -> Result<Connection<Server>, Failure> {
    // Pages of this server, and clients that are no browsers.
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let Transport { reading, outbox, .. } = transport;
    loop {
        if reading.read().await? == 0 {
            return Err("the peer hung up during the opening handshake".into());
        }
        if let Some(request) = opening.receive(&mut reading.inbox, outbox)? {
            return Ok(request.accept().config(CONFIG).deflate(deflate).finish(outbox)?);
        }
    }
}

/// What the server does with an event.
pub fn echo(
    event: Event<'_>,
    websocket: &mut Connection<Server>,
    outbox: &mut Vec<u8>,
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
    /// What the application wants to send. When its last sender is dropped, the connection closes.
    messages: Receiver<String>,
    deadlines: Deadlines,
    timer: Alarm,
}

impl<'t, P: Role, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'t, P, R, W> {
    /// A connection whose opening handshake is complete.
    pub fn new(
        transport: &'t mut Transport<R, W>,
        websocket: Connection<P>,
        messages: Receiver<String>,
    ) -> Self {
        let deadlines = Deadlines::open(&PATIENCE, Instant::now().into_std());
        Self { transport, websocket, messages, deadlines, timer: Alarm::new(&deadlines) }
    }

    /// Reads, writes and takes messages, whichever can be done, until the connection has ended.
    ///
    /// It may be dropped at any `await` and called again.
    pub async fn run(
        &mut self,
        mut handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let Self { transport, websocket, messages, deadlines, timer } = self;
        let Transport { reading, writing, outbox } = &mut **transport;
        loop {
            while websocket.has_room(outbox)
                && let Some(event) = websocket.receive(&mut reading.inbox, outbox)?
            {
                handle(event, websocket, outbox)?;
            }
            // If there is none, not all was received.
            let has_room = websocket.has_room(outbox);
            let now = Instant::now().into_std();
            deadlines.wrote(writing.is_flushed(), now);
            writing.copy_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed() {
                return Ok(());
            }
            deadlines.wrote(writing.is_flushed(), now);
            if should_close_transport || websocket.is_closing() {
                deadlines.closing(now);
            }
            timer.advance_to(deadlines);
            let is_open = websocket.state() == State::Open;
            select! {
                length = reading.read(), if has_room && !should_close_transport => match length {
                    Ok(0) => websocket.end_of_input()?,
                    Ok(_) => deadlines.heard(Instant::now().into_std()),
                    // Once both have closed, a reset is as good an end as any.
                    Err(_) if websocket.state() == State::Closed => websocket.end_of_input()?,
                    Err(error) => return Err(error.into()),
                },
                written = writing.write(), if !writing.is_flushed() => written?,
                message = messages.recv(), if has_room && is_open => match message {
                    Some(text) => websocket.send_text(&text, outbox)?,
                    None => websocket.close(CloseCode::NORMAL, "", outbox)?,
                },
                () = timer.ring() => match timer.due(deadlines) {
                    Due::Nothing => {}
                    Due::Ping => websocket.send_ping(b"", outbox)?,
                    Due::End => return Err("the peer took too long".into()),
                },
            }
        }
    }
}

/// A timer for deadlines that move all the time. Most of them move away, and so it is set anew only
/// when it rings, or when one comes closer.
pub(crate) struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    pub(crate) fn new(deadlines: &Deadlines) -> Self {
        Self(Box::pin(sleep_until(deadlines.next().into())))
    }

    /// Makes it ring no later than the next deadline.
    pub(crate) fn advance_to(&mut self, deadlines: &Deadlines) {
        let next = deadlines.next().into();
        if next < self.0.deadline() {
            self.0.as_mut().reset(next);
        }
    }

    /// Waits until it rings. Call [`due`](Self::due) then.
    pub(crate) async fn ring(&mut self) {
        self.0.as_mut().await;
    }

    /// What it is time for, which may be nothing. Sets the timer anew.
    pub(crate) fn due(&mut self, deadlines: &mut Deadlines) -> Due {
        let due = deadlines.due(Instant::now().into_std());
        self.0.as_mut().reset(deadlines.next().into());
        due
    }
}
