//! The catalogue: hostile inputs, each with the ordinary inputs that it is held against.

use std::{collections::HashMap, rc::Rc};

use hybi::{Error, client, server};

use crate::inspected::Inspected;

/// The most that a head costs, relative to the cheapest ordinary head of the same length.
pub(crate) const HEAD: f64 = 8.0;

/// The most that compressed input costs, relative to the most expensive ordinary compressed input
/// of the same length.
pub(crate) const COMPRESSED: f64 = 3.0;

/// The most that any other input costs, relative to the cheapest ordinary input.
pub(crate) const OTHER: f64 = 4.5;

/// The most that a byte (or a frame) of the longest input costs, relative to one of a shorter
/// input of the same kind. It leaves room for what a buffer costs that grows in steps.
pub(crate) const GROWTH: f64 = 1.25;

/// What the code under test made of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The head has not ended.
    Incomplete,
    /// The opening handshake succeeded.
    Accepted,
    /// A head that asks for no WebSocket, or does not grant it.
    Http,
    /// All was received.
    Delivered(Delivered),
    /// The server's opening handshake failed.
    Refused(server::Error),
    /// The client's opening handshake or the connection failed.
    Failed(Error),
    /// The client's handshake failed.
    HandshakeFailed(client::Error),
    /// A connection was inspected.
    Inspected(Inspected),
}

impl Outcome {
    /// One or a few words for the table.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Incomplete => "incomplete".into(),
            Self::Accepted => "accepted".into(),
            Self::Http => "plain HTTP".into(),
            Self::Delivered(Delivered { messages, bytes, controls }) => {
                let controls = match controls {
                    0 => String::new(),
                    _ => format!(", {controls} control frames"),
                };
                format!("{messages} delivered, {bytes} bytes{controls}")
            }
            Self::Inspected(Inspected { units, violations, opaque }) => {
                format!("{units} reported, {violations} violations, {opaque} opaque")
            }
            // In a table, a bar would end the cell.
            Self::Refused(error) => error.to_string().replace('|', "/"),
            Self::Failed(error) => error.to_string().replace('|', "/"),
            Self::HandshakeFailed(error) => error.to_string().replace('|', "/"),
        }
    }

    /// These messages, of so many bytes together.
    pub(crate) const fn messages(messages: usize, bytes: usize) -> Self {
        Self::Delivered(Delivered { messages, bytes, controls: 0 })
    }
}

impl<E: Into<Error>> From<Result<Self, E>> for Outcome {
    fn from(result: Result<Self, E>) -> Self {
        result.unwrap_or_else(|error| Self::Failed(error.into()))
    }
}

/// What a connection received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// Each is counted at its end, if it comes in chunks.
    pub(crate) messages: usize,
    /// All payload of messages, decompressed.
    pub(crate) bytes: usize,
    /// Pings and pongs.
    pub(crate) controls: usize,
}

/// The code under test with one input, ready to run once.
pub(crate) type Run = Box<dyn FnOnce() -> Outcome>;

/// One input to one entry point.
#[derive(Clone)]
pub(crate) struct Input {
    /// Unique: inputs of the same name are measured once.
    pub(crate) name: String,
    /// How many bytes it has on the wire, or how many units if its cost is counted by those.
    pub(crate) length: usize,
    /// What is to become of it, by the rules and the limits.
    pub(crate) expected: Outcome,
    /// Sets up all that is not to be counted.
    pub(crate) prepare: Rc<dyn Fn() -> Run>,
}

impl Input {
    pub(crate) fn new(
        name: impl Into<String>,
        length: usize,
        expected: Outcome,
        prepare: impl Fn() -> Run + 'static,
    ) -> Self {
        Self { name: name.into(), length, expected, prepare: Rc::new(prepare) }
    }
}

/// A kind of hostile input.
pub(crate) struct Entry {
    pub(crate) name: String,
    /// What it is held against.
    pub(crate) reference: &'static str,
    pub(crate) limit: f64,
    /// The input in several lengths, in ascending order.
    pub(crate) points: Vec<Point>,
}

/// An entry at one length.
pub(crate) struct Point {
    pub(crate) hostile: Input,
    /// The ordinary inputs; the one that costs most for each byte counts.
    pub(crate) ordinary: Vec<Input>,
}

/// All entries, and each input once.
pub(crate) struct Catalogue {
    pub(crate) entries: Vec<Entry>,
    pub(crate) inputs: Vec<Input>,
    indices: HashMap<String, usize>,
}

impl Catalogue {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        let (mut inputs, mut indices) = (Vec::<Input>::new(), HashMap::new());
        for point in entries.iter().flat_map(|entry| &entry.points) {
            for input in point.ordinary.iter().chain([&point.hostile]) {
                let index = *indices.entry(input.name.clone()).or_insert_with(|| {
                    inputs.push(input.clone());
                    inputs.len() - 1
                });
                let expected = inputs[index].expected;
                assert_eq!(expected, input.expected, "two inputs are named {}", input.name);
            }
        }
        Self { entries, inputs, indices }
    }

    /// Where the input of this name stands.
    pub(crate) fn index(&self, input: &Input) -> usize {
        self.indices[&input.name]
    }
}
