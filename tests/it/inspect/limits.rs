//! The limits on what an inspector keeps.

use hybi::{
    http1::HeadLimits,
    inspect::{Coding, Entry, Event, Inspector, Limits, Message, Opaque, Sender},
};

use super::{REQUEST, RESPONSE, Step, client, inspect, opening, server};
use crate::support::{
    feed::Cut,
    wire::{BINARY, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, frame, header},
};

/// The opaque directions with their offsets.
fn opaque(limits: Limits, steps: &[Step], cut: &Cut) -> Vec<(Sender, u64, Opaque)> {
    let mut opaque = Vec::new();
    inspect(Inspector::with_limits(limits), steps, cut, |entry| {
        if let Event::Opaque(reason) = entry.event {
            opaque.push((entry.sender, entry.offset, reason));
        }
    });
    opaque
}

/// What is reported of each message: its start, its length and its coding.
fn messages(limits: Limits, steps: &[Step], cut: &Cut) -> Vec<(Vec<u8>, u64, Coding)> {
    let mut messages = Vec::new();
    inspect(Inspector::with_limits(limits), steps, cut, |entry: Entry<'_>| {
        if let Event::Message(Message { payload, length, coding, .. }) = entry.event {
            messages.push((payload.to_vec(), length, coding));
        }
    });
    messages
}

// P-ch-c, P-sh-c
#[test]
fn a_head_that_exceeds_the_limit_is_not_inspected() {
    let limits = |head| Limits::new().head(head);
    let [request, response] = [client(REQUEST), server(RESPONSE)];
    let both = [request.clone(), response.clone()];
    let table = [
        (HeadLimits::new().size(161), &both[..1], vec![]),
        (
            HeadLimits::new().size(160),
            &both,
            vec![(Sender::Client, 0, Opaque::Head), (Sender::Server, 0, Opaque::Head)],
        ),
        (
            HeadLimits::new().fields(4),
            &both,
            vec![(Sender::Client, 0, Opaque::Head), (Sender::Server, 0, Opaque::Head)],
        ),
        (HeadLimits::new().fields(5), &both, vec![]),
    ];
    for (head, steps, expected) in table {
        for cut in [Cut::Whole, Cut::Every(1)] {
            assert_eq!(opaque(limits(head), steps, &cut), expected);
        }
    }
}

// P-sh-f
#[test]
fn no_more_is_held_than_the_limit() {
    let frame = frame(From::Client, FIN | BINARY, &[0; 94]);
    let steps = |count| {
        let mut steps = vec![client(REQUEST), client(frame.repeat(count)), server(RESPONSE)];
        steps.push(server([0x82, 0]));
        steps
    };
    let limits = Limits::new().held(1000);
    for cut in [Cut::Whole, Cut::Every(1), Cut::Every(999)] {
        assert_eq!(opaque(limits, &steps(10), &cut), []);
        assert_eq!(messages(limits, &steps(10), &cut).len(), 11);
        let expected = [(Sender::Client, 1161, Opaque::Held)];
        assert_eq!(opaque(limits, &steps(11), &cut), expected);
        // The server's frames are still inspected.
        assert_eq!(messages(limits, &steps(11), &cut).len(), 1);
    }
}

#[test]
fn no_more_of_a_message_is_kept_than_the_limit() {
    let limits = Limits::new().message(4);
    let mut steps = opening();
    for bytes in [
        frame(From::Server, FIN | TEXT, b"four"),
        frame(From::Server, FIN | TEXT, b"fives"),
        frame(From::Server, TEXT, b"fi"),
        frame(From::Server, FIN | CONTINUATION, b"ves"),
    ] {
        steps.push(server(bytes));
    }
    let five = (b"five".to_vec(), 5, Coding::Plain);
    for cut in [Cut::Whole, Cut::Every(1)] {
        let expected = [(b"four".to_vec(), 4, Coding::Plain), five.clone(), five.clone()];
        assert_eq!(messages(limits, &steps, &cut), expected);
    }
    // Text is checked beyond the limit.
    steps.push(server(frame(From::Server, FIN | TEXT, b"valid\xff")));
    assert_eq!(super::violations(&steps, &Cut::Whole).0.len(), 1);
    let mut lines = Vec::new();
    inspect(Inspector::with_limits(limits), &steps, &Cut::Whole, |entry| {
        lines.push(entry.to_string());
    });
    assert!(lines.last().unwrap().ends_with("message: text, 6 bytes in 1 frame: \"vali\"..."));
}

// P-pd-e: a message that decompresses to more than the limit
#[test]
fn no_more_is_decompressed_than_the_limit() {
    let steps = |length: usize| {
        let mut steps = super::compressed_opening("");
        steps.push(server(compressed(&vec![7; length])));
        steps.push(server(compressed(b"after")));
        steps
    };
    let limits = Limits::new().inflated(100_000).message(3);
    for cut in [Cut::Whole, Cut::Every(1), Cut::Every(50)] {
        let after = (b"aft".to_vec(), 5, Coding::Inflated);
        let whole = (vec![7; 3], 100_000, Coding::Inflated);
        assert_eq!(messages(limits, &steps(100_000), &cut), [whole, after.clone()]);
        let cut_off = (vec![7; 3], 100_000, Coding::TooLong);
        assert_eq!(messages(limits, &steps(100_001), &cut), [cut_off, after]);
    }
}

/// A message in stored blocks of at most 65,535 bytes, which any decompressor understands.
fn compressed(message: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for block in message.chunks(0xffff) {
        let length = u16::try_from(block.len()).unwrap();
        blocks.push(0);
        blocks.extend(length.to_le_bytes());
        blocks.extend((!length).to_le_bytes());
        blocks.extend(block);
    }
    blocks.push(0);
    frame(From::Server, RSV1 | FIN | BINARY, &blocks)
}

#[test]
fn no_more_pings_are_remembered_than_the_limit() {
    let mut steps = opening();
    for payload in [b"1", b"2", b"3"] {
        steps.push(server(frame(From::Server, FIN | PING, payload)));
    }
    for payload in [b"1", b"2", b"3"] {
        steps.push(client(frame(From::Client, FIN | PONG, payload)));
    }
    let mut answered = Vec::new();
    let inspector = Inspector::with_limits(Limits::new().pings(2));
    inspect(inspector, &steps, &Cut::Whole, |entry| {
        if let Event::Pong(pong) = entry.event {
            answered.push(pong.answers.map(|ping| ping.offset));
        }
    });
    assert_eq!(answered, [None, Some(132), Some(135)]);
}

#[test]
fn no_more_of_a_body_is_kept_than_the_limit() {
    for (field, length) in [("Content-Length: 10\r\n", Some(10)), ("", None)] {
        let response = format!("HTTP/1.1 404 Not Found\r\n{field}\r\n0123456789");
        let steps = [client(REQUEST), server(response)];
        for cut in [Cut::Whole, Cut::Every(1)] {
            let mut bodies = Vec::new();
            inspect(Inspector::with_limits(Limits::new().body(4)), &steps, &cut, |entry| {
                if let Event::Body(body) = entry.event {
                    bodies.push((body.start.to_vec(), body.length));
                }
            });
            assert_eq!(bodies, [(b"0123".to_vec(), length)]);
        }
    }
}

// D-13, D-14: no length is signed, and frames are no recursion
#[test]
fn neither_a_length_nor_a_number_of_frames_exhausts_the_stack() {
    let inspected = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let mut steps = opening();
        steps.push(client(frame(From::Client, FIN | BINARY, b"").repeat(200_000)));
        let empty = messages(Limits::new(), &steps, &Cut::Whole).len();
        let mut violations = 0;
        for length in [i64::MAX as u64, 1 << 63, u64::MAX, u64::from(u32::MAX), 1 << 31] {
            let mut steps = opening();
            steps
                .push(client([&header(From::Client, FIN | BINARY, length)[..], &[0; 64]].concat()));
            for cut in [Cut::Whole, Cut::Every(1)] {
                inspect(Inspector::new(), &steps, &cut, |entry| {
                    violations += usize::from(matches!(entry.event, Event::Violation(_)));
                });
            }
        }
        (empty, violations)
    });
    // Of the lengths, two have their top bit set.
    assert_eq!(inspected.unwrap().join().unwrap(), (200_000, 4));
}
