//! An observed connection: both directions at an inspector.

use std::{rc::Rc, time::Duration};

use hybi::inspect::{Event, Inspector, Sender};

use crate::{
    catalogue::{Entry, HEAD, Input, OTHER, Outcome, Point, Run},
    wire::{READ, fields, frame},
};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const COMPRESSED: u8 = 0xc2;
/// The first byte of a fragment that is not the last one, and of those that continue it.
const FIRST: u8 = 0x01;
const MORE: u8 = 0x00;

const COUNTS: [usize; 2] = [1000, 8000];

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// What an inspector reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspected {
    /// Requests, or messages and control frames.
    pub(crate) units: usize,
    pub(crate) violations: usize,
    /// How often a direction becomes opaque.
    pub(crate) opaque: usize,
}

/// Bytes of a sender.
type Step = (Sender, Vec<u8>);

fn client(bytes: impl Into<Vec<u8>>) -> Step {
    (Sender::Client, bytes.into())
}

fn server(bytes: impl Into<Vec<u8>>) -> Step {
    (Sender::Server, bytes.into())
}

pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = heads();
    for piece in [READ, 1] {
        for (name, frames) in kinds() {
            let points = COUNTS.iter().map(|&count| {
                let (steps, expected) = frames(count);
                Point {
                    ordinary: vec![ordinary_frames(count, piece)],
                    hostile: input(name, &steps, count, piece, expected),
                }
            });
            entries.push(Entry {
                name: format!("inspector: {name}{}", in_pieces(piece)),
                reference: "this many binary messages of 32 bytes",
                limit: OTHER,
                points: points.collect(),
            });
        }
    }
    entries.extend([pipelined(), held()]);
    entries
}

const fn in_pieces(piece: usize) -> &'static str {
    if piece == 1 { ", byte by byte" } else { "" }
}

/// An input of these steps, whose cost is counted for each of `length` units.
fn input(name: &str, steps: &[Step], length: usize, piece: usize, expected: Inspected) -> Input {
    let bytes: usize = steps.iter().map(|(_, bytes)| bytes.len()).sum();
    let name = format!("inspector: {name}, {length}, {bytes} bytes{}", in_pieces(piece));
    let steps = Rc::<[Step]>::from(steps);
    let expected = Outcome::Inspected(expected);
    Input::new(name, length, expected, move || run(Rc::clone(&steps), piece))
}

fn run(steps: Rc<[Step]>, piece: usize) -> Run {
    let mut inspector = Inspector::new();
    Box::new(move || {
        let mut inspected = Inspected::default();
        for (sender, bytes) in &*steps {
            for piece in bytes.chunks(piece) {
                inspector.receive(*sender, piece, Duration::ZERO, |entry| match entry.event {
                    Event::Request(_)
                    | Event::Message(_)
                    | Event::Ping(_)
                    | Event::Pong(_)
                    | Event::Close(_) => inspected.units += 1,
                    Event::Violation(_) => inspected.violations += 1,
                    Event::Opaque(_) => inspected.opaque += 1,
                    _ => {}
                });
            }
        }
        Outcome::Inspected(inspected)
    })
}

/// The request and the response, with these fields.
fn opening(request: &str, response: &str) -> Vec<Step> {
    vec![client(format!("{REQUEST}{request}\r\n")), server(format!("{RESPONSE}{response}\r\n"))]
}

/// `units` counts the request.
const fn found(units: usize, violations: usize) -> Inspected {
    Inspected { units: 1 + units, violations, opaque: 0 }
}

fn ordinary_frames(count: usize, piece: usize) -> Input {
    let mut steps = opening("", "");
    steps.push(client(frame(true, BINARY, &[7; 32]).repeat(count)));
    input("messages", &steps, count, piece, found(count, 0))
}

/// Makes steps of this many frames, and what is reported of them.
type Frames = fn(usize) -> (Vec<Step>, Inspected);

fn kinds() -> Vec<(&'static str, Frames)> {
    fn steps(compression: &str, frames: Vec<u8>) -> Vec<Step> {
        let mut steps = opening(compression, compression);
        steps.push(client(frames));
        steps
    }
    vec![
        ("empty messages", |count| {
            (steps("", frame(true, BINARY, b"").repeat(count)), found(count, 0))
        }),
        ("texts of one byte", |count| {
            (steps("", frame(true, TEXT, b"a").repeat(count)), found(count, 0))
        }),
        ("frames that are not masked", |count| {
            (steps("", frame(false, BINARY, b"a").repeat(count)), found(count, count))
        }),
        ("reserved bits", |count| {
            (steps("", frame(true, 0xf2, b"a").repeat(count)), found(count, count))
        }),
        ("texts that are not UTF-8", |count| {
            (steps("", frame(true, TEXT, b"\xff").repeat(count)), found(count, count))
        }),
        ("messages inside a message", |count| {
            (steps("", frame(true, FIRST, b"a").repeat(count)), found(0, count - 1))
        }),
        ("continuations of nothing", |count| {
            (steps("", frame(true, MORE, b"a").repeat(count)), found(0, count))
        }),
        ("fragments of one byte", |count| {
            let frames = [frame(true, FIRST, b"a"), frame(true, MORE, b"a").repeat(count - 1)];
            (steps("", frames.concat()), found(0, 0))
        }),
        ("pings that are not answered", |count| {
            (steps("", frame(true, PING, &[b'p'; 125]).repeat(count)), found(count, 0))
        }),
        ("pongs that answer none of the pings", |count| {
            let mut pings = [b'p'; 125];
            let mut steps = opening("", "");
            for index in 0..16 {
                pings[124] = index;
                steps.push(server(frame(false, PING, &pings)));
            }
            pings[124] = b'p';
            steps.push(client(frame(true, PONG, &pings).repeat(count - 16)));
            (steps, found(count, 0))
        }),
        ("a Close after a Close", |count| {
            (steps("", frame(true, 0x88, b"").repeat(count)), found(count, count - 1))
        }),
        ("compressed messages of one byte", |count| {
            (steps(DEFLATE, frame(true, COMPRESSED, &[0]).repeat(count)), found(count, 0))
        }),
        // After the first one, the window is not known, so a failure proves nothing.
        ("compressed messages that are not valid", |count| {
            (steps(DEFLATE, frame(true, COMPRESSED, &[7]).repeat(count)), found(count, 1))
        }),
    ]
}

/// Requests that all come before the first response.
fn pipelined() -> Entry {
    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const RESPONSE: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    let points = [300, 2400].map(|count| {
        let found = Inspected { units: count, ..Inspected::default() };
        let ordinary = [client(REQUEST), server(RESPONSE)];
        let ordinary: Vec<_> = ordinary.into_iter().cycle().take(2 * count).collect();
        let hostile = [client(REQUEST.repeat(count)), server(RESPONSE.repeat(count))];
        Point {
            ordinary: vec![input("requests and responses in turn", &ordinary, count, READ, found)],
            hostile: input("requests before the first response", &hostile, count, READ, found),
        }
    });
    Entry {
        name: "inspector: requests before the first response".into(),
        reference: "requests and responses in turn",
        limit: OTHER,
        points: points.into(),
    }
}

/// Frames that come before the response, byte by byte.
fn held() -> Entry {
    let points = [1000, 1500].map(|count| {
        let mut steps = opening("", "");
        steps.insert(1, client(frame(true, BINARY, &[7; 32]).repeat(count)));
        Point {
            ordinary: vec![ordinary_frames(count, 1)],
            hostile: input("frames before the response", &steps, count, 1, found(count, 1)),
        }
    });
    Entry {
        name: "inspector: frames before the response, byte by byte".into(),
        reference: "this many binary messages of 32 bytes",
        limit: OTHER,
        points: points.into(),
    }
}

/// Makes the fields of both heads, of about this length, and counts violations and opaque directions.
type Fields = fn(usize) -> (String, String, Inspected);

fn heads() -> Vec<Entry> {
    let kinds: [(&str, Fields); 5] = [
        ("many fields", |length| (many(length, "a: b"), many(length, "a: b"), found(0, 0))),
        ("many cookies", |length| {
            (many(length, "cookie: b"), many(length, "set-cookie: b"), found(0, 0))
        }),
        ("as many offers and accepted extensions as possible", |length| {
            let list = (0..30).map(|index| format!("{}{index}", "x".repeat(length / 32)));
            let list = list.collect::<Vec<_>>().join(", ");
            let field = format!("Sec-WebSocket-Extensions: {list}\r\n");
            (field.clone(), field, found(0, 0))
        }),
        ("versions that are repeated", |length| {
            // The request has two violations: this one, and that the server accepts it.
            (many(length, "Sec-WebSocket-Version: 13"), String::new(), found(0, 2))
        }),
        ("a fault in the last byte", |length| {
            let inspected = Inspected { units: 0, violations: 1, opaque: 2 };
            (format!("{}\0", many(length, "a: b")), String::new(), inspected)
        }),
    ];
    let entries = kinds.into_iter().flat_map(|(name, heads)| {
        [READ, 1].map(|piece| {
            let points = [1000, 4000].map(|length| {
                let (request, response, expected) = heads(length);
                let hostile = opening(&request, &response);
                let bytes = hostile.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
                let cookie = format!("Cookie: {}\r\n", "c".repeat(request.len().max(10) - 10));
                let other = format!("Set-Cookie: {}\r\n", "c".repeat(response.len().max(14) - 14));
                let response = if response.is_empty() { "" } else { &other };
                let ordinary = opening(&cookie, response);
                let total = ordinary.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
                Point {
                    ordinary: vec![input("ordinary heads", &ordinary, total, piece, found(0, 0))],
                    hostile: input(name, &hostile, bytes, piece, expected),
                }
            });
            Entry {
                name: format!("inspector: {name}{}", in_pieces(piece)),
                reference: "ordinary heads of this length",
                limit: HEAD,
                points: points.into(),
            }
        })
    });
    entries.collect()
}

fn many(length: usize, line: &str) -> String {
    fields(length, 60, |_| line.into())
}
