//! The echo servers: one task for each connection, on one thread. They begin after the opening handshake.
//!
//! Each is written as its documentation shows it. Where a library can queue a message without writing it,
//! a second server uses that, and writes when nothing more can be received.

use std::future::Future;

use fastwebsockets::{FragmentCollector, OpCode, Role};
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _};
use hybi_tokio::hybi::{Config, Connection, Event, deadline::Timeouts};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite;

use crate::Failure;

pub(crate) const NAMES: [&str; 9] = [
    "hybi-tokio",
    "hybi-tokio, send",
    "tokio-tungstenite",
    "tokio-tungstenite, feed",
    "tokio-websockets",
    "tokio-websockets, feed",
    "fastwebsockets",
    "sockudo-ws",
    "sockudo-ws, feed",
];

/// Serves until the process ends. Prints the address.
pub(crate) async fn serve(name: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    match name {
        "hybi-tokio" => each(listener, hybi_feed).await,
        "hybi-tokio, send" => each(listener, hybi_send).await,
        "tokio-tungstenite" => each(listener, |stream| tungstenite(stream, false)).await,
        "tokio-tungstenite, feed" => each(listener, |stream| tungstenite(stream, true)).await,
        "tokio-websockets" => each(listener, |stream| tokio_websockets(stream, false)).await,
        "tokio-websockets, feed" => each(listener, |stream| tokio_websockets(stream, true)).await,
        "fastwebsockets" => each(listener, fastwebsockets).await,
        "sockudo-ws" => each(listener, |stream| sockudo_ws(stream, false)).await,
        "sockudo-ws, feed" => each(listener, |stream| sockudo_ws(stream, true)).await,
        _ => Err("unknown server".into()),
    }
}

async fn each<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = serve(stream);
        // The load closes its connections without a closing handshake.
        tokio::spawn(async move { drop(connection.await) });
    }
}

fn hybi(stream: TcpStream) -> hybi_tokio::WebSocket<TcpStream, hybi_tokio::hybi::Server> {
    let connection = Connection::server(Config::new());
    hybi_tokio::WebSocket::from_connection(stream, connection, Timeouts::new())
}

async fn hybi_feed(stream: TcpStream) -> Result<(), Failure> {
    let mut websocket = hybi(stream);
    while let Some((event, mut sender)) = websocket.next_with_sender().await? {
        match event {
            Event::Text(text) => sender.feed_text(text).await?,
            Event::Binary(data) => sender.feed_binary(data).await?,
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }
    Ok(())
}

async fn hybi_send(stream: TcpStream) -> Result<(), Failure> {
    let mut websocket = hybi(stream);
    while let Some((event, mut sender)) = websocket.next_with_sender().await? {
        match event {
            Event::Text(text) => sender.send_text(text).await?,
            Event::Binary(data) => sender.send_binary(data).await?,
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }
    Ok(())
}

async fn tungstenite(stream: TcpStream, feeds: bool) -> Result<(), Failure> {
    let role = tungstenite::protocol::Role::Server;
    let websocket = tokio_tungstenite::WebSocketStream::from_raw_socket(stream, role, None).await;
    echo(websocket, feeds).await
}

async fn tokio_websockets(stream: TcpStream, feeds: bool) -> Result<(), Failure> {
    let websocket = tokio_websockets::ServerBuilder::new().serve(stream);
    echo(websocket, feeds).await
}

async fn fastwebsockets(stream: TcpStream) -> Result<(), Failure> {
    let websocket = fastwebsockets::WebSocket::after_handshake(stream, Role::Server);
    let mut websocket = FragmentCollector::new(websocket);
    loop {
        let frame = websocket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => websocket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn sockudo_ws(stream: TcpStream, feeds: bool) -> Result<(), Failure> {
    let config = sockudo_ws::Config::default();
    let websocket = sockudo_ws::WebSocketStream::server(stream, config);
    echo(websocket, feeds).await
}

/// Echoes each message. If it `feeds`, it writes when nothing more can be received.
async fn echo<M, E: Into<Failure>>(
    mut websocket: impl Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    feeds: bool,
) -> Result<(), Failure> {
    while let Some(message) = websocket.next().await {
        let message = message.map_err(Into::into)?;
        if !feeds {
            websocket.send(message).await.map_err(Into::into)?;
            continue;
        }
        websocket.feed(message).await.map_err(Into::into)?;
        while let Some(next) = websocket.next().now_or_never().flatten() {
            websocket.feed(next.map_err(Into::into)?).await.map_err(Into::into)?;
        }
        websocket.flush().await.map_err(Into::into)?;
    }
    Ok(())
}
