//! Messages of the application: lines on the standard input of the server.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{HYPER, MIB, SMOL, TOKIO, TOKIO_SPLIT, client, server::Server};

/// Opens a WebSocket and exchanges a message, so that it is a member.
fn enter(server: &Server) -> TcpStream {
    let mut stream = client::open(&server.address);
    stream.write_all(&client::HELLO).unwrap();
    assert_eq!(&client::read(&mut stream), b"\x81\x05Hello");
    stream
}

/// Each line is sent over all connections, once and in order.
fn lines_go_to_all(binary: &str) {
    let mut server = Server::start(binary);
    let streams = [enter(&server), enter(&server)];
    server.type_in("The kettle boils.\nTea is ready.\n");
    for mut stream in streams {
        assert_eq!(&client::read(&mut stream), b"\x81\x11The kettle boils.\x81\x0dTea is ready.");
    }
}

#[test]
fn lines_go_to_all_by_tokio() {
    lines_go_to_all(TOKIO);
}

#[test]
fn lines_go_to_all_by_tokio_split() {
    lines_go_to_all(TOKIO_SPLIT);
}

#[test]
fn lines_go_to_all_by_smol() {
    lines_go_to_all(SMOL);
}

#[test]
fn lines_go_to_all_by_hyper() {
    lines_go_to_all(HYPER);
}

/// The length of a line, and the number of lines.
const LENGTH: usize = 1000;
const LINES: usize = 64 * MIB / LENGTH;

/// A member that does not read gets a Close with this code after the accepted messages, and the memory of
/// the server does not grow.
fn a_member_that_does_not_read_is_closed(binary: &str, code: u16) {
    let mut server = Server::start(binary);
    let mut stream = enter(&server);
    let before = server.memory();
    for number in 0..LINES {
        server.type_in(&format!("{number:0LENGTH$}\n"));
    }
    let peak = server.peak_memory();
    assert!(peak < before + 4 * MIB, "{before} bytes before, {peak} at most");

    let mut lines = 0;
    let length = loop {
        match client::read(&mut stream) {
            [0x81, 126] => {
                assert_eq!(client::read(&mut stream), [0x03, 0xe8]);
                let line = client::read::<LENGTH>(&mut stream);
                assert!(line[..] == *format!("{lines:0LENGTH$}").as_bytes());
                lines += 1;
            }
            [0x88, length] => break length,
            other => panic!("{other:x?}"),
        }
    };
    assert!(lines < LINES, "the connection was not closed");
    let mut body = vec![0; length.into()];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(body[..2], code.to_be_bytes());
    stream.write_all(&client::CLOSE).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_member_that_does_not_read_is_closed_by_tokio() {
    a_member_that_does_not_read_is_closed(TOKIO, 1000);
}

#[test]
fn a_member_that_does_not_read_is_closed_by_tokio_split() {
    a_member_that_does_not_read_is_closed(TOKIO_SPLIT, 1008);
}

#[test]
fn a_member_that_does_not_read_is_closed_by_smol() {
    a_member_that_does_not_read_is_closed(SMOL, 1000);
}
