//! Echo servers on other libraries in Rust: one task for each connection, on one thread.
//!
//! `hybi-sockets-peers LIBRARY ADDRESS`. Each is written as the documentation of the library shows it.
//! With `LIBRARY,batched`, it queues messages with `feed`, and flushes when nothing more can be received.

mod echo;
mod over_hyper;
mod sockudo;

use std::{error::Error, future::Future};

use echo::echo;
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, address] = &arguments[..] else {
        return Err("usage: hybi-sockets-peers LIBRARY ADDRESS".into());
    };
    let (library, batched) = match library.strip_suffix(",batched") {
        Some(library) => (library, true),
        None => (library.as_str(), false),
    };
    let listener = TcpListener::bind(address).await?;
    match (library, batched) {
        ("tokio-tungstenite", _) => serve(listener, |stream| tungstenite(stream, batched)).await,
        ("tokio-websockets", _) => {
            serve(listener, |stream| tokio_websockets(stream, batched)).await
        }
        ("sockudo-ws", _) => serve(listener, |stream| sockudo::serve(stream, batched)).await,
        ("fastwebsockets", false) => serve(listener, over_hyper::fastwebsockets).await,
        ("yawc", _) => serve(listener, |stream| over_hyper::yawc(stream, batched)).await,
        _ => Err("unknown library".into()),
    }
}

/// Serves until the process ends.
async fn serve<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F) -> Result<(), Failure>
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

async fn tungstenite(stream: TcpStream, batched: bool) -> Result<(), Failure> {
    let websocket = tokio_tungstenite::accept_async(stream).await?;
    echo(websocket, batched, |message| message.is_text() || message.is_binary()).await
}

async fn tokio_websockets(stream: TcpStream, batched: bool) -> Result<(), Failure> {
    let (_request, websocket) = tokio_websockets::ServerBuilder::new().accept(stream).await?;
    echo(websocket, batched, |message| message.is_text() || message.is_binary()).await
}
