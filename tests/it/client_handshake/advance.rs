//! `advance` and `response` as separate calls, and openings in a table.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, Read},
};

use hybi::{
    Config, Event, Inbox, State, Uri,
    client::{Error, Opening, Request, Response},
    random::Entropy,
};

use crate::support::handshake::{
    client::{HELLO, SampleNonce, answer, request},
    head::Head,
};

fn inbox_of(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

fn opening() -> Opening<'static, SampleNonce> {
    request().subprotocols(&["chat"]).send_with(SampleNonce, &mut Vec::new()).unwrap()
}

/// A transport with its inbox and opening, generic over the stream, that returns a borrowed
/// response.
struct Dialing<R, E: Entropy> {
    stream: R,
    inbox: Inbox,
    opening: Opening<'static, E>,
}

impl<R: Read, E: Entropy> Dialing<R, E> {
    /// Returns a borrow from a loop, which `receive` alone does not allow.
    fn response(&mut self) -> io::Result<Response<'_, E>> {
        while !self.opening.advance(&mut self.inbox)? {
            if self.inbox.read_from(&mut self.stream)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.opening.response(&self.inbox).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The same as a future.
    async fn response_later(&mut self) -> io::Result<Response<'_, E>> {
        while !self.opening.advance(&mut self.inbox)? {
            if std::future::ready(self.inbox.read_from(&mut self.stream)).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.opening.response(&self.inbox).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Reads one byte at a time.
struct Slowly<'a>(&'a [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buffer[..1])
    }
}

// 6455-4.1-af
#[test]
fn a_wrapper_returns_a_borrowed_response() {
    let bytes = answer().with("Sec-WebSocket-Protocol", &["chat"]).with("X", &["y"]).bytes();
    let dialing = |bytes| Dialing {
        stream: Slowly(bytes),
        inbox: Inbox::with_capacity(64),
        opening: opening(),
    };
    let mut accepted = dialing(&bytes);
    let Response::Accepted(response) = accepted.response().unwrap() else { panic!("rejected") };
    assert_eq!(response.subprotocol(), Some("chat"));
    assert_eq!(response.headers().get("x"), Some(&b"y"[..]));
    assert_eq!(response.finish().state(), State::Open);

    let mut cut_off = dialing(&bytes[..bytes.len() - 1]);
    let error = cut_off.response().map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);

    let mut accepted = dialing(&bytes);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let future = std::pin::pin!(accepted.response_later());
    let std::task::Poll::Ready(response) = future.poll(&mut context) else { panic!("waiting") };
    assert!(matches!(response, Ok(Response::Accepted(_))));
}

// 6455-4.1-af
#[test]
fn a_connection_is_returned_once_and_a_rejection_by_every_call() {
    let mut inbox = inbox_of(&[&answer().bytes()[..], &HELLO].concat());
    let mut open = opening();
    assert!(open.response(&inbox).is_none(), "before `advance`");
    assert!(open.advance(&mut inbox).unwrap());
    let Some(Response::Accepted(accepted)) = open.response(&inbox) else { panic!("rejected") };
    let mut websocket = accepted.finish();
    assert!(open.response(&inbox).is_none());
    assert_eq!(open.advance(&mut inbox).unwrap_err(), Error::HandshakeOver);
    // The bytes after the head are still in the inbox.
    let event = websocket.receive(&mut inbox, &mut Vec::new()).unwrap();
    assert_eq!(event, Some(Event::Text("Hello")));

    let head = Head::default().start("HTTP/1.1 403 No").with("X", &["y"]).bytes();
    let mut inbox = inbox_of(&[&head[..], b"Who are you?"].concat());
    let mut open = opening();
    assert!(open.advance(&mut inbox).unwrap());
    for _ in 0..2 {
        let Some(Response::Rejected(rejected)) = open.response(&inbox) else { panic!("accepted") };
        assert_eq!((rejected.status(), rejected.body()), (403, &b"Who are you?"[..]));
        assert!(rejected.headers().iter().eq([("X", &b"y"[..])]));
    }
    assert_eq!(open.advance(&mut inbox).unwrap_err(), Error::HandshakeOver);
}

/// A use of the inbox between `advance` and `response`.
type Use = fn(&mut Inbox);

// 6455-4.1-af
#[test]
fn a_response_is_lost_when_the_inbox_is_used() {
    let rejected = Head::default().start("HTTP/1.1 404 x").bytes();
    let uses: [(&str, Use); 5] = [
        ("spare", |inbox| assert!(inbox.spare().is_ok())),
        ("copy_from", |inbox| assert_eq!(inbox.copy_from(b"x"), 1)),
        ("release", Inbox::release),
        ("another opening", |inbox| assert!(!opening().advance(inbox).unwrap())),
        ("another inbox", |inbox| *inbox = Inbox::with_capacity(64)),
    ];
    for head in [&answer().bytes(), &rejected] {
        for (name, disturb) in uses {
            let mut inbox = inbox_of(head);
            let mut open = opening();
            assert!(open.advance(&mut inbox).unwrap());
            let mut kept = open.clone();
            disturb(&mut inbox);
            assert!(open.response(&inbox).is_none(), "{name}");
            // There is no other effect.
            assert!(kept.response(&inbox_of(head)).is_none(), "{name}");
        }
    }
}

// 6455-4.1-aa
#[test]
fn the_response_to_another_request_is_not_returned() {
    /// Another nonce.
    #[derive(Clone, Debug)]
    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), hybi::random::EntropyError> {
            bytes.fill(0);
            Ok(())
        }
    }
    // Calculated by `openssl sha1 -binary | base64` from AAAAAAAAAAAAAAAAAAAAAA== and the GUID.
    let other = answer().with("Sec-WebSocket-Accept", &["ICX+Yqv66kxgM0FcWaLWlFLwTAI="]).bytes();
    let mut inbox = inbox_of(&other);
    let mut mine = opening();
    let mut others = request().send_with(Zeros, &mut Vec::new()).unwrap();
    // Both openings have found their response, but the inbox holds the last one.
    assert!(mine.advance(&mut inbox_of(&answer().bytes())).unwrap());
    assert!(others.advance(&mut inbox).unwrap());
    assert!(mine.response(&inbox).is_none());
    assert!(matches!(others.response(&inbox), Some(Response::Accepted(_))));
    // A rejection does not pass for an acceptance, and vice versa.
    let rejection = Head::default().start("HTTP/1.1 500 x").bytes();
    for (first, second) in [(answer().bytes(), &rejection), (rejection.clone(), &answer().bytes())]
    {
        let mut inbox = inbox_of(second);
        let mut first_opening = opening();
        assert!(first_opening.advance(&mut inbox_of(&first)).unwrap());
        assert!(opening().advance(&mut inbox).unwrap());
        assert!(first_opening.response(&inbox).is_none());
    }
}

// 6455-4.1-ac, 6455-9.1-b
#[test]
fn an_owned_opening_keeps_the_offers() {
    let outcome_of = |name: &str, value: &str| {
        // What the request borrows is dropped before the response arrives.
        let mut opening = {
            let (text, names) = (String::from("ws://server.example.com/chat"), ["chat", "b"]);
            let names: Vec<String> = names.map(String::from).into();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let extensions = String::from("foo; a=\"b\", bar");
            let uri = Uri::parse(&text).unwrap();
            let request = Request::new(&uri).subprotocols(&names).extensions(&extensions);
            request.send_with(SampleNonce, &mut Vec::new()).unwrap().into_owned().into_owned()
        };
        let mut inbox = inbox_of(&answer().with(name, &[value]).bytes());
        opening.advance(&mut inbox).map(|_| ()).is_ok()
    };
    let table = [
        ("Sec-WebSocket-Protocol", "chat", true),
        ("Sec-WebSocket-Protocol", "b", true),
        ("Sec-WebSocket-Protocol", "c", false),
        ("Sec-WebSocket-Protocol", "chat,b", false),
        ("Sec-WebSocket-Extensions", "bar, foo", true),
        ("Sec-WebSocket-Extensions", "foo; c", true),
        ("Sec-WebSocket-Extensions", "baz", false),
    ];
    for (name, value, expected) in table {
        assert_eq!(outcome_of(name, value), expected, "{name}: {value}");
    }
}

#[test]
fn an_opening_is_covariant_in_its_lifetime() {
    fn shorten<'a>(opening: Opening<'static, SampleNonce>, _: &'a str) -> Opening<'a, SampleNonce> {
        opening
    }
    let text = String::from("shorter");
    let mut opening = shorten(opening(), &text);
    assert!(opening.advance(&mut inbox_of(&answer().bytes())).unwrap());
}

// 6455-4.1-af
#[test]
fn ten_thousand_openings_share_one_read_buffer() {
    const COUNT: u32 = 10_000;
    let response = answer().with("Sec-WebSocket-Protocol", &["chat"]).bytes();
    let mut openings: HashMap<u32, Opening<'static, SampleNonce>> = HashMap::new();
    // The received part of each response, as if it were in the socket buffers: it stays there until
    // the response is complete.
    let mut waiting: HashMap<u32, VecDeque<u8>> = HashMap::new();
    let mut outbox = Vec::new();
    for token in 0..COUNT {
        outbox.clear();
        let text = format!("ws://server.example.com/{token}");
        let subprotocol = format!("p{token}");
        let names = ["chat", &subprotocol];
        let uri = Uri::parse(&text).unwrap();
        let request = Request::new(&uri).config(Config::new()).subprotocols(&names);
        let opening = request.send_with(SampleNonce, &mut outbox).unwrap().into_owned();
        openings.insert(token, opening);
        waiting.insert(token, VecDeque::new());
    }
    let mut opened = 0;
    let mut shared = Inbox::with_capacity(1024);
    for piece in response.chunks(response.len().div_ceil(4)) {
        for token in 0..COUNT {
            let received = waiting.get_mut(&token).unwrap();
            received.extend(piece);
            // The response is passed again from its start; the opening continues where it stopped.
            assert_eq!(shared.copy_from(received.make_contiguous()), received.len());
            let opening = openings.get_mut(&token).unwrap();
            if opening.advance(&mut shared).unwrap() {
                let Some(Response::Accepted(accepted)) = opening.response(&shared) else {
                    panic!("{token} was rejected")
                };
                assert_eq!(accepted.subprotocol(), Some("chat"));
                assert_eq!(accepted.finish().state(), State::Open);
                openings.remove(&token);
                opened += 1;
            }
            shared.release();
        }
    }
    assert_eq!((opened, openings.len()), (COUNT, 0));
}
