//! Compares the server's check of an extended CONNECT with the reference. A client may accept a response
//! only if the reference accepts it.

#![no_main]

mod reading;

use arbitrary::Arbitrary;
use hybi::{
    Origins, Uri, client,
    http2::Field,
    random::{Entropy, EntropyError},
    server::Request,
};
use hybi_fuzz::accept;
use libfuzzer_sys::fuzz_target;
use reading::{Reading, extension_names, is_connection_specific, is_name, is_section, is_value};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    changes: Vec<Change<'a>>,
    response: Vec<(Text<'a>, Text<'a>)>,
    status: u16,
}

#[derive(Debug, Arbitrary)]
enum Change<'a> {
    Remove(u8),
    Repeat(u8, u8),
    Move(u8, u8),
    Rename(u8, Text<'a>),
    Value(u8, Text<'a>),
    Add(Text<'a>, Text<'a>),
}

/// An entry of the dictionary, or any bytes.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Text<'a> {
    Word(u8),
    Bytes(&'a [u8]),
}

impl<'a> Text<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Self::Word(word) => WORDS[usize::from(word) % WORDS.len()].as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

const SOUND: [(&str, &str); 10] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/chat?x"),
    (":authority", "server.example.com"),
    ("sec-websocket-version", "13"),
    ("origin", "https://server.example.com"),
    ("sec-websocket-protocol", "chat, superchat"),
    ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits, x; y=\"1\""),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

const WORDS: [&str; 60] = [
    ":method",
    ":protocol",
    ":scheme",
    ":path",
    ":authority",
    ":status",
    ":x",
    "host",
    "origin",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-key1",
    "sec-websocket-accept",
    "connection",
    "upgrade",
    "transfer-encoding",
    "keep-alive",
    "proxy-connection",
    "te",
    "content-length",
    "expect",
    "cookie",
    "Origin",
    "CONNECT",
    "GET",
    "websocket",
    "WebSocket",
    "foo",
    "https",
    "http",
    "wss",
    "/",
    "*",
    "https://a/",
    "server.example.com",
    "server.example.com:443",
    "server.example.com:80",
    "SERVER.example.com:",
    "[::1]:443",
    "[0:0:0:0:0:0:0:1]",
    "192.0.2.1:1",
    "user@a",
    "a,b",
    "13",
    "12",
    "013",
    "13, 8",
    "trailers",
    "gzip",
    "0",
    "a;b=c",
    "a;b=\"\\c\"",
    "a, a",
    "a,,b",
    "",
    " ",
    "a ",
    "200",
];

/// Not for secrets.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

fuzz_target!(|input: Input<'_>| {
    let mut fields: Vec<Field<'_>> =
        SOUND.map(|(name, value)| (name.as_bytes(), value.as_bytes())).into();
    for change in &input.changes {
        apply(&mut fields, change);
    }
    check_request(&fields);

    let status = input.status.to_string();
    let mut fields: Vec<Field<'_>> = vec![(b":status", status.as_bytes())];
    fields.extend(input.response.iter().map(|(name, value)| (name.bytes(), value.bytes())));
    check_response(&fields, input.status);
});

fn apply<'a>(fields: &mut Vec<Field<'a>>, change: &Change<'a>) {
    let count = fields.len();
    let place = |number: u8| usize::from(number).checked_rem(count);
    match *change {
        Change::Remove(at) => {
            place(at).map(|at| fields.remove(at));
        }
        Change::Repeat(at, times) => {
            if let Some(at) = place(at) {
                let field = fields[at];
                fields.extend(std::iter::repeat_n(field, usize::from(times)));
            }
        }
        Change::Move(from, to) => {
            if let (Some(from), Some(to)) = (place(from), place(to)) {
                let field = fields.remove(from);
                fields.insert(to, field);
            }
        }
        Change::Rename(at, name) => {
            if let Some(at) = place(at) {
                fields[at].0 = name.bytes();
            }
        }
        Change::Value(at, value) => {
            if let Some(at) = place(at) {
                fields[at].1 = value.bytes();
            }
        }
        Change::Add(name, value) => fields.push((name.bytes(), value.bytes())),
    }
}

/// The request is accepted if the second reading accepts it, and only then.
fn check_request(fields: &[Field<'_>]) {
    let checked = Request::from_connect(fields, &Origins::any());
    let expected = Reading::of(fields);
    let request = match checked {
        Ok(request) => request,
        Err(refusal) => {
            assert!(expected.is_none(), "{refusal}, for no reason");
            let mut names = Vec::new();
            let body = refusal
                .send_fields(|name, value| names.push((name.to_string(), value.to_string())));
            assert_eq!(names[0], (":status".into(), refusal.status().to_string()));
            assert!((400..=501).contains(&refusal.status()) && refusal.status() != 426);
            assert!(names.contains(&("content-length".into(), body.len().to_string())));
            check_sent(&names);
            return;
        }
    };
    let expected = expected.expect("it is accepted for no reason");
    assert!(request.is_connect());
    assert_eq!(request.target().as_bytes(), expected.path);
    assert_eq!(request.origin().map(str::as_bytes), expected.origin);
    let subprotocols: Vec<_> = request.subprotocols().map(str::as_bytes).collect();
    assert_eq!(subprotocols, expected.subprotocols);
    let extensions: Vec<_> = request.extensions().map(|e| e.name().as_bytes()).collect();
    assert_eq!(extensions, expected.extensions);
    let regular: Vec<_> = fields.iter().filter(|(name, _)| name[0] != b':').copied().collect();
    let seen = |request: &Request<'_>| {
        let headers = request.headers().iter().map(|(n, v)| (n.as_bytes().to_vec(), v.to_vec()));
        (request.target().to_owned(), request.host().to_string(), headers.collect::<Vec<_>>())
    };
    let (target, host, headers) = seen(&request);
    assert!(headers.iter().map(|(name, value)| (&name[..], &value[..])).eq(regular));
    let owned = request.to_owned();
    assert_eq!(seen(&owned.as_request()), (target, host, headers));
    let mut sent = Vec::new();
    let websocket = request
        .accept()
        .finish_fields(|name, value| sent.push((name.to_string(), value.to_string())));
    assert!(websocket.is_ok());
    let mut wanted = vec![(":status".to_owned(), "200".to_owned())];
    if let Some(key) = expected.key {
        wanted.push((
            "sec-websocket-accept".into(),
            String::from_utf8(accept::accept(key).into()).unwrap(),
        ));
    }
    assert_eq!(sent, wanted);
    check_sent(&sent);
}

/// All fields can be sent in HTTP/2 and HTTP/3.
fn check_sent(fields: &[(String, String)]) {
    for (index, (name, value)) in fields.iter().enumerate() {
        assert!(is_name(name.as_bytes()) || index == 0 && name == ":status", "{name}");
        assert!(is_value(value.as_bytes()) && !is_connection_specific(name.as_bytes(), b""));
    }
}

/// A response opens a connection only if nothing is wrong with it.
fn check_response(fields: &[Field<'_>], status: u16) {
    let uri = Uri::parse("wss://server.example.com/chat").expect("a URI");
    let mut sent = Vec::new();
    let mut exchange = client::Request::new(&uri)
        .subprotocols(&["chat", "foo"])
        .extensions("a, x")
        .send_fields_with(Fixed, |name, value| sent.push((name.to_string(), value.to_string())))
        .expect("a request");
    // A server accepts it.
    let pairs: Vec<_> = sent.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    assert!(
        Reading::of(&pairs).is_some() && Request::from_connect(&pairs, &Origins::any()).is_ok()
    );

    let is_sound = is_section(fields, &[":status"]) && (100..600).contains(&status);
    let all = |name: &str| {
        let same = fields.iter().filter(move |(other, _)| *other == name.as_bytes());
        same.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    match exchange.receive_fields(fields) {
        Ok(None) => assert!(is_sound && (100..200).contains(&status) && status != 101),
        Ok(Some(client::Response::Rejected(rejected))) => {
            assert!(is_sound && status >= 300);
            assert_eq!(rejected.status(), status);
        }
        Ok(Some(client::Response::Accepted(accepted))) => {
            assert!(is_sound && (200..300).contains(&status));
            let chosen = all("sec-websocket-protocol");
            assert!(matches!(chosen[..], [] | [b"chat" | b"foo"]));
            assert_eq!(accepted.subprotocol().map(str::as_bytes), chosen.first().copied());
            let mut names = Vec::new();
            for value in all("sec-websocket-extensions") {
                for name in extension_names(value).expect("valid grammar") {
                    assert!([&b"a"[..], b"x"].contains(&name) && !names.contains(&name));
                    names.push(name);
                }
            }
        }
        Err(client::Error::Failed(_)) => {
            let is_plain = fields.len() == 1 && status != 101;
            assert!(!(is_sound && is_plain), "it fails for no reason");
        }
        Err(error) => panic!("{error}"),
    }
}
