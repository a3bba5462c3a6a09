//! Drops and recreates the future at each `Pending`. No message is lost or repeated.

use tungstenite::Message;

use crate::{
    embedding::{self, Embedding, Streams},
    peer,
};

/// The sizes of reads and writes.
const PIECES: [&[usize]; 3] = [&[1], &[3, 1, 2], &[100, 1, 70_000, 5000]];

/// How many messages the application sends.
const ANNOUNCEMENTS: usize = 50;

#[test]
fn tokio() {
    for pieces in PIECES {
        embedding::tokio(pieces, converse);
    }
}

#[test]
fn tokio_split() {
    for pieces in PIECES {
        embedding::tokio_split(pieces, converse);
    }
}

#[test]
fn smol() {
    for pieces in PIECES {
        embedding::smol(pieces, converse);
    }
}

fn converse(embedding: &mut dyn Embedding, streams: &Streams) {
    let messages = messages();
    let announcements: Vec<_> =
        (0..ANNOUNCEMENTS).map(|number| format!("announcement {number}")).collect();
    let input = peer::sent(&messages);
    streams.input.append(&input);
    // A few for each byte of input and output. More means that nothing moves.
    let mut turns = 0..10 * input.len();
    let mut has_ended = |embedding: &mut dyn Embedding| {
        turns.next().expect("the embedding makes no progress");
        embedding.turn()
    };
    let mut rest = &announcements[..];
    while !rest.is_empty() || !embedding.has_taken_all() {
        assert!(!has_ended(embedding));
        if let [next, after @ ..] = rest
            && embedding.offer(next)
        {
            rest = after;
        }
    }
    streams.input.append(&peer::sent(&[Message::Close(None)]));
    while !has_ended(embedding) {}

    let (announced, echoed): (Vec<_>, Vec<_>) = peer::received(&streams.output.bytes())
        .into_iter()
        .partition(|message| message.to_text().is_ok_and(|text| text.starts_with("ann")));
    assert!(announced.iter().map(|message| message.to_text().unwrap()).eq(announcements));
    let expected = messages.into_iter().map(answer).chain([Message::Close(None)]);
    assert!(echoed.into_iter().eq(expected));
}

/// Messages around the lengths at which the header changes, with pings between them.
fn messages() -> Vec<Message> {
    let lengths = [0, 1, 125, 126, 127, 1000, 16 * 1024, 65_535, 65_536];
    (0_u8..)
        .zip(lengths)
        .flat_map(|(number, length)| {
            [
                Message::binary(vec![number; length]),
                Message::Ping(vec![number; length.min(125)].into()),
                Message::text(format!("{number}: {}", "läßt ".repeat(length / 100))),
            ]
        })
        .collect()
}

fn answer(message: Message) -> Message {
    match message {
        Message::Ping(payload) => Message::Pong(payload),
        message => message,
    }
}
