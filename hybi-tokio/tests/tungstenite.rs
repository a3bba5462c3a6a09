//! Against tokio-tungstenite, in both roles over TCP.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use futures_util::{SinkExt as _, StreamExt as _};
use hybi_tokio::{
    Acceptor, Connect,
    hybi::{CloseCode, Event, Origins},
};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_client_talks_to_a_server_of_tungstenite() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut websocket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(message) = websocket.next().await {
            let message = message.unwrap();
            if message.is_text() || message.is_binary() {
                websocket.send(message).await.unwrap();
            }
        }
    });
    let mut client = Connect::new(format!("ws://{address}/")).open().await.unwrap();
    for length in [0, 125, 70_000, 1 << 20] {
        let (text, data) = ("x".repeat(length), vec![0xff; length]);
        client.send_text(&text).await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
        client.send_binary(&data).await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Binary(&data)));
    }
    client.send_ping(b"are you there").await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Pong(b"are you there")));
    client.close(CloseCode::NORMAL, "bye").await.unwrap();
    assert_eq!(client.connection().close_code(), Some(1000));
    server.await.unwrap();
}

#[tokio::test]
async fn a_client_of_tungstenite_talks_to_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut websocket = Acceptor::new(Origins::any()).accept(stream).await.unwrap();
        while let Some(event) = websocket.next().await.unwrap() {
            if let Some(message) = event.to_message() {
                websocket.feed(&message).await.unwrap();
            }
        }
        assert_eq!(websocket.connection().close_code(), Some(1000));
    });
    let uri = format!("ws://{address}/");
    let (mut client, _) = tokio_tungstenite::connect_async(uri).await.unwrap();
    for length in [0, 125, 70_000, 1 << 20] {
        for message in [Message::text("x".repeat(length)), Message::binary(vec![0xff; length])] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), message);
        }
    }
    client.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));
    client
        .close(Some(tokio_tungstenite::tungstenite::protocol::CloseFrame {
            code: 1000.into(),
            reason: "bye".into(),
        }))
        .await
        .unwrap();
    while let Some(message) = client.next().await {
        assert!(message.unwrap().is_close());
    }
    drop(client); // the server waits for the end of the transport
    server.await.unwrap();
}
