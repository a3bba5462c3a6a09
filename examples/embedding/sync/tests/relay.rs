//! The gateway, between a client and an upstream server whose bytes are written by hand.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{Read, Write},
    iter,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use hybi::{Inbox, Origins, server::Opening};

const BINARY: &str = env!("CARGO_BIN_EXE_relay");

#[test]
fn another_implementation_on_both_sides() {
    let upstream = peer::Server::start_peer(&[]);
    let relay = peer::Server::start_with(BINARY, &[upstream.address()]);
    peer::check_echo(&relay.url());
}

/// A gateway, its client and its upstream server.
struct Joined {
    relay: peer::Server,
    client: TcpStream,
    server: TcpStream,
    /// The request to the upstream server, and the response to the client.
    asked: Asked,
    answer: String,
}

/// A request for a WebSocket.
struct Asked {
    target: String,
    fields: Vec<(String, String)>,
}

impl Asked {
    /// The values of all fields of this name.
    fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| &**value).collect()
    }
}

/// Opens a connection through a gateway; the upstream server chooses the last subprotocol.
fn join(target: &str, fields: &str) -> Joined {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap().to_string();
    let relay = peer::Server::start_with(BINARY, &[&upstream]);
    let accepting = thread::spawn(move || accept(listener.accept().unwrap().0));
    let (client, answer) = relay.ask(target, fields);
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let (server, asked) = accepting.join().unwrap();
    Joined { relay, client, server, asked, answer }
}

fn accept(mut stream: TcpStream) -> (TcpStream, Asked) {
    stream.set_read_timeout(Some(peer::TOO_LONG)).unwrap();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let mut opening = Opening::new(Origins::any());
    let asked = loop {
        inbox.read_from(&mut stream).unwrap();
        if let Some(request) = opening.receive(&mut inbox, &mut outbox).unwrap() {
            let fields = request.headers().iter().map(|(name, value)| {
                (name.to_owned(), String::from_utf8(value.to_owned()).unwrap())
            });
            let asked = Asked { target: request.target().to_owned(), fields: fields.collect() };
            let subprotocol = request.subprotocols().last();
            let mut accept = request.accept().headers(&[("Set-Cookie", "a=1"), ("X-Kept", "yes")]);
            if let Some(name) = subprotocol {
                accept = accept.subprotocol(name);
            }
            accept.finish(&mut outbox).unwrap();
            break asked;
        }
    };
    // The first frame comes right after the response.
    outbox.extend(b"\x81\x05early");
    stream.write_all(&outbox).unwrap();
    (stream, asked)
}

/// Reads these bytes.
fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(read, bytes);
}

/// Reads a masked frame of fewer than 126 bytes, checks it, and returns its masking key.
fn expect_masked(stream: &mut TcpStream, first: u8, payload: &[u8]) -> [u8; 4] {
    let mut frame = vec![0; 6 + payload.len()];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(usize::from(frame[1]), 0x80 + payload.len());
    let key = [frame[2], frame[3], frame[4], frame[5]];
    let unmasked: Vec<u8> = frame[6..].iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
    assert_eq!((frame[0], &unmasked[..]), (first, payload));
    key
}

/// The gateway closes the connection, sooner than its deadline.
fn expect_end(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// RFC 6455, section 5.7: "Hello" from a client.
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

#[test]
fn the_opening_handshake_is_forwarded() {
    let fields = "Sec-WebSocket-Protocol: chat, superchat\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let mut joined = join("/chat?room=1", fields);
    assert_eq!(joined.asked.target, "/chat?room=1");
    assert!(joined.answer.contains("Sec-WebSocket-Protocol: superchat\r\n"));
    assert!(!joined.answer.contains("Extensions"));
    expect(&mut joined.client, b"\x81\x05early");
}

// C-04
#[test]
fn end_to_end_fields_are_forwarded() {
    let fields = "Cookie: session=1; theme=dark\r\nAuthorization: Bearer token\r\n\
                  User-Agent: browser\r\nVia: 1.1 front\r\nX-Own: 1\r\nX-Own: 2\r\n";
    let relay_of = |joined: &Joined| joined.relay.address().to_owned();
    let joined = join("/", fields);
    let asked = &joined.asked;
    // The authority of the client, so that the server can compare it with Origin.
    assert_eq!(asked.all("Host"), [relay_of(&joined)]);
    assert_eq!(asked.all("Cookie"), ["session=1; theme=dark"]);
    assert_eq!(asked.all("Authorization"), ["Bearer token"]);
    assert_eq!(asked.all("User-Agent"), ["browser"]);
    assert_eq!(asked.all("X-Own"), ["1", "2"]);
    assert_eq!(asked.all("Via"), ["1.1 front, 1.1 hybi-relay"]);
    let from = joined.client.local_addr().unwrap();
    assert_eq!(asked.all("Forwarded"), [format!("for=\"{from}\";proto=http")]);
    assert!(asked.all("Origin").is_empty());
    // The client gets the fields of the upstream response.
    assert!(joined.answer.contains("Set-Cookie: a=1\r\nX-Kept: yes\r\n"), "{}", joined.answer);
}

// C-04
#[test]
fn the_origin_is_forwarded() {
    // The gateway accepts pages of its own host, whose port is known after it has started.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = peer::Server::start_with(BINARY, &[&listener.local_addr().unwrap().to_string()]);
    let accepting = thread::spawn(move || accept(listener.accept().unwrap().0));
    let origin = format!("http://{}", relay.address());
    let (_client, answer) = relay.ask("/", &format!("Origin: {origin}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let (_server, asked) = accepting.join().unwrap();
    assert_eq!(asked.all("Origin"), [origin]);
}

// I-07
#[test]
fn hop_by_hop_fields_are_not_forwarded() {
    let fields = "Keep-Alive: 5\r\nTE: trailers\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
                  Proxy-Authorization: Basic secret\r\n";
    let asked = join("/", fields).asked;
    for name in ["Keep-Alive", "TE", "X-Hop", "Proxy-Authorization"] {
        assert!(asked.all(name).is_empty(), "{name}");
    }
    assert_eq!(asked.all("Connection"), ["Upgrade"]);
    // The gateway answers the key of the client, and sends a key of its own upstream.
    assert_ne!(asked.all("Sec-WebSocket-Key"), ["dGhlIHNhbXBsZSBub25jZQ=="]);
}

#[test]
fn an_absolute_target_is_forwarded_in_origin_form() {
    let joined = join("http://name.example:8080/chat?room=1", "");
    assert_eq!(joined.asked.target, "/chat?room=1");
    // RFC 9112, section 3.2.2: the authority of the target takes the place of Host.
    assert_eq!(joined.asked.all("Host"), ["name.example:8080"]);
}

// Browsers send these characters as they are.
#[test]
fn a_target_is_forwarded_byte_for_byte() {
    for target in ["/s?ids[]=1|2", "/{a}^b", "/%s0A", "/a?b=%"] {
        assert_eq!(join(target, "").asked.target, target);
    }
}

#[test]
fn frames_get_new_masking_keys() {
    let Joined { relay: _relay, mut client, mut server, .. } = join("/", "");
    client.write_all(&HELLO).unwrap();
    client.write_all(&HELLO).unwrap();
    let keys = [(); 2].map(|()| expect_masked(&mut server, 0x81, b"Hello"));
    assert_ne!(keys[0], keys[1]);
    assert!(!keys.contains(&[0x37, 0xfa, 0x21, 0x3d]));
}

#[test]
fn a_close_is_forwarded_in_both_directions() {
    let Joined { relay: _relay, mut client, mut server, .. } = join("/", "");
    expect(&mut client, b"\x81\x05early");
    // 4000 and a reason, masked with a key of 0; the server answers with another.
    client.write_all(b"\x88\x85\x00\x00\x00\x00\x0f\xa0bye").unwrap();
    expect_masked(&mut server, 0x88, b"\x0f\xa0bye");
    server.write_all(b"\x88\x04\x0f\xa1ok").unwrap();
    expect(&mut client, b"\x88\x04\x0f\xa1ok");
    // The gateway is a server to the client, and ends first.
    expect_end(&mut client);
    drop(server);
}

#[test]
fn the_upstream_server_gets_a_close_if_the_client_disappears() {
    let Joined { relay: _relay, mut client, mut server, .. } = join("/", "");
    client.write_all(&HELLO).unwrap();
    drop(client);
    expect_masked(&mut server, 0x81, b"Hello");
    expect_masked(&mut server, 0x88, b"\x03\xe9"); // 1001, going away
}

#[test]
fn the_client_gets_a_close_if_the_upstream_server_disappears() {
    let Joined { relay: _relay, mut client, server, .. } = join("/", "");
    drop(server);
    expect(&mut client, b"\x81\x05early");
    expect(&mut client, b"\x88\x02\x03\xf3"); // 1011, something went wrong
}

#[test]
fn a_client_that_violates_the_protocol() {
    let Joined { relay: _relay, mut client, mut server, .. } = join("/", "");
    expect(&mut client, b"\x81\x05early");
    client.write_all(b"\x81\x05not masked").unwrap();
    expect(&mut client, b"\x88\x02\x03\xea"); // 1002, protocol error
    expect_end(&mut client);
    expect_masked(&mut server, 0x88, b"\x03\xe9"); // 1001, going away
}

#[test]
fn the_status_is_502_without_an_upstream_server() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let relay = peer::Server::start_with(BINARY, &[&unused]);
    let (_client, answer) = relay.ask("/", "");
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

/// The response to the client if the upstream server sends this response.
fn answer_to(response: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap().to_string();
    let relay = peer::Server::start_with(BINARY, &[&upstream]);
    let refusing = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(response).unwrap();
        stream
    });
    let (_client, answer) = relay.ask("/", "");
    drop(refusing.join().unwrap());
    answer
}

#[test]
fn a_rejection_is_forwarded() {
    let answer = answer_to(
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nSet-Cookie: b=2\r\n\
          Content-Type: text/html\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(
        answer.contains("WWW-Authenticate: Basic realm=\"a\"\r\nSet-Cookie: b=2\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("Content-Type"), "{answer}");
}

// P-h2-d
#[test]
fn the_status_is_502_if_the_response_is_not_valid() {
    for response in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..],
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
    ] {
        let answer = answer_to(response);
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    }
}

/// Takes as long as the deadline of the gateway.
#[test]
fn the_status_is_504_if_the_upstream_server_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = peer::Server::start_with(BINARY, &[&listener.local_addr().unwrap().to_string()]);
    let (_client, answer) = relay.ask("/", "");
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}

#[test]
fn a_page_of_another_origin_is_refused() {
    let upstream = peer::Server::start_peer(&[]);
    let relay = peer::Server::start_with(BINARY, &[upstream.address()]);
    let (_client, answer) = relay.ask("/", "Origin: https://elsewhere.example\r\n");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[test]
fn memory_does_not_depend_on_the_size_of_a_frame() {
    // One frame of 64 MiB, masked with a key of 0.
    const HEADER: [u8; 14] = *b"\x82\xff\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00";
    const LENGTH: usize = 64 * 1024 * 1024;
    let Joined { relay, mut client, mut server, .. } = join("/", "");
    let before = relay.resident_kib();
    let expect_flat = |when| {
        let grown = relay.resident_kib().saturating_sub(before);
        assert!(grown < 1024, "the gateway's memory grew by {grown} KiB {when}");
    };

    // The server does not read, so the client must get stuck.
    let frame = || HEADER.into_iter().chain(iter::repeat_n(0x5a, LENGTH));
    let sent = peer::offer(&mut client, frame());
    assert!(sent < LENGTH, "the gateway read everything from a client whose server does not read");
    expect_flat("while the server does not read");

    let sending = thread::spawn(move || {
        let rest: Vec<u8> = frame().skip(sent).collect();
        client.set_write_timeout(None).unwrap();
        client.write_all(&rest).unwrap();
        client
    });
    let mut header = [0; HEADER.len()];
    server.read_exact(&mut header).unwrap();
    assert_eq!(header[..10], HEADER[..10]);
    let mut payload = vec![0; LENGTH];
    server.read_exact(&mut payload).unwrap();
    let masked: Vec<u8> = header[10..].iter().map(|key| 0x5a ^ key).collect();
    assert!(payload.chunks(4).all(|word| word == masked));
    expect_flat("after the whole frame");
    drop(sending.join().unwrap());
}
