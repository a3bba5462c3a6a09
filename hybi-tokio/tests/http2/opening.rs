//! The opening handshake.

use std::{
    future::poll_fn,
    io::ErrorKind,
    pin::pin,
    task::{Context, Waker},
};

use bytes::Bytes;
use h2::{Reason, ext::Protocol};
use http::{Method, Response};
use hybi_tokio::{
    Connect, ConnectError, Http2,
    hybi::{CloseCode, Event, client::OwnedRejected, http1::HeadLimits},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    task::yield_now,
    time::{Duration, sleep, timeout},
};

use super::{LONG, Received, Socket, connect};

/// Sends a request to a server that `answer` controls, and returns how it ended.
async fn ask<F: Future>(
    connect: Connect,
    answer: impl FnOnce(Received) -> F,
) -> Result<Socket, ConnectError> {
    let (stream, far) = duplex(16 * 1024);
    let client = async {
        let http2 = connect.clone().connect_http2_over(stream).await?;
        connect.open_on(&http2).await
    };
    let server = async { answer(Received::on(far).await).await };
    tokio::pin!(client);
    tokio::select! {
        result = &mut client => result,
        _kept = server => client.await,
    }
}

fn rejection(result: Result<Socket, ConnectError>) -> OwnedRejected {
    match result {
        Err(ConnectError::Rejected(rejected)) => *rejected,
        other => panic!("{other:?}"),
    }
}

// 8441-4-a, 8441-4-b, 8441-5-a, 8441-5-b, 8441-5-c, 8441-5-d, 8441-5-e, 8441-5-f
#[tokio::test]
async fn the_request_is_an_extended_connect_with_the_settings_of_the_builder() {
    let connect = Connect::new("wss://server.example.com:8443/chat?room=1")
        .subprotocols(["chat", "superchat"])
        .origin("http://example.com")
        .basic_auth("Aladdin", "open sesame")
        .cookie("session", "17")
        .header("X-Test", "yes");
    let answered = ask(connect, |mut received| async move {
        let request = &received.request;
        assert_eq!(request.method(), Method::CONNECT);
        assert_eq!(request.uri(), "https://server.example.com:8443/chat?room=1");
        let protocol = request.extensions().get::<Protocol>();
        assert_eq!(protocol.map(Protocol::as_str), Some("websocket"));
        let expected = [
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "chat, superchat"),
            ("origin", "http://example.com"),
            // RFC 7617, section 2.
            ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("cookie", "session=17"),
            ("x-test", "yes"),
        ];
        for (name, value) in expected {
            assert_eq!(request.headers().get(name).unwrap(), value, "{name}");
        }
        assert_eq!(request.headers().len(), expected.len());
        let response = Response::builder().header("sec-websocket-protocol", "superchat");
        received.respond.send_response(response.body(()).unwrap(), false).unwrap()
    });
    assert_eq!(answered.await.unwrap().subprotocol(), Some("superchat"));
}

// 8441-5-h
#[tokio::test]
async fn any_2xx_accepts_and_what_was_not_offered_is_an_error() {
    let opened = ask(Connect::new("ws://a/"), |mut received| async move {
        let response = Response::builder().status(299).body(()).unwrap();
        received.respond.send_response(response, false).unwrap()
    });
    opened.await.unwrap();
    let refused = ask(Connect::new("ws://a/"), |mut received| async move {
        let response = Response::builder().header("sec-websocket-protocol", "chat");
        let response = response.body(()).unwrap();
        let mut sending = received.respond.send_response(response, false).unwrap();
        let reason = poll_fn(|context| sending.poll_reset(context)).await;
        assert_eq!(reason.unwrap(), Reason::CANCEL);
    });
    assert!(matches!(refused.await, Err(ConnectError::Client(_))));
}

// 8441-3-c
#[tokio::test]
async fn without_the_setting_no_stream_is_opened() {
    let (stream, far) = duplex(16 * 1024);
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(far).await.unwrap();
        connection.accept().await.map(drop)
    });
    let result = Connect::new("ws://a/").connect_http2_over(stream).await.map(drop);
    assert!(matches!(result, Err(ConnectError::NoExtendedConnect)), "{result:?}");
    assert!(server.await.unwrap().is_none());
}

// 8441-3-b, 8441-3-c
#[tokio::test(start_paused = true)]
async fn with_the_setting_withdrawn_no_stream_is_opened() {
    let (stream, mut far) = duplex(16 * 1024);
    // SETTINGS_ENABLE_CONNECT_PROTOCOL (8) is 1, then 0 (RFC 9113, section 6.5.1).
    far.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01").await.unwrap();
    let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
    far.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\0").await.unwrap();
    sleep(Duration::from_secs(1)).await; // until nothing moves
    let result = Connect::new("ws://a/").open_on(&http2).await;
    assert!(matches!(result, Err(ConnectError::NoExtendedConnect)), "{result:?}");
}

#[tokio::test]
async fn a_server_in_http_1_is_an_error() {
    let (stream, mut far) = duplex(16 * 1024);
    let server = tokio::spawn(async move {
        far.read_exact(&mut [0; 24]).await.unwrap(); // the preface (RFC 9113, section 3.4)
        far.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let _ = far.read_to_end(&mut Vec::new()).await;
    });
    let result = Connect::new("ws://a/").connect_http2_over(stream).await.map(drop);
    assert!(matches!(result, Err(ConnectError::NoHttp2)), "{result:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_reset_instead_of_a_response_is_an_error() {
    let result = ask(Connect::new("ws://a/"), |mut received| async move {
        received.respond.send_reset(Reason::HTTP_1_1_REQUIRED);
    });
    assert!(matches!(result.await, Err(ConnectError::NoHttp2)));
    let result = ask(Connect::new("ws://a/"), |mut received| async move {
        received.respond.send_reset(Reason::REFUSED_STREAM);
    });
    match result.await {
        Err(ConnectError::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_origin_is_rejected_by_this_server() {
    let http2 = connect().await;
    let connect = Connect::new("ws://a/").origin("http://evil.example");
    let rejected = rejection(connect.open_on(&http2).await);
    assert_eq!(rejected.as_rejected().status(), 403);
    Connect::new("ws://a/").origin("http://a").open_on(&http2).await.unwrap();
}

/// Responds with 403 and a body of this length, in two parts.
async fn forbid(mut received: Received, length: usize, is_end: bool) -> h2::SendStream<Bytes> {
    let response = Response::builder().status(403).header("retry-after", "9").body(()).unwrap();
    let mut sending = received.respond.send_response(response, false).unwrap();
    sending.send_data(Bytes::from(vec![b'a'; length / 2]), false).unwrap();
    yield_now().await;
    sending.send_data(Bytes::from(vec![b'a'; length - length / 2]), is_end).unwrap();
    sending
}

#[tokio::test]
async fn a_rejection_has_its_body_up_to_a_limit() {
    for length in [0, 1000, 65_536, 100_000] {
        let asked = ask(Connect::new("ws://a/"), |received| forbid(received, length, true));
        let rejected = rejection(asked.await);
        let rejected = rejected.as_rejected();
        assert_eq!(rejected.status(), 403);
        assert_eq!(rejected.headers().get("retry-after"), Some(&b"9"[..]));
        assert!(rejected.body() == vec![b'a'; length.min(65_536)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejection_whose_body_does_not_end_is_returned_at_the_deadline() {
    let asked = ask(Connect::new("ws://a/"), |received| forbid(received, 10, false));
    let rejected = rejection(timeout(LONG, asked).await.unwrap());
    assert_eq!(rejected.as_rejected().body(), [b'a'; 10]);
}

#[tokio::test]
async fn the_size_of_the_response_head_is_limited() {
    let answer = |mut received: Received| async move {
        let response = Response::builder().header("x-long", "a".repeat(20_000)).body(()).unwrap();
        received.respond.send_response(response, false).unwrap()
    };
    assert!(matches!(ask(Connect::new("ws://a/"), answer).await, Err(ConnectError::Io(_))));
    let limits = HeadLimits::new().size(32 * 1024);
    ask(Connect::new("ws://a/").limits(limits), answer).await.unwrap();
}

// 8441-5-k
#[tokio::test]
async fn an_opening_handshake_that_is_dropped_resets_the_stream() {
    let (stream, far) = duplex(16 * 1024);
    let client = tokio::spawn(async move {
        let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
        Connect::new("ws://a/").open_on(&http2).await
    });
    let mut received = Received::on(far).await;
    client.abort();
    let mut sending = received.respond.send_response(Response::new(()), false).unwrap();
    let reason = poll_fn(|context| sending.poll_reset(context)).await.unwrap();
    assert_eq!(reason, Reason::CANCEL);
}

#[tokio::test]
async fn an_opening_handshake_that_is_dropped_at_any_poll_leaves_the_connection_usable() {
    let http2 = connect().await;
    let mut opened = 0;
    for polls in 0..50 {
        let mut opening = pin!(Connect::new("ws://a/").open_on(&http2));
        for _ in 0..polls {
            if opening.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                opened += 1;
                break;
            }
            yield_now().await;
        }
    }
    assert!((1..50).contains(&opened));
    let mut client = Connect::new("ws://a/").open_on(&http2).await.unwrap();
    client.send_text("Hello").await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text("Hello")));
}

/// The server allows one stream at a time.
#[tokio::test]
async fn a_websocket_waits_until_the_server_allows_another_stream() {
    let (stream, far) = duplex(16 * 1024);
    tokio::spawn(async move {
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol().max_concurrent_streams(1);
        let mut connection = builder.handshake::<_, Bytes>(far).await.unwrap();
        let mut kept = Vec::new();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            kept.push((request, respond.send_response(Response::new(()), false).unwrap()));
        }
    });
    let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
    let open = async |http2: &Http2| Connect::new("ws://a/").open_on(http2).await;
    let first = open(&http2).await.unwrap();
    let second = tokio::spawn(async move { open(&http2).await });
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_the_server_has_left_opens_no_websocket() {
    let (stream, far) = duplex(16 * 1024);
    let client = async {
        let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
        let mut first = Connect::new("ws://a/").open_on(&http2).await.unwrap();
        assert!(first.close(CloseCode::NORMAL, "").await.is_err());
        assert!(matches!(Connect::new("ws://a/").open_on(&http2).await, Err(ConnectError::Io(_))));
    };
    let server = async {
        let mut received = Received::on(far).await;
        let sending = received.respond.send_response(Response::new(()), false).unwrap();
        received.request.body_mut().data().await.unwrap().unwrap();
        received.connection.abort();
        sending
    };
    let _ = tokio::join!(client, server);
}
