//! A client whose bytes are written by hand.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// The example of RFC 6455, section 1.2, from a client that is not a browser.
pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// "Hello", masked, as in RFC 6455, section 5.7.
pub(crate) const HELLO: [u8; 11] =
    [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// A Close without a code, masked with zeros.
pub(crate) const CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

/// Opens a WebSocket.
pub(crate) fn open(address: &str) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    read_acceptance(&mut stream);
    stream
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    // A server that does not answer fails the test.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Reads the response to the request.
pub(crate) fn read_acceptance(stream: &mut TcpStream) {
    let head = read_head(stream);
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
}

/// Reads a response head and no further byte. Converts it to lower case, because servers differ.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(read::<1>(stream)[0]);
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

/// Reads `N` bytes.
pub(crate) fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}
