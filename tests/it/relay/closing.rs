//! The closing handshake through the relay.

use hybi::{Error, FixedOutbox, relay::Side};

use super::{
    link::{Keys, Link, arriving, cuts, read},
    wire::{BINARY, BOTH, CLOSE, FIN, PING, TEXT, close, frame, header, other},
};

// 6455-5.5.1-h, 6455-5.5.1-i, 6455-5.5.1-j, 6455-7.4.2-c, 6455-7.4.2-d
#[test]
fn a_close_and_its_reply_are_relayed() {
    for (from, code) in [(Side::Client, 3000_u16), (Side::Server, 4001)] {
        let to = other(from);
        let code = code.to_be_bytes();
        let body = [&code[..], b"bye"].concat();
        let (sent, reply) = (frame(from, CLOSE, &body), frame(to, CLOSE, &code));
        for pieces in cuts(&sent) {
            let mut link = Link::new();
            link.carry_all(from, &pieces);
            assert_eq!(link.take(to), arriving(to, 0, CLOSE, &body));
            assert_eq!(link.should_close_transport(), [false; 2]);
            assert!(link.relay.is_closing(), "it waits for the reply");
        }
        for pieces in cuts(&reply) {
            let mut link = Link::new();
            link.carry(from, &sent);
            link.carry_all(to, &pieces);
            assert_eq!(link.take(from), arriving(from, 0, CLOSE, &code));
            assert_eq!(link.should_close_transport(), [true, false]);
            assert!(link.relay.is_closing(), "it waits for the server to close its transport");
            link.end(Side::Client);
            link.end(Side::Server);
            assert_eq!((link.should_close_transport(), link.relay.failure()), ([true; 2], None));
            assert!(!link.relay.is_closing());
        }
    }
}

// 6455-5.5.1-k
#[test]
fn crossing_closes_are_relayed() {
    let mut link = Link::new();
    link.pass(Side::Client, &close(Side::Client, 1000));
    link.pass(Side::Server, &close(Side::Server, 1001));
    link.send_closes();
    assert_eq!(link.take(Side::Client), close(Side::Server, 1001));
    assert_eq!(link.take(Side::Server), arriving(Side::Server, 0, CLOSE, b"\x03\xe8"));
    assert_eq!((link.should_close_transport(), link.relay.failure()), ([true, false], None));
}

// 6455-5.5.1-a, P-cl-a, P-cl-b, 6455-5.5.1-h
#[test]
fn bytes_after_a_close_are_ignored() {
    for from in BOTH {
        let to = other(from);
        let mut bytes = frame(from, TEXT, b"half a message");
        let closed = bytes.len() + close(from, 1000).len();
        bytes.extend(close(from, 1000));
        bytes.extend(frame(from, FIN | TEXT, b"late"));
        bytes.extend(close(from, 1001));
        bytes.extend([0xff; 20]);
        let expected =
            [arriving(to, 0, TEXT, b"half a message"), arriving(to, 1, CLOSE, b"\x03\xe8")]
                .concat();
        for pieces in cuts(&bytes) {
            let mut link = Link::new();
            link.carry_all(from, &pieces);
            link.carry_all(from, &pieces);
            assert_eq!(link.take(to), expected);
            assert!(link.take(from).is_empty());
            assert_eq!(link.relay.failure(), None);
        }
        // The violation is detected if it comes before the Close.
        let mut link = Link::new();
        link.carry(from, &[&bytes[..closed - close(from, 1000).len()], &[0xff]].concat());
        assert!(link.relay.failure().is_some());
    }
}

// 6455-5.1-d
#[test]
fn frames_are_relayed_until_the_reply() {
    for from in BOTH {
        let to = other(from);
        let mut link = Link::new();
        link.carry(from, &close(from, 1000));
        link.carry(to, &frame(to, FIN | TEXT, b"one more"));
        link.carry(to, &frame(to, PING, b""));
        link.carry(to, &close(to, 1000));
        link.carry(to, &frame(to, FIN | TEXT, b"and another"));
        let expected = [
            arriving(from, 0, FIN | TEXT, b"one more"),
            arriving(from, 1, PING, b""),
            arriving(from, 2, CLOSE, b"\x03\xe8"),
        ];
        assert_eq!(link.take(from), expected.concat());
    }
}

#[test]
fn a_close_is_relayed_unchanged_even_if_invalid() {
    // Empty, a single byte, reserved codes, a reason that is not UTF-8, the longest one.
    let long = [&b"\x03\xe8"[..], &[b'x'; 123]].concat();
    for body in [&b""[..], b"\x03", b"\x03\xed", b"\x03\xee", b"\x03\xe8\xff", &long] {
        for from in BOTH {
            let to = other(from);
            let mut link = Link::new();
            link.carry(from, &frame(from, CLOSE, body));
            assert_eq!(link.take(to), arriving(to, 0, CLOSE, body));
            assert_eq!((link.relay.failure(), link.should_close_transport()), (None, [false; 2]));
            // The other side replies that it is invalid.
            link.carry(to, &close(to, 1002));
            assert_eq!(link.take(from), arriving(from, 0, CLOSE, b"\x03\xea"));
            assert!(link.relay.should_close_transport(Side::Client));
        }
    }
}

// 6455-5.5.1-h
#[test]
fn a_close_of_the_relay_waits_for_the_end_of_a_frame() {
    for culprit in BOTH {
        let innocent = other(culprit);
        for (opcode, is_close) in [(FIN | BINARY, false), (PING, false), (CLOSE, true)] {
            let payload = b"\x03\xe8the rest";
            let sent = frame(innocent, opcode, payload);
            let header = sent.len() - payload.len();
            // From the end of the header to the byte before the last.
            for cut in header..sent.len() {
                let mut link = Link::new();
                link.carry(innocent, &sent[..cut]);
                link.carry(culprit, b"\xff");
                assert_eq!(read(culprit, link.sent_to(culprit)).len(), 1, "no second frame");
                assert!(!link.relay.should_close_transport(culprit) && link.relay.is_closing());
                let rest = [&sent[cut..], &frame(innocent, FIN | TEXT, b"too late")].concat();
                link.carry(innocent, &rest);
                let mut expected = arriving(culprit, 0, opcode, payload);
                if !is_close {
                    expected.extend(arriving(culprit, 1, CLOSE, b"\x03\xea"));
                }
                assert_eq!(link.take(culprit), expected, "{opcode:x} cut at {cut}");
                assert!(link.relay.should_close_transport(culprit));
            }
            // Before that, no part of the frame has been relayed.
            for cut in 0..header {
                let mut link = Link::new();
                link.carry(innocent, &sent[..cut]);
                link.carry(culprit, b"\xff");
                link.carry(innocent, &sent[cut..]);
                assert_eq!(link.take(culprit), arriving(culprit, 0, CLOSE, b"\x03\xea"));
                assert!(link.relay.should_close_transport(culprit));
            }
        }
    }
}

#[test]
fn a_close_of_the_relay_does_not_wait_for_a_dropped_frame() {
    for culprit in BOTH {
        let innocent = other(culprit);
        let late = frame(innocent, FIN | BINARY, b"too late");
        for ends in [false, true] {
            let mut link = Link::new();
            link.pass(culprit, b"\xff");
            link.pass(innocent, &late[..late.len() - 1]);
            if ends {
                link.relay.end_of_input(innocent);
            }
            link.send_closes();
            assert_eq!(link.take(culprit), arriving(culprit, 0, CLOSE, b"\x03\xea"));
            assert!(link.relay.should_close_transport(culprit));
        }
    }
}

// 6455-5.5.1-h
#[test]
fn a_close_from_the_other_side_after_a_violation_is_dropped() {
    for culprit in BOTH {
        let mut link = Link::new();
        link.pass(culprit, b"\xff");
        link.pass(other(culprit), &close(other(culprit), 1000));
        assert!(link.take(culprit).is_empty());
        link.send_closes();
        assert_eq!(link.take(culprit), arriving(culprit, 0, CLOSE, b"\x03\xea"));
        assert_eq!(link.should_close_transport(), [true, culprit == Side::Server]);
    }
}

#[test]
fn a_close_of_the_relay_waits_for_room() {
    for (side, size) in [(Side::Client, 4), (Side::Server, 8)] {
        let mut relay = Link::new().relay;
        let _ = relay.pass(side, &mut [0xff]);
        let mut small = [0; 7];
        let mut small = FixedOutbox::over(&mut small[..size - 1]);
        relay.send_close(side, &mut small);
        assert!(small.bytes().is_empty() && !relay.should_close_transport(side));
        let mut outbox = FixedOutbox::over([0; 8]);
        relay.send_close(side, &mut outbox);
        assert_eq!(outbox.bytes().len(), size);
        assert_eq!(read(side, outbox.bytes())[0].payload, b"\x03\xea");
        assert!(relay.should_close_transport(side));
        outbox.clear();
        relay.send_close(side, &mut outbox);
        assert!(outbox.bytes().is_empty(), "there is no second Close");
    }
}

#[test]
fn without_masking_keys_nothing_is_relayed_to_the_server() {
    let hello = frame(Side::Client, FIN | TEXT, b"Hello");
    let mut link = Link::with(Keys::until(1));
    link.carry(Side::Client, &hello.repeat(3));
    assert_eq!(link.take(Side::Server), arriving(Side::Server, 0, FIN | TEXT, b"Hello"));
    assert_eq!(link.take(Side::Client), close(Side::Server, 1011));
    assert!(matches!(link.relay.failure(), Some((Side::Client, Error::Entropy(_)))));
    assert_eq!(link.should_close_transport(), [true; 2]);

    // Frames from the server need no key.
    let mut link = Link::with(Keys::until(0));
    link.carry(Side::Server, &frame(Side::Server, FIN | TEXT, b"Hello"));
    assert_eq!(link.take(Side::Client), b"\x81\x05Hello");
    link.carry(Side::Server, &header(None, FIN | 3, 0));
    assert_eq!((link.take(Side::Server), link.should_close_transport()), (vec![], [false, true]));
}
