//! The other end of the wire: memory that is read as a socket is, and that takes what is written.

use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::answer::Answer;

/// The most that one read brings, as from a socket.
pub(crate) const READ: usize = 64 * 1024;

/// Who sends many messages writes them out when so much waits.
pub(crate) const WRITE: usize = 16 * 1024;

/// A handle to a transport; all of them are the same transport.
#[derive(Clone)]
pub(crate) struct Transport(Rc<Ends>);

struct Ends {
    image: Rc<[u8]>,
    position: Cell<usize>,
    fate: Cell<Fate>,
    written: RefCell<Vec<u8>>,
    /// A server's answer to the request that was written, which is read instead of the image.
    answer: RefCell<Option<Answer>>,
}

/// What becomes of bytes that are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They are gone, as far as the sender can see.
    Discarded,
    /// They are appended to a buffer, as by a sender that writes out when `WRITE` bytes wait.
    Appended,
    /// They are all kept, to be looked at.
    Kept,
}

impl Transport {
    pub(crate) fn new(image: Rc<[u8]>, fate: Fate) -> Self {
        Self(Rc::new(Ends {
            image,
            position: Cell::new(0),
            fate: Cell::new(fate),
            written: RefCell::default(),
            answer: RefCell::new(None),
        }))
    }

    /// A transport with a server behind it, which answers each request for a WebSocket.
    pub(crate) fn to_server() -> Self {
        let transport = Self::new(Rc::default(), Fate::Discarded);
        transport.0.answer.replace(Some(Answer::new()));
        transport
    }

    /// Begins again.
    pub(crate) fn rewind(&self) {
        self.0.position.set(0);
    }

    /// Keeps what is written while something is done, and returns it.
    pub(crate) fn written_by(&self, act: impl FnOnce()) -> Vec<u8> {
        let fate = self.0.fate.replace(Fate::Kept);
        self.0.written.borrow_mut().clear();
        act();
        self.0.fate.set(fate);
        self.0.written.take()
    }

    /// Reads once into the room that a buffer has.
    pub(crate) fn read_into(&self, buffer: &mut BytesMut) -> usize {
        self.next(buffer.capacity() - buffer.len(), |bytes| buffer.extend_from_slice(bytes))
    }

    /// Takes what comes next, up to this many bytes.
    fn next(&self, most: usize, take: impl FnOnce(&[u8])) -> usize {
        let answer = self.0.answer.borrow();
        let image = answer.as_ref().map_or(&*self.0.image, |answer| &answer.0);
        let from = self.0.position.get();
        let length = most.min(READ).min(image.len() - from);
        self.0.position.set(from + length);
        take(&image[from..from + length]);
        length
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
            written.extend_from_slice(bytes);
        }
        bytes.len()
    }
}

impl Read for Transport {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        Ok(self.next(to.len(), |bytes| to[..bytes.len()].copy_from_slice(bytes)))
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.accept(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(slices.iter().map(|slice| self.accept(slice)).sum())
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
        Poll::Ready(Ok(self.accept(bytes)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(slices.iter().map(|slice| self.accept(slice)).sum()))
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
        Poll::Ready(Ok(self.accept(bytes)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
