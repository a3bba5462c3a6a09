//! An echo in HTTP/2 without TLS, and a client for it; see `src/h2_echo.rs` and `src/h2_client.rs`.
//!
//! `cargo run --bin h2 -- 127.0.0.1:9001` serves: each typed line is sent to all connections.
//! `cargo run --bin h2 -- ws://127.0.0.1:9001/` connects: each typed line is sent.

#[path = "../../../../shared/report.rs"]
mod report;

use std::{io::stdin, sync::Arc, thread};

use hybi::{Event, Uri, client::Request, deflate::Deflate};
use hybi_embedding_async::{
    h2_client::converse, h2_echo::serve, room::Room, tokio_client, tokio_echo::Failure,
    tokio_transport::accept,
};
use report::report;
use tokio::{
    net::TcpListener,
    sync::mpsc::{Sender, channel},
};

/// The most messages that wait for a slow peer, in addition to its outbox.
const WAITING: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    match Uri::parse(&argument) {
        Ok(uri) => connect(&uri).await,
        Err(_) => listen(&argument).await,
    }
}

async fn listen(address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let deflate = Deflate::new();
    // A member that is too slow for a message is dropped from the room, which closes its WebSocket.
    let room = Room::open(|member: &Sender<String>, line| member.try_send(line.into()).is_ok());
    loop {
        let (stream, peer) = accept(&listener).await;
        let (room, deflate) = (Arc::clone(&room), deflate.clone());
        tokio::spawn(async move {
            let served = match stream.set_nodelay(true) {
                Ok(()) => serve(stream, &deflate, &*room).await,
                Err(error) => Err(error.into()),
            };
            if let Err(failure) = served {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}

async fn connect(uri: &Uri<'_>) -> Result<(), Failure> {
    let stream = tokio_client::connect(uri).await?;
    let (sender, messages) = channel(WAITING);
    // A thread that ends with the process, because reading a line cannot be interrupted.
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            // Blocks while the channel is full.
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    converse(stream, Request::new(uri), messages, |event| match event {
        // Escaped, so that the peer cannot control the terminal.
        Event::Text(text) => println!("< {}", text.escape_debug()),
        Event::Binary(data) => println!("< {} bytes of binary data", data.len()),
        Event::Ping(_) | Event::Pong(_) => {}
        Event::Close(_) => println!("closed"),
    })
    .await
}
