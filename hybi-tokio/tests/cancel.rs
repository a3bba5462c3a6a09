//! Every future is dropped at every `await`: nothing is lost, and nothing is sent twice.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use hybi_tokio::{
    Acceptor, Connect, WebSocket,
    hybi::{Client, CloseCode, Event, Origins, Role, Server},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    task::yield_now,
};

/// A stream that transfers one byte at a time, and is not ready half of the time.
#[derive(Debug)]
struct Slow {
    stream: DuplexStream,
    /// A linear congruential generator.
    random: u64,
}

impl Slow {
    fn poll_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if self.random >> 63 == 1 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_turn(context).is_pending() {
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut read = ReadBuf::new(&mut byte);
        let result = Pin::new(&mut self.stream).poll_read(context, &mut read);
        buffer.put_slice(read.filled());
        result
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.poll_turn(context).is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(context, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_turn(context).is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_turn(context).is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Both ends of a slow stream.
fn streams() -> (Slow, Slow) {
    let (one, other) = duplex(1024);
    (Slow { stream: one, random: 1 }, Slow { stream: other, random: 1 })
}

async fn pair() -> (WebSocket<Slow, Client>, WebSocket<Slow, Server>) {
    let (one, other) = streams();
    let acceptor = Acceptor::new(Origins::any());
    let connect = Connect::new("ws://a/");
    let (client, server) = tokio::join!(connect.open_over(one), acceptor.accept(other));
    (client.unwrap(), server.unwrap())
}

#[cfg(all(feature = "h2", feature = "hyper"))]
mod http2 {
    use std::convert::Infallible;

    use hybi_tokio::Http2Stream;
    use hyper::{server::conn::http2, service::service_fn, upgrade::Upgraded};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::sync::mpsc;

    use super::{Acceptor, Client, Connect, Origins, Server, WebSocket, streams};

    pub(super) type Pair = (WebSocket<Http2Stream, Client>, WebSocket<TokioIo<Upgraded>, Server>);

    pub(super) async fn pair() -> Pair {
        let (one, other) = streams();
        let (sender, mut upgraded) = mpsc::unbounded_channel();
        let service = service_fn(move |mut request| {
            let acceptor = Acceptor::new(Origins::any());
            let (response, upgrading) = acceptor.upgrade(&mut request, |accept| accept).unwrap();
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(upgrading.open().await.unwrap()) });
            async { Ok::<_, Infallible>(response.map(|()| String::new())) }
        });
        let mut server = http2::Builder::new(TokioExecutor::new());
        server.enable_connect_protocol();
        tokio::spawn(server.serve_connection(TokioIo::new(other), service));
        let connection = Connect::new("ws://a/").connect_http2_over(one).await.unwrap();
        let client = Connect::new("ws://a/").open_on(&connection).await.unwrap();
        (client, upgraded.recv().await.unwrap())
    }
}

trait Transport: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for S {}

/// Polls a future this many times at most, then drops it.
fn poll_times<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// Calls an operation until it is complete. Each future is polled `times` times, then dropped.
async fn complete<S, T>(
    state: &mut S,
    times: usize,
    mut call: impl FnMut(&mut S, usize) -> Option<T>,
) -> T {
    for _ in 0..100_000 {
        if let Some(output) = call(state, times) {
            return output;
        }
        yield_now().await; // tokio's streams are ready only so often in one turn of a task
    }
    unreachable!("no progress")
}

async fn receive<S: Transport, R: Role>(websocket: &mut WebSocket<S, R>, times: usize) -> String {
    complete(websocket, times, |websocket, times| {
        poll_times(websocket.next(), times).map(|event| match event.unwrap() {
            Some(Event::Text(text)) => text.to_owned(),
            other => format!("{other:?}"),
        })
    })
    .await
}

async fn flush<S: Transport, R: Role>(websocket: &mut WebSocket<S, R>, times: usize) {
    complete(websocket, times, |websocket, times| poll_times(websocket.flush(), times))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn futures_dropped_after_any_number_of_polls_lose_and_repeat_nothing() {
    converse(pair).await;
    #[cfg(all(feature = "h2", feature = "hyper"))]
    converse(http2::pair).await;
}

async fn converse<S: Transport, T: Transport>(
    pair: impl AsyncFn() -> (WebSocket<S, Client>, WebSocket<T, Server>),
) {
    for times in 1..=9 {
        let (mut client, mut server) = pair().await;
        for index in 0..20 {
            let text = format!("message {index}");
            // `feed` is complete when it has returned.
            complete(&mut client, times, |client, times| {
                poll_times(client.feed_text(&text), times)
            })
            .await
            .unwrap();
            flush(&mut client, times).await;
            assert_eq!(receive(&mut server, times).await, text, "{times} polls");
            complete(&mut server, times, |server, times| {
                poll_times(server.feed_text(&text), times)
            })
            .await
            .unwrap();
            // `next` writes what was fed, also if it is dropped.
            for _ in 0..200 {
                assert!(poll_times(server.next(), times).is_none());
                yield_now().await;
            }
            assert_eq!(receive(&mut client, times).await, text, "{times} polls");
        }
        // A `send` that is dropped has queued its message, or not.
        let was_sent = poll_times(client.send_text("last"), times).is_some();
        complete(&mut client, times, |client, times| {
            poll_times(client.send_close(CloseCode::NORMAL, ""), times)
        })
        .await
        .unwrap();
        assert_eq!(receive(&mut server, times).await, "last", "{times} polls, {was_sent}");
        let close = receive(&mut server, times).await;
        assert!(close.starts_with("Some(Close("), "{close}");
        for _ in 0..1000 {
            let _ = poll_times(server.next(), times);
            let _ = poll_times(client.next(), times);
            yield_now().await;
        }
        assert_eq!(client.connection().close_code(), Some(1000), "{times} polls");
        assert_eq!(server.connection().close_code(), Some(1000), "{times} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_was_dropped_is_continued_by_the_next() {
    close(pair).await;
    #[cfg(all(feature = "h2", feature = "hyper"))]
    close(http2::pair).await;
}

async fn close<S: Transport, T: Transport>(
    pair: impl AsyncFn() -> (WebSocket<S, Client>, WebSocket<T, Server>),
) {
    for times in 1..=9 {
        let (mut client, mut server) = pair().await;
        let (mut client_closed, mut server_ended) = (false, false);
        for _ in 0..2000 {
            if !client_closed {
                client_closed = poll_times(client.close(CloseCode::NORMAL, "bye"), times).is_some();
            }
            if !server_ended {
                server_ended = matches!(poll_times(server.next(), times), Some(Ok(None)));
            }
            yield_now().await;
        }
        assert!(client_closed && server_ended, "{times} polls: {client_closed} {server_ended}");
    }
}
