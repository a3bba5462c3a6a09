//! The two directions of a byte stream over the traits of tokio, with their buffers. This module does not
//! depend on WebSockets.
//!
//! Every future is cancel safe: it can be dropped at any `await` and created again, and no byte is lost or
//! repeated.

use std::{
    future::poll_fn,
    io, mem,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use hybi::{
    GrowingOutbox, Inbox, Outbox as _,
    deadline::{Cause, Deadlines, Stage},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy, sink},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout_at},
};

use crate::{
    buffers,
    clock::{instant_of, time_of, timeouts},
    report::report,
};

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// The most bytes to read and discard at the end of a connection.
const LINGER: u64 = 4 * 1024 * 1024;

/// Accepts the next connection. Retries while the system is out of a resource.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Such as too many open files. Wait for other connections to end.
                report(format_args!("accept: {error}"));
                sleep(PAUSE).await;
            }
        }
    }
}

/// The time since the epoch of all deadlines.
pub(crate) fn now() -> Duration {
    time_of(Instant::now().into_std())
}

/// Waits for the future. `None` if the deadline passes.
pub(crate) async fn by<T>(
    deadline: Option<Duration>,
    future: impl Future<Output = T>,
) -> Option<T> {
    match deadline.and_then(instant_of) {
        Some(at) => timeout_at(at.into(), future).await.ok(),
        None => Some(future.await),
    }
}

/// Waits for the future, which is a part of the opening handshake or precedes it, such as TLS. Fails if the
/// peer takes too long.
pub async fn wait_opening<T>(future: impl Future<Output = T>) -> Result<T, Cause> {
    let deadlines = Deadlines::new(timeouts(), now());
    by(deadlines.deadline(), future).await.ok_or(Cause::Opening)
}

/// Both directions, and the deadlines of the peer.
pub struct Transport<R, W> {
    /// The input.
    pub reading: Reading<R>,
    /// The output that is being written.
    pub writing: Writing<W>,
    /// The output to write next.
    pub outbox: GrowingOutbox,
    /// Its opening handshake begins when the transport is created.
    pub deadlines: Deadlines,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport over these two directions.
    pub fn new(reader: R, writer: W) -> Self {
        let (reading, writing) = (Reading::new(reader), Writing::new(writer));
        let deadlines = Deadlines::new(timeouts(), now());
        Self { reading, writing, outbox: GrowingOutbox::new(), deadlines }
    }

    /// Writes out the outbox.
    pub async fn flush(&mut self, stage: Stage) -> io::Result<()> {
        let Self { writing, outbox, deadlines, .. } = self;
        loop {
            let pending = writing.pending() + outbox.pending();
            let until = deadlines.check(now(), stage, pending)?;
            writing.take_from(outbox);
            if writing.is_flushed() {
                return Ok(());
            }
            if let Some(written) = by(until, writing.write()).await {
                deadlines.on_write(now(), written?);
            }
        }
    }

    /// Writes out the outbox, and closes the connection without losing output.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.flush(Stage::Closing).await?;
        let until = self.deadlines.deadline();
        by(until, self.writing.shutdown()).await.ok_or(Cause::Closing)??;
        self.reading.linger(until).await;
        Ok(())
    }
}

/// A source of bytes, and the inbox to read into. While it waits and no message is in progress, the inbox
/// has no memory.
pub struct Reading<R> {
    source: R,
    /// The received bytes.
    pub inbox: Inbox,
    /// See [`buffers::give_back_inbox`].
    has_own_inbox: bool,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    fn new(source: R) -> Self {
        Self { source, inbox: buffers::new_inbox(), has_own_inbox: false }
    }

    /// Reads once; 0 is the end of the input.
    pub async fn read(&mut self) -> io::Result<usize> {
        poll_fn(|context| self.poll_read(context)).await
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        buffers::take_inbox(&mut self.inbox);
        let mut room = ReadBuf::new(self.inbox.spare()?);
        let read = Pin::new(&mut self.source).poll_read(context, &mut room);
        let length = room.filled().len();
        self.inbox.commit(length)?;
        if read.is_pending() {
            buffers::give_back_inbox(&mut self.inbox, &mut self.has_own_inbox);
        }
        read.map_ok(|()| length)
    }

    /// Reads and discards until the peer closes, up to a deadline. Closing a socket with unread input resets
    /// it, and the peer may lose the final bytes.
    pub async fn linger(&mut self, until: Option<Duration>) {
        let mut rest = (&mut self.source).take(LINGER);
        let _ = by(until, copy(&mut rest, &mut sink())).await;
    }
}

/// A sink for bytes, and the batch that is being written to it. The outbox can be filled meanwhile.
pub struct Writing<W> {
    sink: W,
    batch: GrowingOutbox,
    is_flushed: bool,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    fn new(sink: W) -> Self {
        Self { sink, batch: GrowingOutbox::new(), is_flushed: true }
    }

    /// Takes the contents of the outbox as the next batch, if the previous batch is written.
    pub fn take_from(&mut self, outbox: &mut GrowingOutbox) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(&mut self.batch, outbox);
            self.is_flushed = false;
        }
        buffers::give_back_outbox(outbox);
    }

    /// Whether the batch is written.
    pub fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    /// The number of bytes that are not written. One, if they are only not flushed.
    pub fn pending(&self) -> usize {
        if self.is_flushed { 0 } else { self.batch.pending().max(1) }
    }

    /// Writes once if that is possible without waiting. Returns the number of bytes that the sink took.
    pub async fn write_now(&mut self) -> io::Result<usize> {
        if self.is_flushed {
            return Ok(0);
        }
        let mut writing = pin!(self.write());
        poll_fn(|context| {
            Poll::Ready(match writing.as_mut().poll(context) {
                Poll::Ready(written) => written,
                Poll::Pending => Ok(0),
            })
        })
        .await
    }

    /// Writes once. Returns the number of bytes that the sink took.
    pub async fn write(&mut self) -> io::Result<usize> {
        let mut written = 0;
        if !self.batch.is_empty() {
            written = self.sink.write(self.batch.bytes()).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.batch.consume(written)?;
        }
        if self.batch.is_empty() {
            buffers::give_back_outbox(&mut self.batch);
            self.sink.flush().await?;
            self.is_flushed = true;
            written = written.max(1); // `pending` counts output that is not flushed as one byte
        }
        Ok(written)
    }

    /// Shuts down the output.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.sink.shutdown().await
    }
}
