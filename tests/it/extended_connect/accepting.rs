//! Requests that are accepted or rejected, and how.

use hybi::{
    FixedOutbox, Inbox, Origins,
    http1::{Excerpt, FieldError},
    server::{Error, Opening, Request, Response},
};

use crate::support::handshake::{
    connect::{Fields, finish, sound},
    head::KEY,
    server::sound as upgrade,
};

fn with<T>(fields: &Fields, see: impl FnOnce(Request<'_>) -> T) -> T {
    see(Request::from_connect(&fields.pairs(), &Origins::any()).unwrap())
}

fn fields(list: &[(&str, &str)]) -> Fields {
    list.iter().fold(Fields::default(), |fields, (name, value)| fields.and(name, value))
}

// 8441-5-h, 8441-5-g: the example of RFC 8441, section 5.1
#[test]
fn the_example_of_rfc_8441() {
    let request = fields(&[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "server.example.com"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("sec-websocket-version", "13"),
        ("origin", "http://www.example.com"),
    ]);
    with(&request, |request| {
        assert!(request.is_connect());
        assert_eq!((request.target(), request.path()), ("/chat", "/chat"));
        assert_eq!(request.host().to_string(), "server.example.com");
        assert_eq!(request.origin(), Some("http://www.example.com"));
        let (response, _) = finish(request.accept().subprotocol("chat")).unwrap();
        assert_eq!(response, fields(&[(":status", "200"), ("sec-websocket-protocol", "chat")]));
    });
}

// 8441-5-e, P-h2-g: nobody needs the key; a gateway that made one checks the answer
#[test]
fn a_key_is_answered_and_not_needed() {
    let answer = |values: &[&str]| {
        with(&sound().with("sec-websocket-key", values), |request| finish(request.accept()))
            .map(|(response, _)| response)
            .unwrap()
    };
    let with_proof = [(":status", "200"), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")];
    assert_eq!(answer(&[KEY]), fields(&with_proof));
    for unsound in [&[][..], &[""], &["x"], &[KEY, KEY]] {
        assert_eq!(answer(unsound), fields(&with_proof[..1]));
    }
}

// 8441-5-g
#[test]
fn the_fields_of_the_application_are_sent_in_lower_case() {
    let slice = [("Set-Cookie", "a=B"), ("X-Empty", "")];
    with(&sound(), |request| {
        let accept = request.accept().headers(&slice).header("Server", " Hybi\t");
        let (response, _) = finish(accept).unwrap();
        let list = [(":status", "200"), ("set-cookie", "a=B"), ("x-empty", ""), ("server", "Hybi")];
        assert_eq!(response, fields(&list));
    });
    for name in ["Keep-Alive", "te", "Connection", "Upgrade", "transfer-encoding", "Content-Length"]
    {
        let error = with(&sound(), |request| finish(request.accept().header(name, "x")));
        let error = error.map(|_| ()).unwrap_err();
        let is_reserved =
            matches!(error, Error::HeaderField(FieldError::Reserved { index: 0, .. }));
        assert!(is_reserved, "{name}: {error}");
    }
    let error = with(&sound(), |request| finish(request.accept().subprotocol("chat")));
    let expected = Error::SubprotocolNotOffered(Excerpt::from("chat"));
    assert_eq!(error.map(|_| ()).unwrap_err(), expected);
}

// P-h2-h
#[test]
fn a_request_is_answered_in_its_own_version_of_http() {
    let mut outbox = FixedOutbox::over([0; 512]);
    let error = with(&sound(), |request| request.accept().finish(&mut outbox)).unwrap_err();
    assert_eq!(error, Error::HttpVersion);
    let error = with(&sound(), |request| request.reject(404).send(&mut outbox)).unwrap_err();
    assert_eq!(error, Error::HttpVersion);
    assert!(outbox.bytes().is_empty());

    let bytes = upgrade().bytes();
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
    assert!(!request.is_connect());
    assert_eq!(finish(request.accept()).map(|_| ()).unwrap_err(), Error::HttpVersion);
}

// 8441-5-i, P-h2-i
#[test]
fn a_request_is_rejected_with_any_status_that_does_not_accept() {
    let reject = |response: Response<'static>| {
        let mut sent = Fields::default();
        let body = response.send_fields(|name, value| sent.take(name, value));
        sent.assert_sound();
        body.map(|body| (sent, body))
    };
    let (sent, body) = with(&sound(), |request| {
        reject(request.reject(404).header("Content-Type", "text/plain").body(b"No such room."))
    })
    .unwrap();
    let list = [(":status", "404"), ("content-type", "text/plain"), ("content-length", "13")];
    assert_eq!((sent, body), (fields(&list), &b"No such room."[..]));

    let (sent, body) = reject(Response::new(204).body(b"x")).unwrap();
    assert_eq!((sent, body), (fields(&[(":status", "204")]), &b""[..]));
    for status in [101, 199, 600] {
        assert_eq!(reject(Response::new(status)).unwrap_err(), Error::Status(status));
    }
    // It would open a connection.
    for status in [200, 204, 299] {
        let error = with(&sound(), |request| reject(request.reject(status))).unwrap_err();
        assert_eq!(error, Error::Status(status));
    }
    let error = reject(Response::new(404).header("Keep-Alive", "x")).unwrap_err();
    assert!(matches!(error, Error::HeaderField(FieldError::Reserved { .. })), "{error}");
}
