//! An echo behind hyper, which serves plain HTTP on the same port; see `src/hyper_echo.rs`.
//!
//! `cargo run --bin hyper -- 127.0.0.1:9001`. Each typed line is sent over all connections.

#[path = "../../../../shared/report.rs"]
mod report;

use std::sync::Arc;

use hybi::deflate::Deflate;
use hybi_embedding_async::{
    hyper_echo::serve, room::Room, tokio_echo::Failure, tokio_transport::accept,
};
use report::report;
use tokio::{
    net::TcpListener,
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
            let join = || {
                let (sender, messages) = channel(WAITING);
                room.remove(Sender::is_closed);
                room.add(sender);
                messages
            };
            let served = match stream.set_nodelay(true) {
                Ok(()) => serve(stream, &deflate, join).await,
                Err(error) => Err(error.into()),
            };
            if let Err(failure) = served {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}
