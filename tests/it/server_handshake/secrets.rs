//! Debug output of requests and responses contains no secrets.

use std::fmt::Debug;

use hybi::{
    FixedOutbox, Inbox, Origins, Outbox,
    server::{Error, Incoming, Opening},
};

use crate::support::handshake::{head::KEY, server::sound};

const SECRET: &str = "Secret5f1c";

fn assert_shows_no_secret(shown: &impl Debug) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        assert!(!text.is_empty() && !text.contains(SECRET) && !text.contains(KEY), "{text}");
    }
}

/// A request with secret credentials, and its key. Tokens may also be in paths, queries and
/// subprotocols, because browsers cannot set other fields.
fn request() -> Vec<u8> {
    let head = sound().with("Cookie", &[SECRET]).with("Authorization", &[SECRET]);
    let head = head.start(format!("GET /{SECRET}?token={SECRET} HTTP/1.1"));
    let head = head.with("Sec-WebSocket-Protocol", &["chat", SECRET]);
    head.with("X-Token", &[SECRET]).bytes()
}

// P-se-f
#[test]
fn debug_of_a_request_omits_credentials() {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&request()), request().len());
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    assert_shows_no_secret(&request);
    assert_shows_no_secret(&request.to_owned());
    assert_shows_no_secret(&request.headers());
    assert_shows_no_secret(&request.headers().iter());
    assert_shows_no_secret(&request.clone().accept());
    assert_shows_no_secret(&request.clone().accept().subprotocol(SECRET));
    assert!(format!("{request:?}").contains("GET"), "and shows what is no secret");
    assert_shows_no_secret(&Incoming::WebSocket(request));
    assert_shows_no_secret(&opening);
}

// P-se-f
#[test]
fn debug_of_a_plain_request_omits_credentials() {
    let bytes =
        format!("GET /{SECRET}?{SECRET} HTTP/1.1\r\nHost: a.example\r\nCookie: {SECRET}\r\n\r\n");
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(bytes.as_bytes()), bytes.len());
    let mut opening = Opening::new(Origins::any());
    let incoming = opening.receive_any(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    assert_shows_no_secret(&incoming);
    let Incoming::Http(request) = incoming else { panic!("{incoming:?}") };
    assert_shows_no_secret(&request);
    assert_shows_no_secret(&opening);
}

// P-se-f, J-05
#[test]
fn debug_of_a_refusal_omits_the_request() {
    for name in ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade", "Connection"] {
        let bytes = sound().with(name, &[SECRET, SECRET]).bytes();
        let mut inbox = Inbox::with_capacity(1024);
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        let mut opening = Opening::new(Origins::any());
        let error = opening.receive(&mut inbox, &mut Vec::new()).unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error:?}") };
        assert_shows_no_secret(&error);
        assert_shows_no_secret(&error.to_string());
        assert_shows_no_secret(&refusal.to_string());
        assert_shows_no_secret(&opening.refused(&inbox).unwrap());
        assert_shows_no_secret(&opening);
    }
}

// P-se-f
#[test]
fn debug_of_a_response_omits_cookies_and_body() {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&request()), request().len());
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    let fields = [("Set-Cookie", SECRET)];
    assert_shows_no_secret(&request.clone().accept().headers(&fields));
    assert_shows_no_secret(&request.clone().reject(401).headers(&fields));
    // As bytes or as text.
    let shown = format!("{:?}", request.reject(401).body(SECRET.as_bytes()));
    assert!(!shown.contains(SECRET) && !shown.contains("83, 101, 99, 114"), "{shown}");
}

// P-se-f
#[test]
fn debug_of_buffers_omits_their_contents() {
    let mut inbox = Inbox::with_capacity(64);
    assert_eq!(inbox.copy_from(SECRET.as_bytes()), SECRET.len());
    let mut fixed = Inbox::over([0; 64]);
    assert_eq!(fixed.copy_from(SECRET.as_bytes()), SECRET.len());
    let mut outbox = FixedOutbox::over([0; 64]);
    outbox.append(SECRET.as_bytes());
    for shown in [format!("{inbox:?}"), format!("{fixed:?}"), format!("{outbox:?}")] {
        assert!(!shown.contains("83, 101, 99, 114"), "{shown}");
    }
}
