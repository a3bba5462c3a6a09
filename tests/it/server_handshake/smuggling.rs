//! Input after a request, and servers that accept plain HTTP on the same port.

use hybi::{
    Event, FixedOutbox, Inbox, Origins, Outbox, OutboxFull, Violation,
    server::{Error, HttpRequest, Incoming, Opening, Refusal},
};

use crate::support::handshake::{
    cut::cuts,
    http::Response,
    server::{HELLO, MARKER, assert_refused, opening, sound},
};

fn inbox_with(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len().max(1));
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

/// Passes the plain request at the start of `bytes` to `see`.
fn plain<T>(bytes: &[u8], see: impl FnOnce(HttpRequest<'_>) -> T) -> T {
    let mut inbox = inbox_with(bytes);
    match opening().receive_any(&mut inbox, &mut Vec::new()) {
        Ok(Some(Incoming::Http(request))) => see(request),
        other => panic!("{other:?}"),
    }
}

// P-sh-f, B-01, B-03, A-09, L-06
#[test]
fn input_after_a_refused_request_is_discarded() {
    let refused = sound().with("Sec-WebSocket-Version", &["8"]).bytes();
    let mut inbox = inbox_with(&[&refused[..], &sound().bytes(), &HELLO].concat());
    let mut outbox = Vec::new();
    opening().receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(inbox.unread().escape_ascii().to_string(), "");
}

// P-sh-f, A-16
#[test]
fn a_second_request_after_an_accepted_one_is_read_as_frames() {
    let mut inbox = inbox_with(&[sound().bytes(), sound().bytes()].concat());
    let mut outbox = Vec::new();
    let request = opening().receive(&mut inbox, &mut outbox).unwrap().unwrap();
    let mut websocket = request.accept().finish(&mut outbox).unwrap();
    // `G` has two reserved bits set.
    let error = websocket.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Violation::ReservedBits.into());
}

//
#[test]
fn a_refusal_leaves_nothing_behind() {
    let request = sound().with("Sec-WebSocket-Key", &["bad"]).bytes();
    let mut memory = [0; 512];
    let mut answers = [0; 512];
    for _ in 0..10_000 {
        let mut inbox = Inbox::over(&mut memory[..]);
        assert_eq!(inbox.copy_from(&request), request.len());
        let mut outbox = FixedOutbox::over(&mut answers[..]);
        let error = opening().receive(&mut inbox, &mut outbox).unwrap_err();
        assert_eq!(error, Error::Refused(Refusal::Key));
    }
}

// P-sh-h, 6455-7.2.2-a
#[test]
fn a_refusal_without_room_is_sent_later() {
    let request = sound().with("Sec-WebSocket-Key", &["bad"]).bytes();
    let mut expected = Vec::new();
    opening().receive(&mut inbox_with(&request), &mut expected).unwrap_err();
    let needed = expected.len();
    for room in [0, 1, needed - 1, needed] {
        let mut outbox = FixedOutbox::over(vec![0; needed]);
        outbox.append(&vec![b'x'; needed - room]);
        let mut opening = opening();
        let mut inbox = inbox_with(&request);
        let error = opening.receive(&mut inbox, &mut outbox).unwrap_err();
        assert_eq!(error, Error::Refused(Refusal::Key));
        assert!(inbox.is_empty());
        if room < needed {
            // Nothing is written while there is no room.
            for _ in 0..2 {
                let error = opening.receive(&mut inbox, &mut outbox).unwrap_err();
                assert_eq!(error, OutboxFull { needed, room }.into());
                assert_eq!(outbox.bytes(), &vec![b'x'; needed - room]);
            }
            outbox.clear();
        }
        // It is written once, by whichever method is called next.
        for _ in 0..2 {
            let error = match room {
                0 => opening.receive_any(&mut inbox, &mut outbox).map(|_| ()),
                1 => opening.advance(&mut inbox, &mut outbox).map(|_| ()),
                _ => opening.receive(&mut inbox, &mut outbox).map(|_| ()),
            };
            assert_eq!(error, Err(Error::HandshakeOver));
            assert_eq!(outbox.bytes(), expected);
        }
    }
}

// P-sh-h
#[test]
fn the_delayed_refusal_of_a_head_request_has_no_body() {
    let request = b"HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let mut expected = Vec::new();
    opening().receive(&mut inbox_with(request), &mut expected).unwrap_err();
    assert!(expected.ends_with(b"\r\n\r\n"));
    let (mut opening, mut inbox) = (opening(), inbox_with(request));
    let mut outbox = FixedOutbox::over([0; 8]);
    let error = opening.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Error::Refused(Refusal::NotWebSocket));
    let mut outbox = Vec::new();
    assert_eq!(opening.advance(&mut inbox, &mut outbox), Err(Error::HandshakeOver));
    assert_eq!(outbox, expected);
}

// 9112-3.2-a
#[test]
fn the_host_of_a_plain_request() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: A.example:8080\r\n", Some("a.example:8080")),
        ("GET / HTTP/1.1\r\nHost: [::1]\r\n", Some("[::1]")),
        ("GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n", Some("b.example")),
        ("OPTIONS * HTTP/1.1\r\nHost:\r\n", None),
        ("GET / HTTP/1.0\r\n", None),
        ("GET / HTTP/1.0\r\nHost: a.example\r\n", Some("a.example")),
        ("CONNECT b.example:443 HTTP/1.1\r\nHost: a.example\r\n", Some("a.example")),
    ];
    for (head, expected) in table {
        plain(format!("{head}\r\n").as_bytes(), |request| {
            let host = request.host().map(|host| host.to_string());
            assert_eq!(host.as_deref(), expected, "{head}");
        });
    }
}

// 6455-4.2.1-f, A-11
#[test]
fn a_plain_request_is_refused_or_returned_as_the_caller_chooses() {
    let get = format!("GET /{MARKER} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let response = assert_refused(&opening(), get.as_bytes(), Refusal::NotWebSocket, 426);
    assert_eq!(response.all("upgrade"), ["websocket"]);

    plain(get.as_bytes(), |request| {
        assert_eq!((request.method(), request.target()), ("GET", &get[4..15]));
        assert_eq!(request.headers().get("HOST"), Some(&b"a.example"[..]));
        assert_eq!(request.head(), get.as_bytes());
    });
    // The input after its head belongs to the caller.
    let mut inbox = inbox_with(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    opening().receive_any(&mut inbox, &mut Vec::new()).unwrap();
    assert_eq!(inbox.unread(), b"hello");
    for start in ["POST / HTTP/1.1", "OPTIONS * HTTP/1.1", "GET / HTTP/1.0", "X y HTTP/1.7"] {
        plain(format!("{start}\r\nHost: a.example\r\n\r\n").as_bytes(), |request| {
            let line = [request.method(), request.target()].join(" ");
            assert!(start.starts_with(&line), "{start}");
        });
    }
}

// 6455-4.2.1-f
#[test]
fn plain_requests_and_a_websocket_request_on_one_connection() {
    let get = b"GET /style.css HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let bytes = [&get[..], get, &sound().bytes(), &HELLO].concat();
    for pieces in cuts(&bytes) {
        let mut inbox = Inbox::with_capacity(1024);
        let mut outbox = Vec::new();
        let mut opening = opening();
        let mut websocket = None;
        let mut seen = Vec::new();
        for piece in pieces {
            assert_eq!(inbox.copy_from(piece), piece.len());
            while websocket.is_none() {
                match opening.receive_any(&mut inbox, &mut outbox).unwrap() {
                    None => break,
                    Some(Incoming::Http(request)) => seen.push(request.target().to_string()),
                    Some(Incoming::WebSocket(request)) => {
                        websocket = Some(request.accept().finish(&mut outbox).unwrap());
                    }
                }
            }
            if let Some(websocket) = &mut websocket {
                while let Some(event) = websocket.receive(&mut inbox, &mut outbox).unwrap() {
                    assert_eq!(event, Event::Text("Hello"));
                    seen.push("Hello".into());
                }
            }
        }
        assert_eq!(seen, ["/style.css", "/style.css", "Hello"]);
    }
}

// B-06, P-sh-b
#[test]
fn the_body_of_a_plain_request_is_not_the_next_request() {
    let upgrade = sound().bytes();
    let framings = [
        format!("Content-Length: {}\r\n\r\n", upgrade.len()),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", upgrade.len()),
    ];
    for framing in framings {
        let post = format!("POST / HTTP/1.1\r\nHost: a.example\r\n{framing}");
        let mut inbox = inbox_with(&[post.as_bytes(), &upgrade].concat());
        let mut opening = opening();
        // A proxy that forwards the plain request has seen no upgrade.
        for _ in 0..2 {
            let incoming = opening.receive_any(&mut inbox, &mut Vec::new());
            let upgraded = matches!(incoming, Ok(Some(Incoming::WebSocket(_))));
            assert!(!upgraded, "{post}");
        }
    }
}

// 6455-4.2.2-d, C-03
#[test]
fn every_method_makes_the_same_checks() {
    let requests = [
        (sound().bytes(), Refusal::Origin),
        (sound().with("Sec-WebSocket-Version", &["8"]).bytes(), Refusal::UnsupportedVersion(8)),
        (sound().with("Content-Length", &["1"]).bytes(), Refusal::Body),
    ];
    for (request, refusal) in requests {
        let mut opening = Opening::new(Origins::no_browser());
        let mut inbox = inbox_with(&request);
        let mut outbox = Vec::new();
        let error = opening.receive_any(&mut inbox, &mut outbox).unwrap_err();
        assert_eq!(error, Error::Refused(refusal));
        let response = Response::parse(&outbox);
        assert_eq!(response.status, refusal.status());
        response.assert_ends_the_connection();
        let again = opening.receive_any(&mut inbox, &mut outbox).unwrap_err();
        assert_eq!(again, Error::HandshakeOver);
    }
}

// P-sh-h
#[test]
fn a_response_to_a_plain_request() {
    let fields = [("Content-Type", "text/html")];
    for (method, body) in [("GET", "<p>hi"), ("POST", "<p>hi"), ("HEAD", "")] {
        let request = format!("{method} /{MARKER} HTTP/1.1\r\nHost: {MARKER}\r\n\r\n");
        let mut outbox = Vec::new();
        plain(request.as_bytes(), |request| {
            request.respond(200).headers(&fields).body(b"<p>hi").send(&mut outbox)
        })
        .unwrap();
        let expected = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
             Connection: close\r\nContent-Length: 5\r\n\r\n{body}"
        );
        assert_eq!(String::from_utf8(outbox).unwrap(), expected);
    }
}

// 6455-4.2.1-b
#[test]
fn a_head_request_is_refused() {
    let request = sound().start("HEAD /Marker5f1c HTTP/1.1").bytes();
    let mut outbox = Vec::new();
    let error = opening().receive(&mut inbox_with(&request), &mut outbox).unwrap_err();
    assert_eq!(error, Error::Refused(Refusal::Method));
    assert!(outbox.starts_with(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"));
}

// A response to HEAD has no body (RFC 9110, section 9.3.2).
#[test]
fn the_refusal_of_a_head_request_has_no_body() {
    for request in [
        sound().start("HEAD /Marker5f1c HTTP/1.1").bytes(),
        b"HEAD /Marker5f1c HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
    ] {
        let mut outbox = Vec::new();
        opening().receive(&mut inbox_with(&request), &mut outbox).unwrap_err();
        assert_eq!(Response::parse(&outbox).body, "");
    }
}

// Responses with these statuses have no body, and 204 has no length (RFC 9110, sections 8.6, 15.3.5
// and 15.4.5).
#[test]
fn a_status_without_a_body_is_sent_without_one() {
    let request = b"OPTIONS / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    for body in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n"] {
        for (status, lengths) in [(204, 0), (304, 1)] {
            let mut outbox = Vec::new();
            plain(request, |request| request.respond(status).body(body).send(&mut outbox)).unwrap();
            let answer = Response::parse(&outbox);
            assert_eq!((answer.status, &answer.body[..]), (status, ""));
            assert!(answer.all("content-length").len() <= lengths, "{answer:?}");
        }
    }
}
