//! One task for a connection over the traits of `futures`: the race of what can be read, what can
//! be written, and what the application sends from elsewhere.
//!
//! All state is in a [`Session`], none in a future: what loses the race is dropped, and nothing
//! with it.

use std::{
    error::Error,
    future::Future,
    io, mem,
    time::{Duration, Instant},
};

use hybi::{CloseCode, Config, Connection, Event, Inbox, Origins, Server, State, server::Opening};
use smol::{
    Timer,
    channel::Receiver,
    future::{or, pending, race, yield_now},
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
};

use crate::deadlines::{Deadlines, Due, Patience};

/// How long a peer may take.
static PATIENCE: Patience = Patience {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// After how many steps a connection lets others have their turn. A socket that is always ready
/// does not do so by itself.
const TURN: usize = 16;

/// The settings of a connection for a [`Session`]: when so many bytes wait to be written, nothing
/// more is read and nothing more is taken from the application.
pub const CONFIG: Config =
    Config::new().max_message_size(1024 * 1024).outbox_high_water(256 * 1024);

/// How much memory for output is kept while there is none.
const KEPT: usize = 16 * 1024;

/// How much is read on at the end.
const LINGER: u64 = 4 * 1024 * 1024;

/// Why a connection ended.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Serves one connection: echoes what comes, and sends the application's messages. When their last
/// sender is dropped, the connection closes.
pub async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: R,
    writer: W,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = match within(PATIENCE.opening, transport.open()).await {
        Ok(websocket) => Session::new(&mut transport, websocket, messages).run().await,
        Err(failure) => Err(failure),
    };
    // Also after an error: the answer that says what it was waits to be written.
    let finished = transport.finish().await;
    ended.and(finished)
}

/// An open connection.
pub struct Session<'t, R, W> {
    transport: &'t mut Transport<R, W>,
    websocket: Connection<Server>,
    messages: Receiver<String>,
    deadlines: Deadlines,
    /// It is set anew when it rings, or when a deadline comes closer; most of them move away.
    timer: Timer,
    rings: Instant,
}

/// What can come next.
enum Step {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Message(Option<String>),
    Rang,
}

impl<'t, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'t, R, W> {
    /// A connection whose opening handshake is complete.
    pub fn new(
        transport: &'t mut Transport<R, W>,
        websocket: Connection<Server>,
        messages: Receiver<String>,
    ) -> Self {
        let deadlines = Deadlines::open(&PATIENCE, Instant::now());
        let rings = deadlines.next();
        Self { transport, websocket, messages, deadlines, timer: Timer::at(rings), rings }
    }

    /// Reads, writes and takes messages, whichever can be done, until the connection has ended.
    ///
    /// It may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let Self { transport, websocket, messages, deadlines, timer, rings } = self;
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
            // If there is none, not all was received.
            let has_room = websocket.has_room(outbox);
            let now = Instant::now();
            deadlines.wrote(writing.is_flushed, now);
            writing.copy_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed {
                return Ok(());
            }
            deadlines.wrote(writing.is_flushed, now);
            if should_close_transport || websocket.is_closing() {
                deadlines.closing(now);
            }
            if deadlines.next() < *rings {
                *rings = deadlines.next();
                timer.set_at(*rings);
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
                    deadlines.heard(Instant::now());
                }
                Step::Written(written) => written?,
                Step::Message(Some(text)) => websocket.send_text(&text, outbox)?,
                Step::Message(None) => websocket.close(CloseCode::NORMAL, "", outbox)?,
                Step::Rang => {
                    match deadlines.due(Instant::now()) {
                        Due::Nothing => {}
                        Due::Ping => websocket.send_ping(b"", outbox)?,
                        Due::End => return Err("the peer took too long".into()),
                    }
                    *rings = deadlines.next();
                    timer.set_at(*rings);
                }
            }
        }
    }
}

async fn ring(timer: &mut Timer) -> Step {
    timer.await;
    Step::Rang
}

/// Takes part in a race on this condition.
async fn when<T>(condition: bool, future: impl Future<Output = T>) -> T {
    if condition { future.await } else { pending().await }
}

async fn within<T>(
    patience: Duration,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    or(future, async {
        Timer::after(patience).await;
        Err(io::Error::from(io::ErrorKind::TimedOut).into())
    })
    .await
}

/// The two directions of a byte stream, with what was read and what is to be written.
pub struct Transport<R, W> {
    reader: R,
    /// What was read.
    pub inbox: Inbox,
    /// What is being written.
    writing: Writing<W>,
    /// What is to be written next.
    pub outbox: Vec<u8>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport on which nothing was read or written.
    pub fn new(reader: R, writer: W) -> Self {
        Self {
            reader,
            inbox: Inbox::with_capacity(16 * 1024),
            writing: Writing { writer, bytes: Vec::new(), written: 0, is_flushed: true },
            outbox: Vec::new(),
        }
    }

    /// The opening handshake.
    async fn open(&mut self) -> Result<Connection<Server>, Failure> {
        // Pages of this server, and clients that are no browsers.
        let mut opening = Opening::new(Origins::same_host().or_no_browser());
        let Self { reader, inbox, outbox, .. } = self;
        loop {
            if read(reader, inbox).await? == 0 {
                return Err("the peer hung up during the opening handshake".into());
            }
            if let Some(request) = opening.receive(inbox, outbox)? {
                return Ok(request.accept().config(CONFIG).finish(outbox)?);
            }
        }
    }

    /// Writes what waits, and ends the connection.
    async fn finish(&mut self) -> Result<(), Failure> {
        let Self { reader, outbox, writing, .. } = self;
        within(PATIENCE.closing, writing.finish(outbox)).await?;
        // Reads on until the peer hangs up, if it does so in time: a socket that is closed while
        // input waits is reset, and takes our last words with it.
        let _ =
            within(PATIENCE.closing, async { Ok(copy(reader.take(LINGER), sink()).await?) }).await;
        Ok(())
    }
}

/// Reads once into the inbox.
async fn read(reader: &mut (impl AsyncRead + Unpin), inbox: &mut Inbox) -> io::Result<usize> {
    let length = reader.read(inbox.spare()?).await?;
    inbox.commit(length)?;
    Ok(length)
}

/// What is being written. An outbox can be filled meanwhile.
struct Writing<W> {
    writer: W,
    bytes: Vec<u8>,
    /// How many of them are written.
    written: usize,
    is_flushed: bool,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    /// Once all is written, takes what waits in the outbox and leaves it empty. The memory of the
    /// two goes round.
    fn copy_from(&mut self, outbox: &mut Vec<u8>) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(&mut self.bytes, outbox);
            self.is_flushed = false;
        }
    }

    /// Writes once.
    async fn write(&mut self) -> io::Result<()> {
        if self.written < self.bytes.len() {
            match self.writer.write(&self.bytes[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                length => self.written += length,
            }
        }
        if self.written == self.bytes.len() {
            self.writer.flush().await?;
            self.is_flushed = true;
            self.written = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
        }
        Ok(())
    }

    /// Writes all that waits, and says that nothing more comes.
    async fn finish(&mut self, outbox: &mut Vec<u8>) -> Result<(), Failure> {
        loop {
            self.copy_from(outbox);
            if self.is_flushed {
                return Ok(self.writer.close().await?);
            }
            self.write().await?;
        }
    }
}
