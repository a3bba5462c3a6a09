//! A transport in memory, with the interface of a socket.

use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    io::{self, IoSlice, Read, Write},
    ops::Deref,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::answer::Answer;

/// The maximum length of one read in bytes, as for a socket.
pub(crate) const READ: usize = 64 * 1024;

/// The transport copies this many bytes at once. With more, `memcpy` of glibc executes `rep movsb`, which
/// some processors (AMD Zen 3 and Zen 4) execute thirty times slower if the two buffers have the same
/// offset in a page. The time of a library would depend on where its buffer is.
const BLOCK: usize = 1024;

/// The number of pending bytes at which a sender of many messages writes them.
pub(crate) const WRITE: usize = 16 * 1024;

/// A handle to a transport. Clones share the transport.
#[derive(Clone)]
pub(crate) struct Transport(Rc<Ends>);

struct Ends {
    image: Rc<[u8]>,
    position: Cell<usize>,
    reads: Cell<usize>,
    writes: Cell<usize>,
    fate: Cell<Fate>,
    written: RefCell<Vec<u8>>,
    /// The server's response to the request that was written. It is read instead of the image.
    answer: RefCell<Option<Answer>>,
}

/// The handling of written bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They are discarded.
    Discarded,
    /// They are appended to a buffer, which is cleared when it has `WRITE` bytes.
    Appended,
    /// They are all kept for checks.
    Kept,
}

impl Transport {
    pub(crate) fn new(image: Rc<[u8]>, fate: Fate) -> Self {
        Self(Rc::new(Ends {
            image,
            position: Cell::new(0),
            reads: Cell::new(0),
            writes: Cell::new(0),
            fate: Cell::new(fate),
            written: RefCell::default(),
            answer: RefCell::new(None),
        }))
    }

    /// A transport to a server that accepts each opening handshake.
    pub(crate) fn to_server() -> Self {
        let transport = Self::new(Rc::default(), Fate::Discarded);
        transport.0.answer.replace(Some(Answer::new()));
        transport
    }

    /// Starts again from the beginning.
    pub(crate) fn rewind(&self) {
        self.0.position.set(0);
    }

    /// The number of reads and of writes so far. A vectored write is one.
    pub(crate) fn calls(&self) -> (usize, usize) {
        (self.0.reads.get(), self.0.writes.get())
    }

    /// Runs a function and returns the bytes written meanwhile.
    pub(crate) fn written_by(&self, act: impl FnOnce()) -> Vec<u8> {
        let fate = self.0.fate.replace(Fate::Kept);
        self.0.written.borrow_mut().clear();
        act();
        self.0.fate.set(fate);
        self.0.written.take()
    }

    /// Reads once into the spare capacity of a buffer.
    pub(crate) fn read_into(&self, buffer: &mut BytesMut) -> usize {
        self.next(buffer.capacity() - buffer.len(), |bytes| buffer.extend_from_slice(bytes))
    }

    /// Takes the next bytes, at most this many, in blocks.
    fn next(&self, most: usize, take: impl FnMut(&[u8])) -> usize {
        self.0.reads.update(|reads| reads + 1);
        let answer = self.0.answer.borrow();
        let image = answer.as_ref().map_or(&*self.0.image, |answer| &answer.0);
        let from = self.0.position.get();
        let length = most.min(READ).min(image.len() - from);
        self.0.position.set(from + length);
        image[from..from + length].chunks(BLOCK).for_each(take);
        length
    }

    /// Writes once.
    pub(crate) fn write_slices(&self, slices: &[impl Deref<Target = [u8]>]) -> usize {
        self.0.writes.update(|writes| writes + 1);
        slices.iter().map(|slice| self.accept(slice)).sum()
    }

    fn accept(&self, bytes: &[u8]) -> usize {
        if let Some(answer) = &mut *self.0.answer.borrow_mut() {
            answer.to(bytes);
            self.rewind();
        }
        if self.0.fate.get() == Fate::Discarded {
            black_box(bytes);
        } else {
            let written = &mut *self.0.written.borrow_mut();
            if self.0.fate.get() == Fate::Appended && written.len() >= WRITE {
                black_box(&*written);
                written.clear();
            }
            written.reserve(bytes.len());
            bytes.chunks(BLOCK).for_each(|block| written.extend_from_slice(block));
        }
        bytes.len()
    }
}

impl Read for Transport {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut room = to;
        Ok(self.next(room.len(), |block| {
            let (to, rest) = std::mem::take(&mut room).split_at_mut(block.len());
            to.copy_from_slice(block);
            room = rest;
        }))
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.write_slices(&[bytes]))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.write_slices(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.next(to.remaining(), |bytes| to.put_slice(bytes));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_slices(&[bytes])))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_slices(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_util::io::AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(to))
    }
}

impl futures_util::io::AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_slices(&[bytes])))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
