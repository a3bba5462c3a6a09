//! The two programs for the Autobahn test suite: an echo server, and a client that asks for the number of
//! cases, runs each, and asks for the report. The server here has three cases.

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};

use super::tokio_tungstenite::{
    accept_hdr_async, connect_async,
    tungstenite::{
        Error, Message, Result,
        handshake::server::{Request, Response},
    },
};

const CASES: u32 = 3;

/// Runs the cases of a fuzzing server.
pub(crate) async fn autobahn_client(uri: String) {
    let count = case_count(&uri).await.unwrap();
    assert_eq!(count, CASES);
    for case in 1..=count {
        match run_case(&uri, case).await {
            Ok(()) | Err(Error::ConnectionClosed | Error::Protocol(_) | Error::Utf8(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    update_reports(&uri).await.unwrap();
}

async fn case_count(uri: &str) -> Result<u32> {
    let (mut socket, _) = connect_async(format!("{uri}/getCaseCount")).await?;
    let message = socket.next().await.ok_or(Error::ConnectionClosed)??;
    socket.close(None).await?;
    Ok(message.into_text()?.as_str().parse().unwrap())
}

async fn run_case(uri: &str, case: u32) -> Result<()> {
    let (mut socket, _) = connect_async(format!("{uri}/runCase?case={case}")).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn update_reports(uri: &str) -> Result<()> {
    let (mut socket, _) = connect_async(format!("{uri}/updateReports")).await?;
    socket.close(None).await
}

/// A fuzzing server: a message that is echoed, one that is not UTF-8, and a ping.
pub(crate) async fn autobahn_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            match serve(stream).await {
                Ok(()) | Err(Error::ConnectionClosed | Error::Protocol(_) | Error::Utf8(_)) => {}
                Err(error) => panic!("{error}"),
            }
        });
    }
}

async fn serve(stream: TcpStream) -> Result<()> {
    let mut target = String::new();
    let callback = |request: &Request, response: Response| {
        target = request.uri().to_string();
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, callback).await?;
    match &target[..] {
        "/getCaseCount" => socket.send(Message::text(CASES.to_string())).await?,
        "/runCase?case=1" => {
            socket.send(Message::text("echo")).await?;
            assert_eq!(socket.next().await.unwrap()?, Message::text("echo"));
            socket.close(None).await?;
        }
        "/runCase?case=2" => {
            use tokio::io::AsyncWriteExt as _;
            socket.get_mut().write_all(b"\x81\x01\xff").await?;
        }
        "/runCase?case=3" => {
            socket.send(Message::Ping("p".into())).await?;
            assert_eq!(socket.next().await.unwrap()?, Message::Pong("p".into()));
            socket.close(None).await?;
        }
        "/updateReports" => {}
        other => panic!("{other}"),
    }
    while let Some(message) = socket.next().await {
        message?;
    }
    Ok(())
}
