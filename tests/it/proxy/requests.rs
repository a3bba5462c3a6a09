//! The request for a tunnel.

use std::io::{self, ErrorKind};

use hybi::{
    FixedOutbox, OutboxFull, Uri,
    http1::FieldError,
    proxy::{Connect, Error},
};

use super::support::connect;

/// The request as it goes over the wire.
fn sent(connect: Connect<'_>) -> String {
    let mut outbox = Vec::new();
    connect.send(&mut outbox).unwrap();
    String::from_utf8(outbox).unwrap()
}

/// Checks that a request is refused, and nothing written.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
fn assert_misuse(connect: Connect<'_>, error: Error) {
    let mut outbox = Vec::new();
    assert_eq!(connect.clone().send(&mut outbox).map(|_| ()), Err(error));
    assert!(outbox.is_empty());
}

// 9110-9.3.6-a, 6455-4.1-3a
#[test]
fn the_target_is_the_host_and_the_port_which_is_always_written() {
    let table = [
        ("ws://server.example.com/chat?x=1", "server.example.com:80"),
        ("wss://server.example.com", "server.example.com:443"),
        ("ws://server.example.com:443/", "server.example.com:443"),
        ("wss://Server.EXAMPLE.com:9001/", "server.example.com:9001"),
        ("ws://192.0.2.1/", "192.0.2.1:80"),
        ("wss://[2001:DB8:0:0::1]/a", "[2001:db8::1]:443"),
        ("ws://[::ffff:192.0.2.1]:65535/", "[::ffff:192.0.2.1]:65535"),
    ];
    for (uri, authority) in table {
        let uri = Uri::parse(uri).unwrap();
        let expected = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        assert_eq!(sent(Connect::new(&uri)), expected, "{uri}");
    }
}

// 7617-2-a, P-px-a
#[test]
fn credentials_are_sent_in_the_field_for_the_proxy() {
    // The example of RFC 7617, section 2.
    let lines = sent(connect().basic_auth("Aladdin", "open sesame"));
    let expected = "CONNECT server.example.com:80 HTTP/1.1\r\nHost: server.example.com:80\r\n\
         Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
    assert_eq!(lines, expected);
    for user in ["a:b", "a\r\nX: y", "\0", "\x7f"] {
        assert_misuse(connect().basic_auth(user, "x"), Error::UserName);
    }
    for password in ["a\r\nX: y", "\n", "\0"] {
        assert_misuse(connect().basic_auth("a", password), Error::Password);
    }
    assert!(sent(connect().basic_auth("", "a:b")).contains(": Basic OmE6Yg==\r\n"));
}

#[test]
fn fields_for_the_proxy_come_in_order_those_of_the_slice_first() {
    let slice = [("User-Agent", "a/1"), ("Proxy-Connection", "keep-alive")];
    let request = connect().header("Proxy-Authorization", "Digest x").headers(&slice);
    let expected = "CONNECT server.example.com:80 HTTP/1.1\r\nHost: server.example.com:80\r\n\
         User-Agent: a/1\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Digest x\r\n\r\n";
    assert_eq!(sent(request.clone()), expected);
    // There is never a second one.
    let twice = FieldError::Reserved { index: 2, name: "Proxy-Authorization" };
    assert_misuse(request.basic_auth("u", "p"), twice.into());
}

// P-px-a, 9110-9.3.6-e
#[test]
fn what_is_for_the_server_and_what_has_a_body_is_refused() {
    let names = [
        ("Authorization", "Authorization"),
        ("cookie", "Cookie"),
        ("Sec-WebSocket-Key", "Sec-WebSocket-"),
        ("HOST", "Host"),
        ("Upgrade", "Upgrade"),
        ("Connection", "Connection"),
        ("content-length", "Content-Length"),
        ("Transfer-Encoding", "Transfer-Encoding"),
        ("Expect", "Expect"),
    ];
    for (name, reserved) in names {
        let error = FieldError::Reserved { index: 0, name: reserved };
        assert_misuse(connect().header(name, "x"), error.into());
    }
}

// I-03, P-px-a
#[test]
fn nothing_is_injected() {
    for name in ["", "a b", "a:", "a\r\nb", "\0", "é"] {
        let error = FieldError::Name { index: 0, name: name.into() };
        assert_misuse(connect().header(name, "x"), error.into());
    }
    for value in ["a\r\nb: c", "\n", "\0", "\r", "\x7f"] {
        let error = FieldError::Value { index: 0, name: "X".into() };
        assert_misuse(connect().header("X", value), error.into());
    }
    for host in ["a\r\nX:y", "a b", "a\0", "a\tb", "u@a"] {
        assert!(Uri::parse(&format!("ws://{host}/")).is_err(), "{host}");
    }
}

#[test]
fn a_request_is_written_whole_or_not_at_all() {
    let length = sent(connect()).len();
    for room in [0, length - 1] {
        let mut outbox = FixedOutbox::over(vec![0; room]);
        let full = OutboxFull { needed: length, room };
        let error = connect().send(&mut outbox).map(drop).unwrap_err();
        assert_eq!(error, full.into());
        assert_eq!(io::Error::from(error).kind(), ErrorKind::WouldBlock);
        assert!(outbox.bytes().is_empty());
    }
    let mut outbox = FixedOutbox::over(vec![0; length]);
    assert!(connect().send(&mut outbox).is_ok());
}

// P-se-f
#[test]
fn nothing_shows_credentials() {
    const SECRET: &str = "Marker5f1c";
    let uri = format!("ws://a/{SECRET}?{SECRET}");
    let uri = Uri::parse(&uri).unwrap();
    let fields = [("X-Token", SECRET)];
    let request = Connect::new(&uri).basic_auth(SECRET, SECRET).headers(&fields);
    let shown = format!("{request:?}");
    assert!(shown.contains("X-Token") && !shown.contains(SECRET), "{shown}");
    let opening = request.send(&mut Vec::new()).unwrap();
    assert!(!format!("{opening:?}").contains(SECRET));
    for (user, password) in [("a:Marker5f1c", "x"), ("a", "Marker5f1c\n")] {
        let error = connect().basic_auth(user, password).send(&mut Vec::new()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains(SECRET));
    }
}
