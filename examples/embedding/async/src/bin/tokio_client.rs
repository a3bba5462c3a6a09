//! A client over tokio. It sends each typed line as text, and prints events. The end of standard input
//! closes the connection. See `src/tokio_client.rs`.
//!
//! `cargo run --bin tokio_client -- ws://127.0.0.1:9001/`

use std::{io::stdin, thread};

use hybi::{Event, Uri, client::Request};
use hybi_embedding_async::{
    tokio_client::{connect, converse},
    tokio_echo::Failure,
};
use tokio::sync::mpsc::channel;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let uri = Uri::parse(&argument)?;
    let stream = connect(&uri).await?;
    let (sender, messages) = channel(16);
    // A thread that ends with the process, because reading a line cannot be interrupted.
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            // Blocks while the channel is full.
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    converse(stream, Request::new(&uri), messages, print).await
}

fn print(event: Event<'_>) {
    match event {
        // Escaped, so that the peer cannot control the terminal.
        Event::Text(text) => println!("< {}", text.escape_debug()),
        Event::Binary(data) => println!("< {} bytes of binary data", data.len()),
        Event::Ping(_) | Event::Pong(_) => {}
        Event::Close(close) => match close.code() {
            Some(code) => println!("closed: {code}"),
            None => println!("closed without a code"),
        },
    }
}
