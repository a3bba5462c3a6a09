//! Requests that the caller rejects.

use hybi::{
    FixedOutbox, Inbox, OutboxFull,
    http1::{FieldError, HeaderField},
    server::Error,
};

use crate::support::handshake::{
    http::Response,
    server::{HELLO, MARKER, opening, sound},
};

/// Rejects a valid request that is followed by another one and a frame, and checks that the opening
/// is over.
fn reject(status: u16, fields: &[HeaderField<'_>], body: &[u8]) -> Vec<u8> {
    let mut inbox = Inbox::with_capacity(2048);
    let bytes = [&sound().bytes()[..], &sound().bytes(), &HELLO].concat();
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut outbox = Vec::new();
    let mut opening = opening();
    let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
    request.reject(status).headers(fields).body(body).send(&mut outbox).unwrap();

    let before = outbox.clone();
    let again = opening.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(again, Error::HandshakeOver);
    let again = opening.receive_any(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(again, Error::HandshakeOver);
    assert_eq!(outbox, before);
    outbox
}

// 6455-4.2.2-b, 6455-10.5-a
#[test]
fn a_response_can_challenge_for_credentials() {
    let fields = [("WWW-Authenticate", "Basic realm=\"x\""), ("Content-Type", "text/plain")];
    let answer = reject(401, &fields, b"Who are you?");
    let expected = "HTTP/1.1 401 Unauthorized\r\n\
        WWW-Authenticate: Basic realm=\"x\"\r\n\
        Content-Type: text/plain\r\n\
        Connection: close\r\n\
        Content-Length: 12\r\n\r\n\
        Who are you?";
    assert_eq!(String::from_utf8(answer).unwrap(), expected);
}

// 6455-4.2.2-c
#[test]
fn a_response_can_redirect_the_client() {
    for status in [301, 302, 303, 307, 308] {
        let fields = [("Location", "https://b.example/chat")];
        let answer = Response::parse(&reject(status, &fields, b""));
        assert_eq!((answer.status, &answer.body[..]), (status, ""));
        assert_eq!(answer.all("location"), ["https://b.example/chat"]);
        answer.assert_ends_the_connection();
    }
}

// 6455-4.2.2-g, 6455-7.2.2-a, P-sh-f, P-sh-h, B-01, B-03, B-07, L-06
#[test]
fn input_after_a_rejected_request_is_ignored_for_every_status() {
    // 204 and 304 responses have no body.
    for status in (200..=599).filter(|status| ![204, 304].contains(status)) {
        let answer = reject(status, &[], b"");
        let text = String::from_utf8(answer.clone()).unwrap();
        assert!(!text.contains(MARKER) && !text.contains("Sec-WebSocket-Accept"), "{text}");
        let answer = Response::parse(&answer);
        assert_eq!((answer.status, &answer.body[..]), (status, ""));
        answer.assert_ends_the_connection();
    }
}

// 9110-15.5.22-a, 9110-7.8-c
#[test]
fn status_426_names_the_protocol_to_upgrade_to() {
    let answer = Response::parse(&reject(426, &[("Content-Type", "text/plain")], b"Upgrade."));
    assert_eq!(answer.all("upgrade"), ["websocket"]);
    assert_eq!(answer.all("sec-websocket-version"), ["13"]);
    assert_eq!(answer.all("content-type"), ["text/plain"]);
    answer.assert_ends_the_connection();
    for status in [200, 400, 401, 505] {
        let answer = Response::parse(&reject(status, &[], b""));
        assert!(answer.all("upgrade").is_empty() && answer.all("sec-websocket-version").is_empty());
    }
}

// P-sh-d
#[test]
fn an_incomplete_request_can_be_answered_with_408() {
    let mut outbox = Vec::new();
    hybi::server::Response::new(408).send(&mut outbox).unwrap();
    let expected = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(String::from_utf8(outbox).unwrap(), expected);
}

// P-sh-g
#[test]
fn fields_are_added_one_by_one_or_as_a_slice() {
    let mut outbox = Vec::new();
    let response = hybi::server::Response::new(503).headers(&[("A", "1")]).header("B", "2");
    response.clone().header("C", "3").send(&mut outbox).unwrap();
    let text = String::from_utf8(outbox).unwrap();
    assert!(text.contains("\r\nA: 1\r\nB: 2\r\nC: 3\r\n"), "{text}");

    let many = (0..17).fold(response, |response, _| response.header("X", "y"));
    let mut outbox = Vec::new();
    assert_eq!(many.send(&mut outbox), Err(FieldError::TooMany.into()));
    assert_eq!(outbox, b"");
}

//
#[test]
fn a_failed_response_can_be_replaced_and_a_request_dropped() {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&sound().bytes()), sound().bytes().len());
    let mut opening = opening();
    let mut outbox = Vec::new();
    let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
    request.clone().accept().subprotocol("other").finish(&mut outbox).unwrap_err();
    request.clone().accept().headers(&[("Host", "x")]).finish(&mut outbox).unwrap_err();
    request.clone().reject(100).send(&mut outbox).unwrap_err();
    request.clone().accept().finish(&mut FixedOutbox::over([0; 1])).unwrap_err();
    assert_eq!(outbox, b"");
    request.reject(403).send(&mut outbox).unwrap();
    assert_eq!(Response::parse(&outbox).status, 403);

    // The request is dropped without a response; the connection does not open.
    let error = opening.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Error::HandshakeOver);
    assert!(inbox.is_empty());
}

// 6455-4.2.2-g
#[test]
fn an_interim_or_invalid_status_is_an_error() {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&sound().bytes()), sound().bytes().len());
    let request = opening().receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    for status in [0, 1, 100, 101, 199, 600, 999, 1000, u16::MAX] {
        let mut outbox = Vec::new();
        let error = request.clone().reject(status).send(&mut outbox).unwrap_err();
        assert_eq!((error, outbox), (Error::Status(status), Vec::new()));
    }
}

// 6455-4.2.2-g, P-sh-h
#[test]
fn nothing_is_written_to_an_outbox_without_room() {
    let expected = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 5\r\n\r\nNone.";
    let needed = expected.len();
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&sound().bytes()), sound().bytes().len());
    let request = opening().receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    let response = request.reject(404).body(b"None.");

    let mut memory = [0; 128];
    for room in 0..needed {
        let mut outbox = FixedOutbox::over(&mut memory[..room]);
        assert_eq!(response.clone().send(&mut outbox), Err(OutboxFull { needed, room }.into()));
        assert_eq!(outbox.bytes(), b"");
    }
    let mut outbox = FixedOutbox::over(&mut memory[..needed]);
    response.send(&mut outbox).unwrap();
    assert_eq!(outbox.bytes(), expected.as_bytes());
}
