//! Plain HTTP on the port of the WebSockets.

use std::io::{Read, Write};

use crate::{HYPER, client, server::Server};

/// The response of hyper to this request.
fn answer(fields: &str) -> String {
    let server = Server::start(HYPER);
    let mut stream = client::connect(&server.address);
    write!(stream, "GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_page_is_one_response_on_one_connection() {
    let answer = answer("");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("This server echoes over WebSockets.\n"), "{answer}");
}

/// A request that has lost its Upgrade field, such as in a proxy.
#[test]
fn a_request_with_a_key_does_not_get_the_page() {
    let answer = answer("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n"), "{answer}");
}
