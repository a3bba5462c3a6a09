//! What arrives, and how it is received.

use std::hint::black_box;

use hybi::{
    ChunkEvent, Connection, Event, Inbox, Message, Role,
    random::{Entropy, EntropyError},
};

pub(crate) use crate::cost::{frame, inbox};

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;

/// The lengths of payloads, in bytes or characters: each is one that some fast path is made for.
const LENGTHS: [usize; 7] = [3, 12, 24, 48, 100, 1000, 5000];

/// Messages of each kind and length, with their names.
pub(crate) fn messages() -> Vec<(String, Message)> {
    let mut messages = Vec::new();
    for length in LENGTHS {
        messages.push((format!("binary, {length}"), Message::Binary(binary(length))));
        for (name, of) in [
            ("ASCII", "{\"type\":\"message\"} "),
            ("some ASCII", "Grüße aus Köln, schöner Ort! "),
            ("no ASCII", "日本語のテキスト🦀"),
        ] {
            let text = of.chars().cycle().take(length).collect();
            messages.push((format!("{name}, {length}"), Message::Text(text)));
        }
    }
    messages
}

/// Bytes that are hard to compress.
pub(crate) fn binary(length: usize) -> Vec<u8> {
    (1..=length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// The frame of a message.
pub(crate) fn message_frame(from_client: bool, message: &Message) -> Vec<u8> {
    match message {
        Message::Text(text) => frame(from_client, TEXT, text.as_bytes()),
        Message::Binary(data) => frame(from_client, BINARY, data),
    }
}

/// An outbox that has allocated its memory.
pub(crate) fn outbox() -> Vec<u8> {
    Vec::with_capacity(4096)
}

/// Receives bytes that arrive in pieces.
pub(crate) fn receive<R: Role>(
    connection: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    bytes: &[u8],
    piece: usize,
) {
    arrive(inbox, outbox, bytes, piece, |inbox, outbox| {
        while let Some(event) = connection.receive(inbox, outbox).expect("it is valid") {
            black_box::<Event<'_>>(event);
        }
    });
}

/// The same, in chunks.
pub(crate) fn receive_chunks<R: Role>(
    connection: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    bytes: &[u8],
    piece: usize,
) {
    arrive(inbox, outbox, bytes, piece, |inbox, outbox| {
        while let Some(event) = connection.receive_chunk(inbox, outbox).expect("it is valid") {
            black_box::<ChunkEvent<'_>>(event);
        }
    });
}

/// Copies bytes into the inbox in pieces, and calls `receive` after each.
fn arrive(
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    bytes: &[u8],
    piece: usize,
    mut receive: impl FnMut(&mut Inbox, &mut Vec<u8>),
) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let copied = inbox.copy_from(&rest[..piece.min(rest.len())]);
        rest = &rest[copied..];
        receive(inbox, outbox);
    }
    black_box(outbox).clear();
}

/// Bytes that are always the same.
pub(crate) struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        Ok(())
    }
}
