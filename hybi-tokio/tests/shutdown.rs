//! The shutdown of a server, and the largest number of its connections.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use hybi_tokio::{
    AcceptError, Connect, ConnectError, Error, Shutdown,
    hybi::{CloseCode, Config},
};
use support::{acceptor, echo, pair_with};
use tokio::{
    io::duplex,
    join,
    time::{sleep, timeout},
};

#[tokio::test]
async fn a_shutdown_closes_every_connection_and_refuses_new_ones() {
    let shutdown = Shutdown::new();
    let acceptor = acceptor().shutdown(&shutdown);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let (client, server) = pair_with(Connect::new("ws://a/"), acceptor.clone(), 1024).await;
        tokio::spawn(echo(server));
        clients.push(client);
    }
    assert!(timeout(Duration::from_millis(20), shutdown.ended()).await.is_err());
    shutdown.begin(CloseCode::SERVICE_RESTART);
    for mut client in clients {
        while client.next().await.unwrap().is_some() {}
        assert_eq!(client.connection().close_code(), Some(1012));
    }
    shutdown.ended().await;

    let (one, other) = duplex(1024);
    let late = tokio::spawn(async move { acceptor.accept(other).await.map(drop) });
    let Err(ConnectError::Rejected(rejected)) = Connect::new("ws://a/").open_over(one).await else {
        panic!("accepted")
    };
    assert_eq!(rejected.as_rejected().status(), 503);
    assert!(matches!(late.await.unwrap(), Err(AcceptError::Unavailable)));
}

#[tokio::test]
async fn a_shutdown_reaches_a_connection_that_waits_for_room() {
    let shutdown = Shutdown::new();
    let acceptor = acceptor().shutdown(&shutdown).config(Config::new().outbox_high_water(1000));
    let (mut client, mut server) = pair_with(Connect::new("ws://a/"), acceptor, 64).await;
    let feed = tokio::spawn(async move {
        loop {
            if let Err(error) = server.feed_text(&"x".repeat(100)).await {
                while server.next().await.unwrap().is_some() {}
                return error;
            }
        }
    });
    sleep(Duration::from_millis(10)).await; // the client does not read, so the outbox is full
    shutdown.begin(CloseCode::GOING_AWAY);
    sleep(Duration::from_millis(10)).await;
    while client.next().await.unwrap().is_some() {}
    assert_eq!(client.connection().close_code(), Some(1001));
    let error = feed.await.unwrap();
    assert!(matches!(error, Error::Connection(_)), "{error}");
}

#[tokio::test]
async fn a_full_server_responds_with_503_until_a_connection_ends() {
    let acceptor = acceptor().max_connections(1);
    let (client, server) = pair_with(Connect::new("ws://a/"), acceptor.clone(), 1024).await;
    let (one, other) = duplex(1024);
    let (refused, unavailable) =
        join!(Connect::new("ws://a/").open_over(one), async { acceptor.accept(other).await });
    assert!(matches!(refused, Err(ConnectError::Rejected(_))));
    assert!(matches!(unavailable, Err(AcceptError::Unavailable)));
    drop((client, server));
    pair_with(Connect::new("ws://a/"), acceptor, 1024).await;
}
