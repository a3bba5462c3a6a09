//! A byte stream in memory for the worst case: every operation is `Pending` at first, and then reads or
//! writes a small piece.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::io::ReadBuf;

/// The bytes in one direction.
#[derive(Clone, Default)]
pub(crate) struct Tape {
    bytes: Arc<Mutex<Vec<u8>>>,
    read: Arc<AtomicUsize>,
    is_blocked: Arc<AtomicBool>,
}

impl Tape {
    pub(crate) fn append(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    /// How many bytes were read.
    pub(crate) fn read(&self) -> usize {
        self.read.load(Relaxed)
    }

    /// Sets whether writes block.
    pub(crate) fn block(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Relaxed);
    }

    pub(crate) fn source(&self, pieces: &'static [usize]) -> Source {
        Source { tape: self.clone(), pieces: Pieces::new(pieces) }
    }

    pub(crate) fn sink(&self, pieces: &'static [usize]) -> Sink {
        Sink { tape: self.clone(), held: Vec::new(), pieces: Pieces::new(pieces) }
    }
}

/// The size of the next operation: alternates between `Pending` and the next of these numbers.
struct Pieces {
    is_ready: bool,
    numbers: std::iter::Cycle<std::slice::Iter<'static, usize>>,
}

impl Pieces {
    fn new(numbers: &'static [usize]) -> Self {
        Self { is_ready: false, numbers: numbers.iter().cycle() }
    }

    fn next(&mut self) -> Poll<usize> {
        self.is_ready = !self.is_ready;
        if self.is_ready { Poll::Pending } else { Poll::Ready(*self.numbers.next().unwrap()) }
    }
}

/// Reads the bytes that the test has appended.
pub(crate) struct Source {
    tape: Tape,
    pieces: Pieces,
}

impl Source {
    fn poll(&mut self, room: usize) -> Poll<Vec<u8>> {
        if room == 0 {
            // As a socket does. It must not be mistaken for the end of the input.
            return Poll::Ready(Vec::new());
        }
        let Poll::Ready(piece) = self.pieces.next() else { return Poll::Pending };
        let bytes = self.tape.bytes.lock().unwrap();
        let rest = &bytes[self.tape.read()..];
        let piece = piece.min(room).min(rest.len());
        self.tape.read.fetch_add(piece, Relaxed);
        if piece == 0 { Poll::Pending } else { Poll::Ready(rest[..piece].to_vec()) }
    }
}

impl tokio::io::AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(buffer.remaining()).map(|piece| {
            buffer.put_slice(&piece);
            Ok(())
        })
    }
}

impl smol::io::AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(buffer.len()).map(|piece| {
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        })
    }
}

/// Collects output. It becomes visible only after a flush, as with TLS.
pub(crate) struct Sink {
    tape: Tape,
    held: Vec<u8>,
    pieces: Pieces,
}

impl Sink {
    fn poll(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.tape.is_blocked.load(Relaxed) {
            return Poll::Pending;
        }
        self.pieces.next().map(|piece| {
            let piece = piece.min(bytes.len());
            self.held.extend_from_slice(&bytes[..piece]);
            Ok(piece)
        })
    }

    fn flush(&mut self) -> Poll<io::Result<()>> {
        self.pieces.next().map(|_| {
            self.tape.append(&self.held);
            self.held.clear();
            Ok(())
        })
    }
}

impl tokio::io::AsyncWrite for Sink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush()
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush()
    }
}

impl smol::io::AsyncWrite for Sink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush()
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush()
    }
}
