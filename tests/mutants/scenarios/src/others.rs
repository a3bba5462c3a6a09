//! The relay, the inspector and deadlines.

use std::{hint::black_box, time::Duration};

use hybi::{
    Config, Connection,
    deadline::{Deadlines, Timeouts},
    inspect::{Inspector, Sender},
    relay::{Relay, Side},
};

use crate::{
    Scenario,
    wire::{Fixed, message_frame, messages},
};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (side, sender, masked) in
        [(Side::Client, Sender::Client, true), (Side::Server, Sender::Server, false)]
    {
        let frames: Vec<_> =
            messages().iter().map(|(_, message)| message_frame(masked, message)).collect();
        let bytes = frames.concat();
        for piece in [16 * 1024, 100] {
            let passed = bytes.clone();
            scenarios.push(Scenario::new(format!("relay from {side:?}, by {piece}"), move || {
                let (mut relay, mut bytes) = (Relay::new(Fixed), passed.clone());
                move || {
                    for piece in bytes.chunks_mut(piece) {
                        black_box(relay.pass(side, piece).slices().len());
                    }
                }
            }));
            let observed = bytes.clone();
            let name = format!("inspector of the {}, by {piece}", sender.name());
            scenarios.push(Scenario::new(name, move || {
                let (mut inspector, bytes) = (Inspector::new(), observed.clone());
                move || {
                    let mut observe = |sender, bytes: &[u8]| {
                        inspector.receive(sender, bytes, Duration::ZERO, |entry| {
                            black_box(entry.offset);
                        });
                    };
                    observe(Sender::Client, REQUEST.as_bytes());
                    observe(Sender::Server, RESPONSE.as_bytes());
                    bytes.chunks(piece).for_each(|piece| observe(sender, piece));
                }
            }));
        }
    }
    scenarios.push(Scenario::new("deadlines".into(), || {
        let (mut websocket, mut outbox) = (Connection::server(Config::new()), Vec::new());
        let mut deadlines = Deadlines::new(Timeouts::new(), Duration::ZERO);
        move || {
            for second in 0..30 {
                let now = Duration::from_secs(second);
                let until = deadlines.expire(now, &mut websocket, &mut outbox);
                black_box(until.expect("it is early"));
                deadlines.on_write(now, outbox.len());
                outbox.clear();
            }
        }
    }));
    scenarios
}
