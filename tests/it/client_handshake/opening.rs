//! Responses that open the connection.

use hybi::{
    Client, Config, Connection, Inbox, LimitExceeded, State,
    client::{Accepted, Response},
};

use crate::support::handshake::{
    client::{HELLO, Outcome, SampleNonce, answer, assert_opens, feed, request},
    head::Head,
};

/// Checks that a response with these values of a field is accepted.
fn open_field(name: &str, values: &[&str]) {
    assert_opens(request(), &answer().with(name, values).bytes(), |_| ());
}

/// The connection that a response opens, and the inbox with the input after it.
fn open(bytes: &[u8], config: Config) -> (Connection<Client<SampleNonce>>, Inbox) {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    let mut opening = request().config(config).send_with(SampleNonce, &mut Vec::new()).unwrap();
    let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("it was accepted");
    };
    (accepted.finish(), inbox)
}

// 6455-4.1-aa, 6455-4.1-af, 9110-8.6-a
#[test]
fn the_example_of_section_1_3() {
    let example = b"HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: chat\r\n\r\n";
    let see = |accepted: &Accepted<'_, SampleNonce>| {
        assert_eq!(accepted.subprotocol(), Some("chat"));
        assert_eq!(accepted.extensions().count(), 0);
        assert_eq!(accepted.headers().iter().count(), 4);
        assert_eq!(accepted.headers().get("upgrade"), Some(&b"websocket"[..]));
    };
    assert_opens(request().subprotocols(&["chat", "superchat"]), example, see);
}

// 6455-4.1-y, 6455-4.1-z
#[test]
fn upgrade_and_connection_are_case_insensitive() {
    for value in ["websocket", "WebSocket", "WEBSOCKET", " websocket\t"] {
        open_field("Upgrade", &[value]);
    }
    for value in ["upgrade", "UPGRADE", "keep-alive, Upgrade", "Upgrade, close", ",upgrade,"] {
        open_field("Connection", &[value]);
    }
    open_field("Connection", &["keep-alive", "Upgrade"]);
}

// 6455-4.1-aa
#[test]
fn whitespace_around_the_accept_value_is_ignored() {
    open_field("Sec-WebSocket-Accept", &[" \ts3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t"]);
}

// 6455-4.1-ae
#[test]
fn field_names_are_case_insensitive() {
    let table = [
        ("upgrade", "connection", "sec-websocket-accept"),
        ("UPGRADE", "CONNECTION", "SEC-WEBSOCKET-ACCEPT"),
        ("uPgRaDe", "cOnNeCtIoN", "Sec-Websocket-Accept"),
    ];
    for (upgrade, connection, accept) in table {
        let bytes = answer()
            .with(upgrade, &["websocket"])
            .with(connection, &["Upgrade"])
            .with(accept, &["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
            .bytes();
        assert!(bytes.escape_ascii().to_string().contains(accept), "the value is unchanged");
        assert_opens(request(), &bytes, |_| ());
    }
}

// 9112-3-a
#[test]
fn valid_status_lines() {
    let lines = [
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 101 ",
        "HTTP/1.1 101 OK\tthen  \u{e9}!",
        "HTTP/1.2 101 x",
        "HTTP/1.9 101 x",
    ];
    for line in lines {
        assert_opens(request(), &answer().start(line).bytes(), |_| ());
    }
}

// 6455-4.1-af, P-ch-b
#[test]
fn other_fields_are_ignored() {
    let extra = answer()
        .with("Date", &["Mon, 02 Jun 2025 07:00:00 GMT"])
        .with("Set-Cookie", &["a=b", "c=d"])
        .with("Sec-WebSocket-Version", &["13"])
        .with("X", &["", "\u{e9}"])
        .with("Content-Length", &["0", "0"]);
    let see = |accepted: &Accepted<'_, SampleNonce>| {
        assert_eq!(accepted.subprotocol(), None);
        assert!(accepted.headers().all("set-cookie").eq([b"a=b", b"c=d"]));
    };
    assert_opens(request(), &extra.bytes(), see);
}

// 6455-4.1-ac, 6455-4.1-af
#[test]
fn any_offered_subprotocol_is_accepted() {
    for name in ["chat", "Chat", "super.chat"] {
        let offers = request().subprotocols(&["chat", "Chat", "super.chat"]);
        let bytes = answer().with("Sec-WebSocket-Protocol", &[name]).bytes();
        for request in [offers.clone(), offers.require_subprotocol()] {
            let chosen =
                assert_opens(request, &bytes, |accepted| accepted.subprotocol().map(String::from));
            assert_eq!(chosen.as_deref(), Some(name));
        }
    }
}

// 6455-1.9-a
#[test]
fn no_subprotocol_is_accepted_unless_one_is_required() {
    let offers = request().subprotocols(&["chat"]);
    let chosen =
        assert_opens(offers, &answer().bytes(), |accepted| accepted.subprotocol().is_some());
    assert!(!chosen);
}

// 9110-15.2-a
#[test]
fn interim_responses_are_skipped() {
    let interim = |status: u16| Head::default().start(format!("HTTP/1.1 {status} x")).bytes();
    let hints = Head::default().start("HTTP/1.1 103 Early Hints").with("Link", &["</a>"]).bytes();
    let bytes = [&interim(100)[..], &interim(102), &hints, &answer().bytes()].concat();
    assert_opens(request(), &bytes, |accepted| {
        assert_eq!(accepted.headers().get("Link"), None, "that field was in an interim response");
    });
    // The inbox does not need room for all of them at once.
    let room = answer().bytes().len();
    for pieces in [vec![&bytes[..]], bytes.chunks(1).collect()] {
        let outcome = feed(request(), Inbox::over(vec![0; room]), &pieces, |_| ());
        assert_eq!(outcome, Outcome::Open((), Vec::new()));
    }
    // The maximum number, including unknown statuses.
    let bytes = [interim(199).repeat(8), answer().bytes()].concat();
    assert_opens(request(), &bytes, |_| ());
}

// 6455-4.1-v, 6455-4.1-af
#[test]
fn frames_are_sent_only_after_the_response_is_checked() {
    let mut outbox = Vec::new();
    request().send_with(SampleNonce, &mut outbox).unwrap();
    assert!(outbox.ends_with(b"\r\n\r\n"), "nothing is sent after the request");

    outbox.clear();
    let (mut websocket, _) = open(&answer().bytes(), Config::new());
    websocket.send_text("Hello", &mut outbox).unwrap();
    // Masked with the first bytes of the sample nonce, `the `.
    let masked = [0x3c, 0x0d, 0x09, 0x4c, 0x1b];
    assert_eq!(outbox, [&[0x81, 0x85][..], b"the ", &masked].concat());
}

// 6455-4.1-af
#[test]
fn the_configuration_applies_to_the_connection() {
    let bytes = [&answer().bytes()[..], &HELLO].concat();
    let (mut websocket, mut inbox) = open(&bytes, Config::new().max_message_size(4));
    let error = websocket.receive(&mut inbox, &mut Vec::new()).unwrap_err();
    assert_eq!(error, LimitExceeded::MessageSize { size: 5, limit: 4 }.into());
}

// 6455-7.4.1-f
#[test]
fn a_required_extension() {
    let finish = |bytes: &[u8]| {
        let mut inbox = Inbox::with_capacity(1024);
        assert_eq!(inbox.copy_from(bytes), bytes.len());
        let asked = request().extensions("foo, foobar");
        let mut opening = asked.send_with(SampleNonce, &mut Vec::new()).unwrap();
        let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
            panic!("it was accepted");
        };
        let mut outbox = Vec::new();
        let websocket = accepted.finish_requiring("foo", &mut outbox).unwrap();
        (websocket.state(), outbox)
    };
    let accepting = |extension| answer().with("Sec-WebSocket-Extensions", &[extension]).bytes();
    assert_eq!(finish(&accepting("foo; bar")), (State::Open, vec![]));
    // 1010 and the name, masked with "the ".
    let close = b"\x88\x85the \x77\x9a\x03\x4f\x1b".to_vec();
    for answer in [answer().bytes(), accepting("foobar")] {
        assert_eq!(finish(&answer), (State::CloseSent, close.clone()));
    }
}

// 6455-4.2.2-l
#[test]
fn extensions_may_be_on_several_lines() {
    let asked = || request().extensions("foo, bar; a=1, baz");
    let answers: [&[&str]; 2] = [&["foo, bar; a=1"], &["foo", "bar; a=1"]];
    for values in answers {
        let answer = answer().with("Sec-WebSocket-Extensions", values).bytes();
        let names = assert_opens(asked(), &answer, |accepted| {
            accepted.extensions().map(|extension| extension.name().to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(names, ["foo", "bar"], "{values:?}");
    }
}
