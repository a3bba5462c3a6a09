//! A blocking socket with deadlines for whole operations.
//!
//! The timeout of a socket bounds one read or one write. A peer that sends or reads a byte now and
//! then never exceeds it.

#![allow(dead_code)] // not every program needs all of it

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

/// The most bytes to read and discard at the end of a connection.
const DRAINED: u64 = 16 * 1024 * 1024;

/// The most memory that an empty outbox keeps, in bytes.
const KEPT: usize = 1024 * 1024;

/// A socket and the deadline of the current operation.
pub(crate) struct Timed<'s> {
    stream: &'s TcpStream,
    deadline: Instant,
}

impl<'s> Timed<'s> {
    /// A socket with this timeout for the first operation.
    pub(crate) fn new(stream: &'s TcpStream, timeout: Duration) -> Self {
        Self { stream, deadline: Instant::now() + timeout }
    }

    /// Starts another operation: the timeout is for all of the following reads and writes together.
    pub(crate) fn within(&mut self, timeout: Duration) -> &mut Self {
        self.deadline = Instant::now() + timeout;
        self
    }

    /// Writes all of an outbox within this time, and clears it.
    pub(crate) fn write_out(&mut self, outbox: &mut Vec<u8>, timeout: Duration) -> io::Result<()> {
        self.within(timeout).write_all(outbox)?;
        if outbox.capacity() > KEPT {
            *outbox = Vec::new();
        }
        outbox.clear();
        Ok(())
    }

    /// Closes the connection without losing output. Closing a socket with unread input resets it, and
    /// the peer may lose the final bytes. So this shuts down the output, and waits for the peer to
    /// close, up to the timeout.
    pub(crate) fn end(&mut self, timeout: Duration) {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.drain(timeout);
    }

    /// As [`end`](Self::end), if another thread writes and shuts down the output.
    pub(crate) fn drain(&mut self, timeout: Duration) {
        let _ = io::copy(&mut self.within(timeout).take(DRAINED), &mut io::sink());
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// The time left.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(timed_out()) } else { Ok(left) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(bytes).map_err(explain)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes).map_err(explain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Whether an operation failed because it exceeded its deadline.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}

/// A socket reports an expired timeout as `WouldBlock`.
fn explain(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { timed_out() } else { error }
}

fn timed_out() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the peer took too long")
}
