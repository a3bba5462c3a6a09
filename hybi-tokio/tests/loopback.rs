//! Both ends of this crate, over streams in memory.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::{future::pending, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hybi_tokio::{
    AcceptError, Connect, ConnectError, Error, Incoming, WebSocket,
    hybi::{
        Client, CloseCode, Config, Connection, Event, Message, Prepared, Server,
        deadline::{Cause, Timeouts},
        deflate::Deflate,
        server::Response,
    },
};
use support::{acceptor, echo, pair_with};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    join,
    net::TcpListener,
    time::{Instant, sleep, timeout},
};

async fn pair() -> (WebSocket<DuplexStream, Client>, WebSocket<DuplexStream, Server>) {
    pair_with(Connect::new("ws://a/"), acceptor(), 64).await
}

#[tokio::test]
async fn messages_of_all_sizes_come_back_plain_and_compressed() {
    for deflate in [None, Some(Deflate::new())] {
        let (mut connect, mut acceptor) = (Connect::new("ws://a/chat"), acceptor());
        if let Some(deflate) = deflate {
            (connect, acceptor) =
                (connect.compression(deflate.clone()), acceptor.compression(deflate));
        }
        let (mut client, server) = pair_with(connect, acceptor, 4096).await;
        let echo = tokio::spawn(echo(server));
        for length in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
            let text = "é".repeat(length / 2);
            let data = vec![7; length];
            client.send_text(&text).await.unwrap();
            assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
            client.send_binary(&data).await.unwrap();
            assert_eq!(client.next().await.unwrap(), Some(Event::Binary(&data)));
        }
        client.close(CloseCode::NORMAL, "done").await.unwrap();
        assert_eq!(client.connection().close_code(), Some(1000));
        echo.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_has_written_everything_holds_no_outbox() {
    let (mut client, _server) = pair_with(Connect::new("ws://a/"), acceptor(), 4096).await;
    client.feed_text("Hello").await.unwrap();
    client.send_text("Hello").await.unwrap();
    let (.., outbox) = client.into_parts();
    assert_eq!(outbox.capacity(), 0);
}

// The frame of "Hello" is that of RFC 6455, section 5.7.
#[tokio::test]
async fn a_prepared_message_is_sent_by_a_websocket_and_by_its_half() {
    let message = Prepared::text("Hello").compressed(&Deflate::new());
    let deflate = Deflate::new().threshold(0);
    let long = Prepared::text(&"Hello".repeat(20)).compressed(&deflate);
    for compression in [false, true] {
        let (mut connect, mut acceptor) = (Connect::new("ws://a/"), acceptor());
        if compression {
            connect = connect.compression(deflate.clone());
            acceptor = acceptor.compression(deflate.clone());
        }
        let (client, mut server) = pair_with(connect, acceptor, 4096).await;
        let (mut stream, ..) = client.into_parts();
        let mut received = [0; 21];
        server.feed_prepared(&message).await.unwrap();
        server.send_prepared(&message).await.unwrap();
        let (_receiving, mut sending) = server.split();
        sending.send_prepared(&message).await.unwrap();
        stream.read_exact(&mut received).await.unwrap();
        // Compression would make five bytes longer.
        assert_eq!(received, *b"\x81\x05Hello\x81\x05Hello\x81\x05Hello");

        sending.send_prepared(&long).await.unwrap();
        let mut header = [0; 2];
        stream.read_exact(&mut header).await.unwrap();
        assert_eq!(header[0], if compression { 0xc1 } else { 0x81 });
        assert_eq!(header[1] < 100, compression);
    }
}

// What was read together is answered with one write.
#[tokio::test]
async fn what_was_received_together_is_answered_with_one_write() {
    let (client, mut server) = pair_with(Connect::new("ws://a/"), acceptor(), 4096).await;
    let (mut stream, ..) = client.into_parts();
    // Three text messages with one character each, and a masking key of zeros (RFC 6455, section 5.2).
    stream.write_all(b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b\x81\x81\0\0\0\0c").await.unwrap();
    for expected in ["a", "b", "c"] {
        assert_eq!(server.next().await.unwrap(), Some(Event::Text(expected)));
        server.feed_text(expected).await.unwrap();
    }
    let mut reply = [0; 64];
    let none = timeout(Duration::from_millis(20), stream.read(&mut reply)).await;
    assert!(none.is_err(), "nothing is written while events are left");
    tokio::select! {
        _ = server.next() => panic!("no message was sent"),
        length = stream.read(&mut reply) => {
            assert_eq!(&reply[..length.unwrap()], b"\x81\x01a\x81\x01b\x81\x01c");
        }
    }
}

#[tokio::test]
async fn the_halves_work_in_two_tasks() {
    const COUNT: usize = 1000;
    let (client, server) = pair().await; // 64 bytes of room: both directions are full all the time
    let echo = tokio::spawn(echo(server));
    let (mut receiving, mut sending) = client.split();
    let sender = tokio::spawn(async move {
        for index in 0..COUNT {
            sending.send_text(&index.to_string().repeat(20)).await.unwrap();
        }
        sending
    });
    for index in 0..COUNT {
        let text = index.to_string().repeat(20);
        assert_eq!(receiving.next().await.unwrap(), Some(Event::Text(&text)));
    }
    sender.await.unwrap().close(CloseCode::NORMAL, "").await.unwrap();
    assert!(matches!(receiving.next().await.unwrap(), Some(Event::Close(_))));
    assert!(receiving.next().await.unwrap().is_none());
    echo.await.unwrap().unwrap();
    assert_eq!(receiving.with_connection(Connection::close_code), Some(1000));
}

#[tokio::test]
async fn it_is_a_stream_and_a_sink() {
    let (mut client, server) = pair().await;
    let echo = tokio::spawn(async move {
        let (mut receiving, mut sending) = server.split();
        while let Some(message) = StreamExt::next(&mut receiving).await {
            SinkExt::send(&mut sending, message.unwrap()).await.unwrap();
        }
    });
    for message in [Message::from("Hello"), Message::from(&b"\0\xff"[..])] {
        SinkExt::send(&mut client, message.clone()).await.unwrap();
        assert_eq!(StreamExt::next(&mut client).await.unwrap().unwrap(), message);
    }
    SinkExt::close(&mut client).await.unwrap();
    assert!(StreamExt::next(&mut client).await.is_none());
    echo.await.unwrap();
}

// The timer stores one waker: that of the task that has waited for room last.
#[tokio::test(start_paused = true)]
async fn a_deadline_wakes_the_task_that_receives_after_another_one_has_sent() {
    let (client, server) = pair_with(Connect::new("ws://a/"), acceptor(), 1024).await;
    let (mut peer, ..) = client.into_parts();
    let (mut sink, mut stream) = StreamExt::split(server);
    let receiving = tokio::spawn(async move { stream.next().await });
    let _sending = tokio::spawn(async move {
        sink.send(Message::Binary(vec![0; 4000])).await.unwrap();
        pending::<()>().await;
    });
    sleep(Duration::from_secs(1)).await;
    peer.read_exact(&mut [0; 4004]).await.unwrap();
    // The peer is silent: after 20 seconds a ping, after 40 the end.
    let minute = Duration::from_secs(60);
    assert_eq!(timeout(minute, peer.read_u8()).await.unwrap().unwrap(), 0x89);
    let ended = timeout(minute, receiving).await.unwrap().unwrap();
    assert!(matches!(ended, Some(Err(Error::Timeout(Cause::Silence)))), "{ended:?}");
}

#[tokio::test]
async fn a_request_waits_for_the_application() {
    let (one, other) = duplex(1024);
    let connect = Connect::new("ws://a/chat?room=1")
        .subprotocols(["chat.v1", "chat.v2"])
        .cookie("session", "17")
        .cookie("lang", "en")
        .header("X-Test", "yes");
    let server = tokio::spawn(async move {
        let Ok(Incoming::WebSocket(request)) = acceptor().receive(other).await else {
            panic!("no request for a WebSocket")
        };
        sleep(Duration::from_millis(5)).await; // a database
        assert_eq!(request.get().target(), "/chat?room=1");
        assert_eq!(request.get().cookie("session"), Some(&b"17"[..]));
        assert_eq!(request.get().cookie("lang"), Some(&b"en"[..]));
        assert_eq!(request.get().headers().get("x-test"), Some(&b"yes"[..]));
        request
            .accept_with(|accept| accept.select_subprotocol(&["chat.v2", "chat.v1"]))
            .await
            .unwrap()
    });
    let client = connect.open_over(one).await.unwrap();
    let server = server.await.unwrap();
    assert_eq!((client.subprotocol(), server.subprotocol()), (Some("chat.v2"), Some("chat.v2")));
}

#[tokio::test]
async fn a_request_is_accepted_with_header_fields_of_the_moment() {
    let (mut one, other) = duplex(1024);
    one.write_all(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n\r\n",
    )
    .await
    .unwrap();
    let Ok(Incoming::WebSocket(request)) = acceptor().receive(other).await else {
        panic!("no request for a WebSocket")
    };
    let cookie = format!("session={}", 17);
    let headers = [("Set-Cookie", &*cookie)];
    let server = request.accept_with_headers(Some("chat.v2"), &headers).await.unwrap();
    assert_eq!(server.subprotocol(), Some("chat.v2"));
    drop(server);
    let mut response = String::new();
    one.read_to_string(&mut response).await.unwrap();
    // RFC 6455, section 1.3, has the key and its answer.
    assert_eq!(
        response,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat.v2\r\n\
         Set-Cookie: session=17\r\n\r\n"
    );
}

#[tokio::test]
async fn a_request_is_rejected_with_a_response() {
    let (one, other) = duplex(1024);
    let server = tokio::spawn(async move {
        let Ok(Incoming::WebSocket(request)) = acceptor().receive(other).await else {
            panic!("no request for a WebSocket")
        };
        let response = Response::new(401).header("WWW-Authenticate", "Basic").body(b"who?");
        request.reject(response).await
    });
    let Err(ConnectError::Rejected(rejected)) = Connect::new("ws://a/").open_over(one).await else {
        panic!("accepted")
    };
    let rejected = rejected.as_rejected();
    assert_eq!((rejected.status(), rejected.body()), (401, &b"who?"[..]));
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_page_is_served_on_the_same_port() {
    let page = |request: &'static [u8]| async move {
        let (mut one, other) = duplex(1024);
        let server = tokio::spawn(async move {
            let Ok(Incoming::Http(request)) = acceptor().receive(other).await else {
                panic!("no request for a page")
            };
            assert_eq!(request.get().unwrap().target(), "/page");
            request.respond(200, &[("Content-Type", "text/plain")], b"Hello").await
        });
        one.write_all(request).await.unwrap();
        let mut response = String::new();
        one.read_to_string(&mut response).await.unwrap();
        drop(one);
        server.await.unwrap().unwrap();
        response
    };
    let got = page(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && got.ends_with("\r\n\r\nHello"), "{got}");
    let head = page(b"HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(head.contains("Content-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

// P-dl-a
#[tokio::test(start_paused = true)]
async fn a_slow_request_gets_408() {
    let (mut one, other) = duplex(1024);
    let began = Instant::now();
    let server = tokio::spawn(async move { acceptor().accept(other).await.map(drop) });
    one.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut response = String::new();
    one.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert_eq!(began.elapsed().as_secs(), 10);
    drop(one);
    assert!(matches!(server.await.unwrap(), Err(AcceptError::Timeout(Cause::Opening))));
}

// P-dl-a
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_a_timeout() {
    let (one, _other) = duplex(1024);
    let began = Instant::now();
    let result = Connect::new("ws://a/").open_over(one).await;
    assert!(matches!(result, Err(ConnectError::Timeout)));
    assert_eq!(began.elapsed().as_secs(), 10);
}

// P-dl-b
#[tokio::test(start_paused = true)]
async fn a_silent_peer_gets_a_ping_and_is_dropped() {
    let (client, mut server) = pair_with(Connect::new("ws://a/"), acceptor(), 1024).await;
    let (mut stream, ..) = client.into_parts();
    let began = Instant::now();
    let error = server.next().await.unwrap_err();
    assert!(matches!(error, Error::Timeout(Cause::Silence)), "{error}");
    // 40 seconds of silence, and 10 for the end of the transport.
    assert_eq!(began.elapsed().as_secs(), 50);
    assert!(server.next().await.unwrap().is_none(), "the error is reported once");
    drop(server);
    let mut output = Vec::new();
    stream.read_to_end(&mut output).await.unwrap();
    assert_eq!((output[0], output[1]), (0x89, output[1]), "a ping");
    assert!(output.ends_with(&[0x88, 2, 0x0b, 0xc0]), "a Close with 3008");
}

// P-dl-h
#[tokio::test(start_paused = true)]
async fn two_silent_peers_stay_connected() {
    let (mut client, mut server) = pair().await;
    let idle = async {
        loop {
            if client.next().await.unwrap().is_none() {
                break;
            }
        }
    };
    let serve = async {
        loop {
            if server.next().await.unwrap().is_none() {
                break;
            }
        }
    };
    tokio::select! {
        () = idle => panic!("closed"),
        () = serve => panic!("closed"),
        () = sleep(Duration::from_secs(3600)) => {}
    }
    assert!(client.round_trip().is_some() || server.round_trip().is_some());
}

// P-dl-d
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_dropped() {
    let (_client, mut server) = pair().await;
    let began = Instant::now();
    let error = server.send_text(&"x".repeat(100_000)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(Cause::Unread)), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30);
}

// P-dl-e
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_close_is_dropped() {
    let (_client, mut server) = pair().await;
    let began = Instant::now();
    let error = server.close(CloseCode::NORMAL, "").await.unwrap_err();
    assert!(matches!(error, Error::Timeout(Cause::Closing)), "{error}");
    assert_eq!(began.elapsed().as_secs(), 10);
}

// P-dl-f
#[tokio::test(start_paused = true)]
async fn an_old_connection_is_closed_with_1001() {
    let timeouts = Timeouts::new().age(Some(Duration::from_secs(60)));
    let (mut client, server) =
        pair_with(Connect::new("ws://a/"), acceptor().timeouts(timeouts), 1024).await;
    let server = tokio::spawn(echo(server));
    while client.next().await.unwrap().is_some() {}
    assert_eq!(client.connection().close_code(), Some(1001));
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn feeding_waits_for_room() {
    let config = Config::new().outbox_high_water(1000);
    let (mut client, mut server) =
        pair_with(Connect::new("ws://a/"), acceptor().config(config), 64).await;
    let feed = async {
        for _ in 0..100 {
            server.feed_text(&"x".repeat(100)).await.unwrap();
        }
        server.flush().await.unwrap();
    };
    let receive = async {
        for _ in 0..100 {
            assert_eq!(client.next().await.unwrap(), Some(Event::Text(&"x".repeat(100))));
        }
    };
    join!(feed, receive);
}

// 6455-7.1.7: the peer is told why.
#[tokio::test]
async fn a_violation_is_reported_and_the_peer_told() {
    let (client, mut server) = pair_with(Connect::new("ws://a/"), acceptor(), 1024).await;
    let (mut stream, ..) = client.into_parts();
    let peer = tokio::spawn(async move {
        stream.write_all(b"\x81\x01a").await.unwrap(); // not masked
        let mut output = Vec::new();
        stream.read_to_end(&mut output).await.unwrap();
        output
    });
    let error = server.next().await.unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error}");
    assert!(server.next().await.unwrap().is_none());
    assert_eq!(peer.await.unwrap(), b"\x88\x02\x03\xea");
}

#[tokio::test]
async fn a_lost_connection_is_an_error_and_sending_on_it_too() {
    let (client, mut server) = pair().await;
    drop(client);
    assert!(server.next().await.is_err());
    assert!(server.send_text("Hello").await.is_err());
    assert!(server.next().await.unwrap().is_none());
}

// A server that closes the connection while the client sends a large message resets it.
#[tokio::test]
async fn the_close_before_a_reset_is_received() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (mut stream, ..) = acceptor().accept(stream).await.unwrap().into_parts();
        let mut one = [0];
        stream.read_exact(&mut one).await.unwrap();
        stream.write_all(b"\x88\x02\x03\xf0").await.unwrap(); // 1008
    });
    let mut client = Connect::new(format!("ws://{address}/")).open().await.unwrap();
    client.send_text("Hello, server").await.unwrap();
    server.await.unwrap(); // the rest of the message is unread: dropping the socket resets it
    let large = "x".repeat(10_000_000);
    assert!(matches!(client.send_text(&large).await, Err(Error::Io(_))));
    assert!(matches!(client.next().await.unwrap(), Some(Event::Close(_))));
    assert_eq!(client.connection().close_code(), Some(1008));
    assert!(client.next().await.unwrap().is_none());
}
