//! Both ends of a connection over a stream in memory.

use hybi_tokio::{
    Acceptor, Connect, Error, WebSocket,
    hybi::{Client, Origins, Server},
};
use tokio::{
    io::{DuplexStream, duplex},
    join,
};

pub(crate) fn acceptor() -> Acceptor {
    Acceptor::new(Origins::any())
}

pub(crate) async fn pair_with(
    connect: Connect,
    acceptor: Acceptor,
    room: usize,
) -> (WebSocket<DuplexStream, Client>, WebSocket<DuplexStream, Server>) {
    let (one, other) = duplex(room);
    let (client, server) = join!(connect.open_over(one), acceptor.accept(other));
    (client.unwrap(), server.unwrap())
}

pub(crate) async fn echo(mut server: WebSocket<DuplexStream, Server>) -> Result<(), Error> {
    while let Some(event) = server.next().await? {
        if let Some(message) = event.to_message() {
            server.feed(&message).await?;
        }
    }
    Ok(())
}
