//! Responses that violate a rule or exceed a limit.

use hybi::{
    http1::{HeadFault, HeadLimits},
    proxy::Failure,
};
use proptest::prelude::*;

use super::support::{Outcome, outcome};

fn assert_fails(bytes: &[u8], fault: HeadFault) {
    let failed = Outcome::Failed(Failure::Head(fault));
    for behind in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n"] {
        let bytes = [bytes, behind].concat();
        assert_eq!(outcome(&bytes, HeadLimits::new()), failed, "{}", bytes.escape_ascii());
    }
}

// 9112-3-a, 9112-3-b, 9112-5.1-a, 9112-5.2-a, 6455-4.1-3d
#[test]
fn a_response_that_is_not_http_fails() {
    let table: [(&[u8], HeadFault); 17] = [
        // A proxy that is asked over TLS, or is none.
        (b"\x15\x03\x01\x00\x02\x02\x46", HeadFault::Tls),
        (b"\x16\x03\x01\x00\x05", HeadFault::Tls),
        (b"SSH-2.0-OpenSSH_9.2\r\n", HeadFault::StartLine),
        (b"\x05\x00", HeadFault::ControlCharacter),
        (b"ICY 200 OK\r\n", HeadFault::StartLine),
        (b"HTTP/2.0 200 OK\r\n", HeadFault::HttpVersion),
        (b"HTTP/0.9 200 OK\r\n", HeadFault::HttpVersion),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", HeadFault::StartLine),
        (b"HTTP/1.1 20 OK\r\n", HeadFault::StartLine),
        (b"HTTP/1.1 2000 OK\r\n", HeadFault::StartLine),
        (b"HTTP/1.1  200 OK\r\n", HeadFault::StartLine),
        (b"HTTP/1.1 200 OK\n", HeadFault::LineEnd),
        (b"HTTP/1.1 200 OK\rHTTP/1.1 200 OK\r\n", HeadFault::LineEnd),
        (b"HTTP/1.1 200 O\0K\r\n", HeadFault::ControlCharacter),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HeadFault::Field),
        (b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", HeadFault::Field),
        (b"HTTP/1.1 200 OK\r\nA\r\n\r\n", HeadFault::Field),
    ];
    for (bytes, fault) in table {
        assert_fails(bytes, fault);
    }
}

// 6455-4.1-3d
#[test]
fn an_incomplete_response_is_awaited() {
    let head = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nA: b\r\n c\r\n\r\n";
    for length in 0..head.len() {
        // Where the input ends, the caller says so: there is no tunnel.
        assert_eq!(outcome(&head[..length], HeadLimits::new()), Outcome::Waiting, "{length}");
    }
}

// P-px-d, I-13
#[test]
fn a_head_is_as_long_as_the_limits_allow() {
    let limits = HeadLimits::new().size(64).fields(2).line(40);
    let at = |bytes: &str| outcome(bytes.as_bytes(), limits);
    let open = Outcome::Tunnel(200, Vec::new());
    let failed = |fault| Outcome::Failed(Failure::Head(fault));
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
    // 17 bytes of status line, 2 of the empty line, 2 of the end of each line.
    assert_eq!(at(&head(&format!("A: {}\r\n", "b".repeat(37)))), open);
    assert_eq!(at(&head(&format!("A: {}\r\n", "b".repeat(38)))), failed(HeadFault::LineTooLong));
    let line = format!("A: {}\r\n", "b".repeat(20));
    assert_eq!(at(&head(&format!("{line}A: {}\r\n", "b".repeat(15)))), open);
    let longer = head(&format!("{line}A: {}\r\n", "b".repeat(16)));
    assert_eq!(at(&longer), failed(HeadFault::TooLong));
    assert_eq!(at(&head("A:\r\nB:\r\n")), open);
    assert_eq!(at(&head("A:\r\nB:\r\nC:\r\n")), failed(HeadFault::TooManyFields));
    let long = format!("HTTP/1.1 200 {}", "x".repeat(28));
    assert_eq!(at(&long), failed(HeadFault::StartLineTooLong));
    // A head that never ends.
    let endless = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(4000);
    let failure = outcome(endless.as_bytes(), HeadLimits::new());
    assert_eq!(failure, failed(HeadFault::TooManyFields));
}

/// A piece of a response, mostly valid.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop_oneof![
            Just("HTTP/1.1 200 OK\r\n"),
            Just("HTTP/1.0 407 x\r\n"),
            Just("HTTP/1.1 100 Continue\r\n\r\n"),
            Just("Proxy-Authenticate: Basic realm=\"x\"\r\n"),
            Just("A: b\r\n c\r\n"),
            Just("\r\n"),
        ]
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    // 9110-9.3.6-b, 9110-9.3.6-c, 9110-9.3.6-d
    #[test]
    fn a_response_is_judged_alike_for_any_split(
        pieces in proptest::collection::vec(piece(), 0..8),
    ) {
        let bytes = pieces.concat();
        if let Outcome::Tunnel(status, first) = outcome(&bytes, HeadLimits::new()) {
            prop_assert!((200..300).contains(&status));
            let head = bytes.strip_suffix(&first[..]).unwrap();
            prop_assert!(head.ends_with(b"\r\n\r\n"));
        }
    }
}
