//! An echo over tokio with a reader task and a writer task for each connection; see `src/tokio_split.rs`.
//!
//! `cargo run --bin tokio_split -- 127.0.0.1:9001`. Each typed line is sent over all connections.

#[path = "../../../../shared/report.rs"]
mod report;

use std::sync::Arc;

use hybi::CloseCode;
use hybi_embedding_async::{
    room::Room,
    tokio_echo::Failure,
    tokio_split::{Handle, serve},
    tokio_transport::accept,
};
use report::report;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let room = Room::open(send);
    loop {
        let (stream, peer) = accept(&listener).await;
        let room = Arc::clone(&room);
        tokio::spawn(async move {
            if let Err(failure) = connection(stream, &room).await {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}

async fn connection(stream: TcpStream, room: &Room<Handle>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let ended = serve(reader, writer, |handle| room.add(handle)).await;
    room.remove(Handle::is_over);
    ended
}

/// Sends a line. Closes the connection of a member that is too slow.
fn send(member: &Handle, line: &str) -> bool {
    let sent = member.send_text(line);
    if let Err(hybi::Error::AboveHighWater { .. }) = sent {
        // Fails if the connection is already closing.
        let _ = member.close(CloseCode::POLICY_VIOLATION, "too slow");
    }
    sent.is_ok()
}
