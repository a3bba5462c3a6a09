//! fastwebsockets: its server and its client, with hyper for the opening handshake. It has no compression,
//! and its server selects no subprotocol.

use std::{error::Error, future::Future};

use fastwebsockets::{
    FragmentCollector, Frame, OpCode, Payload, WebSocket, WebSocketError,
    handshake::{client, generate_key},
    upgrade::upgrade,
};
use http_body_util::Empty;
use hyper::{
    Request, Response, Uri,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

async fn echo(socket: WebSocket<TokioIo<Upgraded>>) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match (frame.opcode, &frame.payload[..]) {
            (OpCode::Text, b"ping") => {
                let payload = Payload::Borrowed(b"hello");
                socket.write_frame(Frame::new(true, OpCode::Ping, None, payload)).await?;
            }
            (OpCode::Text, b"close") => socket.write_frame(Frame::close(4001, b"bye")).await?,
            (OpCode::Text | OpCode::Binary, _) => socket.write_frame(frame).await?,
            (OpCode::Close, [high, low, reason @ ..]) => {
                let code = u16::from_be_bytes([*high, *low]);
                println!("closed {code} {}", String::from_utf8_lossy(reason));
                return Ok(());
            }
            (OpCode::Close, _) => {
                println!("closed 1005");
                return Ok(());
            }
            _ => {}
        }
    }
}

async fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, socket) = upgrade(&mut request)?;
    tokio::spawn(async move { echo(socket.await?).await });
    Ok(response)
}

struct Executor;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Executor {
    fn execute(&self, task: F) {
        tokio::spawn(task);
    }
}

async fn connect(uri: Uri) -> Result<(), Box<dyn Error>> {
    let authority = uri.authority().ok_or("no authority")?.as_str();
    let stream = TcpStream::connect(authority).await?;
    let request = Request::get(uri.path())
        .header("Host", authority)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", generate_key())
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Protocol", "other.v1, echo.v1")
        .body(Empty::<Bytes>::new())?;
    match client(&Executor, request, stream).await {
        Ok((socket, response)) => {
            let selected = response.headers().get("Sec-WebSocket-Protocol");
            println!("open {}", selected.map_or("", |name| name.to_str().unwrap_or_default()));
            // An error is also the end of the connection.
            let _ = echo(socket).await;
        }
        Err(error) => println!("refused {error}"),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    if words[1] != "serve" {
        return connect(words[2].parse()?).await;
    }
    let listener = TcpListener::bind(format!("127.0.0.1:{}", words[2])).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let connection = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(accept))
            .with_upgrades();
        tokio::spawn(connection);
    }
}
