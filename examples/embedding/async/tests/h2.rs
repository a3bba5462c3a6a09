//! The servers and the client in HTTP/2, over a stream in memory.

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
use h2::{Reason, client::SendRequest, ext::Protocol};
use http::Version;
use hybi::{
    Client, Connection, Event, Uri,
    client::{self, Response},
    deflate::Deflate,
    server::{Accept, Request},
};
use hybi_embedding_async::{
    application::Application,
    h2_client::converse,
    h2_echo,
    h2_stream::{Reader, Writer},
    hyper_echo,
    tokio_echo::BACKLOG,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    runtime::Builder,
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, sleep, timeout},
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

/// Accepts any request, and sends nothing.
#[derive(Default)]
struct Silent(Mutex<Vec<Sender<String>>>);

impl Application for Silent {
    fn join<'r>(&self, request: Request<'r>, version: Version) -> (Accept<'r>, Receiver<String>) {
        assert_eq!(version, Version::HTTP_2);
        let (sender, messages) = channel(1);
        // If it were dropped, the WebSocket would be closed.
        self.0.lock().unwrap().push(sender);
        (request.accept(), messages)
    }
}

/// The servers. Each serves one connection in a task.
const SERVERS: [fn(DuplexStream); 2] = [serve_h2, serve_hyper];

fn serve_h2(stream: DuplexStream) {
    tokio::spawn(async { h2_echo::serve(stream, &Deflate::new(), &Silent::default()).await });
}

fn serve_hyper(stream: DuplexStream) {
    tokio::spawn(async { hyper_echo::serve(stream, &Deflate::new(), &Silent::default()).await });
}

/// Starts a server, and returns the client's end of its stream.
fn start(serve: fn(DuplexStream)) -> DuplexStream {
    let (stream, far) = duplex(16 * 1024);
    serve(far);
    stream
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
async fn echo(serve: fn(DuplexStream), messages: &[String]) -> usize {
    let stream = start(serve);
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
    let conversed = converse(stream, client::Request::new(&uri), queue, |event| match event {
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
        for serve in SERVERS {
            echo(serve, &["Hello".into(), noise(MIB), String::new(), noise(200_000)]).await;
        }
    });
}

// 8441-5-f
#[test]
fn messages_are_compressed() {
    run(async {
        for serve in SERVERS {
            let written = echo(serve, &["Hello, ".repeat(MIB / 7), "x".repeat(MIB)]).await;
            assert!(written < 100_000, "{written} bytes for 2 MiB");
        }
    });
}

/// The status of the response to this request.
async fn status(serve: fn(DuplexStream), request: http::Request<()>, is_end: bool) -> u16 {
    let (requests, connection) = h2::client::handshake(start(serve)).await.unwrap();
    tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let (response, _stream) = requests.send_request(request, is_end).unwrap();
    response.await.unwrap().status().as_u16()
}

fn request(method: &str) -> http::request::Builder {
    http::Request::builder().method(method).uri("http://a.example/").version(Version::HTTP_2)
}

// 8441-5-i, 9220-3-c
#[test]
fn other_requests_are_answered() {
    run(async {
        let connect = |protocol: &'static str, version: &str| {
            let mut request = request("CONNECT").header("sec-websocket-version", version);
            let extensions = request.extensions_mut().unwrap();
            extensions.insert(Protocol::from_static(protocol));
            request.body(()).unwrap()
        };
        for serve in SERVERS {
            assert_eq!(status(serve, request("GET").body(()).unwrap(), true).await, 200);
            // The setting has come before the request is sent: see `h2_client`.
            assert_eq!(status(serve, connect("foo", "13"), false).await, 501);
            assert_eq!(status(serve, connect("websocket", "8"), false).await, 400);
            assert_eq!(status(serve, connect("websocket", "13"), false).await, 200);
        }
    });
}

/// Opens a WebSocket by hand.
async fn open(requests: &mut SendRequest<Bytes>) -> (Reader, Writer, Connection<Client>) {
    let uri = Uri::parse("ws://a.example/").unwrap();
    let (mut request, mut exchange) = client::Request::new(&uri).send_http_connect().unwrap();
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (response, writer) = requests.send_request(request, false).unwrap();
    let response = response.await.unwrap();
    let Some(Response::Accepted(accepted)) = exchange.receive_http(&response).unwrap() else {
        panic!("{response:?}");
    };
    let websocket = accepted.finish();
    (Reader::new(response.into_body()), Writer::new(writer), websocket)
}

// P-h2-c
/// While a client does not read one WebSocket, the server keeps a bounded amount of output for it, and
/// the client can use another on the same connection.
#[test]
fn a_websocket_that_is_not_read_leaves_room_for_others() {
    // The clock is paused, and advances once nothing moves.
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        for serve in SERVERS {
            let written = Arc::new(AtomicUsize::new(0));
            let mut builder = h2::client::Builder::new();
            // Room for the other WebSocket, while the window of this one is full.
            builder.initial_window_size(65_535).initial_connection_window_size(1 << 20);
            let stream = Counted(start(serve), Arc::clone(&written));
            let (requests, connection) = builder.handshake(stream).await.unwrap();
            tokio::spawn(connection);
            let mut requests = requests.ready().await.unwrap();
            let (_unread, mut writer, mut websocket) = open(&mut requests).await;
            let flood = tokio::spawn(async move {
                let mut message = Vec::new();
                websocket.send_binary(&vec![0; 65_536], &mut message).unwrap();
                while writer.write_all(&message).await.is_ok() {}
            });
            sleep(Duration::from_secs(1)).await;
            // The outbox up to its high-water mark, the batch that is being written, and the windows.
            let most = 2 * BACKLOG + 4 * 65_536;
            assert!((65_536..most).contains(&written.load(Relaxed)), "{written:?}");
            let (mut reader, mut writer, mut websocket) = open(&mut requests).await;
            let mut message = Vec::new();
            websocket.send_binary(&[0; 10_000], &mut message).unwrap();
            // As much as the window of the connection has room for.
            assert_eq!(writer.write(&message).await.unwrap(), message.len());
            let mut echo = [0; 4 + 10_000];
            reader.read_exact(&mut echo).await.unwrap();
            assert_eq!(echo[..4], [0x82, 126, 0x27, 0x10]);
            assert!(!flood.is_finished());
            flood.abort();
        }
    });
}

/// The deadline for a request does not end a connection with a WebSocket.
#[tokio::test(start_paused = true)]
async fn a_websocket_may_be_quiet() {
    for serve in SERVERS {
        let (sender, queue) = channel(1);
        tokio::spawn(async move {
            sleep(Duration::from_secs(60)).await;
            sender.send("Hello".into()).await.unwrap();
            // Once it is dropped, the client closes.
            sleep(Duration::from_secs(1)).await;
        });
        let mut texts = Vec::new();
        let uri = Uri::parse("ws://a.example/").unwrap();
        let conversed = converse(start(serve), client::Request::new(&uri), queue, |event| {
            if let Event::Text(text) = event {
                texts.push(text.to_owned());
            }
        });
        conversed.await.unwrap();
        assert_eq!(texts, ["Hello"]);
    }
}

/// A client that requests nothing is disconnected.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_ends() {
    for serve in SERVERS {
        let (_requests, connection) = h2::client::handshake(start(serve)).await.unwrap();
        // In the time of the test's clock.
        let _ = timeout(Duration::from_secs(60), connection).await.unwrap();
    }
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
            converse(stream, client::Request::new(&uri), queue, |_| ())
                .await
                .map_err(|error| error.to_string())
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

// K-05, 8441-5-k
#[test]
fn a_stream_may_be_reset_in_every_state() {
    // A part of a frame, a fragment, and a Close, masked with a key of 0.
    let inputs: [&[u8]; 4] =
        [b"", b"\x81\x85\0\0\0\0Hell", b"\x01\x85\0\0\0\0Hello", b"\x88\x80\0\0\0\0"];
    run(async {
        for serve in SERVERS {
            let (requests, connection) = h2::client::handshake(start(serve)).await.unwrap();
            tokio::spawn(connection);
            let mut requests = requests.ready().await.unwrap();
            let (mut reader, mut writer, _) = open(&mut requests).await;
            // More than the server allows at the same time.
            for number in 0..250 {
                let (_, mut dropped, _) = open(&mut requests).await;
                dropped.write_all(inputs[number % inputs.len()]).await.unwrap();
                // h2 sends RST_STREAM with CANCEL.
            }
            writer.write_all(b"\x81\x85\0\0\0\0Hello").await.unwrap();
            let mut echo = [0; 7];
            reader.read_exact(&mut echo).await.unwrap();
            assert_eq!(echo, *b"\x81\x05Hello");
        }
    });
}
