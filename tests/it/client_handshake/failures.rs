//! Responses that violate one rule each. None of them opens a connection.
//!
//! After a failure, a client cannot send anything: only an accepted response yields a connection,
//! and [`assert_fails`] checks that there is none.

use hybi::{
    Inbox,
    client::{Error, Failure},
    http1::{HeadFault, HeadLimits},
};

use crate::support::handshake::{
    client::{Outcome, SampleNonce, answer, assert_fails, assert_opens, feed, feed_all, request},
    cut::cuts,
    head::Head,
};

const KIB: usize = 1024;
const NONE: [&str; 0] = [];

/// Checks that these values of a field fail.
fn fail_field(name: &str, values: &[impl AsRef<[u8]>], failure: Failure) {
    assert_fails(request(), &answer().with(name, values).bytes(), failure);
}

fn fail_start(line: &str, failure: Failure) {
    assert_fails(request(), &answer().start(line).bytes(), failure);
}

// 6455-4.1-ad
#[test]
fn the_unmodified_response_is_accepted() {
    assert_opens(request(), &answer().bytes(), |_| ());
}

// 9112-3-a, 6455-4.1-ad, 6455-7.1.7-a
#[test]
fn malformed_status_lines() {
    let lines = [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 10",
        "HTTP/1.1 1010 x",
        "HTTP/1.1 1O1 x",
        "HTTP/1.1 +101 x",
        "HTTP/1.1 0x65 x",
        "HTTP/1.1  101 x",
        "HTTP/1.1 101\tx",
        "HTTP/1.1\t101 x",
        " HTTP/1.1 101 x",
        "HTTP/1.1 000 x",
        "HTTP/1.1 099 x",
        "HTTP/1.1 600 x",
        "HTTP/1.1 999 x",
        "HTTP/1 101 x",
        "HTTP/1.11 101 x",
        "HTTP/01.1 101 x",
        "http/1.1 101 x",
        "hTTP/1.1 101 x",
        "HTTPS/1.1 101 x",
        "ICY 101 x",
        "<html>Welcome</html>",
        "GET / HTTP/1.1",
    ];
    for line in lines {
        fail_start(line, Failure::Head(HeadFault::StartLine));
    }
    for control in ['\0', '\x1b', '\x7f'] {
        let line = format!("HTTP/1.1 101 x{control}");
        fail_start(&line, Failure::Head(HeadFault::ControlCharacter));
    }
}

// 9112-3-a
#[test]
fn unsupported_http_versions() {
    fail_start("HTTP/1.0 101 Switching Protocols", Failure::HttpVersion);
    for version in ["0.9", "2.0", "3.0", "9.9"] {
        let line = format!("HTTP/{version} 101 Switching Protocols");
        fail_start(&line, Failure::Head(HeadFault::HttpVersion));
    }
}

// 9112-5.1-a, 6455-4.1-ad
#[test]
fn malformed_fields() {
    // Each line starts after the colon of a valid field.
    let table = [
        ("x\r\nY : z", HeadFault::Field),
        ("x\r\nY\t: z", HeadFault::Field),
        ("x\r\nNoColon", HeadFault::Field),
        ("x\r\n: z", HeadFault::Field),
        ("x\r\nY Z: z", HeadFault::Field),
        ("x\r\nY(: z", HeadFault::Field),
        ("x\r\nY\u{e9}: z", HeadFault::Field),
        ("x\ry", HeadFault::LineEnd),
        ("x\r", HeadFault::LineEnd),
        ("x\ny: z", HeadFault::LineEnd),
        ("x\n", HeadFault::LineEnd),
        ("x\0", HeadFault::ControlCharacter),
        ("x\x01", HeadFault::ControlCharacter),
        ("x\x7f", HeadFault::ControlCharacter),
    ];
    for (value, fault) in table {
        fail_field("X", &[value], Failure::Head(fault));
    }
    let text = String::from_utf8(answer().bytes()).unwrap();
    for head in [text.replace("\r\n", "\n"), text.replace("\r\n\r\n", "\r\n\n")] {
        assert_fails(request(), head.as_bytes(), Failure::Head(HeadFault::LineEnd));
    }
}

// 6455-4.1-y, I-06
#[test]
fn an_upgrade_to_another_protocol() {
    let values = [
        "",
        "websocketx",
        "xwebsocket",
        "h2c",
        "foo, websocket",
        "websocket, foo",
        "websocket,",
        "web socket",
        "\"websocket\"",
        "websocket/13",
    ];
    for value in values {
        fail_field("Upgrade", &[value], Failure::Upgrade);
    }
    fail_field("Upgrade", &NONE, Failure::Upgrade);
    fail_field("Upgrade", &["websocket", "websocket"], Failure::Upgrade);
    fail_field("Upgrade", &["h2c", "websocket"], Failure::Upgrade);
}

// 6455-4.1-z, I-06
#[test]
fn a_connection_field_without_upgrade() {
    for value in ["", ",", "close", "upgraded", "notupgrade", "up grade", "\"upgrade\""] {
        fail_field("Connection", &[value], Failure::Connection);
    }
    fail_field("Connection", &NONE, Failure::Connection);
    fail_field("Connection", &["keep-alive", "close"], Failure::Connection);
}

// 6455-4.1-aa, 6455-11.3.3-a, I-05, I-06
#[test]
fn a_wrong_or_missing_accept_value() {
    let proof = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let values = [
        "",
        "S3PPLMBITXAQ9KYGZZHZRBK+XOO=",     // another case
        "s3pplmbitxaq9kygzzhzrbk+xoo=",     // another case
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",      // truncated
        "s3pPLMBiTxaQ9kYGzzhZRbK+xO",       // truncated
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==",    // trailing data
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",     // other pad bits
        "s3pPLMBiTxaQ9kYGzzhZRbK-xOo=",     // the alphabet of URLs
        "s3pPLMBiTxaQ9k YGzzhZRbK+xOo=",    // a space
        "\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\"", // quotes
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=", // of another key
        "dGhlIHNhbXBsZSBub25jZQ==",     // the key itself
        "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=", // of no key
    ];
    for value in values {
        fail_field("Sec-WebSocket-Accept", &[value], Failure::Accept);
    }
    fail_field("Sec-WebSocket-Accept", &NONE, Failure::Accept);
    fail_field("Sec-WebSocket-Accept", &[proof, proof], Failure::Accept);
    fail_field("Sec-WebSocket-Accept", &[proof, ""], Failure::Accept);
    fail_field("Sec-WebSocket-Accept", &["", proof], Failure::Accept);
}

// P-ch-b, 9110-8.6-a, B-09
#[test]
fn what_says_that_a_101_has_a_body_is_ignored() {
    // RFC 9112, section 6.3, rule 1: a 101 response ends at the empty line, regardless of its
    // fields.
    for length in ["0", "1", "5", "00", "+0", "0, 0", "", "99999999999999999999"] {
        assert_opens(request(), &answer().with("Content-Length", &[length]).bytes(), |_| ());
    }
    assert_opens(request(), &answer().with("Content-Length", &["0", "7"]).bytes(), |_| ());
    for coding in ["chunked", "identity", "gzip, chunked", ""] {
        assert_opens(request(), &answer().with("Transfer-Encoding", &[coding]).bytes(), |_| ());
    }
}

// 9112-5.2-a
#[test]
fn the_lines_of_a_folded_field_are_joined() {
    let folded = [
        ("a;\r\n  b", "a;    b"),
        ("a\r\n\tb", "a  \tb"),
        ("\r\n a", "a"),
        ("a\r\n \r\n\t \r\n b", "a     \t    b"),
        ("a\r\n ", "a"),
    ];
    for (value, expected) in folded {
        let bytes = answer().with("X-Policy", &[value]).bytes();
        let seen = assert_opens(request(), &bytes, |accepted| {
            let values: Vec<_> = accepted.headers().all("X-Policy").map(<[u8]>::to_vec).collect();
            values
        });
        assert_eq!(seen.len(), 1);
        // A leading tab is kept; a recipient may replace a run of whitespace with a space.
        assert_eq!(seen[0].escape_ascii().to_string(), expected.escape_default().to_string());
    }
    // The fields of the handshake may be folded too.
    for (name, value) in [
        ("Upgrade", "\r\n websocket"),
        ("Connection", "keep-alive,\r\n\tUpgrade"),
        ("Sec-WebSocket-Accept", "\r\n s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ] {
        assert_opens(request(), &answer().with(name, &[value]).bytes(), |_| ());
    }
    // In an interim response, and in a rejection.
    let interim = b"HTTP/1.1 103 x\r\nLink: </a>;\r\n rel=preload\r\n\r\n";
    assert_opens(request(), &[&interim[..], &answer().bytes()].concat(), |_| ());
    let refused = b"HTTP/1.1 403 x\r\nX: a\r\n b\r\n\r\n";
    for pieces in cuts(refused) {
        assert_eq!(feed_all(request(), &pieces, |_| ()), Outcome::Rejected(403));
    }
    // RFC 9112, section 2.2: no whitespace before the first field.
    let fault = Failure::Head(HeadFault::Field);
    fail_start("HTTP/1.1 101 x\r\n X: y", fault);
    fail_start("HTTP/1.1 101 x\r\n\t", fault);
}

// 6455-4.1-ac, 6455-11.3.4-a, 6455-1.9-a, I-06
#[test]
fn a_subprotocol_that_was_not_offered() {
    let table: [(&[&str], &[&str]); 14] = [
        (&[], &["chat"]),
        (&[], &[""]),
        (&["chat"], &[""]),
        (&["chat"], &["other"]),
        (&["chat"], &["Chat"]),
        (&["chat"], &["cha"]),
        (&["chat"], &["chatt"]),
        (&["chat"], &["\"chat\""]),
        (&["chat"], &["chat,"]),
        (&["chat"], &["chat", "chat"]),
        (&["a", "b"], &["a, b"]),
        (&["a", "b"], &["a", "b"]),
        (&["a", "b"], &["a", ""]),
        (&["a", "b"], &["a b"]),
    ];
    for (offered, chosen) in table {
        let bytes = answer().with("Sec-WebSocket-Protocol", chosen).bytes();
        let offers = request().subprotocols(offered);
        assert_fails(offers.clone(), &bytes, Failure::Subprotocol);
        assert_fails(offers.require_subprotocol(), &bytes, Failure::Subprotocol);
    }
    let bytes = answer().with("Sec-WebSocket-Protocol", &[b"chat\xff"]).bytes();
    assert_fails(request().subprotocols(&["chat"]), &bytes, Failure::Subprotocol);
    // Browsers fail if none is selected.
    let requires = request().subprotocols(&["chat"]).require_subprotocol();
    assert_fails(requires, &answer().bytes(), Failure::NoSubprotocol);
}

// 9110-15.2-a, I-13
#[test]
fn too_many_interim_responses() {
    for status in [100, 102, 103, 199] {
        let interim = format!("HTTP/1.1 {status} x\r\n\r\n").repeat(9);
        let bytes = [interim.as_bytes(), &answer().bytes()].concat();
        assert_fails(request(), &bytes, Failure::TooManyInterim);
    }
    // An endless sequence of interim responses, each of the maximum length.
    let line = "x".repeat(8 * KIB - "X: ".len());
    let interim = Head::default().start("HTTP/1.1 103 x").with("X", &[line]).bytes();
    let (failure, bytes) = failed_after(HeadLimits::new(), interim.iter().copied().cycle());
    assert_eq!((failure, bytes), (Failure::TooManyInterim, 9 * interim.len()));
    // The heads of interim responses are checked too.
    let bytes = [&b"HTTP/1.1 100 x\r\nX : y\r\n\r\n"[..], &answer().bytes()].concat();
    assert_fails(request(), &bytes, Failure::Head(HeadFault::Field));
}

/// Feeds single bytes until the handshake fails. Returns the failure and the number of bytes fed.
fn failed_after(limits: HeadLimits, bytes: impl Iterator<Item = u8>) -> (Failure, usize) {
    let mut inbox = Inbox::with_capacity(64);
    let mut opening = request().limits(limits).send_with(SampleNonce, &mut Vec::new()).unwrap();
    for (index, byte) in bytes.enumerate() {
        assert_eq!(inbox.copy_from(&[byte]), 1);
        match opening.receive(&mut inbox) {
            Ok(None) => {}
            Err(Error::Failed(failure)) => return (failure, index + 1),
            other => panic!("{other:?}"),
        }
    }
    panic!("all bytes are taken");
}

// P-ch-c, A-01, I-13
#[test]
fn an_endless_response_fails_at_the_limit() {
    let start = "HTTP/1.1 101 x\r\n";
    let endless = |head: &str, line: &str| [head, &line.repeat(64 * KIB)].concat();
    let long = format!("X: {}\r\n", "y".repeat(KIB));
    let table = [
        (endless("HTTP/1.1 101 ", "x"), HeadFault::StartLineTooLong, 8 * KIB + 1),
        (endless("HTTP/1.1 101 x\r\nX: ", "x"), HeadFault::LineTooLong, start.len() + 8 * KIB + 1),
        (endless(start, "X: y\r\n"), HeadFault::TooManyFields, start.len() + 101 * 6),
        (endless(start, &long), HeadFault::TooLong, 16 * KIB + 1),
    ];
    for (bytes, fault, count) in table {
        let failed = failed_after(HeadLimits::new(), bytes.bytes());
        assert_eq!(failed, (Failure::Head(fault), count));
        // The same in one piece: input after the limit makes no difference.
        let outcome =
            feed(request(), Inbox::with_capacity(bytes.len()), &[bytes.as_bytes()], |_| ());
        assert_eq!(outcome, Outcome::Failed(Failure::Head(fault)));
    }
}

// P-ch-c
#[test]
fn responses_at_and_above_each_limit() {
    let bytes = answer().with("X", &["y"]).bytes();
    let line = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".len();
    let start = "HTTP/1.1 101 Switching Protocols".len();
    let fits = HeadLimits::new().size(bytes.len()).fields(4).line(line);
    assert_opens(request().limits(fits), &bytes, |_| ());
    let table = [
        (fits.size(bytes.len() - 1), HeadFault::TooLong),
        (fits.fields(3), HeadFault::TooManyFields),
        (fits.line(line - 1), HeadFault::LineTooLong),
        (fits.line(start - 1), HeadFault::StartLineTooLong),
    ];
    for (limits, fault) in table {
        assert_fails(request().limits(limits), &bytes, Failure::Head(fault));
    }
}

// P-ch-c, A-01
#[test]
fn a_long_response_byte_by_byte() {
    let lines: Vec<_> = (0..16).map(|i| format!("{i}{}", "y".repeat(4 * KIB))).collect();
    let bytes = answer().with("X", &lines).bytes();
    assert!(bytes.len() > 64 * KIB);
    let request = request().limits(HeadLimits::new().size(bytes.len()));
    let pieces: Vec<_> = bytes.chunks(1).collect();
    let outcome = feed(request, Inbox::with_capacity(64), &pieces, |_| ());
    assert_eq!(outcome, Outcome::Open((), Vec::new()));
}

// P-ch-c
#[test]
fn a_response_that_cannot_fit_into_the_inbox_fails() {
    let bytes = answer().bytes();
    for room in [1, 64, bytes.len() - 1] {
        for pieces in [vec![&bytes[..]], bytes.chunks(1).collect()] {
            let outcome = feed(request(), Inbox::over(vec![0; room]), &pieces, |_| ());
            let failure = Failure::Head(HeadFault::TooLong);
            assert_eq!(outcome, Outcome::Failed(failure), "{room}");
        }
    }
}
