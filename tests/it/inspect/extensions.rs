//! Frames of extensions that the inspector does not know.

use hybi::inspect::{Coding, Event, Inspector, Opaque, Rule};

use super::{REQUEST, RESPONSE, Step, client, inspect, server};
use crate::support::{
    feed::Cut,
    wire::{BINARY, CLOSE, CONTINUATION, FIN, From, PING, RSV1, TEXT, frame},
};

const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// The messages of RFC 7692, sections 7.2.3.1 and 7.2.3.2. The second one refers to the first one.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];

/// A connection whose response accepts these extensions, all of which the request offers.
fn negotiated(accepted: &str) -> Vec<Step> {
    let with =
        |head: &str, line: &str| head.strip_suffix("\r\n").unwrap().to_owned() + line + "\r\n";
    let offers = "Sec-WebSocket-Extensions: permessage-deflate, x-other\r\n";
    let response = match accepted {
        "" => RESPONSE.to_string(),
        accepted => with(RESPONSE, &format!("Sec-WebSocket-Extensions: {accepted}\r\n")),
    };
    vec![client(with(REQUEST, offers)), server(response)]
}

fn send(first: u8, payload: &[u8]) -> Step {
    client(frame(From::Client, first, payload))
}

/// What the frames come to.
#[derive(Debug, Default, PartialEq)]
struct Found {
    messages: Vec<(Coding, String)>,
    rules: Vec<Rule>,
    opaque: Vec<Opaque>,
}

/// What is found on a connection with these extensions, for any split.
fn find(accepted: &str, frames: &[Step]) -> Found {
    let steps = [&negotiated(accepted)[..], frames].concat();
    let find = |cut: &Cut| {
        let mut found = Found::default();
        inspect(Inspector::new(), &steps, cut, |entry| match entry.event {
            Event::Message(message) => {
                found.messages.push((message.coding, message.payload.escape_ascii().to_string()));
            }
            Event::Violation(rule) => found.rules.push(rule),
            Event::Opaque(reason) => found.opaque.push(reason),
            _ => {}
        });
        found
    };
    let found = find(&Cut::Whole);
    assert_eq!(find(&Cut::Every(1)), found);
    found
}

fn messages<const N: usize>(expected: [(Coding, &str); N]) -> Vec<(Coding, String)> {
    expected.map(|(coding, text)| (coding, text.to_string())).to_vec()
}

// 6455-5.2-a
#[test]
fn a_reserved_bit_is_a_violation_only_if_no_negotiated_extension_may_define_it() {
    for bit in [RSV1, RSV2, RSV3] {
        for opcode in [TEXT, BINARY, CLOSE, PING] {
            let frames = [send(bit | FIN | opcode, &[])];
            assert_eq!(find("x-other", &frames).rules, [], "{bit:x}, {opcode:x}");
            assert_eq!(find("permessage-deflate, x-other", &frames).rules, []);
            assert_eq!(find("", &frames).rules, [Rule::ReservedBits]);
        }
    }
}

// 6455-5.2-b
#[test]
fn a_reserved_opcode_is_a_violation_only_if_no_negotiated_extension_may_define_it() {
    let frames = [send(FIN | 3, b"a"), send(FIN | TEXT, b"b")];
    let found = find("x-other", &frames);
    assert_eq!(found, Found { opaque: vec![Opaque::Extension], ..Found::default() });
    assert_eq!(find("", &frames).rules, [Rule::ReservedOpcode]);
}

#[test]
fn messages_with_other_reserved_bits_are_reported_as_they_were_sent() {
    let frames = [
        send(RSV2 | FIN | TEXT, b"\xff"),
        send(RSV2 | TEXT, b"a"),
        send(FIN | CONTINUATION, b"b"),
        send(RSV1 | FIN | TEXT, &HELLO),
        send(FIN | TEXT, b"\xff"),
    ];
    let hello = HELLO.escape_ascii().to_string();
    let expected = messages([
        (Coding::Unknown, "\\xff"),
        (Coding::Unknown, "ab"),
        (Coding::Unknown, &hello),
        (Coding::Plain, "\\xff"),
    ]);
    assert_eq!(find("x-other", &frames), Found { messages: expected, ..Found::default() });
}

// 7692-7.2.2-b
#[test]
fn compression_with_another_extension_is_undone_where_that_is_possible() {
    let frames = [
        send(RSV1 | FIN | TEXT, &HELLO),
        send(RSV2 | FIN | TEXT, b"other"),
        send(RSV1 | FIN | TEXT, &AGAIN),
        // What this message adds to the window is not known.
        send(RSV1 | RSV2 | FIN | TEXT, &HELLO),
        send(RSV1 | FIN | TEXT, &AGAIN),
        send(RSV1 | FIN | BINARY, &[7]),
        send(RSV1 | FIN | TEXT, &HELLO),
    ];
    let hello = HELLO.escape_ascii().to_string();
    let expected = messages([
        (Coding::Inflated, "Hello"),
        (Coding::Unknown, "other"),
        (Coding::Inflated, "Hello"),
        (Coding::Unknown, &hello),
        (Coding::UnknownWindow, "H"),
        (Coding::UnknownWindow, ""),
        (Coding::Inflated, "Hello"),
    ]);
    for accepted in ["permessage-deflate, x-other", "x-other, permessage-deflate"] {
        let expected = Found { messages: expected.clone(), ..Found::default() };
        assert_eq!(find(accepted, &frames), expected);
    }
}

// 6455-5.4-j, 6455-5.4-i
#[test]
fn frames_of_an_extension_between_the_frames_of_a_message_are_not_part_of_it() {
    let frames = [
        send(TEXT, b"a"),
        send(RSV3 | FIN | BINARY, b"outside"),
        send(RSV3 | BINARY, b"outside"),
        send(FIN | CONTINUATION, b"b"),
        send(FIN | TEXT, b"c"),
    ];
    let expected = messages([(Coding::Plain, "ab"), (Coding::Plain, "c")]);
    assert_eq!(find("x-other", &frames), Found { messages: expected, ..Found::default() });
    // Without such an extension, they begin messages.
    let rules = find("", &frames).rules;
    assert_eq!(rules.iter().filter(|rule| **rule == Rule::ReservedBits).count(), 2);
}

// 6455-5.4-i, 6455-5.4-j
#[test]
fn frames_without_reserved_bits_are_in_order_also_with_other_extensions() {
    let outside = send(RSV3 | FIN | BINARY, b"a");
    let table = [
        ([outside.clone(), send(FIN | CONTINUATION, b"b")], Rule::NothingToContinue),
        ([send(TEXT, b"a"), send(TEXT, b"b")], Rule::MessageInsideMessage),
        ([send(FIN | CLOSE, b""), send(FIN | TEXT, b"b")], Rule::DataAfterClose),
    ];
    for (frames, expected) in table {
        assert_eq!(find("x-other", &frames).rules, [expected], "{frames:?}");
    }
}

#[test]
fn an_abandoned_message_changes_the_window_only_if_it_was_compressed() {
    let rules = vec![Rule::MessageInsideMessage];
    let frames = [send(RSV1 | TEXT, &HELLO[..3]), send(RSV1 | FIN | TEXT, &AGAIN)];
    let found = find("permessage-deflate", &frames);
    assert_eq!(found.messages, messages([(Coding::UnknownWindow, "H")]));
    assert_eq!(found.rules, rules);
    let frames = [
        send(RSV1 | FIN | TEXT, &HELLO),
        send(TEXT, b"abandoned"),
        send(RSV1 | FIN | TEXT, &AGAIN),
    ];
    let found = find("permessage-deflate", &frames);
    assert_eq!(found.messages, messages([(Coding::Inflated, "Hello"); 2]));
    assert_eq!(found.rules, rules);
}

// What follows it may be in a message, or not.
#[test]
fn the_order_is_not_known_after_a_fragment_with_other_reserved_bits() {
    let frames = [send(RSV2 | TEXT, b"a"), send(FIN | TEXT, b"b")];
    let expected = messages([(Coding::Plain, "b")]);
    assert_eq!(find("x-other", &frames), Found { messages: expected, ..Found::default() });
}

// 7692-7.2.3.4-a: empty final blocks, of which 4 and one for every 32 bytes may precede others
#[test]
fn a_message_with_too_many_final_blocks_is_not_decompressed() {
    let frames = [send(RSV1 | FIN | TEXT, &[3, 0].repeat(40))];
    let expected = messages([(Coding::TooLong, "")]);
    let found = find("permessage-deflate", &frames);
    assert_eq!(found, Found { messages: expected, ..Found::default() });
}

#[test]
fn a_long_message_is_decompressed_in_pieces() {
    let text = "a".repeat(50_000);
    let length = 50_000_u16.to_le_bytes();
    let inverse = (!50_000_u16).to_le_bytes();
    // A stored block, and the start of an empty one (RFC 7692, section 7.2.1).
    let payload = [&[0][..], &length, &inverse, text.as_bytes(), &[0]].concat();
    let found = find("permessage-deflate", &[send(RSV1 | FIN | TEXT, &payload)]);
    let expected = messages([(Coding::Inflated, &text)]);
    assert!(found == Found { messages: expected, ..Found::default() }, "{:?}", found.rules);
}

#[test]
fn the_timeline_names_what_is_not_inspected() {
    let table = [
        ("x-other", "no subprotocol, extensions that are not inspected"),
        ("x-other, permessage-deflate", "context takeover), extensions that are not inspected"),
    ];
    for (accepted, expected) in table {
        let lines = super::lines(Inspector::new(), &negotiated(accepted), &Cut::Whole);
        assert!(lines.last().unwrap().ends_with(expected), "{lines:?}");
    }
}
