//! Input and output do not wait for each other, except for backpressure.

use counting::{KIB, measure};
use hybi_embedding_async::tokio_echo::BACKLOG;
use tungstenite::Message;

use crate::{
    embedding::{self, Embedding, Streams, WAITING},
    peer,
};

/// Reads and writes of any size.
const WHOLE: &[usize] = &[usize::MAX];

/// Enough turns to move all bytes that can move.
const TURNS: usize = 1000;

/// The length of a message.
const LENGTH: usize = 1000;

#[test]
fn tokio_receives_while_output_is_blocked() {
    embedding::tokio(WHOLE, receives_while_output_is_blocked);
}

#[test]
fn tokio_split_receives_while_output_is_blocked() {
    embedding::tokio_split(WHOLE, receives_while_output_is_blocked);
}

#[test]
fn smol_receives_while_output_is_blocked() {
    embedding::smol(WHOLE, receives_while_output_is_blocked);
}

fn receives_while_output_is_blocked(embedding: &mut dyn Embedding, streams: &Streams) {
    let messages = vec![Message::text("x".repeat(LENGTH)); BACKLOG / 2 / LENGTH];
    let sent = peer::sent(&messages);
    streams.input.append(&sent);
    streams.output.block(true);
    (0..TURNS).for_each(|_| assert!(!embedding.turn()));
    assert_eq!(streams.input.read(), sent.len());
    assert_eq!(streams.output.bytes(), b"");

    streams.output.block(false);
    (0..TURNS).for_each(|_| assert!(!embedding.turn()));
    assert!(peer::received(&streams.output.bytes()) == messages);
}

#[test]
fn tokio_sends_while_input_is_silent() {
    embedding::tokio(WHOLE, sends_while_input_is_silent);
}

#[test]
fn tokio_split_sends_while_input_is_silent() {
    embedding::tokio_split(WHOLE, sends_while_input_is_silent);
}

#[test]
fn smol_sends_while_input_is_silent() {
    embedding::smol(WHOLE, sends_while_input_is_silent);
}

fn sends_while_input_is_silent(embedding: &mut dyn Embedding, streams: &Streams) {
    // The first byte of a frame, which is never completed.
    streams.input.append(&[0x81]);
    for number in 0..100 {
        assert!(embedding.offer(&number.to_string()));
        (0..10).for_each(|_| assert!(!embedding.turn()));
    }
    let expected = (0..100).map(|number| Message::text(number.to_string()));
    assert!(peer::received(&streams.output.bytes()).into_iter().eq(expected));
}

#[test]
fn tokio_applies_backpressure() {
    embedding::tokio(WHOLE, applies_backpressure);
}

#[test]
fn tokio_split_applies_backpressure() {
    embedding::tokio_split(WHOLE, applies_backpressure);
}

#[test]
fn smol_applies_backpressure() {
    embedding::smol(WHOLE, applies_backpressure);
}

/// If the peer does not read, the server stops reading, the application cannot send, and memory does not
/// grow. When the peer reads, no message is missing.
fn applies_backpressure(embedding: &mut dyn Embedding, streams: &Streams) {
    let messages = vec![Message::text("x".repeat(LENGTH)); 8 * BACKLOG / LENGTH];
    let announcement = "a".repeat(LENGTH);
    streams.input.append(&peer::sent(&messages));
    streams.output.block(true);
    let mut accepted = 0;
    let ((), cost) = measure(|| {
        for _ in 0..10 * TURNS {
            assert!(!embedding.turn());
            accepted += usize::from(embedding.offer(&announcement));
        }
    });
    // The batch being written, the outbox, the channel, and the inbox.
    let most = 2 * (BACKLOG + LENGTH) + WAITING * LENGTH + 64 * KIB;
    assert!(streams.input.read() + accepted * LENGTH <= most, "{accepted}");
    // The capacity of a buffer is up to twice its length, and half of that more while it grows.
    assert!(cost.peaks_within(3 * most), "{cost:?}");

    streams.output.block(false);
    for _ in 0..TURNS {
        assert!(!embedding.turn());
    }
    let (announced, echoed): (Vec<_>, Vec<_>) = peer::received(&streams.output.bytes())
        .into_iter()
        .partition(|message| *message == Message::text(announcement.as_str()));
    assert_eq!(announced.len(), accepted);
    assert!(echoed == messages);
}
