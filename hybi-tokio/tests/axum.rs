//! WebSockets of an axum server, in HTTP/1.1 and HTTP/2.
#![cfg(feature = "axum")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;

use axum::{Router, extract::State, response::Response, routing::any};
use h2::ext::Protocol;
use hybi_tokio::{
    Acceptor, Connect, ConnectError, Shutdown, Upgrade,
    hybi::{CloseCode, Event, Origins, Uri, client, deflate::Deflate},
};
use tokio::net::{TcpListener, TcpStream};

async fn echo(State(acceptor): State<Acceptor>, upgrade: Upgrade) -> Response {
    upgrade.accept_with(
        &acceptor,
        |accept| accept.select_subprotocol(&["chat"]).header("X-Served-By", "axum"),
        |mut websocket| async move {
            while let Ok(Some((event, mut sender))) = websocket.next_with_sender().await {
                if let Event::Text(text) = event {
                    sender.feed_text(text).await.unwrap();
                }
            }
        },
    )
}

async fn server(acceptor: Acceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/echo", any(echo)).with_state(acceptor);
    // `axum::serve` enables extended CONNECT in HTTP/2.
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn acceptor() -> Acceptor {
    Acceptor::new(Origins::any()).compression(Deflate::new())
}

#[tokio::test]
async fn a_websocket_opens_in_http_1() {
    let address = server(acceptor()).await;
    let mut client = Connect::new(format!("ws://{address}/echo"))
        .subprotocols(["chat"])
        .compression(Deflate::new())
        .open()
        .await
        .unwrap();
    assert_eq!(client.subprotocol(), Some("chat"));
    assert!(client.connection().compression().is_some());
    for length in [0, 10, 100_000] {
        let text = "text ".repeat(length);
        client.send_text(&text).await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
    }
    client.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(client.connection().close_code(), Some(1000));
}

// 8441-4-a
#[tokio::test]
async fn a_websocket_opens_in_http_2() {
    let address = server(acceptor()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    while !sender.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await; // the settings of the server have not arrived
    }
    let uri = format!("ws://{address}/echo");
    let uri = Uri::parse(&uri).unwrap();
    let request = client::Request::new(&uri).subprotocols(&["chat"]);
    let (mut request, mut exchange) = request.send_http_connect().unwrap();
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (response, mut output) = sender.send_request(request, false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.headers()["x-served-by"], "axum");
    let Ok(Some(client::Response::Accepted(accepted))) = exchange.receive_http(&response) else {
        panic!("not accepted: {response:?}")
    };
    assert_eq!(accepted.subprotocol(), Some("chat"));

    // "Hello" masked and not (RFC 6455, section 5.7), and a Close with 1000.
    let hello: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8";
    output.send_data(hello.into(), false).unwrap();
    let mut input = response.into_body();
    let mut received = Vec::new();
    while let Some(data) = input.data().await {
        received.extend_from_slice(&data.unwrap());
    }
    assert_eq!(received, b"\x81\x05Hello\x88\x02\x03\xe8");
    connection.abort();
}

#[tokio::test]
async fn what_is_no_websocket_or_refused_gets_a_response() {
    let shutdown = Shutdown::new();
    let address = server(Acceptor::new(Origins::same_host()).shutdown(&shutdown)).await;
    let status = |connect: Connect| async move {
        match connect.open().await {
            Err(ConnectError::Rejected(rejected)) => rejected.as_rejected().status(),
            other => panic!("{other:?}"),
        }
    };
    let uri = format!("ws://{address}/echo");
    assert_eq!(status(Connect::new(&uri).origin("https://evil.example")).await, 403);
    assert_eq!(status(Connect::new(format!("ws://{address}/other"))).await, 404);
    shutdown.begin(CloseCode::GOING_AWAY);
    assert_eq!(status(Connect::new(&uri).origin(format!("http://{address}"))).await, 503);
}
