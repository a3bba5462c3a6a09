//! Peers that write and do not read.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use tungstenite::Message;

use crate::{HYPER, IO_URING, MIB, SMOL, TOKIO, TOKIO_SPLIT, client, peer, server::Server};

/// The most bytes to send.
const OFFERED: usize = 256 * MIB;

/// The most growth of the memory of the server, in bytes.
const GROWTH: usize = 4 * MIB;

/// The server stops reading, and its memory does not grow. When the peer reads, no message is missing.
fn memory_is_bounded(binary: &str) {
    let server = Server::start(binary);
    let stream = client::open(&server.address);
    let before = server.memory();
    let messages = vec![Message::binary(vec![0x5a; 64 * 1024]); 16];
    let batch = peer::sent(&messages);
    let sent = write_until_full(&stream, &batch);
    assert!(sent < OFFERED, "the server reads everything");
    let peak = server.peak_memory();
    assert!(peak < before + GROWTH, "{before} bytes before, {peak} at most");

    // The rest of the last batch, then a Close, while this thread reads.
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

/// Writes the batch repeatedly until the socket is full. Returns how many bytes were written.
fn write_until_full(mut stream: &TcpStream, batch: &[u8]) -> usize {
    // If the server is only slow, this ends early, and the test is less strict.
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

/// Reads this many echoes of a message of 64 KiB, and the reply to the Close.
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
    memory_is_bounded(TOKIO);
}

#[test]
fn tokio_split() {
    memory_is_bounded(TOKIO_SPLIT);
}

#[test]
fn smol() {
    memory_is_bounded(SMOL);
}

#[test]
fn io_uring() {
    memory_is_bounded(IO_URING);
}

#[test]
fn hyper() {
    memory_is_bounded(HYPER);
}
