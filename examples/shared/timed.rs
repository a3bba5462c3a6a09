//! A blocking socket with deadlines for whole operations.
//!
//! The timeout of a socket bounds one read or one write: a peer that sends a byte now and then, or
//! takes one, never exceeds it.

#![allow(dead_code)] // not every program needs all of it

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

/// How much is read and dropped at the end of a connection.
const DRAINED: u64 = 16 * 1024 * 1024;

/// How much memory an outbox keeps when it is empty.
const KEPT: usize = 1024 * 1024;

/// A socket, and when what is done with it must be complete.
pub(crate) struct Timed<'s> {
    stream: &'s TcpStream,
    deadline: Instant,
}

impl<'s> Timed<'s> {
    /// A socket with this much time for the first operation.
    pub(crate) fn new(stream: &'s TcpStream, patience: Duration) -> Self {
        Self { stream, deadline: Instant::now() + patience }
    }

    /// Begins another operation: all reads and writes from here on have this much time together.
    pub(crate) fn within(&mut self, patience: Duration) -> &mut Self {
        self.deadline = Instant::now() + patience;
        self
    }

    /// Writes out an outbox within this time, and leaves it empty.
    pub(crate) fn write_out(&mut self, outbox: &mut Vec<u8>, patience: Duration) -> io::Result<()> {
        self.within(patience).write_all(outbox)?;
        if outbox.capacity() > KEPT {
            *outbox = Vec::new();
        }
        outbox.clear();
        Ok(())
    }

    /// Ends the connection so that the peer can read all that was written: a socket that is closed
    /// while input waits is reset, and the final bytes are lost. Waits this long for the peer's end.
    pub(crate) fn end(&mut self, patience: Duration) {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.drain(patience);
    }

    /// The same where another thread writes, and ends the output itself.
    pub(crate) fn drain(&mut self, patience: Duration) {
        let _ = io::copy(&mut self.within(patience).take(DRAINED), &mut io::sink());
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// How much time is left.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(too_late()) } else { Ok(left) }
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

/// Whether an operation failed because its time was up.
pub(crate) fn is_late(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}

/// A socket whose timeout expires says that it would block.
fn explain(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { too_late() } else { error }
}

fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the peer took too long")
}
