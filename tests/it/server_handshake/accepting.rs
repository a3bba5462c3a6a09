//! Accepted requests, and the responses to them.

use hybi::{
    Config, Connection, Event, FixedOutbox, Inbox, LimitExceeded, Outbox, OutboxFull, Server,
    http1::{FieldError, HeaderField},
    server::{Error, Request},
};
use proptest::{prelude::*, sample::SizeRange};

use crate::support::handshake::{
    head::KEY,
    proof::{accept, base64},
    server::{HELLO, MARKER, assert_accepted, opening, serve, sound},
};

/// The example of section 1.2.
const EXAMPLE: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The response to it, up to the optional fields.
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// Passes the example request to `answer`.
fn with_example<T>(answer: impl FnOnce(Request<'_>) -> T) -> T {
    let mut inbox = Inbox::over([0; 512]);
    assert_eq!(inbox.copy_from(EXAMPLE.as_bytes()), EXAMPLE.len());
    let mut opening = opening();
    let request = opening.receive(&mut inbox, &mut Vec::new()).unwrap();
    answer(request.unwrap())
}

/// The value of `Sec-WebSocket-Accept` in the response.
fn accept_value(answer: &[u8]) -> &str {
    let text = std::str::from_utf8(answer).unwrap();
    text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: ")).unwrap()
}

/// Checks that the valid request is accepted with these values of a field.
fn accept_field(name: &str, values: &[impl AsRef<[u8]>]) {
    let ((), answer) = assert_accepted(&sound().with(name, values).bytes(), |_| ());
    assert_eq!(answer, [ANSWER, "\r\n"].concat().as_bytes());
}

// 6455-4.2.2-e, 6455-4.2.2-j, 6455-4.2.2-k, 9110-7.8-b
#[test]
fn the_example_of_section_1_2() {
    let see = |request: &Request<'_>| {
        assert_eq!((request.target(), request.path()), ("/chat", "/chat"));
        assert_eq!(request.origin(), Some("http://example.com"));
        assert!(request.subprotocols().eq(["chat", "superchat"]));
        assert_eq!(request.extensions().count(), 0);
        assert_eq!(request.headers().get("host"), Some(&b"server.example.com"[..]));
        assert_eq!(request.headers().iter().count(), 7);
    };
    let ((), answer) = assert_accepted(EXAMPLE.as_bytes(), see);
    assert_eq!(String::from_utf8(answer).unwrap(), [ANSWER, "\r\n"].concat());

    let mut outbox = Vec::new();
    with_example(|request| request.accept().subprotocol("chat").finish(&mut outbox)).unwrap();
    let chosen = [ANSWER, "Sec-WebSocket-Protocol: chat\r\n\r\n"].concat();
    assert_eq!(String::from_utf8(outbox).unwrap(), chosen);
}

// 6455-4.2.1-c
#[test]
fn later_minor_versions_of_http() {
    for version in ["1.1", "1.2", "1.9"] {
        let request = sound().start(format!("GET /{MARKER} HTTP/{version}"));
        assert_accepted(&request.bytes(), |_| ());
    }
}

// 6455-4.2.1-d, C-05
#[test]
fn targets_and_their_paths() {
    let table = [
        ("/", "/"),
        ("/chat", "/chat"),
        ("/a/../b%20c?d=/e?f", "/a/../b%20c"),
        ("/?", "/"),
        // A path, even if it looks like a URI.
        ("//evil.example/x", "//evil.example/x"),
        ("/http://evil.example/x", "/http://evil.example/x"),
        ("http://a.example", "/"),
        ("http://a.example/", "/"),
        ("http://a.example:80/chat?x", "/chat"),
        ("HTTPS://a.example/chat/x", "/chat/x"),
        ("http://[::1]/chat", "/chat"),
    ];
    for (target, path) in table {
        let request = sound().start(format!("GET {target} HTTP/1.1")).bytes();
        let see = |request: &Request<'_>| {
            assert_eq!((request.target(), request.path()), (target, path));
        };
        assert_accepted(&request, see);
    }
}

// 6455-4.2.1-d, C-05
#[test]
fn a_slash_in_the_query_does_not_start_the_path() {
    for target in ["http://a.example?/admin", "http://a.example?x=/admin", "http://a.example?"] {
        let request = sound().start(format!("GET {target} HTTP/1.1")).bytes();
        assert_accepted(&request, |request| assert_eq!(request.path(), "/", "{target}"));
    }
}

// 6455-4.2.1-f, 6455-4.2.1-g
#[test]
fn upgrade_and_connection_are_case_insensitive_lists() {
    for value in ["WebSocket", "WEBSOCKET", "h2c, websocket", "websocket,h2c", ",\t, websocket ,"] {
        accept_field("Upgrade", &[value]);
    }
    accept_field("Upgrade", &["h2c", "websocket"]);
    for value in ["upgrade", "UPGRADE", "keep-alive, Upgrade", "Upgrade,", ", ,upgrade\t,x"] {
        accept_field("Connection", &[value]);
    }
    accept_field("Connection", &["keep-alive", "Upgrade"]);
}

// 9112-3.2-a, P-sh-b
#[test]
fn other_valid_values() {
    for host in ["a", "a.example:8080", "a.example:", "192.0.2.1", "[::1]:80", "A.EXAMPLE"] {
        accept_field("Host", &[host]);
    }
    accept_field("Content-Length", &["0"]);
    accept_field("Cookie", &[b"obs-text: \x80\xff"]);
    // Whitespace around a value is ignored (RFC 9112, section 5).
    accept_field("Sec-WebSocket-Version", &["  13 \t "]);
    accept_field("Sec-WebSocket-Key", &[format!("\t{KEY} ")]);
}

// P-sh-a, 6455-4.2.2-e
#[test]
fn pad_bits_of_a_key_are_hashed_as_received() {
    // Computed with another implementation of SHA-1.
    let table = [
        ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
    ];
    for (key, value) in table {
        assert_eq!(accept(key), value);
        let request = sound().with("Sec-WebSocket-Key", &[key]).bytes();
        let ((), answer) = assert_accepted(&request, |_| ());
        assert_eq!(accept_value(&answer), value);
    }
}

// 6455-4.2.1-k
#[test]
fn subprotocols_of_all_fields_are_listed_in_order() {
    let table: [(&[&str], &[&str]); 6] = [
        (&[], &[]),
        (&["chat"], &["chat"]),
        (&["b, a"], &["b", "a"]),
        (&["b,a", "c"], &["b", "a", "c"]),
        (&["a, , b,", ",c"], &["a", "b", "c"]),
        // Names are case-sensitive.
        (&["a, A", "!#$%&'*+-.^_`|~"], &["a", "A", "!#$%&'*+-.^_`|~"]),
    ];
    for (values, names) in table {
        let request = sound().with("Sec-WebSocket-Protocol", values).bytes();
        let see = |request: &Request<'_>| assert!(request.subprotocols().eq(names.iter().copied()));
        assert_accepted(&request, see);
    }
}

// 6455-4.2.2-h, I-04
#[test]
fn only_an_offered_subprotocol_can_be_selected() {
    let injections = ["chat\r\nSet-Cookie: a=b", "chat\r\n\r\n", "chat, superchat"];
    for name in ["", "other", "Chat", "chat ", "cha"].into_iter().chain(injections) {
        let mut outbox = Vec::new();
        let result =
            with_example(|request| request.accept().subprotocol(name).finish(&mut outbox).err());
        assert_eq!(result, Some(Error::SubprotocolNotOffered(name.into())), "{name:?}");
        assert_eq!(outbox, b"", "{name:?}");
    }
}

// 6455-4.2.2-h, 6455-4.2.2-k
#[test]
fn the_first_match_in_the_order_of_the_server_is_selected() {
    let table: [(&[&str], Option<&str>); 7] = [
        (&["superchat", "chat"], Some("superchat")),
        (&["chat", "superchat"], Some("chat")),
        (&["other", "chat"], Some("chat")),
        (&["other"], None),
        (&["Chat", ""], None),
        (&["chat, superchat"], None),
        (&[], None),
    ];
    for (names, expected) in table {
        let mut outbox = Vec::new();
        with_example(|request| {
            let accept = request.accept().select_subprotocol(names);
            assert_eq!(accept.selected_subprotocol(), expected);
            accept.finish(&mut outbox).unwrap();
        });
        let field = expected.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let answer = [ANSWER, &field.unwrap_or_default(), "\r\n"].concat();
        assert_eq!(String::from_utf8(outbox).unwrap(), answer, "{names:?}");
    }
}

// RFC 6265, section 5.4
#[test]
fn cookies_are_found_by_name_in_all_fields() {
    let fields = ["a=1; b=\"2\"", "c=3; a=4", "A=5"];
    let see = |request: &Request<'_>| {
        for (name, value) in [("a", "1"), ("b", "\"2\""), ("c", "3"), ("A", "5")] {
            assert_eq!(request.cookie(name), Some(value.as_bytes()), "{name}");
        }
        assert_eq!(request.cookie("d"), None);
        let names = request.cookies().map(|(name, _)| name);
        assert!(names.eq([&b"a"[..], b"b", b"c", b"a", b"A"]));
    };
    assert_accepted(&sound().with("Cookie", &fields).bytes(), see);
    let none = |request: &Request<'_>| assert_eq!(request.cookies().count(), 0);
    assert_accepted(&sound().with("Cookie", &[""; 0]).bytes(), none);
}

// P-sh-g
#[test]
fn fields_are_added_one_by_one() {
    let mut outbox = Vec::new();
    with_example(|request| {
        let accept = request.accept().headers(&[("A", "1")]).header("B", "2").header("C", "3");
        accept.finish(&mut outbox).unwrap();
    });
    let answer = [ANSWER, "A: 1\r\nB: 2\r\nC: 3\r\n\r\n"].concat();
    assert_eq!(String::from_utf8(outbox).unwrap(), answer);

    let mut outbox = Vec::new();
    let error = with_example(|request| {
        let many = (0..17).fold(request.accept(), |accept, _| accept.header("X", "y"));
        many.finish(&mut outbox).err()
    });
    assert_eq!((error, &outbox[..]), (Some(FieldError::TooMany.into()), &b""[..]));
}

// P-sh-g, I-04
#[test]
fn a_field_cannot_inject_anything_into_the_response() {
    let valid: [HeaderField<'_>; 2] = [("Set-Cookie", "a=b; Path=/"), ("X", "")];
    let mut outbox = Vec::new();
    with_example(|request| request.accept().headers(&valid).finish(&mut outbox)).unwrap();
    let answer = [ANSWER, "Set-Cookie: a=b; Path=/\r\nX: \r\n\r\n"].concat();
    assert_eq!(String::from_utf8(outbox).unwrap(), answer);

    let reserved = [
        ("Host", "Host"),
        ("Upgrade", "Upgrade"),
        ("CONNECTION", "Connection"),
        ("content-length", "Content-Length"),
        ("Transfer-Encoding", "Transfer-Encoding"),
        ("Expect", "Expect"),
        ("Proxy-Authenticate", "Proxy-"),
        ("Sec-WebSocket-Accept", "Sec-WebSocket-"),
        ("sec-websocket-protocol", "Sec-WebSocket-"),
        ("SEC-WEBSOCKET-EXTENSIONS", "Sec-WebSocket-"),
        ("Sec-WebSocket-", "Sec-WebSocket-"),
    ];
    let names = ["", "X Y", "X:", "X\r\nY", "X\0", "É", " X", "X\t", "(X)"];
    let values = ["a\r\nSet-Cookie: a=b", "a\r", "a\n", "\r\n\r\nbody", "\0", "\x01", "\x7f"];
    // Each error contains the index of the field.
    for index in [0, 1] {
        let wrong =
            reserved.map(|(name, rule)| ((name, "y"), FieldError::Reserved { index, name: rule }));
        let names = names.map(|name| ((name, "y"), FieldError::Name { index, name: name.into() }));
        let values =
            values.map(|value| (("X", value), FieldError::Value { index, name: "X".into() }));
        for (field, expected) in wrong.into_iter().chain(names).chain(values) {
            let fields = [("X", "y"), field];
            let fields = &fields[1 - index..];
            let mut outbox = Vec::new();
            let error = with_example(|r| r.accept().headers(fields).finish(&mut outbox)).err();
            assert_eq!(error, Some(expected.into()), "{field:?}");
            let error = with_example(|r| r.reject(403).headers(fields).send(&mut outbox));
            assert_eq!(error, Err(expected.into()), "{field:?}");
            assert_eq!(outbox, b"", "{field:?}");
        }
    }
}

// 6455-4.2.2-j
#[test]
fn nothing_is_written_to_an_outbox_without_room_and_accept_can_be_retried() {
    let needed = ANSWER.len() + 2;
    with_example(|request| {
        let mut outbox = FixedOutbox::over([0; 160]);
        outbox.append(&[b'x'; 160][..161 - needed]);
        let error = request.clone().accept().finish(&mut outbox).err();
        let full = OutboxFull { needed, room: needed - 1 };
        assert_eq!(error, Some(full.into()));
        assert_eq!(outbox.bytes(), &[b'x'; 160][..161 - needed]);

        outbox.consume(1).unwrap();
        request.accept().finish(&mut outbox).unwrap();
        assert_eq!(outbox.room(), 0);
        assert!(outbox.bytes().ends_with([ANSWER, "\r\n"].concat().as_bytes()));
    });
}

// 6455-4.2.2-m
#[test]
fn frames_follow_the_response() {
    let mut outbox = Vec::new();
    let mut websocket = with_example(|request| request.accept().finish(&mut outbox)).unwrap();
    websocket.send_text("Hello", &mut outbox).unwrap();
    let hello = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(outbox, [ANSWER.as_bytes(), b"\r\n", &hello].concat());
}

// 6455-4.2-a
#[test]
fn another_implementation_can_continue_after_the_handshake() {
    let mut inbox = Inbox::with_capacity(512);
    assert_eq!(inbox.copy_from(EXAMPLE.as_bytes()), EXAMPLE.len());
    assert_eq!(inbox.copy_from(&HELLO), HELLO.len());
    let mut outbox = Vec::new();
    let request = opening().receive(&mut inbox, &mut outbox).unwrap().unwrap();
    request.accept().finish(&mut outbox).unwrap();

    let mut elsewhere = Inbox::over([0; 160]);
    assert_eq!(elsewhere.copy_from(inbox.unread()), HELLO.len());
    let mut websocket: Connection<Server> = Connection::server(Config::new());
    let event = websocket.receive(&mut elsewhere, &mut outbox).unwrap();
    assert_eq!(event, Some(Event::Text("Hello")));
}

// 6455-4.2.2-m
#[test]
fn the_configuration_applies_to_the_connection() {
    let config = Config::new().max_message_size(4);
    let mut websocket =
        with_example(|request| request.accept().config(config).finish(&mut Vec::new())).unwrap();
    let mut inbox = Inbox::with_capacity(64);
    assert_eq!(inbox.copy_from(&HELLO), HELLO.len());
    let error = websocket.receive(&mut inbox, &mut Vec::new()).unwrap_err();
    assert_eq!(error, LimitExceeded::MessageSize { size: 5, limit: 4 }.into());
}

proptest! {
    // 6455-4.2.2-k, 6455-4.2.1-h
    #[test]
    fn every_key_of_sixteen_bytes_is_answered(nonce: [u8; 16]) {
        let key = base64(&nonce);
        let request = sound().with("Sec-WebSocket-Key", &[&key]).bytes();
        let mut outbox = Vec::new();
        serve(opening(), Inbox::with_capacity(64), &mut outbox, &[&request], |_| ());
        prop_assert_eq!(accept_value(&outbox), accept(&key));
    }

    // 6455-4.2.1-m
    #[test]
    fn order_case_and_unknown_fields_are_irrelevant(
        lines in Just(EXAMPLE.lines().skip(1).take(7).map(String::from).collect::<Vec<_>>())
            .prop_shuffle(),
        upper: [bool; 7],
        unknown in prop::collection::vec("X-[a-z]{1,9}: [ -~]{0,20}", SizeRange::from(0..8)),
        at in 0..=7_usize,
    ) {
        let mut lines = lines;
        for (line, upper) in lines.iter_mut().zip(upper) {
            let (name, value) = line.split_once(':').unwrap();
            let name = if upper { name.to_uppercase() } else { name.to_lowercase() };
            *line = format!("{name}:{value}");
        }
        lines.splice(at..at, unknown);
        let request = format!("GET /chat HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"));
        let mut outbox = Vec::new();
        serve(opening(), Inbox::with_capacity(64), &mut outbox, &[request.as_bytes()], |_| ());
        prop_assert_eq!(accept_value(&outbox), accept(KEY));
    }
}
