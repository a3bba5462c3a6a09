//! The two directions of a byte stream over the traits of tokio, with their buffers. This module does not
//! depend on WebSockets.
//!
//! Every future is cancel safe: it can be dropped at any `await` and created again, and no byte is lost or
//! repeated.

use std::{io, mem, net::SocketAddr, time::Duration};

use hybi::{GrowingOutbox, Inbox};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::{deadlines::Timeouts, report::report};

/// How long a peer may take, for all programs over tokio.
pub(crate) static TIMEOUTS: Timeouts = Timeouts {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
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

/// Both directions.
pub struct Transport<R, W> {
    /// The input.
    pub reading: Reading<R>,
    /// The output that is being written.
    pub writing: Writing<W>,
    /// The output to write next.
    pub outbox: GrowingOutbox,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport over these two directions.
    pub fn new(reader: R, writer: W) -> Self {
        let (reading, writing) = (Reading::new(reader), Writing::new(writer));
        Self { reading, writing, outbox: GrowingOutbox::new() }
    }

    /// Writes out the outbox.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.writing.flush(&mut self.outbox).await
    }

    /// Writes out the outbox, and closes the connection without losing output.
    pub async fn finish(&mut self) -> io::Result<()> {
        timeout(TIMEOUTS.closing, async {
            self.flush().await?;
            self.writing.shutdown().await
        })
        .await??;
        self.reading.linger().await;
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

    /// Reads and discards until the peer closes, up to a timeout. Closing a socket with unread input resets
    /// it, and the peer may lose the final bytes.
    pub async fn linger(&mut self) {
        let mut rest = (&mut self.source).take(LINGER);
        let _ = timeout(TIMEOUTS.closing, copy(&mut rest, &mut sink())).await;
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

    /// Writes once.
    pub async fn write(&mut self) -> io::Result<()> {
        if !self.batch.is_empty() {
            match self.sink.write(self.batch.bytes()).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                length => self.batch.consume(length)?,
            }
        }
        if self.batch.is_empty() {
            self.sink.flush().await?;
            self.is_flushed = true;
        }
        Ok(())
    }

    /// Writes the batch and the outbox.
    pub async fn flush(&mut self, outbox: &mut GrowingOutbox) -> io::Result<()> {
        loop {
            self.take_from(outbox);
            if self.is_flushed {
                return Ok(());
            }
            self.write().await?;
        }
    }

    /// Shuts down the output.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.sink.shutdown().await
    }
}
