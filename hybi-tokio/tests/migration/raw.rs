//! A server that performs the opening handshake itself.

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

pub(crate) async fn raw_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream));
    }
}

async fn serve(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes()),
    );
    stream.write_all(response.as_bytes()).await.unwrap();
    // The first byte was read already.
    let part = vec![stream.read_u8().await.unwrap()];
    let config = Some(WebSocketConfig::default());
    let mut websocket =
        WebSocketStream::from_partially_read(stream, part, Role::Server, config).await;
    while let Some(message) = websocket.next().await {
        match message {
            Ok(message) if message.is_text() || message.is_binary() => {
                websocket.send(message).await.unwrap();
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
}
