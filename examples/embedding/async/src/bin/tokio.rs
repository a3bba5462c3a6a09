//! An echo over tokio with one task for each connection; see `src/tokio_echo.rs`.
//!
//! `cargo run --bin tokio -- 127.0.0.1:9001`. Each typed line is sent over all connections.

#[path = "../../../../shared/report.rs"]
mod report;

use std::sync::Arc;

use hybi::deflate::Deflate;
use hybi_embedding_async::{
    room::Room,
    tokio_echo::{Failure, serve},
    tokio_transport::accept,
};
use report::report;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{Sender, channel},
};

/// The most messages that wait for a connection, in addition to its outbox.
const WAITING: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let deflate = Deflate::new();
    // A member that is too slow for a message is dropped from the room, which closes its connection.
    let room = Room::open(|member: &Sender<String>, line| member.try_send(line.into()).is_ok());
    loop {
        let (stream, peer) = accept(&listener).await;
        let (room, deflate) = (Arc::clone(&room), deflate.clone());
        tokio::spawn(async move {
            if let Err(failure) = connection(stream, &deflate, &room).await {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}

async fn connection(
    stream: TcpStream,
    deflate: &Deflate,
    room: &Room<Sender<String>>,
) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let (sender, messages) = channel(WAITING);
    room.add(sender);
    let ended = serve(reader, writer, deflate, messages).await;
    room.remove(Sender::is_closed);
    ended
}
