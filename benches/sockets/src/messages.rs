//! The messages that are sent, and how they are encoded.

use std::fmt::Write as _;

use hybi::{Client, Connection, Message};

use crate::Failure;

/// The kind of the messages of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary,
    Text,
    /// Text, with compression and without context takeover in both directions.
    Compressed,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Binary, Self::Text, Self::Compressed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Text => "text",
            Self::Compressed => "compressed",
        }
    }
}

/// `count` different messages of `size` bytes each.
pub(crate) fn messages(kind: Kind, size: usize, count: usize) -> Vec<Message> {
    let message = |number| match kind {
        Kind::Binary => Message::Binary((0..251).cycle().skip(number).take(size).collect()),
        Kind::Text | Kind::Compressed => Message::Text(records(number, size)),
    };
    (0..count).map(message).collect()
}

/// Records in JSON, which compress well. They are ASCII, so a piece of any size is text.
fn records(seed: usize, size: usize) -> String {
    const NAMES: [&str; 8] = ["Ada", "Brian", "Cora", "Dennis", "Edith", "Fred", "Grace", "Hedy"];
    let mut text = String::new();
    let mut state = seed as u64 + 1;
    while text.len() < size {
        // The multiplier and the increment of Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (number, price) = (state >> 52, (state >> 32) % 10_000);
        let name = NAMES[(state >> 40) as usize % NAMES.len()];
        let _ = write!(text, r#"{{"id":{number},"name":"{name}","price":{price},"sold":true}},"#);
    }
    text.truncate(size);
    text
}

/// Messages that a connection sends at once.
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) messages: usize,
}

impl Batch {
    /// Encodes the messages as a client. Without context takeover, any connection can send them, any
    /// number of times.
    pub(crate) fn encode(
        messages: &[Message],
        websocket: &mut Connection<Client>,
    ) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        for message in messages {
            websocket.send(message, &mut bytes)?;
        }
        Ok(Self { bytes, messages: messages.len() })
    }
}
