//! A connection in HTTP/2, and the task that drives it.

use std::{
    convert::Infallible,
    future::{Future as _, poll_fn},
    io,
    pin::{Pin, pin},
    task::Poll,
};

use bytes::Bytes;
use h2::{
    Ping, Reason,
    client::{Builder, Connection, SendRequest},
};
use http::{Request, Response};
use hybi::{
    deadline::{Stage, Timeouts},
    http1::HeadLimits,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

use super::stream::{Http2Stream, to_io};
use crate::{bounds::Bounds, connect::ConnectError};

/// How many bytes a server may send on a stream before they are read.
const WINDOW: u32 = 256 * 1024;

/// The same for all streams together. A stream that is not read does not slow down the others, unless there
/// are 64 of them.
const CONNECTION_WINDOW: u32 = 64 * WINDOW;

/// How many bytes of a stream wait for the transport of the connection.
const SEND_BUFFER: usize = 64 * 1024;

/// A connection in HTTP/2 to a server that supports WebSockets in it (feature `h2`). Each WebSocket is one of
/// its streams.
///
/// [`Connect::connect_http2`](crate::Connect::connect_http2) creates it, and
/// [`Connect::open_on`](crate::Connect::open_on) opens a WebSocket on it. Clones are the same connection. It
/// ends with the last clone and the last WebSocket, or when it fails: a task drives it, which
/// `tokio::spawn` starts.
///
/// A stream receives up to 256 KiB, and the connection up to 16 MiB, that are not read.
#[derive(Clone, Debug)]
pub struct Http2 {
    requests: SendRequest<Bytes>,
    /// The task sees when the last clone is dropped.
    in_use: mpsc::Sender<Infallible>,
}

impl Http2 {
    /// Waits for the settings of the server, and starts the task.
    pub(super) async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        limits: HeadLimits,
        timeouts: Timeouts,
    ) -> Result<Self, ConnectError> {
        let handshake = Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(limits.max_size().try_into().unwrap_or(u32::MAX))
            .handshake(stream)
            .await;
        let (requests, mut connection) = handshake.map_err(to_error)?;
        wait_settings(&requests, &mut connection).await?;
        check_setting(&requests)?;
        let (in_use, unused) = mpsc::channel(1);
        tokio::spawn(drive(connection, unused, timeouts));
        Ok(Self { requests, in_use })
    }

    /// Sends a request, and waits for the response.
    pub(super) async fn send(
        &self,
        request: Request<()>,
    ) -> Result<Response<Http2Stream>, ConnectError> {
        let mut requests = self.requests.clone().ready().await.map_err(to_error)?;
        // The server must not withdraw it (RFC 8441, section 3), and h2 does not check that.
        check_setting(&requests)?;
        let (response, sending) = requests.send_request(request, false).map_err(to_error)?;
        let response = response.await.map_err(to_error)?;
        Ok(response.map(|receiving| Http2Stream::new(sending, receiving, self.in_use.clone())))
    }
}

fn check_setting(requests: &SendRequest<Bytes>) -> Result<(), ConnectError> {
    if requests.is_extended_connect_protocol_enabled() {
        Ok(())
    } else {
        Err(ConnectError::NoExtendedConnect)
    }
}

/// Waits for the SETTINGS of the server, which precede everything else that it sends.
async fn wait_settings<S: AsyncRead + AsyncWrite + Unpin>(
    requests: &SendRequest<Bytes>,
    connection: &mut Connection<S, Bytes>,
) -> Result<(), ConnectError> {
    let Some(mut ping) = connection.ping_pong() else { return Ok(()) };
    ping.send_ping(Ping::opaque()).map_err(to_error)?;
    poll_fn(|context| {
        let driven = Pin::new(&mut *connection).poll(context);
        if requests.is_extended_connect_protocol_enabled() {
            return Poll::Ready(Ok(()));
        }
        match driven {
            Poll::Ready(Ok(())) => {
                let closed = "the server closed the connection before it sent its HTTP/2 settings";
                return Poll::Ready(Err(
                    io::Error::new(io::ErrorKind::UnexpectedEof, closed).into()
                ));
            }
            // The server has violated the protocol before it has sent its settings.
            Poll::Ready(Err(error)) if error.is_library() => {
                return Poll::Ready(Err(ConnectError::NoHttp2));
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(to_error(error))),
            Poll::Pending => {}
        }
        // The pong arrives after the settings.
        ping.poll_pong(context).map(|pong| pong.map(drop).map_err(to_error))
    })
    .await
}

/// Drives the connection until it has ended. If it is not used any more, that may take no longer than the
/// end of a transport.
async fn drive<S: AsyncRead + AsyncWrite + Unpin>(
    connection: Connection<S, Bytes>,
    mut unused: mpsc::Receiver<Infallible>,
    timeouts: Timeouts,
) {
    let mut expired = pin!(async {
        let _ = unused.recv().await;
        let mut bounds = Bounds::new(timeouts);
        if bounds.deadlines.check(bounds.timer.now(), Stage::Closing, 0).is_ok() {
            poll_fn(|context| bounds.poll_deadline(context)).await;
        }
    });
    let mut connection = pin!(connection);
    poll_fn(|context| match connection.as_mut().poll(context) {
        // An error is that of each stream.
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => expired.as_mut().poll(context),
    })
    .await;
}

fn to_error(error: h2::Error) -> ConnectError {
    match error.reason() {
        Some(Reason::HTTP_1_1_REQUIRED) => ConnectError::NoHttp2,
        _ => to_io(error).into(),
    }
}
