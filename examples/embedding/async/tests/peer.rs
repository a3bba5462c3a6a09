//! The embeddings against another implementation.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{BufRead, BufReader, Write},
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
