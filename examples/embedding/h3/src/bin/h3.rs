//! An echo in HTTP/3, and a client for it; see `src/server.rs` and `src/client.rs`.
//!
//! `cargo run -- 127.0.0.1:9001 certificate.pem key.pem` serves: each typed line is sent over all
//! WebSockets. `cargo run -- wss://localhost:9001/ certificate.pem` connects to a server with this
//! certificate, or one of this authority: each typed line is sent.

use std::{io::stdin, thread};

use hybi::{Event, Uri, client::Request};
use hybi_embedding_async::{room::Room, tokio_echo::Failure};
use hybi_embedding_h3::{client::converse, server::serve};
use tokio::{
    net::UdpSocket,
    sync::mpsc::{Sender, channel},
};

/// The most messages that wait for the connection, in addition to its outbox.
const WAITING: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [uri, authority] => connect(&Uri::parse(uri)?, authority).await,
        [address, certificate, key] => {
            let socket = UdpSocket::bind(address).await?;
            println!("listening on {}", socket.local_addr()?);
            // A member that is too slow for a message is dropped from the room, which closes its
            // WebSocket.
            let room =
                Room::open(|member: &Sender<String>, line| member.try_send(line.into()).is_ok());
            serve(socket, certificate, key, room).await
        }
        _ => Err("usage: h3 ADDRESS CERTIFICATE KEY, or h3 URI CERTIFICATE".into()),
    }
}

async fn connect(uri: &Uri<'_>, authority: &str) -> Result<(), Failure> {
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
    converse(uri, authority, Request::new(uri), messages, |event| match event {
        // Escaped, so that the peer cannot control the terminal.
        Event::Text(text) => println!("< {}", text.escape_debug()),
        Event::Binary(data) => println!("< {} bytes of binary data", data.len()),
        Event::Ping(_) | Event::Pong(_) => {}
        Event::Close(_) => println!("closed"),
    })
    .await
}
