//! An echo over tokio, a reader task and a writer task for a connection; see `src/tokio_split.rs`.
//!
//! `cargo run --bin tokio_split -- 127.0.0.1:9001`. Each line typed goes to all that are connected.

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
    let room = Room::open(tell);
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
    let ended = serve(reader, writer, |handle| room.enter(handle)).await;
    room.forget(Handle::is_over);
    ended
}

/// Whoever is too slow to take a message is disconnected.
fn tell(member: &Handle, line: &str) -> bool {
    let sent = member.send_text(line);
    if let Err(hybi::Error::AboveHighWater { .. }) = sent {
        // If it fails, the connection is closing already.
        let _ = member.close(CloseCode::POLICY_VIOLATION, "too slow");
    }
    sent.is_ok()
}
