//! A stream of a connection in HTTP/2 as a stream of bytes: that of the DATA frames. `END_STREAM` is its
//! end, and `RST_STREAM` is an error (RFC 8441, section 5).

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::mpsc,
};

/// The most bytes that are written at a time. It is the size of a frame that every peer accepts (RFC 9113,
/// section 4.2). The stream never reserves more of the window of the connection, which other streams need.
const FRAME: usize = 16 * 1024;

/// The stream of a WebSocket in HTTP/2 (feature `h2`).
///
/// The peer may send more only when what it has sent is read, and a write waits for the peer's window. If
/// the stream is dropped before both directions have ended, it is reset with `CANCEL`.
///
/// A write is complete when the task of the connection has the data, which writes it to the transport. So call
/// [`WebSocket::close`](crate::WebSocket::close) before the runtime ends: it waits for the peer.
#[derive(Debug)]
pub struct Http2Stream {
    sending: SendStream<Bytes>,
    is_shut_down: bool,
    receiving: RecvStream,
    /// What was received and not read.
    received: Bytes,
    /// Keeps the connection open.
    _in_use: mpsc::Sender<Infallible>,
}

impl Http2Stream {
    pub(super) const fn new(
        sending: SendStream<Bytes>,
        receiving: RecvStream,
        in_use: mpsc::Sender<Infallible>,
    ) -> Self {
        let received = Bytes::new();
        Self { sending, is_shut_down: false, receiving, received, _in_use: in_use }
    }

    /// Why nothing can be sent on the stream.
    fn reason(&mut self, context: &mut Context<'_>) -> io::Error {
        match self.sending.poll_reset(context) {
            Poll::Ready(Ok(reason)) => {
                io::Error::new(ErrorKind::ConnectionReset, h2::Error::from(reason))
            }
            Poll::Ready(Err(error)) => to_io(error),
            Poll::Pending => ErrorKind::BrokenPipe.into(),
        }
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { receiving, received, .. } = self.get_mut();
        while received.is_empty() {
            match ready!(receiving.poll_data(context)) {
                Some(data) => *received = data.map_err(to_io)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let read = received.split_to(buffer.remaining().min(received.len()));
        buffer.put_slice(&read);
        Poll::Ready(receiving.flow_control().release_capacity(read.len()).map_err(to_io))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let wanted = bytes.len().min(FRAME);
        this.sending.reserve_capacity(wanted);
        while this.sending.capacity() == 0 {
            match ready!(this.sending.poll_capacity(context)) {
                Some(capacity) => capacity.map_err(to_io)?,
                None => return Poll::Ready(Err(this.reason(context))),
            };
        }
        let length = this.sending.capacity().min(wanted);
        let data = Bytes::copy_from_slice(&bytes[..length]);
        Poll::Ready(this.sending.send_data(data, false).map(|()| length).map_err(to_io))
    }

    /// The task of the connection writes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_shut_down {
            return Poll::Ready(Ok(()));
        }
        this.is_shut_down = true;
        Poll::Ready(this.sending.send_data(Bytes::new(), true).map_err(to_io))
    }
}

pub(super) fn to_io(error: h2::Error) -> io::Error {
    let kind = if error.is_reset() {
        ErrorKind::ConnectionReset // with any code: it stands for a reset of TCP
    } else if error.is_go_away() {
        ErrorKind::ConnectionAborted
    } else {
        error.get_io().map_or(ErrorKind::Other, io::Error::kind)
    };
    io::Error::new(kind, error)
}
