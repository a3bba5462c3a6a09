//! How connections end when the peer breaks the rules.

use std::{
    io::{Read, Write},
    thread,
};

use crate::{HYPER, IO_URING, SMOL, TOKIO, TOKIO_SPLIT, client, server::Server};

/// The peer gets the Close that says what was wrong, and then the end of the connection, not a
/// reset, which on some systems takes the Close with it, even if it has sent more meanwhile.
fn last_words_arrive(binary: &str) {
    let server = Server::start(binary);
    let mut stream = client::open(&server.address);
    // A frame that is not masked, and what the server will not look at.
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
fn last_words_arrive_from_tokio() {
    last_words_arrive(TOKIO);
}

#[test]
fn last_words_arrive_from_tokio_split() {
    last_words_arrive(TOKIO_SPLIT);
}

#[test]
fn last_words_arrive_from_smol() {
    last_words_arrive(SMOL);
}

#[test]
fn last_words_arrive_from_io_uring() {
    last_words_arrive(IO_URING);
}

#[test]
fn last_words_arrive_from_hyper() {
    last_words_arrive(HYPER);
}

/// All wait for a request, and none for ever. This takes as long as they wait.
#[test]
fn a_request_that_is_not_completed_is_given_up() {
    let all = [TOKIO, TOKIO_SPLIT, SMOL, IO_URING, HYPER].map(|binary| {
        thread::spawn(move || {
            let server = Server::start(binary);
            let mut stream = client::connect(&server.address);
            stream.write_all(&client::REQUEST[..client::REQUEST.len() - 1]).unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            // Whatever is said, it is no acceptance.
            assert!(!received.starts_with(b"HTTP/1.1 101"));
        })
    });
    for serving in all {
        serving.join().unwrap();
    }
}
