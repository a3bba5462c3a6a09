//! The end of the input of either side, at every point.

use hybi::{Error, relay::Side};

use super::{
    link::{Link, arriving, left_alone, read},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, PING, TEXT, close, frame, other},
};

/// Where the input ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// Between two frames or in a header. The other side has only complete frames.
    Between,
    /// In a payload.
    Inside,
    /// After a Close.
    Behind,
}

/// Frames that end with a Close, and where each byte lies in them.
fn script(from: Side) -> (Vec<u8>, Vec<Place>) {
    let payloads: [(u8, &[u8]); 6] = [
        (TEXT, b"Hel"),
        (PING, b"ping"),
        (CONTINUATION, b""),
        (FIN | CONTINUATION, b"lo"),
        (FIN | BINARY, &[7; 130]),
        (CLOSE, b"\x03\xe8bye"),
    ];
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    for (first, payload) in payloads {
        let frame = frame(from, first, payload);
        let header = frame.len() - payload.len();
        // One place for each index.
        places.extend(std::iter::repeat_n(Place::Between, header));
        places.extend(std::iter::repeat_n(Place::Inside, payload.len()));
        bytes.extend(frame);
    }
    places.push(Place::Behind);
    (bytes, places)
}

// P-cl-g, 6455-7.1.7-f
#[test]
fn the_end_of_input_at_every_point() {
    for from in BOTH {
        let to = other(from);
        let (bytes, places) = script(from);
        assert_eq!(places.len(), bytes.len() + 1);
        for (cut, place) in places.iter().enumerate() {
            let mut link = Link::new();
            link.carry(from, &bytes[..cut]);
            let before = link.take(to);
            link.end(from);
            let after = link.take(to);
            assert!(link.take(from).is_empty(), "nothing is sent to the side that ended");
            assert!(link.relay.should_close_transport(from), "{from:?} at {cut}");
            let lost = Some((from, Error::ConnectionLost));
            match place {
                Place::Between => {
                    let n = read(to, &before).len().try_into().unwrap();
                    assert_eq!(after, arriving(to, n, CLOSE, &left_alone(to)), "at {cut}");
                    assert_eq!(
                        (link.relay.should_close_transport(to), link.relay.failure()),
                        (false, lost)
                    );
                    assert!(link.relay.is_closing(), "its reply may never come");
                    link.carry(to, &close(to, 1001));
                    assert_eq!(link.relay.should_close_transport(to), to == Side::Client);
                }
                Place::Inside => {
                    assert!(after.is_empty(), "{from:?} at {cut}");
                    assert_eq!(
                        (link.relay.should_close_transport(to), link.relay.failure()),
                        (true, lost)
                    );
                    assert!(!link.relay.is_closing());
                }
                Place::Behind => {
                    assert!(after.is_empty());
                    assert_eq!(
                        (link.relay.should_close_transport(to), link.relay.failure()),
                        (false, None)
                    );
                    assert!(link.relay.is_closing(), "its reply may never come");
                }
            }
            link.end(to);
            assert_eq!(
                (link.should_close_transport(), link.relay.is_closing()),
                ([true; 2], false)
            );
            assert!(link.take(from).is_empty() && link.take(to).is_empty());
            link.end(from);
            link.carry(from, &bytes);
            link.carry(to, &close(to, 1000));
            assert!(link.take(from).is_empty() && link.take(to).is_empty(), "nothing follows");
        }
    }
}

#[test]
fn a_side_that_ends_without_a_reply_ends_the_other() {
    for from in BOTH {
        let to = other(from);
        let mut link = Link::new();
        link.carry(from, &close(from, 1000));
        link.end(to);
        assert_eq!(link.take(from), arriving(from, 0, CLOSE, &left_alone(from)));
        assert_eq!(link.relay.failure(), Some((to, Error::ConnectionLost)));
        assert_eq!(link.relay.should_close_transport(from), from == Side::Client);
        link.end(from);
        assert_eq!(link.should_close_transport(), [true; 2]);
    }
}

#[test]
fn frames_to_a_side_that_ended_are_checked_and_dropped() {
    for gone in BOTH {
        let from = other(gone);
        let message = frame(from, FIN | TEXT, b"on its way");
        for cut in 0..message.len() {
            let mut link = Link::new();
            link.carry(from, &message[..cut]);
            link.end(gone);
            link.take(gone);
            link.carry(from, &message[cut..]);
            link.carry(from, &message);
            link.carry(from, &close(from, 1001));
            assert!(link.take(gone).is_empty(), "cut at {cut}");
            assert_eq!(link.take(from), arriving(from, 0, CLOSE, &left_alone(from)));
            assert_eq!(link.relay.should_close_transport(from), from == Side::Client);
        }
    }
}

#[test]
fn a_side_that_ends_after_its_violation() {
    for culprit in BOTH {
        let innocent = other(culprit);
        // Before the relay has sent a Close, and while the other side's frame is in progress.
        let unfinished = frame(innocent, FIN | BINARY, b"unfinished");
        let mut link = Link::new();
        link.carry(innocent, &unfinished[..unfinished.len() - 1]);
        link.pass(culprit, b"\xff");
        let passed = link.take(culprit);
        link.end(culprit);
        assert!(link.take(culprit).is_empty() && !passed.is_empty());
        assert_eq!(link.take(innocent), arriving(innocent, 0, CLOSE, &left_alone(innocent)));
        assert!(
            link.relay.should_close_transport(culprit)
                && !link.relay.should_close_transport(innocent)
        );
    }
}

#[test]
fn a_side_that_ends_inside_the_frame_that_a_close_waits_for() {
    for culprit in BOTH {
        let innocent = other(culprit);
        let unfinished = frame(innocent, FIN | BINARY, b"unfinished");
        let mut link = Link::new();
        link.carry(innocent, &unfinished[..unfinished.len() - 1]);
        link.carry(culprit, b"\xff");
        link.take(culprit);
        link.end(innocent);
        assert!(link.take(culprit).is_empty(), "a Close would be payload");
        assert_eq!(link.should_close_transport(), [true; 2]);
        assert_eq!(link.relay.failure().unwrap().0, culprit, "the first one counts");
    }
}
