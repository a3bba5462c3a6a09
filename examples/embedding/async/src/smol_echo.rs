//! One task for each connection, over the traits of `futures`: a race between reading, writing, and the
//! messages of the application.
//!
//! All state is in a [`Session`], none in a future, so the futures that lose the race can be dropped.

use std::{
    error::Error,
    future::Future,
    io, mem,
    time::{Duration, Instant},
};

use hybi::{
    CloseCode, Config, Connection, Event, GrowingOutbox, Inbox, Origins, Server, State,
    server::Opening,
};
use smol::{
    Timer,
    channel::Receiver,
    future::{or, pending, race, yield_now},
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
};

use crate::deadlines::{Deadlines, Due, Timeouts};

/// How long a peer may take.
static TIMEOUTS: Timeouts = Timeouts {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// The most steps before other connections have their turn. A socket that is always ready does not yield
/// by itself.
const TURN: usize = 16;

/// The settings of a connection for a [`Session`]. While the outbox is above the high-water mark, nothing
/// is read and no message is taken from the application.
pub const CONFIG: Config =
    Config::new().max_message_size(1024 * 1024).outbox_high_water(256 * 1024);

/// The most bytes to read and discard at the end of a connection.
const LINGER: u64 = 4 * 1024 * 1024;

/// Why a connection ended.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Serves one connection: echoes messages, and sends the messages of the application. When their last
/// sender is dropped, the connection closes.
pub async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: R,
    writer: W,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = match within(TIMEOUTS.opening, transport.open()).await {
        Ok(websocket) => Session::new(&mut transport, websocket, messages).run().await,
        Err(failure) => Err(failure),
    };
    // Also after an error: the outbox holds a response or a Close with the reason.
    let finished = transport.finish().await;
    ended.and(finished)
}

/// An open connection.
pub struct Session<'t, R, W> {
    transport: &'t mut Transport<R, W>,
    websocket: Connection<Server>,
    messages: Receiver<String>,
    deadlines: Deadlines,
    /// Reset when it expires, or when the next deadline becomes earlier. Most changes extend a deadline.
    timer: Timer,
    expires: Instant,
}

/// What completes first.
enum Step {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Message(Option<String>),
    Expired,
}

impl<'t, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'t, R, W> {
    /// A connection whose opening handshake is complete.
    pub fn new(
        transport: &'t mut Transport<R, W>,
        websocket: Connection<Server>,
        messages: Receiver<String>,
    ) -> Self {
        let deadlines = Deadlines::open(&TIMEOUTS, Instant::now());
        let expires = deadlines.next();
        Self { transport, websocket, messages, deadlines, timer: Timer::at(expires), expires }
    }

    /// Reads, writes and sends messages, concurrently, until the connection ends.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let Self { transport, websocket, messages, deadlines, timer, expires } = self;
        let Transport { reader, inbox, outbox, writing } = &mut **transport;
        let mut steps = 0;
        loop {
            steps += 1;
            if steps % TURN == 0 {
                yield_now().await;
            }
            while websocket.has_room(outbox)
                && let Some(event) = websocket.receive(inbox, outbox)?
            {
                match event {
                    Event::Text(text) => websocket.send_text(text, outbox)?,
                    Event::Binary(data) => websocket.send_binary(data, outbox)?,
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                }
            }
            // Without room, the inbox may still hold events.
            let has_room = websocket.has_room(outbox);
            let now = Instant::now();
            deadlines.set_flushed(writing.is_flushed, now);
            writing.take_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed {
                return Ok(());
            }
            deadlines.set_flushed(writing.is_flushed, now);
            if should_close_transport || websocket.is_closing() {
                deadlines.on_closing(now);
            }
            if deadlines.next() < *expires {
                *expires = deadlines.next();
                timer.set_at(*expires);
            }
            let is_open = websocket.state() == State::Open;
            let step = race(
                race(
                    when(has_room && !should_close_transport, async {
                        Step::Read(read(reader, inbox).await)
                    }),
                    when(!writing.is_flushed, async { Step::Written(writing.write().await) }),
                ),
                race(
                    when(has_room && is_open, async { Step::Message(messages.recv().await.ok()) }),
                    ring(timer),
                ),
            );
            match step.await {
                Step::Read(length) => {
                    if length? == 0 {
                        websocket.end_of_input()?;
                    }
                    deadlines.on_read(Instant::now());
                }
                Step::Written(written) => written?,
                Step::Message(Some(text)) => websocket.send_text(&text, outbox)?,
                Step::Message(None) => websocket.close(CloseCode::NORMAL, "", outbox)?,
                Step::Expired => {
                    match deadlines.due(Instant::now()) {
                        Due::Nothing => {}
                        Due::Ping => websocket.send_ping(b"", outbox)?,
                        Due::Drop => return Err("the peer took too long".into()),
                    }
                    *expires = deadlines.next();
                    timer.set_at(*expires);
                }
            }
        }
    }
}

async fn ring(timer: &mut Timer) -> Step {
    timer.await;
    Step::Expired
}

/// Completes like `future` if the condition holds, otherwise never.
async fn when<T>(condition: bool, future: impl Future<Output = T>) -> T {
    if condition { future.await } else { pending().await }
}

async fn within<T>(
    timeout: Duration,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    or(future, async {
        Timer::after(timeout).await;
        Err(io::Error::from(io::ErrorKind::TimedOut).into())
    })
    .await
}

/// The two directions of a byte stream, with their buffers.
pub struct Transport<R, W> {
    reader: R,
    /// The received bytes.
    pub inbox: Inbox,
    /// The output that is being written.
    writing: Writing<W>,
    /// The output to write next.
    pub outbox: GrowingOutbox,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport over these two directions.
    pub fn new(reader: R, writer: W) -> Self {
        Self {
            reader,
            inbox: Inbox::with_capacity(16 * 1024),
            writing: Writing { writer, batch: GrowingOutbox::new(), is_flushed: true },
            outbox: GrowingOutbox::new(),
        }
    }

    /// The opening handshake.
    async fn open(&mut self) -> Result<Connection<Server>, Failure> {
        // Pages of this server, and clients that are not browsers.
        let mut opening = Opening::new(Origins::same_host().or_no_browser());
        let Self { reader, inbox, outbox, .. } = self;
        loop {
            if read(reader, inbox).await? == 0 {
                return Err("the peer closed the connection during the opening handshake".into());
            }
            if let Some(request) = opening.receive(inbox, outbox)? {
                return Ok(request.accept().config(CONFIG).finish(outbox)?);
            }
        }
    }

    /// Writes out the outbox, and closes the connection without losing output.
    async fn finish(&mut self) -> Result<(), Failure> {
        let Self { reader, outbox, writing, .. } = self;
        within(TIMEOUTS.closing, writing.finish(outbox)).await?;
        // Reads and discards until the peer closes, up to a timeout. Closing a socket with unread
        // input resets it, and the peer may lose the final bytes.
        let _ =
            within(TIMEOUTS.closing, async { Ok(copy(reader.take(LINGER), sink()).await?) }).await;
        Ok(())
    }
}

/// Reads once into the inbox.
async fn read(reader: &mut (impl AsyncRead + Unpin), inbox: &mut Inbox) -> io::Result<usize> {
    let length = reader.read(inbox.spare()?).await?;
    inbox.commit(length)?;
    Ok(length)
}

/// The batch that is being written. The outbox can be filled meanwhile.
struct Writing<W> {
    writer: W,
    batch: GrowingOutbox,
    is_flushed: bool,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    /// Takes the contents of the outbox as the next batch, if the previous batch is written. Swaps the
    /// two, so that their memory is reused.
    fn take_from(&mut self, outbox: &mut GrowingOutbox) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(&mut self.batch, outbox);
            self.is_flushed = false;
        }
    }

    /// Writes once.
    async fn write(&mut self) -> io::Result<()> {
        if !self.batch.is_empty() {
            match self.writer.write(self.batch.bytes()).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                length => self.batch.consume(length)?,
            }
        }
        if self.batch.is_empty() {
            self.writer.flush().await?;
            self.is_flushed = true;
        }
        Ok(())
    }

    /// Writes the batch and the outbox, and shuts down the output.
    async fn finish(&mut self, outbox: &mut GrowingOutbox) -> Result<(), Failure> {
        loop {
            self.take_from(outbox);
            if self.is_flushed {
                return Ok(self.writer.close().await?);
            }
            self.write().await?;
        }
    }
}
