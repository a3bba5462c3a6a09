//! A server that sends at intervals, and answers in between.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    time::interval,
};

use super::tokio_tungstenite::{accept_async, connect_async, tungstenite::Message};

pub(crate) async fn interval_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let (mut sink, mut stream) = accept_async(stream).await.unwrap().split();
    let mut interval = interval(Duration::from_millis(5));
    loop {
        select! {
            message = stream.next() => match message {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    sink.send(message).await.unwrap();
                }
                Some(Ok(Message::Close(_))) | None => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
            },
            _ = interval.tick() => sink.send("tick".into()).await.unwrap(),
        }
    }
}

pub(crate) async fn interval_client(uri: String) {
    let (mut websocket, _) = connect_async(&uri).await.unwrap();
    websocket.send("ask".into()).await.unwrap();
    let (mut ticks, mut answers) = (0, 0);
    while ticks < 3 || answers < 1 {
        match websocket.next().await.unwrap().unwrap().to_text().unwrap() {
            "tick" => ticks += 1,
            "ask" => answers += 1,
            other => panic!("{other}"),
        }
    }
    websocket.close(None).await.unwrap();
    // The server may drop the connection before it has written its reply.
    while let Some(Ok(_)) = websocket.next().await {}
}
