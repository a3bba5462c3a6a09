//! The two directions of a byte stream over tokio's traits, with what was read and what is to be
//! written. Nothing here knows of WebSockets.
//!
//! Every future can be dropped at any `await`, and made anew: not a byte is lost or repeated.

use std::{
    io::{self, Cursor},
    mem,
    net::SocketAddr,
    time::Duration,
};

use hybi::Inbox;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::{deadlines::Patience, report::report};

/// How long a peer may take, for all that stands on tokio.
pub(crate) static PATIENCE: Patience = Patience {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// How long to wait when a connection cannot be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// How much memory for output is kept while there is none.
const KEPT: usize = 16 * 1024;

/// How much is read on at the end.
const LINGER: u64 = 4 * 1024 * 1024;

/// Accepts the next connection, however long the system is short of what that takes.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Such as too many open files: others end in the meantime.
                report(format_args!("accept: {error}"));
                sleep(PAUSE).await;
            }
        }
    }
}

/// Both directions.
pub struct Transport<R, W> {
    /// What is read.
    pub reading: Reading<R>,
    /// What is being written.
    pub writing: Writing<W>,
    /// What is to be written next.
    pub outbox: Vec<u8>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport<R, W> {
    /// A transport on which nothing was read or written.
    pub fn new(reader: R, writer: W) -> Self {
        Self { reading: Reading::new(reader), writing: Writing::new(writer), outbox: Vec::new() }
    }

    /// Writes all that waits.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.writing.flush(&mut self.outbox).await
    }

    /// Writes all that waits, and ends the connection.
    pub async fn finish(&mut self) -> io::Result<()> {
        timeout(PATIENCE.closing, async {
            self.flush().await?;
            self.writing.shutdown().await
        })
        .await??;
        self.reading.linger().await;
        Ok(())
    }
}

/// A source of bytes and the buffer they are read into.
pub struct Reading<R> {
    source: R,
    /// What was read.
    pub inbox: Inbox,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    fn new(source: R) -> Self {
        Self { source, inbox: Inbox::with_capacity(16 * 1024) }
    }

    /// Reads once; 0 means that the input has ended.
    pub async fn read(&mut self) -> io::Result<usize> {
        let length = self.source.read(self.inbox.spare()?).await?;
        self.inbox.commit(length)?;
        Ok(length)
    }

    /// Reads on until the peer hangs up, if it does so in time: a socket that is closed while input
    /// waits is reset, and takes our last words with it.
    pub async fn linger(&mut self) {
        let mut rest = (&mut self.source).take(LINGER);
        let _ = timeout(PATIENCE.closing, copy(&mut rest, &mut sink())).await;
    }
}

/// A sink for bytes and what is being written to it. An outbox can be filled meanwhile.
pub struct Writing<W> {
    sink: W,
    /// The position is how much is written.
    bytes: Cursor<Vec<u8>>,
    is_flushed: bool,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    fn new(sink: W) -> Self {
        Self { sink, bytes: Cursor::default(), is_flushed: true }
    }

    /// Once all is written, takes what waits in the outbox and leaves it empty. The memory of the
    /// two goes round.
    pub fn copy_from(&mut self, outbox: &mut Vec<u8>) {
        if self.is_flushed && !outbox.is_empty() {
            mem::swap(self.bytes.get_mut(), outbox);
            self.is_flushed = false;
        }
    }

    /// Whether nothing is left to be written.
    pub fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    /// Writes once.
    pub async fn write(&mut self) -> io::Result<()> {
        if !self.is_written() && self.sink.write_buf(&mut self.bytes).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if self.is_written() {
            self.sink.flush().await?;
            self.is_flushed = true;
            self.bytes.set_position(0);
            self.bytes.get_mut().clear();
            self.bytes.get_mut().shrink_to(KEPT);
        }
        Ok(())
    }

    /// Writes all that waits.
    pub async fn flush(&mut self, outbox: &mut Vec<u8>) -> io::Result<()> {
        loop {
            self.copy_from(outbox);
            if self.is_flushed {
                return Ok(());
            }
            self.write().await?;
        }
    }

    /// Says that nothing more comes.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.sink.shutdown().await
    }

    fn is_written(&self) -> bool {
        self.bytes.position() == self.bytes.get_ref().len() as u64
    }
}
