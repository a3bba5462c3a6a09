//! Text: where validation has most to do.

use hybi::Violation;

use crate::{
    catalogue::{Entry, OTHER, Outcome, Point},
    frames::{Receiver, Way},
};

const TEXT: u8 = 0x81;
/// The first byte of a fragment that is not the last one, and of those that continue it.
const FIRST: u8 = 0x01;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

/// How long a message is.
const LENGTHS: [usize; 3] = [16 * 1024, 128 * 1024, 512 * 1024];

/// How much goes into a fragment, where fragments are what it is about.
const FRAGMENTS: [usize; 3] = [1, 5, 67];

pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for receiver in [
        Receiver::SERVER,
        Receiver::CLIENT,
        Receiver { way: Way::Chunks, ..Receiver::SERVER },
        Receiver { way: Way::Chunks, ..Receiver::CLIENT },
        // An odd number of bytes cuts characters of every length.
        Receiver { piece: 67, way: Way::Chunks, ..Receiver::SERVER },
        Receiver { piece: 1, way: Way::Chunks, ..Receiver::SERVER },
    ] {
        for kind in kinds() {
            entries.push(in_one_frame(&kind, receiver));
        }
    }
    for receiver in [Receiver::SERVER, Receiver { way: Way::Chunks, ..Receiver::SERVER }] {
        for size in FRAGMENTS {
            for kind in kinds() {
                entries.push(in_fragments(&kind, size, receiver));
            }
        }
    }
    entries
}

/// Makes a text of about the given number of bytes.
type Text = dyn Fn(usize) -> Vec<u8>;

/// A kind of text: its name, what becomes of it, and the text.
type Kind = (&'static str, fn(&[u8]) -> Outcome, Box<Text>);

/// A text that is delivered.
const fn valid(text: &[u8]) -> Outcome {
    Outcome::messages(1, text.len())
}

/// A text that is no UTF-8.
fn invalid(_: &[u8]) -> Outcome {
    Outcome::Failed(Violation::TextNotUtf8.into())
}

fn kinds() -> Vec<Kind> {
    fn cycle(unit: &'static str) -> Box<Text> {
        Box::new(move |length| unit.repeat(length / unit.len()).into_bytes())
    }
    fn ascii_then(end: &'static [u8]) -> Box<Text> {
        Box::new(move |length| [&vec![b'a'; length - end.len()], end].concat())
    }
    vec![
        ("2-byte characters", valid, cycle("\u{e9}")),
        ("3-byte characters", valid, cycle("\u{20ac}")),
        ("4-byte characters", valid, cycle("\u{1f980}")),
        ("ASCII and 2-byte characters in turn", valid, cycle("a\u{e9}")),
        ("ASCII and 4-byte characters in turn", valid, cycle("a\u{1f980}")),
        ("characters of each length in turn", valid, cycle("a\u{e9}\u{20ac}\u{1f980}")),
        (
            "one character beyond ASCII in each 64 bytes",
            valid,
            cycle("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\u{e9}"),
        ),
        ("ASCII with one other character at the end", valid, ascii_then("\u{e9}".as_bytes())),
        (
            "one other character, then ASCII",
            valid,
            Box::new(|length| ["\u{e9}".as_bytes(), &vec![b'a'; length - 2]].concat()),
        ),
        ("ASCII, invalid at the very end", invalid, ascii_then(b"\xff")),
        (
            "4-byte characters, invalid at the very end",
            invalid,
            Box::new(|length| ["\u{1f980}".repeat(length / 4 - 1).as_bytes(), b"\xff"].concat()),
        ),
    ]
}

fn in_one_frame((name, outcome, text): &Kind, receiver: Receiver) -> Entry {
    // Byte by byte, as much takes much longer.
    let lengths = LENGTHS.map(|length| if receiver.piece == 1 { length / 16 } else { length });
    let points = lengths.into_iter().map(|length| {
        let text = text(length);
        let bytes = receiver.frame(TEXT, &text);
        let ascii = vec![b'a'; bytes.len()];
        let ordinary = receiver.frame(TEXT, &ascii);
        let (length, ordinary_length) = (bytes.len(), ordinary.len());
        Point {
            hostile: receiver.input(name, bytes, length, outcome(&text)),
            ordinary: vec![receiver.input("ASCII", ordinary, ordinary_length, valid(&ascii))],
        }
    });
    Entry {
        name: format!("{}: {name}", receiver.text()),
        reference: "ASCII text of this length",
        limit: OTHER,
        points: points.collect(),
    }
}

fn in_fragments((name, outcome, text): &Kind, size: usize, receiver: Receiver) -> Entry {
    let in_fragments = |text: &[u8]| {
        let mut frames = Vec::new();
        for (index, part) in text.chunks(size).enumerate() {
            let is_last = (index + 1) * size >= text.len();
            let first = match (index, is_last) {
                (_, true) => LAST,
                (0, _) => FIRST,
                _ => MORE,
            };
            frames.extend(receiver.frame(first, part));
        }
        frames
    };
    let points = [1000, 4000].into_iter().map(|count| {
        let text = text(count * size);
        let bytes = in_fragments(&text);
        let ascii = vec![b'a'; text.len()];
        let ordinary = in_fragments(&ascii);
        let length = bytes.len();
        let name = format!("{name} in fragments of {size} bytes");
        let ordinary_name = format!("ASCII in fragments of {size} bytes");
        Point {
            hostile: receiver.input(&name, bytes, length, outcome(&text)),
            ordinary: vec![receiver.input(&ordinary_name, ordinary, length, valid(&ascii))],
        }
    });
    Entry {
        name: format!("{}: {name} in fragments of {size} bytes", receiver.text()),
        reference: "ASCII text in such fragments",
        limit: OTHER,
        points: points.collect(),
    }
}
