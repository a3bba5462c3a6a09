//! The two directions of a stream in HTTP/2, as tokio's traits have them: what DATA frames carry is a
//! stream of bytes, `END_STREAM` is its end, and `RST_STREAM` is an error (RFC 8441, section 5).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the peer sends.
pub struct Reader {
    stream: RecvStream,
    /// What has come and was not read yet.
    data: Bytes,
}

impl Reader {
    /// The body of a request or a response.
    pub fn new(stream: RecvStream) -> Self {
        Self { stream, data: Bytes::new() }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, data } = self.get_mut();
        while data.is_empty() {
            match ready!(stream.poll_data(context)) {
                Some(Ok(next)) => *data = next,
                Some(Err(error)) => return Poll::Ready(Err(to_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let read = data.split_to(buffer.remaining().min(data.len()));
        buffer.put_slice(&read);
        // The peer may send as much again only now that the inbox has it.
        Poll::Ready(stream.flow_control().release_capacity(read.len()).map_err(to_io))
    }
}

/// What is sent to the peer. If it is dropped before it is shut down, h2 resets the stream with
/// CANCEL.
pub struct Writer(SendStream<Bytes>);

impl Writer {
    /// The body of a request or a response.
    pub fn new(stream: SendStream<Bytes>) -> Self {
        Self(stream)
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = &mut self.get_mut().0;
        stream.reserve_capacity(bytes.len());
        while stream.capacity() == 0 && !bytes.is_empty() {
            match ready!(stream.poll_capacity(context)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(to_io(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let length = stream.capacity().min(bytes.len());
        let data = Bytes::copy_from_slice(&bytes[..length]);
        Poll::Ready(stream.send_data(data, false).map(|()| length).map_err(to_io))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The task that drives the HTTP/2 connection writes.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.get_mut().0.send_data(Bytes::new(), true).map_err(to_io))
    }
}

fn to_io(error: h2::Error) -> io::Error {
    if error.is_reset() {
        // With any code: it stands for the reset of a TCP connection.
        io::Error::new(io::ErrorKind::ConnectionReset, error)
    } else {
        io::Error::other(error)
    }
}
