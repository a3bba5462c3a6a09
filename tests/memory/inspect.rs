//! The memory of an inspector: it does not grow with what a connection sends.

use std::time::Duration;

use counting::{Cost, KIB, MIB, measure};
use hybi::{
    deflate::{Direction, Negotiated},
    inspect::{Event, Extensions, Inspector, Limits, Sender},
};

use super::frame;

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// What an inspector allocates for these bytes of a sender, repeated, in pieces of 16 KiB; and how many
/// messages and control frames it reports.
fn inspect(mut inspector: Inspector, sender: Sender, bytes: &[u8], count: usize) -> (usize, Cost) {
    measure(|| {
        let mut reported = 0;
        for _ in 0..count {
            for piece in bytes.chunks(16 * KIB) {
                inspector.receive(sender, piece, Duration::ZERO, |entry| {
                    let is_frame = matches!(entry.event, Event::Message(_) | Event::Ping(_));
                    reported += usize::from(is_frame);
                });
            }
        }
        // Kept until here, as by a proxy.
        drop(inspector);
        reported
    })
}

fn open(extensions: Extensions) -> Inspector {
    Inspector::without_handshake(extensions, Limits::new())
}

fn deflate() -> Extensions {
    let direction = Direction::new(15, true).unwrap();
    Extensions::Deflate(Negotiated::new(direction, direction))
}

/// An inspector that has received a request.
fn asked() -> Inspector {
    let mut inspector = Inspector::new();
    inspector.receive(Sender::Client, REQUEST.as_bytes(), Duration::ZERO, |_| {});
    inspector
}

// P-fd-b
#[test]
fn a_declared_length_allocates_nothing() {
    let bytes = frame(0x82, 1 << 40, b"");
    let (_, cost) = inspect(open(Extensions::None), Sender::Client, &bytes, 1);
    assert!(cost.peaks_within(KIB), "{cost:?}");
}

// P-fd-b
#[test]
fn no_more_of_a_message_is_allocated_than_its_limit() {
    let kept = 2 * MIB + 64 * KIB;
    // A message without an end, of one frame and of many.
    let payload = vec![b'a'; 64 * KIB];
    let endless = frame(0x81, 1 << 40, &payload);
    let mut inspector = open(Extensions::None);
    inspector.receive(Sender::Client, &endless, Duration::ZERO, |_| {});
    let (_, cost) = inspect(inspector, Sender::Client, &payload, 256);
    assert!(cost.peaks_within(kept), "{cost:?}");
    let mut inspector = open(Extensions::None);
    inspector.receive(Sender::Client, &frame(0x01, 0, b""), Duration::ZERO, |_| {});
    let fragment = frame(0x00, 16 * KIB as u64, &[b'a'; 16 * KIB]);
    let (_, cost) = inspect(inspector, Sender::Client, &fragment, 1024);
    assert!(cost.peaks_within(kept), "{cost:?}");
    // Messages of the limit, one after another.
    let message = frame(0x82, MIB as u64, &vec![7; MIB]);
    let (reported, cost) = inspect(open(Extensions::None), Sender::Client, &message, 16);
    assert!(reported == 16 && cost.peaks_within(kept), "{cost:?}");
}

#[test]
fn no_more_of_a_compressed_message_is_allocated_than_its_limit() {
    let stored = |length: u16| {
        let mut block = vec![0];
        block.extend(length.to_le_bytes());
        block.extend((!length).to_le_bytes());
        block.extend(vec![0; length.into()]);
        block
    };
    let payload = [stored(u16::MAX).repeat(80), vec![0]].concat();
    let message = frame(0xc2, payload.len() as u64, &payload);
    let (reported, cost) = inspect(open(deflate()), Sender::Client, &message, 4);
    assert!(reported == 4 && cost.peaks_within(2 * MIB + 256 * KIB), "{cost:?}");
}

#[test]
fn pings_that_are_never_answered_allocate_little() {
    let ping = frame(0x89, 125, &[b'p'; 125]);
    let (reported, cost) = inspect(open(Extensions::None), Sender::Client, &ping, 10_000);
    assert!(reported == 10_000 && cost.peaks_within(16 * KIB), "{cost:?}");
}

// P-sh-c, P-ch-c, P-sh-f
#[test]
fn nothing_before_the_first_frame_allocates_more_than_its_limit() {
    let (client, server) = (Sender::Client, Sender::Server);
    let held = 256 * KIB;
    let table: [(Inspector, Sender, &[u8]); 6] = [
        // A head without an end, and many of them.
        (Inspector::new(), client, b"GET / HTTP/1.1\r\nHost: "),
        (Inspector::new(), client, b"a"),
        (Inspector::new(), client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        // Frames before the response, interim responses, and a body without an end.
        (asked(), client, &frame(0x82, 100, &[7; 100])),
        (asked(), server, b"HTTP/1.1 100 Continue\r\n\r\n"),
        (asked(), server, b"HTTP/1.1 200 OK\r\n\r\nbody"),
    ];
    for (inspector, sender, bytes) in table {
        let (_, cost) = inspect(inspector, sender, bytes, 20_000);
        assert!(cost.peaks_within(held), "{}: {cost:?}", bytes.escape_ascii());
    }
}
