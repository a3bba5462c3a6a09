//! An echo over tokio with one task for each connection; see `src/tokio_echo.rs`.
//!
//! `cargo run --bin tokio -- 127.0.0.1:9001`. Each typed line is sent over all connections.

#[path = "../../../../shared/report.rs"]
mod report;

use std::sync::Arc;

use hybi::deflate::Deflate;
use hybi_embedding_async::{
    room::for_each_line,
    tokio_echo::{Failure, serve},
    tokio_transport::accept,
};
use report::report;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast::{Receiver, channel},
};

/// The most messages that wait for the slowest connection, in addition to its outbox.
const WAITING: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let deflate = Deflate::new();
    // One channel for all connections. One that misses a message because it is too slow is closed.
    let (sender, _) = channel(WAITING);
    let lines = sender.clone();
    for_each_line(move |line| {
        let _ = lines.send(line.into()); // fails while there is no connection
    });
    loop {
        let (stream, peer) = accept(&listener).await;
        let (messages, deflate) = (sender.subscribe(), deflate.clone());
        tokio::spawn(async move {
            if let Err(failure) = connection(stream, &deflate, messages).await {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}

async fn connection(
    stream: TcpStream,
    deflate: &Deflate,
    messages: Receiver<Arc<str>>,
) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    serve(reader, writer, deflate, messages).await
}
