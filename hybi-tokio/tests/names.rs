//! The names of tokio-tungstenite, where they do more than tokio-tungstenite, or other things.
#![cfg(feature = "tungstenite")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::result_large_err)]

use std::{io::ErrorKind, time::Duration};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use hybi_tokio::{
    hybi::deadline::Timeouts,
    tokio_tungstenite::{
        WebSocketStream, accept_async, accept_async_with_config, accept_hdr_async, client_async,
        client_async_with_config,
        tungstenite::{
            Error, Message,
            client::IntoClientRequest as _,
            error::{ProtocolError, SubProtocolError},
            handshake::{
                client::generate_key,
                derive_accept_key,
                server::{
                    ErrorResponse, Request, Response, create_response, create_response_with_body,
                },
            },
            http::{HeaderValue, StatusCode},
            protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
        },
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    join,
    time::{sleep, timeout},
};

type Socket = WebSocketStream<DuplexStream>;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

async fn pair(config: WebSocketConfig, room: usize) -> (Socket, Socket) {
    let (one, other) = duplex(room);
    let (client, server) = join!(
        client_async_with_config("ws://a/", one, Some(config)),
        accept_async_with_config(other, Some(config))
    );
    (client.unwrap().0, server.unwrap())
}

/// A WebSocket without opening handshake, and its peer.
async fn raw(role: Role, config: WebSocketConfig) -> (Socket, DuplexStream) {
    let (one, other) = duplex(1024);
    (WebSocketStream::from_raw_socket(one, role, Some(config)).await, other)
}

/// Fails if a future waits for something that does not happen. The clock is paused: it advances when nothing
/// else can happen.
async fn within_a_minute<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.unwrap()
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn one_setting_compresses() {
    let config = WebSocketConfig::default().compression(true);
    let (one, other) = duplex(4096);
    let server = accept_async_with_config(other, Some(config));
    let client = client_async_with_config("ws://a/", one, Some(config));
    let (client, server) = join!(client, server);
    let ((mut client, response), mut server) = (client.unwrap(), server.unwrap());
    let extensions = response.headers()["sec-websocket-extensions"].to_str().unwrap();
    assert!(extensions.starts_with("permessage-deflate"), "{extensions}");
    let message = Message::text("text ".repeat(10_000));
    // 50 KB fit into 4096 bytes, so nobody has to read.
    client.send(message.clone()).now_or_never().unwrap().unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), message);
    server.send(message.clone()).now_or_never().unwrap().unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), message);

    // A peer that does not compress.
    let (one, other) = duplex(4096);
    let (client, server) = join!(client_async("ws://a/", one), async {
        accept_async_with_config(other, Some(config)).await
    });
    assert!(!client.unwrap().1.headers().contains_key("sec-websocket-extensions"));
    server.unwrap();
}

// 6455-7.1.7-a
#[tokio::test]
async fn a_violation_is_answered_with_a_close() {
    let (mut server, mut peer) = raw(Role::Server, WebSocketConfig::default()).await;
    peer.write_all(b"\x81\x01a").await.unwrap(); // not masked
    let client = tokio::spawn(async move {
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let error = server.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Protocol(ProtocolError::UnmaskedFrameFromClient)), "{error}");
    assert!(server.next().await.is_none());
    drop(server);
    assert_eq!(client.await.unwrap(), b"\x88\x02\x03\xea"); // 1002
}

#[tokio::test]
async fn the_reply_to_a_close_is_written_with_the_close() {
    let (mut client, mut server) = pair(WebSocketConfig::default(), 1024).await;
    client.close(None).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Message::Close(None));
    drop(server);
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(None));
    assert!(client.next().await.is_none());
}

#[tokio::test]
async fn a_close_that_must_not_be_sent_is_an_error() {
    let (mut client, _server) = pair(WebSocketConfig::default(), 1024).await;
    for code in [CloseCode::Status, CloseCode::Abnormal, CloseCode::Tls, CloseCode::Bad(999)] {
        let error = client.close(Some(CloseFrame { code, reason: "".into() })).await.unwrap_err();
        assert!(matches!(error, Error::Protocol(ProtocolError::InvalidCloseSequence)), "{error}");
    }
    let reason = "x".repeat(124).into();
    let error = client.close(Some(CloseFrame { code: CloseCode::Normal, reason })).await;
    assert!(matches!(error, Err(Error::Protocol(ProtocolError::ControlFrameTooBig))));
    let error = client.send(Message::Ping(vec![0; 126].into())).await;
    assert!(matches!(error, Err(Error::Protocol(ProtocolError::ControlFrameTooBig))));
    client.send("still open".into()).await.unwrap();
}

#[tokio::test]
async fn the_write_buffer_has_a_limit() {
    let config = WebSocketConfig::default().write_buffer_size(10).max_write_buffer_size(30);
    let (mut client, mut server) = pair(config, 16).await;
    // More than the pipe holds: the rest waits in the buffer.
    client.feed(Message::binary(vec![1; 9])).await.unwrap();
    client.feed(Message::binary(vec![2; 9])).now_or_never().unwrap().unwrap();
    assert!(client.feed(Message::binary(vec![3; 9])).now_or_never().is_none(), "10 bytes wait");
    for value in 1..=2 {
        let (_, message) = join!(client.flush(), server.next());
        assert_eq!(message.unwrap().unwrap(), Message::binary(vec![value; 9]));
    }
    match client.send(Message::binary(vec![4; 31])).await {
        Err(Error::WriteBufferFull(message)) => {
            assert_eq!(*message, Message::binary(vec![4; 31]));
        }
        other => panic!("{other:?}"),
    }
}

// Both write before they read. Nothing that waits to be written may stop reading.
#[tokio::test(start_paused = true)]
async fn reading_does_not_wait_for_writing() {
    let config = WebSocketConfig::default().write_buffer_size(0);
    let (client, server) = pair(config, 64).await;
    let message = Message::binary(vec![7; 1_000_000]);
    let run = |socket: Socket, message: Message| async move {
        let (mut sink, mut stream) = socket.split();
        let (sent, received) = join!(sink.send(message.clone()), stream.next());
        sent.unwrap();
        assert_eq!(received.unwrap().unwrap(), message);
    };
    within_a_minute(async { join!(run(client, message.clone()), run(server, message)) }).await;
}

#[tokio::test(start_paused = true)]
async fn by_default_only_the_handshakes_have_deadlines() {
    let (mut server, mut peer) = raw(Role::Server, WebSocketConfig::default()).await;
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(timeout(day, server.next()).await.is_err(), "an idle connection stays");
    server.send("still open".into()).await.unwrap();
    assert_eq!(peer.read_u8().await.unwrap(), 0x81, "no ping was sent");

    server.close(None).await.unwrap();
    match server.next().await {
        Some(Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }

    let (one, _other) = duplex(1024);
    match accept_async(one).await {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    let (one, _other) = duplex(1024);
    match client_async("ws://a/", one).await {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
}

// A task that sends has waited for room, and its timer was the last one that was set.
#[tokio::test(start_paused = true)]
async fn a_deadline_wakes_the_task_that_receives_after_another_task_has_sent() {
    let config = WebSocketConfig::default().timeouts(Timeouts::new());
    let (server, mut peer) = raw(Role::Server, config).await;
    let (mut sink, mut stream) = server.split();
    let receiving = tokio::spawn(async move { stream.next().await });
    let sending = tokio::spawn(async move {
        sink.send(Message::binary(vec![0; 4000])).await.unwrap();
        std::future::pending::<()>().await;
        drop(sink);
    });
    sleep(Duration::from_secs(1)).await;
    let mut bytes = vec![0; 4004];
    peer.read_exact(&mut bytes).await.unwrap();
    // The peer is silent: after 20 seconds a ping, after 40 the end.
    assert_eq!(within_a_minute(peer.read_u8()).await.unwrap(), 0x89);
    match within_a_minute(receiving).await.unwrap() {
        Some(Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    sending.abort();
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_read_before_is_received() {
    let (one, _other) = duplex(1024);
    let mut part = Vec::new();
    for index in 0..100_000_u32 {
        part.extend_from_slice(b"\x82\x04");
        part.extend_from_slice(&index.to_be_bytes());
    }
    let mut client = WebSocketStream::from_partially_read(one, part, Role::Client, None).await;
    for index in 0..100_000_u32 {
        let message = within_a_minute(client.next()).await.unwrap().unwrap();
        assert_eq!(message.into_data()[..], index.to_be_bytes());
    }
}

/// Sends a request to a server with a callback. Returns the response and the result of the server.
async fn ask(
    request: &[u8],
    callback: impl FnOnce(&Request, Response) -> Result<Response, ErrorResponse> + Unpin,
) -> (String, Result<Socket, Error>) {
    let (mut one, other) = duplex(4096);
    one.write_all(request).await.unwrap();
    let (response, result) = join!(
        async {
            let mut response = vec![0; 4096];
            let length = one.read(&mut response).await.unwrap();
            drop(one);
            String::from_utf8_lossy(&response[..length]).into_owned()
        },
        accept_hdr_async(other, callback)
    );
    (response, result)
}

#[tokio::test]
async fn what_a_callback_cannot_choose_is_an_error() {
    let (_, result) = ask(REQUEST, |_, mut response| {
        let name = HeaderValue::from_static("not-offered");
        response.headers_mut().insert("sec-websocket-protocol", name);
        Ok(response)
    })
    .await;
    assert!(matches!(
        result,
        Err(Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::InvalidSubProtocol
        )))
    ));
    let (_, result) = ask(REQUEST, |_, mut response| {
        let value = HeaderValue::from_static("permessage-deflate");
        response.headers_mut().insert("sec-websocket-extensions", value);
        Ok(response)
    })
    .await;
    assert!(matches!(result, Err(Error::Protocol(ProtocolError::InvalidHeader(_)))));
    let (response, result) = ask(REQUEST, |_, _| {
        let mut rejection = ErrorResponse::new(None);
        *rejection.status_mut() = StatusCode::OK;
        Err(rejection)
    })
    .await;
    assert!(matches!(result, Err(Error::Protocol(ProtocolError::CustomResponseSuccessful))));
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
}

#[tokio::test]
async fn a_request_that_is_refused_has_a_response() {
    let accept = |_: &Request, response| Ok(response);
    let (response, result) = ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", accept).await;
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    assert!(matches!(result, Err(Error::Protocol(ProtocolError::MissingUpgradeWebSocketHeader))));
    let post = String::from_utf8_lossy(REQUEST).replace("GET", "POST");
    let (response, result) = ask(post.as_bytes(), accept).await;
    assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
    assert!(matches!(result, Err(Error::Protocol(ProtocolError::WrongHttpMethod))));
}

#[test]
fn another_http_server_gets_the_response() {
    // RFC 6455, section 1.3
    let (key, accept) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let mut request = "ws://a/chat".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-key", HeaderValue::from_static(key));
    let response = create_response(&request).unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()["sec-websocket-accept"], accept);
    let response = create_response_with_body(&request, || 7).unwrap();
    assert_eq!(*response.body(), 7);
    assert_eq!(derive_accept_key(key.as_bytes()), accept);
    assert_eq!(derive_accept_key(b"no key"), "");
    request.headers_mut().remove("connection");
    assert!(matches!(
        create_response(&request),
        Err(Error::Protocol(ProtocolError::MissingConnectionUpgradeHeader))
    ));
    let (one, other) = (generate_key(), generate_key());
    assert_ne!(one, other);
    assert_eq!(derive_accept_key(one.as_bytes()).len(), 28);
}

#[tokio::test]
async fn the_response_of_a_server_is_checked() {
    let respond = |response: &'static str| async move {
        let (one, mut other) = duplex(4096);
        let ((), result) = join!(
            async {
                let mut request = [0; 4096];
                let _ = other.read(&mut request).await.unwrap();
                other.write_all(response.as_bytes()).await.unwrap();
                drop(other);
            },
            client_async("ws://a/", one)
        );
        result.unwrap_err()
    };
    let error = respond("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n").await;
    assert!(matches!(error, Error::Protocol(ProtocolError::MissingUpgradeWebSocketHeader)));
    let error = respond(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    )
    .await;
    assert!(matches!(error, Error::Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch)));
    let error = respond("HTTP/1.1 101 Switch").await;
    assert!(matches!(error, Error::Protocol(ProtocolError::HandshakeIncomplete)), "{error}");
    match respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await {
        Error::Http(response) => {
            assert_eq!(response.status(), 403);
            assert_eq!(response.body().as_deref(), Some(&b"no"[..]));
        }
        other => panic!("{other}"),
    }
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn wss_is_tls() {
    use std::sync::Arc;

    use hybi_tokio::{
        rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer},
        tokio_tungstenite::{
            Connector, MaybeTlsStream, connect_async, connect_async_tls_with_config,
            tungstenite::error::UrlError,
        },
    };
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let trusting = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate ends the TLS handshake.
            if let Ok(stream) = acceptor.accept(stream).await {
                let mut websocket = accept_async(stream).await.unwrap();
                websocket.send("secret".into()).await.unwrap();
                while websocket.next().await.is_some() {}
            }
        }
    });

    assert!(matches!(connect_async(&uri).await, Err(Error::Io(_))), "not trusted");
    let plain = connect_async_tls_with_config(&uri, None, true, Some(Connector::Plain)).await;
    assert!(matches!(plain, Err(Error::Url(UrlError::TlsFeatureNotEnabled))));
    let connector = Connector::Rustls(Arc::new(trusting));
    let (mut client, _) =
        connect_async_tls_with_config(&uri, None, true, Some(connector)).await.unwrap();
    assert!(matches!(client.get_ref(), MaybeTlsStream::Rustls(_)));
    assert!(client.get_ref().get_ref().nodelay().unwrap());
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("secret"));
    client.close(None).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(None));
    assert!(client.next().await.is_none());
}
