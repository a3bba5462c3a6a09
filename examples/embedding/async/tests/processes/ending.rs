//! The end of connections whose peer violates the protocol.

use std::{
    io::{Read, Write},
    thread,
};

use crate::{HYPER, IO_URING, SMOL, TOKIO, TOKIO_SPLIT, client, server::Server};

/// The peer gets the Close with the reason, and then the end of the stream, although it has sent more
/// bytes. A reset could discard the Close on some systems.
fn the_close_arrives(binary: &str) {
    let server = Server::start(binary);
    let mut stream = client::open(&server.address);
    // A frame that is not masked, and bytes that the server ignores.
    let mut sent = vec![0x81, 0x01, b'x'];
    sent.resize(1024 * 1024, 0);
    stream.write_all(&sent).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    // Close with 1002.
    assert_eq!(received, [0x88, 2, 0x03, 0xea]);
    assert!(stream.take_error().unwrap().is_none(), "the connection was reset");
}

#[test]
fn the_close_arrives_from_tokio() {
    the_close_arrives(TOKIO);
}

#[test]
fn the_close_arrives_from_tokio_split() {
    the_close_arrives(TOKIO_SPLIT);
}

#[test]
fn the_close_arrives_from_smol() {
    the_close_arrives(SMOL);
}

#[test]
fn the_close_arrives_from_io_uring() {
    the_close_arrives(IO_URING);
}

#[test]
fn the_close_arrives_from_hyper() {
    the_close_arrives(HYPER);
}

/// Takes as long as the deadline for the opening handshake.
#[test]
fn an_incomplete_request_has_a_deadline() {
    let all = [TOKIO, TOKIO_SPLIT, SMOL, IO_URING, HYPER].map(|binary| {
        thread::spawn(move || {
            let server = Server::start(binary);
            let mut stream = client::connect(&server.address);
            stream.write_all(&client::REQUEST[..client::REQUEST.len() - 1]).unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            // Any response, but not 101.
            assert!(!received.starts_with(b"HTTP/1.1 101"));
        })
    });
    for serving in all {
        serving.join().unwrap();
    }
}
