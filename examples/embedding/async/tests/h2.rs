//! The server and the client in HTTP/2, over a stream in memory.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use h2::{Reason, ext::Protocol};
use hybi::{Event, Uri, deflate::Deflate};
use hybi_embedding_async::{h2_client::converse, h2_echo::serve};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    runtime::Builder,
    sync::mpsc::{Sender, channel},
};

const MIB: usize = 1024 * 1024;

/// A stream that counts what is written to it.
struct Counted(DuplexStream, Arc<AtomicUsize>);

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self(stream, count) = self.get_mut();
        let written = Pin::new(stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = written {
            count.fetch_add(length, Relaxed);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

/// Starts a server, and returns the client's end of its stream. The server sends what comes from the
/// sender, which has to be kept.
fn start() -> (DuplexStream, Arc<Mutex<Vec<Sender<String>>>>) {
    let (stream, far) = duplex(16 * 1024);
    let senders = Arc::new(Mutex::new(Vec::new()));
    let members = Arc::clone(&senders);
    tokio::spawn(async move {
        let join = || {
            let (sender, messages) = channel(1);
            members.lock().unwrap().push(sender);
            messages
        };
        serve(far, &Deflate::new(), join).await
    });
    (stream, senders)
}

/// Runs a test on one thread.
fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let mut text = String::new();
    while text.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push(char::from(b' ' + state.to_be_bytes()[0] % 95));
    }
    text
}

/// Sends the messages, and checks that each comes back; returns how many bytes the client has written.
async fn echo(messages: &[String]) -> usize {
    let (stream, _senders) = start();
    let written = Arc::new(AtomicUsize::new(0));
    let stream = Counted(stream, Arc::clone(&written));
    let (sender, queue) = channel(messages.len());
    for message in messages {
        sender.try_send(message.clone()).unwrap();
    }
    // Once it is dropped, the client closes.
    let mut sender = Some(sender);
    let mut expected = messages.iter();
    let mut is_closed = false;
    let uri = Uri::parse("ws://a.example/").unwrap();
    let conversed = converse(stream, &uri, queue, |event| match event {
        Event::Text(text) => {
            assert!(expected.next().is_some_and(|message| message == text));
            if expected.len() == 0 {
                sender = None;
            }
        }
        Event::Close(_) => is_closed = true,
        event => panic!("{event:?}"),
    });
    conversed.await.unwrap();
    assert!(expected.len() == 0 && is_closed);
    written.load(Relaxed)
}

// 8441-3-c, 8441-5-b, 8441-5-h, 8441-5-j
#[test]
fn messages_of_up_to_1_mib_come_back() {
    run(async {
        echo(&["Hello".into(), noise(MIB), String::new(), noise(200_000)]).await;
    });
}

// 8441-5-f
#[test]
fn messages_are_compressed() {
    run(async {
        let written = echo(&["Hello, ".repeat(MIB / 7), "x".repeat(MIB)]).await;
        assert!(written < 100_000, "{written} bytes for 2 MiB");
    });
}

/// The status of the response to this request.
async fn status(request: http::Request<()>, is_end: bool) -> u16 {
    let (stream, _senders) = start();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let (response, _stream) = requests.send_request(request, is_end).unwrap();
    response.await.unwrap().status().as_u16()
}

fn request(method: &str) -> http::request::Builder {
    http::Request::builder().method(method).uri("http://a.example/").version(http::Version::HTTP_2)
}

// 8441-5-i, 9220-3-c
#[test]
fn other_requests_are_answered() {
    run(async {
        assert_eq!(status(request("GET").body(()).unwrap(), true).await, 200);
        let connect = |protocol: &'static str, version: &str| {
            let mut request = request("CONNECT").header("sec-websocket-version", version);
            let extensions = request.extensions_mut().unwrap();
            extensions.insert(Protocol::from_static(protocol));
            request.body(()).unwrap()
        };
        // The setting has come before the request is sent: see `h2_client`.
        assert_eq!(status(connect("foo", "13"), false).await, 501);
        assert_eq!(status(connect("websocket", "8"), false).await, 400);
        assert_eq!(status(connect("websocket", "13"), false).await, 200);
    });
}

// 8441-5-k
#[test]
fn a_client_that_gives_up_resets_the_stream() {
    run(async {
        let (stream, far) = duplex(16 * 1024);
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol();
        let client = tokio::spawn(async move {
            let (_sender, queue) = channel(1);
            let uri = Uri::parse("ws://a.example/").unwrap();
            converse(stream, &uri, queue, |_| ()).await.map_err(|error| error.to_string())
        });
        let mut connection = builder.handshake::<_, Bytes>(far).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let mut response = respond.send_response(http::Response::new(()), false).unwrap();
        let serving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        tokio::task::yield_now().await;
        client.abort();
        let reason = std::future::poll_fn(|context| response.poll_reset(context)).await.unwrap();
        assert_eq!(reason, Reason::CANCEL);
        drop((request, respond));
        serving.abort();
    });
}
