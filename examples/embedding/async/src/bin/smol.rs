//! An echo over smol and the traits of `futures`; see `src/smol_echo.rs`.
//!
//! `cargo run --bin smol -- 127.0.0.1:9001`. Each typed line is sent over all connections.

#[path = "../../../../shared/report.rs"]
mod report;

use std::{sync::Arc, time::Duration};

use hybi_embedding_async::{
    room::Room,
    smol_echo::{Failure, serve},
};
use report::report;
use smol::{
    LocalExecutor, Timer,
    channel::{Sender, bounded},
    net::{TcpListener, TcpStream},
};

/// The most messages that wait for a connection, in addition to its outbox.
const WAITING: usize = 16;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    // On this thread. `smol::spawn` would start a thread, and panic if that fails.
    let executor = LocalExecutor::new();
    smol::block_on(executor.run(listen(&executor, &address)))
}

async fn listen(executor: &LocalExecutor<'_>, address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    // A member that is too slow for a message is dropped from the room, which closes its connection.
    let room = Room::open(|member: &Sender<String>, line| member.try_send(line.into()).is_ok());
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Such as too many open files. Wait for other connections to end.
                report(format_args!("accept: {error}"));
                Timer::after(PAUSE).await;
                continue;
            }
        };
        let room = Arc::clone(&room);
        let serving = async move {
            if let Err(failure) = connection(stream, &room).await {
                report(format_args!("{peer}: {failure}"));
            }
        };
        executor.spawn(serving).detach();
    }
}

async fn connection(stream: TcpStream, room: &Room<Sender<String>>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let (sender, messages) = bounded(WAITING);
    room.add(sender);
    let ended = serve(stream.clone(), stream, messages).await;
    room.remove(Sender::is_closed);
    ended
}
