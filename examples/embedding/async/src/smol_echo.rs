//! One task for each connection, over the traits of `futures`: a race between reading, writing, and the
//! messages of the application.
//!
//! All state is in a [`Session`], none in a future, so the futures that lose the race can be dropped.

use std::{
    error::Error,
    future::{Future, poll_fn},
    io, mem,
    pin::Pin,
    task::Poll,
    time::{Duration, Instant},
};

use hybi::{
    CloseCode, Config, Connection, Event, GrowingOutbox, Inbox, Origins, Outbox as _, Server,
    State,
    deadline::{Cause, Deadlines, Stage},
    server::Opening,
};
use smol::{
    Timer,
    channel::Receiver,
    future::{or, pending, poll_once, race, yield_now},
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
};

use crate::{
    buffers,
    clock::{instant_of, now, timeouts},
    following::Following,
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
    let ended = match transport.open().await {
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
    /// Reset when it has expired, or when the deadline becomes earlier. Most changes extend a deadline.
    timer: Timer,
    /// When the timer expires. `None` if it has.
    expires: Option<Instant>,
}

/// What completes first.
enum Step {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
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
        Self { transport, websocket, messages, timer: Timer::never(), expires: None }
    }

    /// Reads, writes and sends messages, concurrently, until the connection ends.
    ///
    /// Cancel safe: it may be dropped at any `await` and called again.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let Self { transport, websocket, messages, timer, expires } = self;
        let Transport { reader, inbox, has_own_inbox, outbox, writing, deadlines } =
            &mut **transport;
        let mut steps = 0;
        loop {
            steps += 1;
            if steps % TURN == 0 {
                yield_now().await;
            }
            buffers::take_outbox(outbox);
            while websocket.has_room(outbox)
                && let Some(event) = websocket.receive(inbox, outbox)?
            {
                match event {
                    Event::Text(text) => websocket.send_text(text, outbox)?,
                    Event::Binary(data) => websocket.send_binary(data, outbox)?,
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                }
            }
            let has_room = websocket.has_room(outbox);
            let time = now();
            writing.take_from(outbox);
            // Most writes are possible at once.
            if !writing.is_flushed
                && let Some(written) = poll_once(writing.write()).await
            {
                deadlines.on_write(time, written?);
            }
            let mut output = Following { ahead: writing.pending(), outbox };
            let until = deadlines.expire(time, websocket, &mut output)?;
            writing.take_from(outbox);
            let should_close_transport = websocket.should_close_transport();
            if should_close_transport && writing.is_flushed {
                return Ok(());
            }
            if !has_room && writing.is_flushed {
                continue; // the inbox may still hold events
            }
            if let Some(at) = until.and_then(instant_of)
                && expires.is_none_or(|expires| at < expires)
            {
                *expires = Some(at);
                timer.set_at(at);
            }
            let is_open = websocket.state() == State::Open;
            let step = race(
                race(
                    when(has_room && !should_close_transport, async {
                        Step::Read(read(reader, inbox, has_own_inbox).await)
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
                    deadlines.on_read(now());
                }
                Step::Written(written) => deadlines.on_write(now(), written?),
                Step::Message(Some(text)) => websocket.send_text(&text, outbox)?,
                Step::Message(None) => websocket.close(CloseCode::NORMAL, "", outbox)?,
                Step::Expired => *expires = None, // the next turn does what is due
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

/// Waits for the future. `None` if the deadline passes.
async fn by<T>(deadline: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match deadline.and_then(instant_of) {
        Some(at) => {
            let expired = async {
                Timer::at(at).await;
                None
            };
            or(async { Some(future.await) }, expired).await
        }
        None => Some(future.await),
    }
}

/// The two directions of a byte stream, with their buffers, and the deadlines of the peer.
pub struct Transport<R, W> {
    reader: R,
    /// The received bytes.
    pub inbox: Inbox,
    /// See [`buffers::give_back_inbox`].
    has_own_inbox: bool,
    /// The output that is being written.
    writing: Writing<W>,
    /// The output to write next.
    pub outbox: GrowingOutbox,
    /// Its opening handshake begins when the transport is created.
    deadlines: Deadlines,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport over these two directions.
    pub fn new(reader: R, writer: W) -> Self {
        Self {
            reader,
            inbox: buffers::new_inbox(),
            has_own_inbox: false,
            writing: Writing { writer, batch: GrowingOutbox::new(), is_flushed: true },
            outbox: GrowingOutbox::new(),
            deadlines: Deadlines::new(timeouts(), now()),
        }
    }

    /// The opening handshake.
    async fn open(&mut self) -> Result<Connection<Server>, Failure> {
        // Pages of this server, and clients that are not browsers.
        let mut opening = Opening::new(Origins::same_host().or_no_browser());
        let Self { reader, inbox, has_own_inbox, outbox, deadlines, .. } = self;
        loop {
            let until = deadlines.expire_opening(now(), &mut opening, outbox)?;
            match by(until, read(reader, inbox, has_own_inbox)).await.transpose()? {
                None => continue,
                Some(0) => {
                    return Err(
                        "the peer closed the connection during the opening handshake".into()
                    );
                }
                Some(_) => deadlines.on_read(now()),
            }
            if let Some(request) = opening.receive(inbox, outbox)? {
                return Ok(request.accept().config(CONFIG).finish(outbox)?);
            }
        }
    }

    /// Writes out the outbox, and closes the connection without losing output.
    async fn finish(&mut self) -> Result<(), Failure> {
        let Self { reader, outbox, writing, deadlines, .. } = self;
        loop {
            let pending = writing.pending() + outbox.pending();
            let until = deadlines.check(now(), Stage::Closing, pending)?;
            writing.take_from(outbox);
            if writing.is_flushed {
                break;
            }
            if let Some(written) = by(until, writing.write()).await {
                deadlines.on_write(now(), written?);
            }
        }
        let until = deadlines.deadline();
        by(until, writing.writer.close()).await.ok_or(Cause::Closing)??;
        // Reads and discards until the peer closes. Closing a socket with unread input resets it, and
        // the peer may lose the final bytes.
        let _ = by(until, copy(reader.take(LINGER), sink())).await;
        Ok(())
    }
}

/// Reads once into the inbox. While it waits and no message is in progress, the inbox has no memory.
async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    inbox: &mut Inbox,
    has_own: &mut bool,
) -> io::Result<usize> {
    poll_fn(|context| {
        buffers::take_inbox(inbox);
        let read = Pin::new(&mut *reader).poll_read(context, inbox.spare()?);
        if let Poll::Ready(Ok(length)) = read {
            inbox.commit(length)?;
        } else {
            buffers::give_back_inbox(inbox, has_own);
        }
        read
    })
    .await
}

/// The batch that is being written. The outbox can be filled meanwhile.
struct Writing<W> {
    writer: W,
    batch: GrowingOutbox,
    is_flushed: bool,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    /// Takes the contents of the outbox as the next batch, if the previous batch is written.
    fn take_from(&mut self, outbox: &mut GrowingOutbox) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(&mut self.batch, outbox);
            self.is_flushed = false;
        }
        buffers::give_back_outbox(outbox);
    }

    /// The number of bytes that are not written. One, if they are only not flushed.
    fn pending(&self) -> usize {
        if self.is_flushed { 0 } else { self.batch.pending().max(1) }
    }

    /// Writes once. Returns the number of bytes that the writer took.
    async fn write(&mut self) -> io::Result<usize> {
        let mut written = 0;
        if !self.batch.is_empty() {
            written = self.writer.write(self.batch.bytes()).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.batch.consume(written)?;
        }
        if self.batch.is_empty() {
            buffers::give_back_outbox(&mut self.batch);
            self.writer.flush().await?;
            self.is_flushed = true;
            written = written.max(1); // `pending` counts output that is not flushed as one byte
        }
        Ok(written)
    }
}
