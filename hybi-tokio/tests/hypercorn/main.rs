//! The client in HTTP/2 with another implementation: Hypercorn, a server in Python.
//!
//! `tests/hypercorn/run` installs it and runs these tests.
#![cfg(all(feature = "h2", feature = "rustls", feature = "deflate"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use hybi_tokio::{
    Connect, ConnectError, Http2Stream, WebSocket,
    hybi::{Client, CloseCode, Event, deadline::Timeouts, deflate::Deflate},
    rustls::{ClientConfig, RootCertStore},
};

/// A server in its own process, which ends when this is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts it on a free port, for `wss` if there are arguments.
    fn start(arguments: &[&str]) -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(package.join("target/hypercorn/bin/hypercorn"))
            .current_dir(package.join("tests/hypercorn"))
            // Without processes of its own, which would outlive it.
            .args(["--workers", "0", "--bind", "127.0.0.1:0", "app:app"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        // "Running on http://127.0.0.1:9001 (CTRL + C to quit)"
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("://127.0.0.1:")?;
            rest.split(' ').next()?.parse().ok()
        });
        // Printing to a closed pipe would fail.
        std::thread::spawn(move || lines.for_each(|line| println!("{line:?}")));
        Self { process, port: port.unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The last one is several times as large as the windows of both.
async fn echo(websocket: &mut WebSocket<Http2Stream, Client>) {
    websocket.send_text("version").await.unwrap();
    assert_eq!(websocket.next().await.unwrap(), Some(Event::Text("2")));
    for length in [0, 1, 126, 65_536, 4 * 1024 * 1024] {
        let text = "läßt ".repeat(length / 7);
        websocket.send_text(&text).await.unwrap();
        assert!(websocket.next().await.unwrap() == Some(Event::Text(&text)));
        let data: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
        websocket.send_binary(&data).await.unwrap();
        assert!(websocket.next().await.unwrap() == Some(Event::Binary(&data)));
    }
}

#[tokio::test]
#[ignore = "needs Hypercorn: run tests/hypercorn/run"]
async fn hypercorn_in_the_clear() {
    let server = Server::start(&[]);
    let uri = format!("ws://127.0.0.1:{}/", server.port);
    let connection = Connect::new(&uri).connect_http2().await.unwrap();
    for deflate in [None, Some(Deflate::new())] {
        // Hypercorn sends no END_STREAM after both Close frames.
        let timeouts = Timeouts::new().closing(Duration::from_millis(100));
        let connect = Connect::new(&uri).timeouts(timeouts);
        let mut connect = connect.subprotocols(["chat.v2", "chat.v1"]);
        let is_compressed = deflate.is_some();
        if let Some(deflate) = deflate {
            connect = connect.compression(deflate);
        }
        let mut websocket = connect.open_on(&connection).await.unwrap();
        assert_eq!(websocket.subprotocol(), Some("chat.v1"));
        assert_eq!(websocket.connection().compression().is_some(), is_compressed);
        echo(&mut websocket).await;
        websocket.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(websocket.connection().close_code(), Some(1000));
    }
    let forbidden = Connect::new(format!("{uri}forbidden")).open_on(&connection).await;
    let Err(ConnectError::Rejected(rejected)) = forbidden else { panic!("{forbidden:?}") };
    assert_eq!(rejected.as_rejected().status(), 403);
    assert_eq!(rejected.as_rejected().body(), b"members only\n");
}

#[tokio::test]
#[ignore = "needs Hypercorn: run tests/hypercorn/run"]
async fn hypercorn_over_tls() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (certificate, key) = (directory.join("hypercorn.pem"), directory.join("hypercorn.key"));
    let own = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let server = Server::start(&[
        "--certfile",
        certificate.to_str().unwrap(),
        "--keyfile",
        key.to_str().unwrap(),
    ]);
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let uri = format!("wss://localhost:{}/", server.port);
    let mut websocket = Connect::new(uri).tls(config).open_http2().await.unwrap();
    echo(&mut websocket).await;
}
