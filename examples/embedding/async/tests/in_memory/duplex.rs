//! Input and output do not wait for each other, but where too much would pile up.

use counting::{KIB, measure};
use hybi_embedding_async::tokio_echo::BACKLOG;
use tungstenite::Message;

use crate::{
    embedding::{self, Embedding, Streams, WAITING},
    peer,
};

/// As much at once as there is.
const WHOLE: &[usize] = &[usize::MAX];

/// So many turns move all that can move.
const TURNS: usize = 1000;

/// How long a message is.
const LENGTH: usize = 1000;

#[test]
fn tokio_receives_while_output_is_stuck() {
    embedding::tokio(WHOLE, receives_while_output_is_stuck);
}

#[test]
fn tokio_split_receives_while_output_is_stuck() {
    embedding::tokio_split(WHOLE, receives_while_output_is_stuck);
}

#[test]
fn smol_receives_while_output_is_stuck() {
    embedding::smol(WHOLE, receives_while_output_is_stuck);
}

fn receives_while_output_is_stuck(embedding: &mut dyn Embedding, streams: &Streams) {
    let messages = vec![Message::text("x".repeat(LENGTH)); BACKLOG / 2 / LENGTH];
    let sent = peer::sent(&messages);
    streams.input.append(&sent);
    streams.output.stick(true);
    (0..TURNS).for_each(|_| assert!(!embedding.turn()));
    assert_eq!(streams.input.read(), sent.len());
    assert_eq!(streams.output.bytes(), b"");

    streams.output.stick(false);
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
    // The beginning of a frame, whose rest does not come.
    streams.input.append(&[0x81]);
    for number in 0..100 {
        assert!(embedding.offer(&number.to_string()));
        (0..10).for_each(|_| assert!(!embedding.turn()));
    }
    let expected = (0..100).map(|number| Message::text(number.to_string()));
    assert!(peer::received(&streams.output.bytes()).into_iter().eq(expected));
}

#[test]
fn tokio_holds_back() {
    embedding::tokio(WHOLE, holds_back);
}

#[test]
fn tokio_split_holds_back() {
    embedding::tokio_split(WHOLE, holds_back);
}

#[test]
fn smol_holds_back() {
    embedding::smol(WHOLE, holds_back);
}

/// A peer that does not read is not read from, the application is told that it cannot send, and
/// memory does not grow; when the peer reads, nothing is missing.
fn holds_back(embedding: &mut dyn Embedding, streams: &Streams) {
    let messages = vec![Message::text("x".repeat(LENGTH)); 8 * BACKLOG / LENGTH];
    let announcement = "a".repeat(LENGTH);
    streams.input.append(&peer::sent(&messages));
    streams.output.stick(true);
    let mut accepted = 0;
    let ((), cost) = measure(|| {
        for _ in 0..10 * TURNS {
            assert!(!embedding.turn());
            accepted += usize::from(embedding.offer(&announcement));
        }
    });
    // What is being written, what waits for it, what is in the channel, and what is in the inbox.
    let most = 2 * (BACKLOG + LENGTH) + WAITING * LENGTH + 64 * KIB;
    assert!(streams.input.read() + accepted * LENGTH <= most, "{accepted}");
    // A buffer has up to twice as much room as it holds, and half of that again while it grows.
    assert!(cost.peaks_within(3 * most), "{cost:?}");

    streams.output.stick(false);
    for _ in 0..TURNS {
        assert!(!embedding.turn());
    }
    let (announced, echoed): (Vec<_>, Vec<_>) = peer::received(&streams.output.bytes())
        .into_iter()
        .partition(|message| *message == Message::text(announcement.as_str()));
    assert_eq!(announced.len(), accepted);
    assert!(echoed == messages);
}
