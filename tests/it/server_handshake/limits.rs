//! Limits on the size of a request.
//!
//! Linear work is checked by counting: a request that exceeds a limit is refused at the byte that
//! exceeds it, for every split of the input, without waiting for the bytes after it.

use std::fmt::Write;

use hybi::{
    Inbox, Origins,
    http1::{HeadFault, HeadLimits},
    server::{Error, Opening, Refusal, Request},
};

use crate::support::handshake::{
    head::Head,
    server::{HELLO, MARKER, Outcome, assert_accepted, assert_refused, opening, serve, sound},
};

const KIB: usize = 1024;

fn with_limits(limits: HeadLimits) -> Opening<'static> {
    Opening::with_limits(Origins::any(), limits)
}

/// The valid request with this number of fields in total.
fn of_fields(count: usize) -> Head {
    (8..count).fold(sound(), |head, i| head.with(&format!("X-{i}"), &["y"]))
}

/// The valid request with lines of at most 4 KiB and this number of bytes in total.
fn of_size(size: usize) -> Vec<u8> {
    let mut head = sound();
    for i in 0.. {
        let missing = size - head.bytes().len();
        let frame = format!("X-{i}: \r\n").len();
        // The rest must be empty or hold another field.
        let length = match missing {
            0 => break,
            _ if missing <= 4 * KIB => missing,
            _ => 3 * KIB,
        };
        head = head.with(&format!("X-{i}"), &["x".repeat(length - frame)]);
    }
    head.bytes()
}

/// Feeds single bytes until the request is refused. Returns the refusal and the number of bytes
/// fed.
fn refused_after(opening: &Opening<'_>, bytes: impl Iterator<Item = u8>) -> (Refusal, usize) {
    let mut opening = opening.clone();
    let mut inbox = Inbox::with_capacity(64);
    for (index, byte) in bytes.enumerate() {
        assert_eq!(inbox.copy_from(&[byte]), 1);
        match opening.receive(&mut inbox, &mut Vec::new()) {
            Ok(None) => {}
            Err(Error::Refused(refusal)) => return (refusal, index + 1),
            other => panic!("{other:?}"),
        }
    }
    panic!("all bytes are taken");
}

// P-sh-c
#[test]
fn a_request_at_its_limits() {
    assert_accepted(&of_size(16 * KIB), |_| ());
    assert_accepted(&of_fields(100).bytes(), |_| ());
    let value = "x".repeat(8 * KIB - "X: ".len());
    assert_accepted(&sound().with("X", &[&value]).bytes(), |_| ());
    let path = "x".repeat(8 * KIB - "GET / HTTP/1.1".len());
    assert_accepted(&sound().start(format!("GET /{path} HTTP/1.1")).bytes(), |_| ());
}

// P-sh-c
#[test]
fn a_request_above_a_limit() {
    let refuse = |request: &[u8], fault, status| {
        assert_refused(&opening(), request, Refusal::Head(fault), status);
    };
    refuse(&of_size(16 * KIB + 1), HeadFault::TooLong, 431);
    refuse(&of_fields(101).bytes(), HeadFault::TooManyFields, 431);
    let value = "x".repeat(8 * KIB - "X: ".len() + 1);
    refuse(&sound().with("X", &[&value]).bytes(), HeadFault::LineTooLong, 431);
    let path = "x".repeat(8 * KIB - "GET / HTTP/1.1".len() + 1);
    let request = sound().start(format!("GET /{path} HTTP/1.1"));
    refuse(&request.bytes(), HeadFault::StartLineTooLong, 414);
}

// P-sh-c
#[test]
fn custom_limits() {
    let request = sound().bytes();
    let length = request.len();
    let line = format!("GET /{MARKER}?{MARKER} HTTP/1.1").len();
    let field = format!("Sec-WebSocket-Key: {}", "x".repeat(24)).len();
    assert!(line < field, "the longest line is that of the key");
    let fits = HeadLimits::new().size(length).fields(8).line(field);
    let inbox = Inbox::with_capacity(64);
    let outcome = serve(with_limits(fits), inbox, &mut Vec::new(), &[&request], |_| ());
    assert_eq!(outcome, Outcome::Open((), Vec::new()));
    let table = [
        (fits.size(length - 1), HeadFault::TooLong, 431),
        (fits.size(0), HeadFault::TooLong, 431),
        (fits.fields(7), HeadFault::TooManyFields, 431),
        (fits.fields(0), HeadFault::TooManyFields, 431),
        (fits.line(field - 1), HeadFault::LineTooLong, 431),
        (fits.line(line - 1), HeadFault::StartLineTooLong, 414),
    ];
    for (limits, fault, status) in table {
        assert_refused(&with_limits(limits), &request, Refusal::Head(fault), status);
    }
    assert_eq!(HeadLimits::default(), HeadLimits::new().size(16 * KIB).fields(100).line(8 * KIB));
    let fault = Refusal::Head(HeadFault::TooManyFields);
    let limits = HeadLimits::new().fields(128);
    assert_refused(&with_limits(limits), &of_fields(129).bytes(), fault, 431);
}

// P-sh-c
#[test]
fn without_a_limit_on_fields_only_the_size_is_limited() {
    let limits = HeadLimits::new().fields(usize::MAX).size(usize::MAX);
    for count in [128, 129, 2000] {
        let request = of_fields(count).bytes();
        let inbox = Inbox::with_capacity(64);
        let count_fields = |request: &Request<'_>| request.headers().iter().count();
        let outcome =
            serve(with_limits(limits), inbox, &mut Vec::new(), &[&request, &HELLO], count_fields);
        assert_eq!(outcome, Outcome::Open(count, vec!["Hello".into()]));
    }
}

// P-sh-c, A-01
#[test]
fn an_endless_request_is_refused_at_the_limit() {
    let start = sound().start(format!("GET /{MARKER} HTTP/1.1")).bytes();
    let start = start.split_inclusive(|&byte| byte == b'\n').next().unwrap().to_vec();
    let head = |text: &str| [&start[..], text.as_bytes()].concat();
    let lines =
        |line: &str| start.clone().into_iter().chain(line.to_string().into_bytes().repeat(2 * KIB));

    let limits = opening();
    let (refusal, bytes) =
        refused_after(&limits, b"GET /".iter().copied().chain(std::iter::repeat(b'x')));
    assert_eq!((refusal, bytes), (Refusal::Head(HeadFault::StartLineTooLong), 8 * KIB + 1));

    let line = head("X: ").into_iter().chain(std::iter::repeat(b'x'));
    let expected = (Refusal::Head(HeadFault::LineTooLong), start.len() + 8 * KIB + 1);
    assert_eq!(refused_after(&limits, line), expected);

    // Many short lines reach the limit on fields: the last byte fed ends the excess line.
    let expected = (Refusal::Head(HeadFault::TooManyFields), start.len() + 101 * "X: y\r\n".len());
    assert_eq!(refused_after(&limits, lines("X: y\r\n")), expected);

    // A few long lines reach the limit on the size.
    let line = format!("X: {}\r\n", "y".repeat(KIB));
    let expected = (Refusal::Head(HeadFault::TooLong), 16 * KIB + 1);
    assert_eq!(refused_after(&limits, lines(&line)), expected);
}

// P-sh-c, A-01, A-02
#[test]
fn a_hundred_thousand_lines() {
    let mut lines = String::new();
    for i in 0..100_000 {
        write!(lines, "X-{i}: y\r\n").unwrap();
    }
    let text = String::from_utf8(sound().bytes()).unwrap();
    let before = text.replacen("\r\n", &format!("\r\n{lines}"), 1);
    let after = text.replace("\r\n\r\n", &format!("\r\n{lines}\r\n"));
    for request in [before, after] {
        let mut outbox = Vec::new();
        let inbox = Inbox::with_capacity(request.len());
        let outcome = serve(opening(), inbox, &mut outbox, &[request.as_bytes()], |_| ());
        let (refusal, bytes) = refused_after(&opening(), request.bytes());
        assert_eq!(outcome, Outcome::Refused(refusal));
        assert_eq!(refusal, Refusal::Head(HeadFault::TooManyFields));
        assert!(outbox.starts_with(b"HTTP/1.1 431 "));
        assert!(bytes < 101 * 64, "lines after the limit are not read");
    }
}

// A-02
#[test]
fn two_thousand_fields_around_the_required_ones() {
    let many: Vec<_> = (0..2000).map(|i| format!("y\r\nX-{i}: y")).collect();
    let fault = Refusal::Head(HeadFault::TooManyFields);
    assert_refused(&opening(), &sound().with("X", &[many.join("")]).bytes(), fault, 431);
    let line = format!("GET / HTTP/1.1\r\nX: {}", many.join(""));
    assert_refused(&opening(), &sound().start(line).bytes(), fault, 431);
}

// P-sh-c
#[test]
fn a_full_request_byte_by_byte() {
    let opening = with_limits(HeadLimits::new().size(64 * KIB));
    let request = of_size(64 * KIB);
    let bytes = [&request[..], &HELLO].concat();
    let pieces: Vec<_> = bytes.chunks(1).collect();
    let outcome = serve(opening, Inbox::with_capacity(64), &mut Vec::new(), &pieces, |_| ());
    assert_eq!(outcome, Outcome::Open((), vec!["Hello".into()]));
}

// P-sh-c
#[test]
fn a_request_that_cannot_fit_into_the_inbox_is_refused() {
    let request = sound().bytes();
    for room in [1, 64, request.len() - 1] {
        for pieces in [vec![&request[..]], request.chunks(1).collect()] {
            let mut outbox = Vec::new();
            let inbox = Inbox::over(vec![0; room]);
            let outcome = serve(opening(), inbox, &mut outbox, &pieces, |_| ());
            assert_eq!(outcome, Outcome::Refused(Refusal::Head(HeadFault::TooLong)), "{room}");
            assert!(outbox.starts_with(b"HTTP/1.1 431 "));
        }
    }
}

// P-sh-c
#[test]
fn a_line_end_is_judged_up_to_the_limit() {
    let line = b"GET / HTTP/1.1\r";
    for (size, fault) in [(line.len(), HeadFault::TooLong), (line.len() + 1, HeadFault::LineEnd)] {
        let limits = HeadLimits::new().size(size);
        assert_eq!(limits.max_size(), size);
        let bytes = line.iter().copied().chain([b'x'; 4]);
        let (refusal, count) = refused_after(&with_limits(limits), bytes);
        assert_eq!((refusal, count), (Refusal::Head(fault), line.len() + 1));
    }
}
