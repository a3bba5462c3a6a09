//! An echo server.
//!
//! `cargo run --release --example echo -- 127.0.0.1:9001`

use hybi_tokio::{
    Acceptor,
    hybi::{Config, Event, Origins, deflate::Deflate},
};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let acceptor = Acceptor::new(Origins::same_host().or_no_browser())
        .config(Config::new().max_message_size(64 * 1024 * 1024))
        .compression(Deflate::new());
    loop {
        // `accept` fails without file descriptors. Those that are open can go on.
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(failure) = serve(stream, &acceptor).await {
                eprintln!("{peer}: {failure}");
            }
        });
    }
}

async fn serve(stream: TcpStream, acceptor: &Acceptor) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut websocket = acceptor.accept(stream).await?;
    while let Some((event, mut sender)) = websocket.next_with_sender().await? {
        match event {
            Event::Text(text) => sender.feed_text(text).await?,
            Event::Binary(data) => sender.feed_binary(data).await?,
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }
    Ok(())
}
