//! Plain HTTP responses, and secrets in Debug output.

use std::fmt::Debug;

use hybi::{
    Inbox, Uri,
    client::{Error, Failure, Rejected, Request, Response},
};

use crate::support::handshake::{
    client::{HELLO, Outcome, SampleNonce, answer, feed_all, request},
    cut::cuts,
    head::{Head, KEY},
};

/// Passes the rejection in these bytes, received in one piece, to `see`.
fn refusal<T>(bytes: &[u8], see: impl FnOnce(Rejected<'_>) -> T) -> T {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    let mut opening = request().send_with(SampleNonce, &mut Vec::new()).unwrap();
    let seen = match opening.receive(&mut inbox) {
        Ok(Some(Response::Rejected(rejected))) => see(rejected),
        other => panic!("{other:?}"),
    };
    let again = opening.receive(&mut inbox).map(|_| ());
    assert_eq!(again, Err(Error::HandshakeOver));
    seen
}

// 6455-4.1-w, 6455-4.1-x, B-02, B-04, B-05
#[test]
fn no_status_but_101_opens_a_connection() {
    for status in 200..=599 {
        // All fields of an acceptance are present, and even a frame follows.
        let head = answer().start(format!("HTTP/1.1 {status} Switching Protocols"));
        let bytes = [&head.bytes()[..], &HELLO].concat();
        for pieces in cuts(&bytes).take(3) {
            let outcome = feed_all(request(), &pieces, |_| ());
            assert_eq!(outcome, Outcome::Rejected(status));
        }
    }
    for status in [200, 426, 503] {
        let bytes = answer().start(format!("HTTP/1.1 {status} x")).bytes();
        for pieces in cuts(&bytes) {
            assert_eq!(feed_all(request(), &pieces, |_| ()), Outcome::Rejected(status));
        }
    }
}

// 6455-4.1-w, 6455-4.1-x
#[test]
fn the_status_the_fields_and_the_body_are_returned() {
    let unauthorized = b"HTTP/1.0 401 Unauthorized\r\n\
        WWW-Authenticate: Basic realm=\"x\"\r\n\
        Content-Length: 12\r\n\r\nWho are you?";
    refusal(unauthorized, |rejected| {
        assert_eq!(rejected.status(), 401);
        assert_eq!(rejected.headers().get("www-authenticate"), Some(&b"Basic realm=\"x\""[..]));
        assert_eq!(rejected.body(), b"Who are you?");
        assert_eq!(rejected.versions().count(), 0);
    });
    let found = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: //b.example/\r\n\r\n";
    refusal(found, |rejected| {
        assert_eq!(rejected.status(), 307);
        assert_eq!(rejected.headers().get("Location"), Some(&b"//b.example/"[..]));
        assert_eq!(rejected.body(), b"");
    });
    // An interim response makes no difference.
    let late = [b"HTTP/1.1 100 Continue\r\n\r\n", &found[..]].concat();
    refusal(&late, |rejected| assert_eq!(rejected.status(), 307));
}

// 6455-4.4-a
#[test]
fn the_versions_of_the_server_are_listed() {
    let table: [(&[&str], &[u8]); 6] = [
        (&["13"], &[13]),
        (&["13, 8"], &[13, 8]),
        (&["13, 8", "7"], &[13, 8, 7]),
        (&[",13 ,, 0,\t255,"], &[13, 0, 255]),
        // Anything that is not a version is skipped.
        (&["013, 256, +8, x, 13.0, -1, 8 7, 25"], &[25]),
        (&[""], &[]),
    ];
    for (values, versions) in table {
        let head = Head::default().start("HTTP/1.1 426 Upgrade Required");
        refusal(&head.with("Sec-WebSocket-Version", values).bytes(), |rejected| {
            assert!(rejected.versions().eq(versions.iter().copied()), "{values:?}");
        });
    }
}

/// A status, header fields, and the length of the body according to them.
type Length<'a> = (u16, &'a [(&'a str, &'a str)], Option<u64>);

// RFC 9110, section 8.6; RFC 9112, section 6.3
#[test]
fn the_fields_determine_the_length_of_the_body() {
    let table: [Length<'_>; 17] = [
        (401, &[("Content-Length", "12")], Some(12)),
        (401, &[("content-length", "0")], Some(0)),
        (401, &[("Content-Length", "007")], Some(7)),
        (401, &[("Content-Length", "18446744073709551615")], Some(u64::MAX)),
        (401, &[("Content-Length", "18446744073709551616")], None),
        (401, &[("Content-Length", "+12")], None),
        (401, &[("Content-Length", "-1")], None),
        (401, &[("Content-Length", "1 2")], None),
        (401, &[("Content-Length", "0x1")], None),
        (401, &[("Content-Length", "")], None),
        (401, &[("Content-Length", "5, 5"), ("Content-Length", "5")], Some(5)),
        (401, &[("Content-Length", "5, 6")], None),
        (401, &[("Content-Length", "5"), ("Content-Length", "x")], None),
        (401, &[("Transfer-Encoding", "chunked"), ("Content-Length", "5")], None),
        (200, &[], None),
        (204, &[("Content-Length", "5")], Some(0)),
        (304, &[("Transfer-Encoding", "chunked")], Some(0)),
    ];
    for (status, fields, expected) in table {
        let lines = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!("HTTP/1.1 {status} x\r\n{}\r\n", lines.collect::<Vec<_>>().concat());
        refusal(head.as_bytes(), |rejected| {
            assert_eq!(rejected.content_length(), expected, "{fields:?}");
        });
    }
}

// 6455-4.1-w
#[test]
fn the_rest_of_a_body_arrives_in_the_inbox() {
    let head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n";
    let body = b"The account is shut.";
    let bytes = [&head[..], body, b"HTTP/1.1 400 Bad Request\r\n\r\n"].concat();
    for piece in [1, 7, head.len(), head.len() + 3, bytes.len()] {
        let mut pieces = bytes.chunks(piece);
        // The head fits, and so does the body, but not both together.
        let mut inbox = Inbox::over([0; 60]);
        let mut opening = request().send_with(SampleNonce, &mut Vec::new()).unwrap();
        let mut rest = &b""[..];
        let length = loop {
            if rest.is_empty() {
                rest = pieces.next().unwrap();
            }
            let taken = inbox.copy_from(rest);
            rest = &rest[taken..];
            match opening.receive(&mut inbox).unwrap() {
                None => {}
                Some(Response::Rejected(rejected)) => {
                    assert!(body.starts_with(&rejected.body()[..rejected.body().len().min(20)]));
                    break usize::try_from(rejected.content_length().unwrap()).unwrap();
                }
                Some(Response::Accepted(_)) => panic!("it was rejected"),
            }
        };
        while inbox.unread().len() < length {
            if rest.is_empty() {
                rest = pieces.next().unwrap();
            }
            let taken = inbox.copy_from(rest);
            assert!(taken > 0);
            rest = &rest[taken..];
        }
        assert_eq!(inbox.unread()[..length], *body, "in pieces of {piece}");
    }
}

// 6455-4.1-w
#[test]
fn a_body_longer_than_the_inbox_is_read_in_pieces() {
    let head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n";
    let body: Vec<u8> = (0..1000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let bytes = [&head[..], &body].concat();
    let mut inbox = Inbox::over([0; 60]);
    let mut rest = &bytes[inbox.copy_from(&bytes)..];
    let mut opening = request().send_with(SampleNonce, &mut Vec::new()).unwrap();
    let Some(Response::Rejected(rejected)) = opening.receive(&mut inbox).unwrap() else {
        panic!("it was rejected");
    };
    let length = rejected.content_length().unwrap();
    let mut read = Vec::new();
    while (read.len() as u64) < length {
        read.extend_from_slice(inbox.unread());
        inbox.consume(inbox.unread().len()).unwrap();
        rest = &rest[inbox.copy_from(rest)..];
    }
    assert_eq!(read, body);
}

#[test]
fn a_reason_phrase_is_no_field() {
    refusal(b"HTTP/1.1 404 x:y\r\nServer: z\r\n\r\n", |rejected| {
        let fields: Vec<_> = rejected.headers().iter().collect();
        assert_eq!(fields, [("Server", &b"z"[..])]);
    });
}

const SECRET: &str = "Secret5f1c";

fn assert_shows_no_secret(shown: &impl Debug) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        let is_safe = ![SECRET, KEY, "83, 101, 99, 114"].iter().any(|part| text.contains(part));
        assert!(is_safe && !text.is_empty(), "{text}");
    }
}

// P-se-f
#[test]
fn debug_of_a_request_omits_credentials() {
    let fields = [("Authorization", SECRET), ("Cookie", SECRET), ("X-Token", SECRET)];
    // Tokens may also be in paths, queries and subprotocols.
    let text = format!("ws://a.example/{SECRET}?token={SECRET}");
    let uri = Uri::parse(&text).unwrap();
    let subprotocols = ["chat", SECRET];
    let request = Request::new(&uri).headers(&fields[1..]).subprotocols(&subprotocols);
    let target = format!("/{SECRET}");
    let request = request.bearer(SECRET).target(&target);
    assert_shows_no_secret(&request.clone().basic_auth(SECRET, SECRET));
    assert_shows_no_secret(&uri);
    assert_shows_no_secret(&uri.resource_name());
    assert!(format!("{uri:?}").contains("a.example"), "Debug shows the host");
    assert_eq!(uri.to_string(), text, "Display writes the whole URI");
    let opening = request.clone().send_with(SampleNonce, &mut Vec::new()).unwrap();
    assert_shows_no_secret(&opening);
    assert_shows_no_secret(&request);
    let exchange = request.send_fields_with(SampleNonce, |_, _| {}).unwrap();
    assert_shows_no_secret(&exchange);
}

// P-se-f, J-05
#[test]
fn debug_of_a_response_omits_cookies_and_body() {
    let bytes = answer().with("Set-Cookie", &[SECRET]).with("Sec-WebSocket-Protocol", &[SECRET]);
    let bytes = bytes.bytes();
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut opening =
        request().subprotocols(&[SECRET]).send_with(SampleNonce, &mut Vec::new()).unwrap();
    let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("it was accepted");
    };
    assert_shows_no_secret(&accepted.headers());
    assert_shows_no_secret(&accepted);

    let refused = answer().start("HTTP/1.1 403 No").with("Set-Cookie", &[SECRET]).bytes();
    refusal(&[&refused[..], SECRET.as_bytes()].concat(), |rejected| {
        assert_shows_no_secret(&rejected);
        assert_shows_no_secret(&rejected.to_owned());
        assert_shows_no_secret(&Response::<SampleNonce>::Rejected(rejected));
    });
    let failure = Error::Failed(Failure::Accept);
    assert_shows_no_secret(&(failure, failure.to_string()));
}
