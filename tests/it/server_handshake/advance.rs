//! `advance` and `request` as separate calls.

use std::io::{self, Read};

use hybi::{
    Event, Inbox, Origins,
    server::{Error, Incoming, Opening, Refusal, Request},
};

use crate::support::handshake::{
    cut::cuts,
    head::KEY,
    server::{HELLO, MARKER, opening, sound},
};

/// A server over any source of bytes. Its methods return requests that borrow the inbox.
struct Wrapper<R> {
    source: R,
    opening: Opening<'static>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl<R: Read> Wrapper<R> {
    fn new(source: R) -> Self {
        let inbox = Inbox::with_capacity(64);
        Self { source, opening: opening(), inbox, outbox: Vec::new() }
    }

    fn next(&mut self) -> io::Result<Option<Request<'_>>> {
        while !self.opening.advance(&mut self.inbox, &mut self.outbox)? {
            if self.inbox.read_from(&mut self.source)? == 0 {
                return Ok(None);
            }
        }
        Ok(self.opening.request(&self.inbox))
    }

    fn next_any(&mut self) -> io::Result<Option<Incoming<'_>>> {
        while !self.opening.advance_any(&mut self.inbox, &mut self.outbox)? {
            if self.inbox.read_from(&mut self.source)? == 0 {
                return Ok(None);
            }
        }
        Ok(self.opening.incoming(&self.inbox))
    }
}

/// A source that returns at most this many bytes per read.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

fn inbox_with(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

/// Everything that a request exposes.
fn shown(request: &Request<'_>) -> String {
    let names: Vec<_> = request.subprotocols().collect();
    let extensions = request.extensions().count();
    let fields: Vec<_> = request.headers().iter().collect();
    let (target, path, host) = (request.target(), request.path(), request.host());
    let (target, origin) = ((target, path, host), request.origin());
    format!("{target:?} {origin:?} {names:?} {extensions} {fields:?} {request:?}")
}

// 6455-4.2.1-a
#[test]
fn a_wrapper_over_any_stream_returns_a_borrowed_request() {
    let request = sound().bytes();
    let bytes = [&request[..], &HELLO].concat();
    let mut inbox = inbox_with(&request);
    let expected = shown(&opening().receive(&mut inbox, &mut Vec::new()).unwrap().unwrap());
    for piece in [1, 7, 1024] {
        let mut server = Wrapper::new(Pieces(&bytes, piece));
        assert_eq!(shown(&server.next().unwrap().unwrap()), expected);
        // The connection continues with the same inbox.
        let request = server.opening.request(&server.inbox).unwrap();
        let mut websocket = request.accept().finish(&mut server.outbox).unwrap();
        let heard = loop {
            match websocket.receive(&mut server.inbox, &mut server.outbox).unwrap() {
                Some(Event::Text(text)) => break text == "Hello",
                Some(event) => panic!("{event:?}"),
                None => {}
            }
            assert_ne!(server.inbox.read_from(&mut server.source).unwrap(), 0);
        };
        assert!(heard);
    }
    let mut server = Wrapper::new(&request[..request.len() - 1]);
    assert!(server.next().unwrap().is_none(), "it is not complete");
    let mut server = Wrapper::new(&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..]);
    assert_eq!(server.next().unwrap_err().kind(), io::ErrorKind::InvalidData);
}

// 6455-4.2.1-a, 9112-9.3-a
#[test]
fn a_wrapper_over_any_stream_returns_each_request() {
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let bytes = [get("/a").as_bytes(), get("/b").as_bytes(), &sound().bytes()].concat();
    let mut server = Wrapper::new(&bytes[..]);
    for target in ["/a", "/b"] {
        match server.next_any().unwrap() {
            Some(Incoming::Http(request)) => assert_eq!(request.target(), target),
            other => panic!("{other:?}"),
        }
    }
    assert!(server.opening.request(&server.inbox).is_none(), "it asks for no WebSocket");
    match server.next_any().unwrap() {
        Some(Incoming::WebSocket(request)) => assert_eq!(request.host().to_string().len(), 22),
        other => panic!("{other:?}"),
    }
    assert!(server.next_any().is_err(), "there is no other one");
    let seen = server.opening.incoming(&server.inbox);
    assert!(matches!(seen, Some(Incoming::WebSocket(_))), "and it can still be looked at");
}

// 9112-9.6-a
#[test]
fn a_response_to_a_request_from_incoming_ends_the_opening() {
    let get = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let (mut opening, mut inbox) = (opening(), inbox_with(&get.repeat(2)));
    let mut outbox = Vec::new();
    assert_eq!(opening.advance_any(&mut inbox, &mut outbox), Ok(true));
    let Some(Incoming::Http(request)) = opening.incoming(&inbox) else { panic!("it is plain") };
    request.respond(200).send(&mut outbox).unwrap();
    assert_eq!(opening.advance_any(&mut inbox, &mut outbox), Err(Error::HandshakeOver));
}

//
#[test]
fn no_request_is_returned_if_there_is_none() {
    let mut opening = opening();
    let request = sound().bytes();
    let mut inbox = inbox_with(&request[..request.len() - 1]);
    let mut outbox = Vec::new();
    let sees_nothing = |opening: &Opening<'_>, inbox: &Inbox| {
        opening.request(inbox).is_none()
            && opening.incoming(inbox).is_none()
            && opening.refused(inbox).is_none()
    };
    assert!(sees_nothing(&opening, &inbox));
    assert_eq!(opening.advance(&mut inbox, &mut outbox), Ok(false));
    assert!(sees_nothing(&opening, &inbox));
    assert_eq!(inbox.copy_from(b"\n"), 1);
    assert_eq!(opening.advance(&mut inbox, &mut outbox), Ok(true));
    assert!(opening.request(&inbox).is_some() && opening.refused(&inbox).is_none());
    // Another opening has not checked it, and another inbox does not hold it.
    assert!(sees_nothing(&self::opening(), &inbox));
    assert!(sees_nothing(&opening, &Inbox::with_capacity(64)));
}

//
#[test]
fn a_request_is_lost_when_the_inbox_is_used() {
    type Use = fn(&mut Inbox);
    let uses: [(&str, Use); 7] = [
        ("spare", |inbox| assert!(inbox.spare().is_ok())),
        ("consume", |inbox| inbox.consume(0).unwrap()),
        ("split_off", |inbox| assert!(inbox.split_off().is_empty())),
        ("shrink_to_fit", Inbox::shrink_to_fit),
        ("copy_from", |inbox| assert_eq!(inbox.copy_from(b"x"), 1)),
        ("release", Inbox::release),
        ("receive", |inbox| {
            let mut websocket = hybi::Connection::server(hybi::Config::new());
            assert!(websocket.receive(inbox, &mut Vec::new()).unwrap().is_none());
        }),
    ];
    for (name, act) in uses {
        let (mut opening, mut inbox) = (opening(), inbox_with(&sound().bytes()));
        assert_eq!(opening.advance(&mut inbox, &mut Vec::new()), Ok(true));
        assert!(opening.request(&inbox).is_some());
        act(&mut inbox);
        assert!(opening.request(&inbox).is_none(), "{name}");
        assert!(opening.incoming(&inbox).is_none(), "{name}");

        let (mut opening, mut inbox) = (self::opening(), inbox_with(b"GET / HTTP/1.1\r\n\r\n"));
        assert!(opening.advance(&mut inbox, &mut Vec::new()).is_err());
        assert!(opening.refused(&inbox).is_some());
        act(&mut inbox);
        assert!(opening.refused(&inbox).is_none(), "{name}");
    }
}

// 6455-4.2.1-a, P-sh-h
#[test]
fn advance_has_the_same_result_as_receive() {
    let table = [
        sound().bytes(),
        sound().with("Origin", &["https://evil.net"]).bytes(),
        sound().with("Sec-WebSocket-Key", &["bad"]).bytes(),
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
        b"\r\n\r\nPING\r\n".to_vec(),
    ];
    for bytes in table {
        for pieces in cuts(&bytes) {
            let origins = Origins::list(&["http://marker5f1c.example.com"]).unwrap();
            let (mut looking, mut receiving) =
                (Opening::new(origins.clone()), Opening::new(origins));
            let mut looked_at = Inbox::with_capacity(64);
            let mut received_from = Inbox::with_capacity(64);
            let (mut outbox, mut other_outbox) = (Vec::new(), Vec::new());
            for mut piece in pieces {
                while !piece.is_empty() {
                    let taken = looked_at.copy_from(piece);
                    assert_eq!(received_from.copy_from(piece), taken);
                    piece = &piece[taken..];
                    let advanced = looking.advance(&mut looked_at, &mut outbox);
                    let received = receiving.receive(&mut received_from, &mut other_outbox);
                    match (advanced, received) {
                        (Ok(true), Ok(Some(request))) => {
                            let seen = looking.request(&looked_at).unwrap();
                            assert_eq!(shown(&seen), shown(&request));
                        }
                        (Ok(false), Ok(None)) => {}
                        (advanced, received) => assert_eq!(advanced.err(), received.err()),
                    }
                    assert_eq!(outbox, other_outbox);
                }
            }
        }
    }
}

/// A refused request, the reason, and what `refused` returns: its target, host, origin and number
/// of fields.
type Refused<'a> = (Vec<u8>, Refusal, &'a str, Option<&'a str>, Option<&'a str>, usize);

// P-se-f
#[test]
fn a_refused_request_can_be_logged() {
    let head = |lines: &str| format!("GET /{MARKER} HTTP/1.1\r\n{lines}\r\n").into_bytes();
    let upgrade = format!(
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\n"
    );
    let with = |lines: &str| head(&[lines, &upgrade].concat());
    let evil = "https://evil.example";
    let target = format!("/{MARKER}");
    let absolute = b"GET http://b.example:8080/ HTTP/1.1\r\nHost: a\r\n\r\n";
    let table: [Refused<'_>; 6] = [
        (
            with(&format!("Host: a.example\r\nOrigin: {evil}\r\n")),
            Refusal::Origin,
            &target,
            Some("a.example"),
            Some(evil),
            6,
        ),
        (head("Host: A.example\r\n"), Refusal::NotWebSocket, &target, Some("a.example"), None, 1),
        (with("Host: a\r\nHost: b\r\n"), Refusal::Host, &target, None, None, 6),
        (with(""), Refusal::Host, &target, None, None, 4),
        (
            [&b"\r\n"[..], absolute].concat(),
            Refusal::NotWebSocket,
            "http://b.example:8080/",
            Some("b.example:8080"),
            None,
            1,
        ),
        // With a malformed field, no fields are returned.
        (
            head("Host: a\r\nOrigin : b\r\n"),
            Refusal::Head(hybi::http1::HeadFault::Field),
            &target,
            None,
            None,
            0,
        ),
    ];
    for (bytes, refusal, target, host, origin, count) in table {
        let after = [&bytes[..], &HELLO].concat();
        let (mut opening, mut inbox) = (Opening::new(Origins::same_host()), inbox_with(&after));
        let error = opening.receive(&mut inbox, &mut Vec::new()).map(|_| ()).unwrap_err();
        assert_eq!(error, Error::Refused(refusal));
        let request = opening.refused(&inbox).unwrap();
        assert_eq!((request.method(), request.target()), ("GET", target), "{refusal:?}");
        assert_eq!(request.host().map(|host| host.to_string()).as_deref(), host, "{refusal:?}");
        assert_eq!(request.origin(), origin.map(str::as_bytes), "{refusal:?}");
        assert_eq!(request.headers().iter().count(), count, "{refusal:?}");
        assert!(!format!("{request:?}").contains(MARKER), "its credentials are not shown");
    }
    // The head is missing or incomplete.
    for bytes in [&b"PING\r\n"[..], b"GET / HTTP/1.1\r\nX: \0"] {
        let (mut opening, mut inbox) = (opening(), inbox_with(bytes));
        opening.receive(&mut inbox, &mut Vec::new()).unwrap_err();
        assert!(opening.refused(&inbox).is_none());
    }
}
