//! The embeddings over readiness events.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

const MIO: &str = env!("CARGO_BIN_EXE_mio");
const SHARED_BUFFERS: &str = env!("CARGO_BIN_EXE_shared_buffers");

#[test]
fn echo() {
    for program in [MIO, SHARED_BUFFERS] {
        let server = peer::Server::start(program);
        peer::check_echo(&server.url());
    }
}

/// The most bytes to send. A server that reads this many has no backpressure.
const OFFERED: usize = 256 * 1024 * 1024;

/// The most memory for a connection: far less than `OFFERED`.
const FLAT_KIB: usize = 2 * 1024;

const MESSAGE: usize = 16 * 1024;

#[test]
fn a_peer_that_does_not_read_is_not_read_from() {
    for program in [MIO, SHARED_BUFFERS] {
        check_backpressure(program);
    }
}

fn check_backpressure(program: &str) {
    let server = peer::Server::start(program);
    let mut stream = server.open();
    let before = server.resident_kib();
    let sent = peer::offer(&mut stream, (0..).flat_map(message).take(OFFERED));
    assert!(sent < OFFERED, "the server read {sent} bytes from a peer that does not read");
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < FLAT_KIB, "memory grew by {grown} KiB while {sent} bytes were sent");

    // When the peer reads, it gets all echoes.
    let frame = message(0).len();
    let (whole, begun) = (sent / frame, sent % frame);
    for number in 0..whole {
        expect_echo(&mut stream, number);
    }
    stream.write_all(&message(whole)[begun..]).unwrap();
    expect_echo(&mut stream, whole);
}

#[test]
fn a_peer_that_pings_and_does_not_read_is_not_read_from() {
    for program in [MIO, SHARED_BUFFERS] {
        let server = peer::Server::start(program);
        let mut stream = server.open();
        let before = server.resident_kib();
        // RFC 6455, section 5.2: FIN and opcode 9; masked and 125 bytes long; the key.
        let mut ping = [b'p'; 6 + 125];
        ping[..6].copy_from_slice(&[0x89, 0xfd, 0, 0, 0, 0]);
        let sent = peer::offer(&mut stream, ping.into_iter().cycle().take(OFFERED));
        assert!(sent < OFFERED, "the server read {sent} bytes from a peer that does not read");
        let grown = server.resident_kib().saturating_sub(before);
        assert!(grown < FLAT_KIB, "memory grew by {grown} KiB while {sent} bytes were sent");
    }
}

#[test]
fn idle_connections_need_no_buffers() {
    const CONNECTIONS: usize = 500;
    let server = peer::Server::start(SHARED_BUFFERS);
    let mut first = server.open();
    let before = {
        first.write_all(&message(0)).unwrap();
        expect_echo(&mut first, 0);
        server.resident_kib()
    };
    let mut streams: Vec<_> = (0..CONNECTIONS).map(|_| server.open()).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.write_all(&message(number)).unwrap();
        expect_echo(stream, number);
    }
    // Less than a tenth of a message for each.
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < CONNECTIONS * MESSAGE / 1024 / 10, "memory grew by {grown} KiB");
}

#[test]
fn parts_of_messages_do_not_mix() {
    for program in [MIO, SHARED_BUFFERS] {
        check_parts(program);
    }
}

fn check_parts(program: &str) {
    let server = peer::Server::start(program);
    let mut streams: Vec<_> = (0..4).map(|_| server.open()).collect();
    // Each connection is in the middle of a message while the others send.
    for part in 0..8 {
        for (number, stream) in streams.iter_mut().enumerate() {
            let bytes = message(number);
            let from = bytes.len() * part / 8;
            let to = bytes.len() * (part + 1) / 8;
            stream.write_all(&bytes[from..to]).unwrap();
        }
        // The server has read this part before the next one: it answers a complete message.
        let mut other = server.open();
        other.write_all(&message(part)).unwrap();
        expect_echo(&mut other, part);
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        expect_echo(stream, number);
    }
}

/// A binary message that contains its number, from a client, with a masking key of 0.
fn message(number: usize) -> Vec<u8> {
    // RFC 6455, section 5.2: FIN and opcode 2; masked, its length in 16 bits; the key.
    let mut frame = vec![0x82, 0xfe, 0x40, 0x00, 0, 0, 0, 0];
    // Different bytes in each message, so that parts of two messages cannot be confused.
    frame.resize(frame.len() + MESSAGE, (number % 251).to_le_bytes()[0]);
    frame[8..16].copy_from_slice(&number.to_be_bytes());
    frame
}

/// Reads the echo of this message.
fn expect_echo(stream: &mut TcpStream, number: usize) {
    let mut frame = vec![0; 4 + MESSAGE];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[..4], [0x82, 126, 0x40, 0x00]);
    assert_eq!(frame[4..], message(number)[8..], "message {number}");
}
