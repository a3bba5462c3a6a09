//! tokio-websockets: its server and its client. It has no compression, and its server cannot select a
//! subprotocol by the request.

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_websockets::{
    ClientBuilder, CloseCode, Connector, Message, ServerBuilder, WebSocketStream,
};

async fn echo(
    mut socket: WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>,
) -> Result<(), tokio_websockets::Error> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if let Some((code, reason)) = message.as_close() {
            println!("closed {} {reason}", u16::from(code));
        } else if message.as_text() == Some("ping") {
            socket.send(Message::ping("hello")).await?;
        } else if message.as_text() == Some("close") {
            let code = CloseCode::try_from(4001).ok();
            socket.send(Message::close(code, "bye")).await?;
        } else if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    if words[1] == "serve" {
        let listener = TcpListener::bind(format!("127.0.0.1:{}", words[2])).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                if let Ok((_, socket)) = ServerBuilder::new().accept(stream).await {
                    // An error is also the end of the connection.
                    let _ = echo(socket).await;
                }
            });
        }
    }
    let offer = HeaderValue::from_static("other.v1, echo.v1");
    let builder = ClientBuilder::new().uri(&words[2])?.connector(&Connector::Plain);
    match builder.add_header(SEC_WEBSOCKET_PROTOCOL, offer)?.connect().await {
        Ok((socket, response)) => {
            let selected = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
            println!("open {}", selected.map_or("", |name| name.to_str().unwrap_or_default()));
            let _ = echo(socket).await;
        }
        Err(error) => println!("refused {error}"),
    }
    Ok(())
}
