//! Messages that follow the request before the response.

use std::io::{Read, Write};

use crate::{HYPER, IO_URING, SMOL, TOKIO, TOKIO_SPLIT, client, server::Server};

/// More messages than an inbox can hold.
const COUNT: usize = 10_000;

/// All of them are echoed.
fn nothing_is_lost(binary: &str) {
    let server = Server::start(binary);
    let mut stream = client::connect(&server.address);
    stream.write_all(&[client::REQUEST, &client::HELLO.repeat(COUNT)].concat()).unwrap();
    client::read_acceptance(&mut stream);
    let mut received = vec![0; 7 * COUNT];
    stream.read_exact(&mut received).unwrap();
    assert!(received[..] == *b"\x81\x05Hello".repeat(COUNT));
}

#[test]
fn tokio() {
    nothing_is_lost(TOKIO);
}

#[test]
fn tokio_split() {
    nothing_is_lost(TOKIO_SPLIT);
}

#[test]
fn smol() {
    nothing_is_lost(SMOL);
}

#[test]
fn io_uring() {
    nothing_is_lost(IO_URING);
}

#[test]
fn hyper() {
    nothing_is_lost(HYPER);
}
