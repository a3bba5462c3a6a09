//! The embeddings against another implementation.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use peer::Server;

#[test]
fn tokio() {
    peer::check_echo(&Server::start(env!("CARGO_BIN_EXE_tokio")).url());
}

#[test]
fn tokio_client() {
    let server = Server::start_peer(&[]);
    let mut client = Command::new(env!("CARGO_BIN_EXE_tokio_client"))
        .arg(server.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = client.stdin.take().unwrap();
    let mut printed = BufReader::new(client.stdout.take().unwrap()).lines();
    for line in ["The kettle boils.", "", &"läßt ".repeat(100_000)] {
        writeln!(typed, "{line}").unwrap();
        assert!(printed.next().unwrap().unwrap() == format!("< {line}"));
    }
    drop(typed);
    assert_eq!(printed.next().unwrap().unwrap(), "closed: 1000 (normal closure)");
    assert!(client.wait().unwrap().success());
}

#[test]
fn tokio_split() {
    peer::check_echo(&Server::start(env!("CARGO_BIN_EXE_tokio_split")).url());
}

#[test]
fn smol() {
    peer::check_echo(&Server::start(env!("CARGO_BIN_EXE_smol")).url());
}

#[test]
fn io_uring() {
    peer::check_echo(&Server::start(env!("CARGO_BIN_EXE_io_uring")).url());
}

#[test]
fn hyper() {
    peer::check_echo(&Server::start(env!("CARGO_BIN_EXE_hyper")).url());
}

#[test]
fn hyper_over_tls() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (certificate, key) = (directory.join("hyper.pem"), directory.join("hyper.key"));
    let own = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let arguments = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    let server = Server::start_with(env!("CARGO_BIN_EXE_hyper"), &arguments);
    let url = server.url().replace("ws://127.0.0.1", "wss://localhost");
    peer::check_secure_echo(&url, &certificate);
}
