//! The two directions of a byte stream over the traits of tokio, with their buffers. This module does not
//! depend on WebSockets.
//!
//! Every future is cancel safe: it can be dropped at any `await` and created again, and no byte is lost or
//! repeated.

use std::{io, mem, net::SocketAddr, time::Duration};

use hybi::{
    GrowingOutbox, Inbox, Outbox as _,
    deadline::{Cause, Deadlines, Stage},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout_at},
};

use crate::{
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

/// A source of bytes, and the inbox to read into.
pub struct Reading<R> {
    source: R,
    /// The received bytes.
    pub inbox: Inbox,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    fn new(source: R) -> Self {
        Self { source, inbox: Inbox::with_capacity(16 * 1024) }
    }

    /// Reads once; 0 is the end of the input.
    pub async fn read(&mut self) -> io::Result<usize> {
        let length = self.source.read(self.inbox.spare()?).await?;
        self.inbox.commit(length)?;
        Ok(length)
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

    /// Takes the contents of the outbox as the next batch, if the previous batch is written. Swaps the
    /// two, so that their memory is reused.
    pub fn take_from(&mut self, outbox: &mut GrowingOutbox) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(&mut self.batch, outbox);
            self.is_flushed = false;
        }
    }

    /// Whether the batch is written.
    pub fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    /// The number of bytes that are not written. One, if they are only not flushed.
    pub fn pending(&self) -> usize {
        if self.is_flushed { 0 } else { self.batch.pending().max(1) }
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
            self.sink.flush().await?;
            self.is_flushed = true;
        }
        Ok(written)
    }

    /// Shuts down the output.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.sink.shutdown().await
    }
}
