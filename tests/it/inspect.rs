//! Tests of the inspector: timelines written by hand, violations with their culprits and offsets, and
//! connections of this crate.

mod exchanges;
mod extensions;
mod heads;
mod limits;
mod middle;
mod properties;
mod violations;

use std::time::Duration;

use hybi::inspect::{Entry, Event, Inspector, Rule, Sender};

use crate::support::feed::Cut;

/// A valid request of 161 bytes, with the key of RFC 6455, section 1.3.
const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The response to it, of 129 bytes.
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// What happens on a connection, in order.
#[derive(Clone, Debug)]
enum Step {
    Send(Sender, Vec<u8>),
    End(Sender),
}

fn client(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(Sender::Client, bytes.as_ref().to_vec())
}

fn server(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(Sender::Server, bytes.as_ref().to_vec())
}

/// A request and the response to it.
fn opening() -> Vec<Step> {
    vec![client(REQUEST), server(RESPONSE)]
}

/// The request and the response of a connection with permessage-deflate, of 231 and 175 bytes.
fn compressed_opening(parameters: &str) -> Vec<Step> {
    let field = "Sec-WebSocket-Extensions: permessage-deflate";
    let with = |head: &str, value: &str| {
        head.strip_suffix("\r\n").unwrap().to_owned() + field + value + "\r\n\r\n"
    };
    vec![client(with(REQUEST, "; client_max_window_bits")), server(with(RESPONSE, parameters))]
}

/// Passes all entries to `sink`. The steps are a millisecond apart, and each is split.
fn inspect(
    mut inspector: Inspector,
    steps: &[Step],
    cut: &Cut,
    mut sink: impl FnMut(Entry<'_>),
) -> Inspector {
    let mut at = Duration::ZERO;
    for step in steps {
        match step {
            Step::Send(sender, bytes) => {
                for piece in cut.pieces(bytes) {
                    inspector.receive(*sender, piece, at, &mut sink);
                }
            }
            Step::End(sender) => inspector.end(*sender, at, &mut sink),
        }
        at += Duration::from_millis(1);
    }
    inspector
}

/// The lines of the timeline.
fn lines(inspector: Inspector, steps: &[Step], cut: &Cut) -> Vec<String> {
    let mut lines = Vec::new();
    inspect(inspector, steps, cut, |entry| {
        lines.extend(entry.to_string().lines().map(String::from));
    });
    lines
}

/// Asserts the lines, for any split of the steps.
fn assert_lines(inspector: impl Fn() -> Inspector, steps: &[Step], expected: &str) {
    let expected: Vec<&str> = expected.lines().collect();
    let length = |step: &Step| if let Step::Send(_, bytes) = step { bytes.len() } else { 0 };
    let longest = steps.iter().map(length).max().unwrap();
    for places in 0..=longest {
        for cut in [Cut::Every(places + 1), Cut::AtAll(vec![places])] {
            // A step that is shorter is not split there.
            let cut = |length: usize| match &cut {
                Cut::AtAll(places) if places[0] > length => Cut::Whole,
                other => other.clone(),
            };
            let split: Vec<Step> = steps
                .iter()
                .flat_map(|step| match step {
                    Step::End(_) => vec![step.clone()],
                    Step::Send(sender, bytes) => {
                        let cut = cut(bytes.len());
                        let pieces = cut.pieces(bytes);
                        pieces.iter().map(|piece| Step::Send(*sender, piece.to_vec())).collect()
                    }
                })
                .collect();
            // Times depend on the number of pieces, so they are compared for whole steps only.
            let without_time = |line: &str| {
                let is_entry = line.starts_with(|c: char| c.is_ascii_digit());
                let line = line.split_once(' ').filter(|_| is_entry).map_or(line, |(_, rest)| rest);
                line.split(" after ").next().unwrap().to_owned()
            };
            let actual = lines(inspector(), &split, &Cut::Whole);
            let actual: Vec<String> = actual.iter().map(|line| without_time(line)).collect();
            let expected: Vec<String> = expected.iter().map(|line| without_time(line)).collect();
            assert_eq!(actual, expected, "split at {places}");
        }
    }
    assert_eq!(lines(inspector(), steps, &Cut::Whole), expected);
}

/// The violations with their culprits and offsets, and how often a direction became opaque.
fn violations(steps: &[Step], cut: &Cut) -> (Vec<(Sender, u64, Rule)>, usize) {
    let (mut violations, mut opaque) = (Vec::new(), 0);
    inspect(Inspector::new(), steps, cut, |entry| match entry.event {
        Event::Violation(rule) => violations.push((entry.sender, entry.offset, rule)),
        Event::Opaque(_) => opaque += 1,
        _ => {}
    });
    (violations, opaque)
}
