//! Slow opening handshakes.

use hybi::{
    FixedOutbox, Inbox, Origins,
    deadline::{Cause, Deadlines, Stage},
    server::{Error, Opening},
};

use super::{TIMEOUTS, seconds};

fn status(response: &[u8]) -> &str {
    std::str::from_utf8(response).unwrap().lines().next().unwrap()
}

// P-sh-d, P-dl-a, A-15
#[test]
fn input_does_not_extend_the_opening_handshake() {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    let mut opening = Opening::new(Origins::any());
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(100));
    for (second, byte) in (100..110).zip(b"GET / HTTP") {
        let until = deadlines.expire_opening(seconds(second), &mut opening, &mut outbox);
        assert_eq!(until, Ok(Some(seconds(110))));
        let _ = inbox.copy_from(&[*byte]);
        deadlines.on_read(seconds(second));
        assert!(opening.receive(&mut inbox, &mut outbox).unwrap().is_none());
    }
    assert!(outbox.is_empty());
    let expired = deadlines.expire_opening(seconds(110), &mut opening, &mut outbox);
    assert_eq!(expired, Err(Cause::Opening));
    assert_eq!(Cause::Opening.status(), Some(408));
    assert_eq!(status(&outbox), "HTTP/1.1 408 Request Timeout");
    let head = String::from_utf8(outbox.clone()).unwrap();
    assert!(head.contains("\r\nConnection: close\r\n"), "{head}");
    let after = opening.receive(&mut inbox, &mut outbox).map(drop);
    assert_eq!(after, Err(Error::HandshakeOver));
    // The peer has as long to read it and to close as after a Close.
    assert_eq!(deadlines.check(seconds(110), Stage::Closing, 0), Ok(Some(seconds(120))));
    assert_eq!(deadlines.check(seconds(120), Stage::Closing, 0), Err(Cause::Closing));
    assert_eq!(deadlines.cause(), Some(Cause::Opening), "the first");
}

#[test]
fn a_response_without_room_is_sent_later() {
    let mut inbox = Inbox::with_capacity(1024);
    let mut outbox = FixedOutbox::over([0; 512]);
    hybi::Outbox::append(&mut outbox, &[b'x'; 500]);
    let mut opening = Opening::new(Origins::any());
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(0));
    let expired = deadlines.expire_opening(seconds(10), &mut opening, &mut outbox);
    assert_eq!(expired, Err(Cause::Opening));
    assert_eq!(outbox.bytes(), [b'x'; 500]);
    outbox.clear();
    let after = opening.receive(&mut inbox, &mut outbox).map(drop);
    assert_eq!(after, Err(Error::HandshakeOver));
    assert_eq!(status(outbox.bytes()), "HTTP/1.1 408 Request Timeout");
}

#[test]
fn a_refused_request_gets_one_response() {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    let mut opening = Opening::new(Origins::any());
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(0));
    let _ = inbox.copy_from(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    opening.receive(&mut inbox, &mut outbox).map(drop).unwrap_err();
    let response = outbox.clone();
    let expired = deadlines.expire_opening(seconds(10), &mut opening, &mut outbox);
    assert_eq!((expired, outbox), (Err(Cause::Opening), response));
    assert_eq!(opening.time_out(&mut Vec::new()), Err(Error::HandshakeOver));
}

#[test]
fn the_first_call_with_a_connection_ends_the_opening_handshake() {
    let open = super::Open::new(TIMEOUTS);
    assert_eq!(open.deadlines.deadline(), Some(seconds(20)));
    // A client has no request to refuse.
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(0));
    assert_eq!(deadlines.check(seconds(9), Stage::Opening, 0), Ok(Some(seconds(10))));
    let mut late = deadlines;
    assert_eq!(late.check(seconds(10), Stage::Opening, 0), Err(Cause::Opening));
    assert_eq!(deadlines.check(seconds(9), Stage::Open, 0), Ok(Some(seconds(29))));
    assert_eq!(deadlines.check(seconds(10), Stage::Opening, 0), Ok(Some(seconds(29))));
}

/// A client that does not read the response to a request for a page.
#[test]
fn output_has_its_deadline_in_the_opening_handshake_too() {
    let mut deadlines = Deadlines::new(TIMEOUTS.opening(seconds(100)), seconds(0));
    assert_eq!(deadlines.check(seconds(50), Stage::Opening, 1), Ok(Some(seconds(80))));
    assert_eq!(deadlines.check(seconds(80), Stage::Opening, 1), Err(Cause::Unread));
}
