//! What the application sends from elsewhere: lines typed at the server's terminal.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{HYPER, MIB, SMOL, TOKIO, TOKIO_SPLIT, client, server::Server};

/// Opens a WebSocket, and has a message echoed, which proves that the server has let it in.
fn enter(server: &Server) -> TcpStream {
    let mut stream = client::open(&server.address);
    stream.write_all(&client::HELLO).unwrap();
    assert_eq!(&client::read(&mut stream), b"\x81\x05Hello");
    stream
}

/// Each line goes to everybody, once and in order.
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

/// How long a line is, and how many there are.
const LENGTH: usize = 1000;
const LINES: usize = 64 * MIB / LENGTH;

/// Somebody who does not read is disconnected, by a Close with this code behind what was accepted,
/// and the server's memory does not grow meanwhile.
fn who_does_not_read_is_disconnected(binary: &str, code: u16) {
    let mut server = Server::start(binary);
    let mut stream = enter(&server);
    let before = server.memory();
    for number in 0..LINES {
        server.type_in(&format!("{number:0LENGTH$}\n"));
    }
    let peak = server.peak_memory();
    assert!(peak < before + 4 * MIB, "{before} bytes before, {peak} at the most");

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
    assert!(lines < LINES, "nobody was disconnected");
    let mut body = vec![0; length.into()];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(body[..2], code.to_be_bytes());
    stream.write_all(&client::CLOSE).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn who_does_not_read_is_disconnected_by_tokio() {
    who_does_not_read_is_disconnected(TOKIO, 1000);
}

#[test]
fn who_does_not_read_is_disconnected_by_tokio_split() {
    who_does_not_read_is_disconnected(TOKIO_SPLIT, 1008);
}

#[test]
fn who_does_not_read_is_disconnected_by_smol() {
    who_does_not_read_is_disconnected(SMOL, 1000);
}
