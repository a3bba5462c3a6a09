//! Which responses open a tunnel, and what the others contain.

use hybi::{
    Inbox,
    http1::HeadLimits,
    proxy::{Failure, Refused, Response},
};

use super::support::{Outcome, opening, outcome};

/// The start of a TLS record, as a server that speaks first would send it.
const TLS: &[u8] = b"\x16\x03\x03\x00\x05hello";

fn received(bytes: &[u8]) -> Outcome {
    outcome(bytes, HeadLimits::new())
}

/// Hands the refusal in these bytes, which came at once, to `see`.
pub(super) fn refusal<T>(bytes: &[u8], see: impl FnOnce(Refused<'_>) -> T) -> T {
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    match opening(HeadLimits::new()).receive(&mut inbox) {
        Ok(Some(Response::Refused(refused))) => see(refused),
        other => panic!("{other:?}"),
    }
}

// 9110-9.3.6-b, 9110-9.3.6-d, P-px-f
#[test]
fn a_2xx_opens_the_tunnel_and_the_bytes_that_follow_are_its_first() {
    let heads: [(&str, u16); 9] = [
        ("HTTP/1.1 200 Connection established\r\n\r\n", 200),
        // What tinyproxy 1.11 sends.
        ("HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n", 200),
        ("HTTP/1.1 200\r\n\r\n", 200),
        ("HTTP/1.1 200 \r\n\r\n", 200),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HTTP/1.1 299 x\r\nVia: 1.1 a\r\n\r\n", 299),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", 200),
        ("HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\n\tc\r\n\r\n", 200),
    ];
    for (head, status) in heads {
        for first in [&b""[..], TLS, b"HTTP/1.1 403 Forbidden\r\n\r\n", b"5\r\nhello\r\n"] {
            let bytes = [head.as_bytes(), first].concat();
            assert_eq!(received(&bytes), Outcome::Tunnel(status, first.into()), "{head}");
        }
    }
    for status in 200..=299 {
        let head = format!("HTTP/1.1 {status} x\r\n\r\n");
        assert_eq!(received(head.as_bytes()), Outcome::Tunnel(status, Vec::new()));
    }
}

// 9110-9.3.6-c, 6455-4.1-3d, B-08
#[test]
fn no_other_status_opens_a_tunnel() {
    for status in 300..=599 {
        let head = format!("HTTP/1.1 {status} Connection established\r\n\r\n");
        let bytes = [head.as_bytes(), TLS].concat();
        assert_eq!(received(&bytes), Outcome::Refused(status));
    }
    let upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\n\r\n";
    assert_eq!(received(upgrade), Outcome::Failed(Failure::SwitchingProtocols));
}

// 9110-15.2-b
#[test]
fn interim_responses_are_passed_over() {
    let open = b"HTTP/1.1 200 x\r\n\r\n";
    for count in 0..=8 {
        let interim = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n".repeat(count);
        let bytes = [&interim[..], open, TLS].concat();
        assert_eq!(received(&bytes), Outcome::Tunnel(200, TLS.into()), "{count}");
    }
    for status in [100, 102, 199] {
        let bytes = format!("HTTP/1.1 {status} x\r\n\r\nHTTP/1.1 403 x\r\n\r\n");
        assert_eq!(received(bytes.as_bytes()), Outcome::Refused(403), "{status}");
    }
    let many = [&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9)[..], open].concat();
    assert_eq!(received(&many), Outcome::Failed(Failure::TooManyInterim));
}

// 6455-4.1-3d, P-px-d
#[test]
fn a_refusal_is_returned_with_its_fields_and_body() {
    let forbidden = b"HTTP/1.0 403 Forbidden\r\nContent-Type: text/plain\r\n\
        Content-Length: 9\r\n\r\nnot there";
    refusal(forbidden, |refused| {
        assert_eq!(refused.status(), 403);
        assert_eq!(refused.headers().get("content-type"), Some(&b"text/plain"[..]));
        assert_eq!(refused.body(), b"not there");
        assert_eq!(refused.content_length(), Some(9));
        assert_eq!(refused.challenges().count(), 0);
    });
    let shown =
        refusal(b"HTTP/1.1 302 x\r\nLocation: http://a/Marker5f1c\r\n\r\nMarker5f1c", |refused| {
            format!("{refused:?}")
        });
    assert!(shown.contains("Location") && !shown.contains("Marker5f1c"), "{shown}");
}

#[test]
fn a_response_is_there_until_the_inbox_is_used() {
    let mut inbox = Inbox::with_capacity(64);
    let mut opening = opening(HeadLimits::new());
    assert_eq!(inbox.copy_from(b"HTTP/1.1 200 x\r\nA: b\r\n\r\nrest"), 28);
    assert_eq!(opening.advance(&mut inbox), Ok(true));
    for _ in 0..2 {
        let Some(Response::Tunnel(tunnel)) = opening.response(&inbox) else { panic!() };
        assert_eq!((tunnel.status(), tunnel.headers().get("a")), (200, Some(&b"b"[..])));
    }
    inbox.consume(1).unwrap();
    assert!(opening.response(&inbox).is_none());
    assert_eq!(inbox.unread(), b"est");
}
