//! A peer that writes and does not read.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use tungstenite::Message;

use crate::{HYPER, IO_URING, MIB, SMOL, TOKIO, TOKIO_SPLIT, client, peer, server::Server};

/// How much is offered at the most.
const OFFERED: usize = 256 * MIB;

/// By how much the server's memory may grow.
const GROWTH: usize = 4 * MIB;

/// The peer is not read from any more, and nothing piles up in the server. When the peer reads,
/// nothing is missing.
fn nothing_piles_up(binary: &str) {
    let server = Server::start(binary);
    let stream = client::open(&server.address);
    let before = server.memory();
    let messages = vec![Message::binary(vec![0x5a; 64 * 1024]); 16];
    let batch = peer::sent(&messages);
    let sent = write_until_stuck(&stream, &batch);
    assert!(sent < OFFERED, "the server takes everything");
    let peak = server.peak_memory();
    assert!(peak < before + GROWTH, "{before} bytes before, {peak} at the most");

    // The rest of the last batch, then the Close; all of it while everything is read.
    let echoes = sent.div_ceil(batch.len()) * messages.len();
    let mut writing = stream.try_clone().unwrap();
    let writer = thread::spawn(move || {
        writing.set_write_timeout(None).unwrap();
        let part = sent % batch.len();
        if part > 0 {
            writing.write_all(&batch[part..]).unwrap();
        }
        writing.write_all(&peer::sent(&[Message::Close(None)])).unwrap();
    });
    read_echoes(stream, &messages[0], echoes);
    writer.join().unwrap();
}

/// Writes the same again and again until nothing more goes, and returns how many bytes went.
fn write_until_stuck(mut stream: &TcpStream, batch: &[u8]) -> usize {
    // If the server is only slow, the test asks less of it.
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut sent = 0;
    while sent < OFFERED {
        match stream.write(&batch[sent % batch.len()..]) {
            Ok(length) => sent += length,
            Err(_) => break,
        }
    }
    sent
}

/// Reads so many echoes of a message of 64 KiB, and the reply to the Close.
fn read_echoes(mut stream: TcpStream, message: &Message, count: usize) {
    for _ in 0..count {
        assert_eq!(client::read(&mut stream), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert!(client::read::<{ 64 * 1024 }>(&mut stream)[..] == message.clone().into_data()[..]);
    }
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [0x88, 0]);
}

#[test]
fn tokio() {
    nothing_piles_up(TOKIO);
}

#[test]
fn tokio_split() {
    nothing_piles_up(TOKIO_SPLIT);
}

#[test]
fn smol() {
    nothing_piles_up(SMOL);
}

#[test]
fn io_uring() {
    nothing_piles_up(IO_URING);
}

#[test]
fn hyper() {
    nothing_piles_up(HYPER);
}
