//! The client for the fuzzing server of the Autobahn test suite.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9002 hybi`

use hybi_tokio::{
    Connect, Error,
    hybi::{Client, Config, Event, deflate::Deflate},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, agent] = &arguments[..] else {
        return Err("usage: autobahn_client URL AGENT".into());
    };
    let mut count = 0;
    let mut websocket = connect(&format!("{url}/getCaseCount")).await?;
    while let Some(event) = websocket.next().await? {
        if let Event::Text(text) = event {
            count = text.parse()?;
        }
    }
    println!("{count} cases");
    for case in 1..=count {
        let websocket = connect(&format!("{url}/runCase?case={case}&agent={agent}")).await?;
        // Some cases must end with an error.
        if let Err(error) = echo(websocket).await {
            println!("case {case}: {error}");
        }
    }
    echo(connect(&format!("{url}/updateReports?agent={agent}")).await?).await?;
    Ok(())
}

type WebSocket = hybi_tokio::WebSocket<hybi_tokio::Stream, Client>;

async fn connect(uri: &str) -> Result<WebSocket, hybi_tokio::ConnectError> {
    let config = Config::new().max_message_size(64 * 1024 * 1024);
    Connect::new(uri).config(config).compression(Deflate::new()).open().await
}

async fn echo(mut websocket: WebSocket) -> Result<(), Error> {
    while let Some((event, mut sender)) = websocket.next_with_sender().await? {
        match event {
            Event::Text(text) => sender.feed_text(text).await?,
            Event::Binary(data) => sender.feed_binary(data).await?,
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }
    Ok(())
}
