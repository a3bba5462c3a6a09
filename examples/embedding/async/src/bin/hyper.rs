//! An echo in hyper, which serves plain HTTP on the same port, in HTTP/1.1 and HTTP/2; see
//! `src/hyper_echo.rs`.
//!
//! `cargo run --bin hyper -- 127.0.0.1:9001`, or with TLS, which browsers require for HTTP/2:
//! `cargo run --bin hyper -- 127.0.0.1:9001 certificate.pem key.pem`. Each typed line is sent over all
//! WebSockets. A WebSocket of `/version` is first sent the version of HTTP.

#[path = "../../../../shared/report.rs"]
mod report;

use std::sync::Arc;

use hybi::deflate::Deflate;
use hybi_embedding_async::{
    hyper_echo::serve, hyper_tls::Tls, room::Room, tokio_echo::Failure, tokio_transport::accept,
};
use report::report;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::Sender,
};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let tls = match (arguments.next(), arguments.next()) {
        (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)?),
        (Some(_), None) => return Err("the file of the key is missing".into()),
        (None, _) => None,
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let deflate = Deflate::new();
    // A member that is too slow for a message is dropped from the room, which closes its connection.
    let room = Room::open(|member: &Sender<String>, line| member.try_send(line.into()).is_ok());
    loop {
        let (stream, peer) = accept(&listener).await;
        let (room, deflate, tls) = (Arc::clone(&room), deflate.clone(), tls.clone());
        tokio::spawn(async move {
            if let Err(failure) = connected(stream, tls, &deflate, &room).await {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}

/// Serves one connection.
async fn connected(
    stream: TcpStream,
    tls: Option<Tls>,
    deflate: &Deflate,
    room: &Room<Sender<String>>,
) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => serve(tls.accept(stream).await?, deflate, room).await,
        None => serve(stream, deflate, room).await,
    }
}
