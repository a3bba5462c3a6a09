//! The embedding over readiness events.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

#[test]
fn echo() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
    peer::check_echo(&server.url());
}

/// The most bytes to send. A server that reads this many has no backpressure.
const OFFERED: usize = 256 * 1024 * 1024;

/// The most memory for a connection: far less than `OFFERED`.
const FLAT_KIB: usize = 2 * 1024;

const MESSAGE: usize = 16 * 1024;

#[test]
fn a_peer_that_does_not_read_is_not_read_from() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
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
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
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

/// A binary message that contains its number, from a client, with a masking key of 0.
fn message(number: usize) -> Vec<u8> {
    // RFC 6455, section 5.2: FIN and opcode 2; masked, its length in 16 bits; the key.
    let mut frame = vec![0x82, 0xfe, 0x40, 0x00, 0, 0, 0, 0];
    frame.resize(frame.len() + MESSAGE, b'm');
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
