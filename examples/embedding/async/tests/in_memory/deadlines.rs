//! The deadlines for peers that do not cooperate. The clock of tokio is paused: it advances when all tasks
//! are idle.

use hybi::deflate::Deflate;
use hybi_embedding_async::{tokio_echo, tokio_split};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split},
    sync::mpsc::{Receiver, channel},
    task::JoinHandle,
    time::{Duration, Instant, sleep, timeout},
};

/// The example of RFC 6455, section 1.2, from a client that is not a browser.
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The Close of a server with code 1000.
const CLOSE: [u8; 4] = [0x88, 2, 0x03, 0xe8];

/// The failures of connections whose peer does not close, or does not read.
const CLOSING: &str = "the peer did not complete the closing handshake in time";
const UNREAD: &str = "the peer did not read the output in time";

/// The Close of a client without a code, masked with zeros.
const CLIENT_CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

/// The response to a request that is late.
fn is_late(response: &[u8]) -> bool {
    response.starts_with(b"HTTP/1.1 408 ")
}

#[tokio::test(start_paused = true)]
async fn for_an_incomplete_request() {
    for serve in [spawn_one_task, spawn_two_tasks] {
        let (mut client, server) = duplex(1024);
        client.write_all(&REQUEST[..REQUEST.len() - 1]).await.unwrap();
        let serving = serve(server);
        assert!(is_late(&rest(client).await));
        assert_eq!(serving.await.unwrap(), "the opening handshake took too long");
    }
}

#[tokio::test(start_paused = true)]
async fn for_a_close_without_a_reply() {
    let expected = [RESPONSE, &CLOSE].concat();

    let (mut client, server) = duplex(1024);
    client.write_all(REQUEST).await.unwrap();
    let (sender, messages) = channel(1);
    drop(sender);
    assert_eq!(one_task(server, messages).await, CLOSING);
    assert_eq!(rest(client).await, expected);

    let (mut client, server) = duplex(1024);
    client.write_all(REQUEST).await.unwrap();
    let opened = |handle: tokio_split::Handle| {
        handle.close(hybi::CloseCode::NORMAL, "").unwrap();
    };
    assert_eq!(two_tasks(server, opened).await, CLOSING);
    assert_eq!(rest(client).await, expected);
}

#[tokio::test(start_paused = true)]
async fn for_a_close_that_is_not_read() {
    // Room for the response, but not for a Close.
    let (mut client, server) = duplex(RESPONSE.len());
    let (_sender, messages) = channel(1);
    let serving = tokio::spawn(async { one_task(server, messages).await });
    client.write_all(REQUEST).await.unwrap();
    client.write_all(&CLIENT_CLOSE).await.unwrap();
    assert_eq!(serving.await.unwrap(), UNREAD);
    assert_eq!(rest(client).await, RESPONSE);

    let (mut client, server) = duplex(RESPONSE.len());
    let serving = tokio::spawn(async { two_tasks(server, drop).await });
    client.write_all(REQUEST).await.unwrap();
    client.write_all(&CLIENT_CLOSE).await.unwrap();
    assert_eq!(serving.await.unwrap(), UNREAD);
    assert_eq!(rest(client).await, RESPONSE);
}

/// A byte now and then does not extend the deadline.
#[tokio::test(start_paused = true)]
async fn for_a_request_that_arrives_byte_by_byte() {
    for serve in [spawn_one_task, spawn_two_tasks] {
        let (mut client, server) = duplex(1024);
        let serving = serve(server);
        let (mut sent, mut response) = (0, [0; 100]);
        for byte in REQUEST {
            client.write_all(&[*byte]).await.unwrap();
            sent += 1;
            if timeout(Duration::from_secs(1), client.read(&mut response)).await.is_ok() {
                break;
            }
        }
        assert!((10..12).contains(&sent), "{sent} bytes, one a second");
        assert!(is_late(&response));
        drop(client);
        assert_eq!(serving.await.unwrap(), "the opening handshake took too long");
    }
}

/// A silent peer gets a ping, and stays connected if it sends anything.
#[tokio::test(start_paused = true)]
async fn for_a_silent_peer() {
    for serve in [spawn_one_task, spawn_two_tasks] {
        let (mut client, server) = duplex(1024);
        let serving = serve(server);
        client.write_all(REQUEST).await.unwrap();
        let mut response = vec![0; RESPONSE.len()];
        client.read_exact(&mut response).await.unwrap();
        for _ in 0..3 {
            let [high, low] = ping(&mut client).await;
            client.write_all(&[0x8a, 0x82, 0, 0, 0, 0, high, low]).await.unwrap(); // a pong
        }
        let start = Instant::now();
        ping(&mut client).await;
        assert_eq!(rest(client).await, b"\x88\x02\x0b\xc0");
        assert!(start.elapsed() >= Duration::from_secs(20));
        assert_eq!(serving.await.unwrap(), "the peer was silent for too long");
    }
}

/// A peer that reads a byte now and then is dropped.
#[tokio::test(start_paused = true)]
async fn for_a_peer_that_does_not_read() {
    for serve in [spawn_one_task, spawn_two_tasks] {
        let (mut client, server) = duplex(1024);
        let serving = serve(server);
        client.write_all(REQUEST).await.unwrap();
        // A binary message of 4096 bytes, masked with a key of 0: its echo does not fit.
        client.write_all(b"\x82\xfe\x10\x00\0\0\0\0").await.unwrap();
        client.write_all(&[0; 4096]).await.unwrap();
        for _ in 0..100 {
            if serving.is_finished() || client.read_u8().await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        assert!(serving.is_finished(), "the server still waits after 100 s");
        assert_eq!(serving.await.unwrap(), UNREAD);
    }
}

/// A peer that reads steadily is served without a limit, although output always waits: each batch has a
/// deadline of its own.
#[tokio::test(start_paused = true)]
async fn for_a_peer_that_reads_slowly() {
    for serve in [spawn_one_task, spawn_two_tasks] {
        let (mut client, server) = duplex(256);
        let serving = serve(server);
        client.write_all(REQUEST).await.unwrap();
        let mut response = vec![0; RESPONSE.len()];
        client.read_exact(&mut response).await.unwrap();
        let (mut reader, mut writer) = split(client);
        // Binary messages of 1024 bytes, masked with a key of 0.
        let message = [&b"\x82\xfe\x04\x00\0\0\0\0"[..], &[0; 1024]].concat();
        let sending =
            tokio::spawn(async move { while writer.write_all(&message).await.is_ok() {} });
        // The largest batch takes less than 20 s; all of them take more than 100 s.
        let mut bytes = vec![0; 32 * 1024];
        for second in 0..100 {
            if let Err(error) = reader.read_exact(&mut bytes).await {
                panic!("{error} after {second} s, because: {}", serving.await.unwrap());
            }
            sleep(Duration::from_secs(1)).await;
        }
        sending.abort();
    }
}

/// The same for a peer that only reads: it cannot answer a ping before it has read the preceding output.
#[tokio::test(start_paused = true)]
async fn for_a_peer_that_reads_slowly_and_sends_nothing() {
    // Faster than the peer reads, so that the outbox is full; and slower, but so that it is never empty.
    for (size, pause) in [(1024, Duration::from_millis(1)), (400 * 1024, Duration::from_secs(19))] {
        let text = "a".repeat(size);
        let (client, server) = duplex(256);
        let (sender, messages) = channel(1);
        let message = text.clone();
        tokio::spawn(async move {
            while sender.send(message.clone()).await.is_ok() {
                sleep(pause).await;
            }
        });
        read_slowly(client, tokio::spawn(one_task(server, messages))).await;

        let (client, server) = duplex(256);
        let opened = move |handle: tokio_split::Handle| {
            tokio::spawn(async move {
                while !handle.is_over() {
                    // Without room, retry later.
                    let _ = handle.send_text(&text);
                    sleep(pause).await;
                }
            });
        };
        read_slowly(client, tokio::spawn(two_tasks(server, opened))).await;
    }
}

/// Reads 20 KiB a second: all output that waits at one time takes less than 30 s, and the test 100 s.
async fn read_slowly(mut client: DuplexStream, serving: JoinHandle<String>) {
    client.write_all(REQUEST).await.unwrap();
    let mut bytes = vec![0; 20 * 1024];
    for second in 0..100 {
        if let Err(error) = client.read_exact(&mut bytes).await {
            panic!("{error} after {second} s, because: {}", serving.await.unwrap());
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// The payload of the next frame, which is a ping.
async fn ping(client: &mut DuplexStream) -> [u8; 2] {
    let next = timeout(Duration::from_secs(60), client.read_u32()).await;
    let [0x89, 2, nonce @ ..] = next.expect("the server sends nothing").unwrap().to_be_bytes()
    else {
        panic!("not a ping");
    };
    nonce
}

fn spawn_one_task(server: DuplexStream) -> JoinHandle<String> {
    tokio::spawn(async {
        let (_sender, messages) = channel(1);
        one_task(server, messages).await
    })
}

fn spawn_two_tasks(server: DuplexStream) -> JoinHandle<String> {
    tokio::spawn(two_tasks(server, drop))
}

/// Serves a connection, and returns its failure.
async fn one_task(server: DuplexStream, messages: Receiver<String>) -> String {
    let (reader, writer) = split(server);
    let ended = tokio_echo::serve(reader, writer, &Deflate::new(), messages).await;
    ended.unwrap_err().to_string()
}

async fn two_tasks(server: DuplexStream, opened: impl FnOnce(tokio_split::Handle)) -> String {
    let (reader, writer) = split(server);
    tokio_split::serve(reader, writer, opened).await.unwrap_err().to_string()
}

/// Reads until the server closes the connection.
async fn rest(mut client: DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    bytes
}
