//! Connections that are inspected from the middle.

use hybi::{
    deflate::{Direction, Negotiated},
    inspect::{Coding, Event, Extensions, Inspector, Limits, Rule, Sender},
};

use super::{Step, client, inspect, server};
use crate::support::{
    feed::Cut,
    wire::{BINARY, CONTINUATION, FIN, From, PING, RSV1, TEXT, frame},
};

/// The messages of RFC 7692, sections 7.2.3.1 and 7.2.3.2. The second one refers to the first one.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];

fn deflate(takeover: bool) -> Extensions {
    let direction = Direction::new(15, takeover).unwrap();
    Extensions::Deflate(Negotiated::new(direction, direction))
}

/// The coding and the payload of each message, and the violations.
fn messages(extensions: Extensions, steps: &[Step]) -> (Vec<(Coding, String)>, Vec<Rule>) {
    let mut results = Vec::new();
    for cut in [Cut::Whole, Cut::Every(1)] {
        let (mut messages, mut rules) = (Vec::new(), Vec::new());
        let inspector = Inspector::without_handshake(extensions, Limits::new());
        inspect(inspector, steps, &cut, |entry| match entry.event {
            Event::Message(message) => {
                messages.push((message.coding, message.payload.escape_ascii().to_string()));
            }
            Event::Violation(rule) => rules.push(rule),
            _ => {}
        });
        results.push((messages, rules));
    }
    assert_eq!(results[0], results[1]);
    results.remove(0)
}

fn send(first: u8, payload: &[u8]) -> Step {
    client(frame(From::Client, first, payload))
}

// 7692-7.2.2-b
#[test]
fn a_message_that_refers_to_an_unseen_one_is_reported_as_such() {
    let steps = [
        send(RSV1 | FIN | TEXT, &AGAIN),
        send(RSV1 | FIN | TEXT, &HELLO),
        send(RSV1 | FIN | TEXT, &AGAIN),
        send(FIN | TEXT, b"plain"),
    ];
    let hello = (Coding::Inflated, "Hello".to_string());
    let plain = (Coding::Plain, "plain".to_string());
    let unknown = (Coding::UnknownWindow, "H".to_string());
    let expected = vec![unknown, hello.clone(), hello.clone(), plain.clone()];
    for extensions in [deflate(true), Extensions::Unknown] {
        assert_eq!(messages(extensions, &steps), (expected.clone(), vec![]), "{extensions:?}");
    }
    // Without context takeover, no message refers to another one.
    let invalid = (Coding::Invalid, "H".to_string());
    let expected = vec![invalid.clone(), hello, invalid, plain];
    assert_eq!(messages(deflate(false), &steps), (expected, vec![Rule::NotDeflate; 2]));
}

// 6455-5.2-a
#[test]
fn without_extensions_all_rules_are_checked() {
    let steps = [send(RSV1 | FIN | TEXT, &HELLO), send(FIN | TEXT, &[0xff])];
    let (_, rules) = messages(Extensions::None, &steps);
    assert_eq!(rules, [Rule::ReservedBits, Rule::TextNotUtf8]);
}

#[test]
fn with_unknown_extensions_neither_reserved_bits_nor_text_are_checked() {
    let steps = [
        send(0x20 | FIN | BINARY, b"a"),
        send(0x10 | FIN | PING, b"a"),
        send(FIN | TEXT, &[0xff]),
        send(TEXT, b"a"),
        send(RSV1 | FIN | CONTINUATION, b"b"),
    ];
    let (messages, rules) = messages(Extensions::Unknown, &steps);
    let expected = [(Coding::Unknown, "a"), (Coding::Plain, "\\xff"), (Coding::Unknown, "ab")];
    assert_eq!(messages, expected.map(|(coding, text)| (coding, text.to_string())));
    assert_eq!(rules, []);
}

// 6455-5.1-b, 6455-5.4-i
#[test]
fn both_directions_have_offsets_of_their_own() {
    let steps = [send(FIN | TEXT, b"a"), server([0x81, 0, 0x81, 0x80, 0, 0, 0, 0])];
    let mut found = Vec::new();
    let inspector = Inspector::without_handshake(Extensions::None, Limits::new());
    inspect(inspector, &steps, &Cut::Whole, |entry| match entry.event {
        Event::Frame(_) => found.push((entry.sender, entry.offset, None)),
        Event::Violation(rule) => found.push((entry.sender, entry.offset, Some(rule))),
        _ => {}
    });
    let expected = [
        (Sender::Client, 0, None),
        (Sender::Server, 0, None),
        // Before the header is complete.
        (Sender::Server, 3, Some(Rule::Masked)),
        (Sender::Server, 2, None),
    ];
    assert_eq!(found, expected);
}

// 6455-5.4-i, 6455-5.4-j: the first frame may continue a message whose start was not seen
#[test]
fn the_order_of_frames_is_checked_once_it_is_known() {
    let table = [
        (vec![send(CONTINUATION, b"a"), send(FIN | CONTINUATION, b"b")], vec![]),
        (vec![send(CONTINUATION, b"a"), send(FIN | TEXT, b"b")], vec![]),
        (
            vec![send(FIN | CONTINUATION, b"a"), send(FIN | CONTINUATION, b"b")],
            vec![Rule::NothingToContinue],
        ),
        (vec![send(TEXT, b"a"), send(TEXT, b"b")], vec![Rule::MessageInsideMessage]),
        (
            vec![send(FIN | TEXT, b"a"), send(FIN | CONTINUATION, b"b")],
            vec![Rule::NothingToContinue],
        ),
    ];
    for (steps, expected) in table {
        for extensions in [Extensions::None, Extensions::Unknown] {
            let (messages, rules) = messages(extensions, &steps);
            assert_eq!(rules, expected, "{steps:?}");
            assert!(messages.iter().all(|(_, text)| text != "ab"), "{messages:?}");
        }
    }
}
