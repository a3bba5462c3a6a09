//! Compressed messages (RFC 7692).

mod data;

use std::{rc::Rc, sync::LazyLock};

use hybi::{
    Connection, LimitExceeded, Role,
    deflate::{Deflate, Direction, Negotiated},
};

use crate::{
    catalogue::{COMPRESSED, Entry, Input, Outcome, Point, Run},
    deflate::{Bits, Codes, LONGEST, compress, compress_to_end},
    frames::{Fixed, Receiver, Way, config, run},
};
use data::{prose, random, records};

/// The first byte of a compressed message in one frame, and of its fragments.
const BINARY: u8 = 0xc2;
const TEXT: u8 = 0xc1;
const FIRST: u8 = 0x42;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

/// A final block with the fixed codes and nothing in it.
const FINAL: [u8; 2] = [0x03, 0x00];

const WINDOW: usize = 32 * 1024;

/// About how long an input is on the wire. A run of one byte comes to a thousand times as much.
const LENGTHS: [usize; 2] = [512, 2176];

/// A connection with compression that receives.
#[derive(Clone, Copy)]
struct Setting {
    receiver: Receiver,
    takeover: bool,
}

pub(crate) fn entries() -> Vec<Entry> {
    let server = Receiver::SERVER;
    let chunks = Receiver { way: Way::Chunks, ..server };
    let setting = |receiver, takeover| Setting { receiver, takeover };
    let mut entries = Vec::new();
    for setting in [
        setting(server, false),
        setting(server, true),
        setting(Receiver::CLIENT, true),
        setting(chunks, true),
        setting(Receiver { piece: 1, ..server }, false),
    ] {
        entries.extend(kinds().iter().map(|kind| entry(kind, setting, &DISTINCT)));
        entries.extend(overlapping().iter().map(|kind| entry(kind, setting, &OVERLAPPING)));
        entries.push(bomb(setting));
    }
    entries
}

/// Makes frames of about the given number of bytes on the wire; and what becomes of them.
type Wire = dyn Fn(Receiver, usize) -> (Vec<u8>, Outcome);

/// A kind of input, by name.
type Kind = (&'static str, Box<Wire>);

/// Ordinary data, by name.
type Sample = (&'static str, Vec<u8>);

/// What an entry is held against.
struct Reference {
    name: &'static str,
    /// How well it is compressed.
    level: u32,
    data: fn(usize) -> Vec<Sample>,
}

const DISTINCT: Reference = Reference {
    name: "the most expensive of text, records and a run of one letter",
    level: 6,
    data: |length| {
        vec![
            ("text", prose(length * 3).into()),
            ("records", records(length * 6).into()),
            ("a run of one letter", vec![b'a'; length * 1000]),
        ]
    },
};

/// The decoder copies a match that overlaps itself byte by byte, except in a run of one byte.
const OVERLAPPING: Reference = Reference {
    name: "an image of one colour",
    level: 9,
    data: |length| vec![("an image of one colour", [200, 30, 40].repeat(length * 320))],
};

fn entry((name, wire): &Kind, setting: Setting, reference: &Reference) -> Entry {
    let mut points = Vec::<Point>::new();
    for length in LENGTHS {
        let (bytes, expected) = wire(setting.receiver, length);
        assert!(bytes.len() <= 2 * length, "{name}: {} bytes", bytes.len());
        let ordinary = ordinary(setting, reference, length);
        let length = bytes.len();
        // Where a limit leaves no room for more, there is nothing to add.
        if points.last().is_some_and(|last| length < last.hostile.length * 5 / 4) {
            continue;
        }
        points.push(Point { hostile: setting.input(name, bytes, length, expected), ordinary });
    }
    Entry {
        name: format!("{}: {name}", setting.text()),
        reference: reference.name,
        limit: COMPRESSED,
        points,
    }
}

/// A run of one byte is what others are held against, so it is held against text by its output.
fn bomb(setting: Setting) -> Entry {
    let points = [64 * 1024, 512 * 1024].into_iter().map(|length| {
        let input = |name: &str, data: &[u8]| {
            let bytes = setting.receiver.frame(BINARY, &compress(data, 9));
            let name = format!("{name}, {length} bytes decompressed");
            setting.input(&name, bytes, length, Outcome::messages(1, data.len()))
        };
        Point {
            hostile: input("zeros", &vec![0; length]),
            ordinary: vec![input("text", prose(length).as_bytes())],
        }
    });
    Entry {
        name: format!("{}: a run of zeros", setting.text()),
        reference: "text that decompresses to this length",
        limit: COMPRESSED,
        points: points.collect(),
    }
}

/// Ordinary messages, compressed.
fn ordinary(setting: Setting, reference: &Reference, length: usize) -> Vec<Input> {
    let one = |(name, data): Sample| {
        let bytes = setting.receiver.frame(BINARY, &compress(&data, reference.level));
        let length = bytes.len();
        let expected = Outcome::messages(1, data.len());
        setting.input(&format!("ordinary {name}"), bytes, length, expected)
    };
    (reference.data)(length).into_iter().map(one).collect()
}

impl Setting {
    fn text(self) -> String {
        let takeover = if self.takeover { ", takeover" } else { "" };
        format!("compressed, {}{takeover}", self.receiver.text())
    }

    fn input(self, name: &str, bytes: Vec<u8>, length: usize, expected: Outcome) -> Input {
        let name = format!("{}: {name}, {} bytes", self.text(), bytes.len());
        let bytes = Rc::<[u8]>::from(bytes);
        Input::new(name, length, expected, move || {
            let bytes = Rc::clone(&bytes);
            if self.receiver.is_server {
                self.run(|| Connection::server(config()), bytes)
            } else {
                self.run(|| Connection::client(config(), Fixed), bytes)
            }
        })
    }

    /// A connection that has received a message, so that its codec and a full window are there.
    fn run<R: Role + 'static>(self, open: impl Fn() -> Connection<R>, bytes: Rc<[u8]>) -> Run {
        static DEFLATE: LazyLock<Deflate> = LazyLock::new(Deflate::new);
        let direction = Direction::new(15, self.takeover).expect("15 is a window");
        let mut websocket = open().with_deflate(&DEFLATE, Negotiated::new(direction, direction));
        let (mut inbox, mut outbox) = (crate::wire::inbox(1024), Vec::new());
        let first = random(64).repeat(WINDOW / 64);
        let first = self.receiver.frame(BINARY, &compress(&first, 6));
        assert_eq!(inbox.copy_from(&first), first.len());
        while websocket.receive(&mut inbox, &mut outbox).expect("it is sound").is_some() {}
        run(websocket, bytes, self.receiver)
    }
}

fn kinds() -> Vec<Kind> {
    let mut kinds = blocks();
    kinds.extend(matches());
    kinds.extend(messages());
    kinds
}

/// One message of these compressed bytes, which come to so many.
fn message(payload: impl Fn(usize) -> (Vec<u8>, usize) + 'static) -> Box<Wire> {
    Box::new(move |receiver, length| {
        let (payload, decompressed) = payload(length);
        (receiver.frame(BINARY, &payload), Outcome::messages(1, decompressed))
    })
}

/// One message that fails after so many bytes: by then, more final blocks have data after them than
/// 4, plus one for every 32 of these bytes.
fn too_many_final_blocks(payload: impl Fn(usize) -> (Vec<u8>, u64) + 'static) -> Box<Wire> {
    Box::new(move |receiver, length| {
        let (payload, received) = payload(length);
        let failure = LimitExceeded::FinalBlocks(received);
        (receiver.frame(BINARY, &payload), Outcome::Failed(failure.into()))
    })
}

/// The same payload in message after message; each comes to so many bytes.
fn same(payload: Vec<u8>, decompressed: usize) -> Box<Wire> {
    Box::new(move |receiver, length| {
        let one = receiver.frame(BINARY, &payload);
        let count = length / one.len();
        (one.repeat(count), Outcome::messages(count, decompressed * count))
    })
}

/// A block with nothing in it again and again.
fn again(one: impl Fn(&mut Bits) -> &mut Bits + 'static) -> Box<Wire> {
    message(move |length| {
        let mut bits = Bits::default();
        while bits.len() < length - 20 {
            one(&mut bits);
        }
        (bits.message(), 0)
    })
}

/// A block with a literal and so many of the longest matches; returns how many bytes these are.
fn one_run(bits: &mut Bits, matches: usize) -> usize {
    let codes = run_codes();
    bits.dynamic(&codes).symbol(&codes.literals, 0);
    for _ in 0..matches {
        bits.symbol(&codes.literals, 285).symbol(&codes.distances, 0);
    }
    bits.symbol(&codes.literals, 256);
    1 + matches * LONGEST
}

/// Blocks with nothing in them.
fn blocks() -> Vec<Kind> {
    let empty_dynamic =
        |codes: Codes| again(move |bits| bits.dynamic(&codes).symbol(&codes.literals, 256));
    vec![
        ("empty stored blocks", again(Bits::empty_stored)),
        ("empty fixed blocks", again(Bits::empty_fixed)),
        ("empty fixed and stored blocks in turn", again(|bits| bits.empty_fixed().empty_stored())),
        ("empty dynamic blocks, one code", empty_dynamic(short_codes())),
        ("empty dynamic blocks, all codes of 8 or 9 bits", empty_dynamic(even_codes())),
        ("empty dynamic blocks, all codes of up to 15 bits", empty_dynamic(long_codes())),
        (
            "empty dynamic blocks after a full window",
            message(|length| {
                let mut bits = Bits::default();
                let codes = even_codes();
                let decompressed = one_run(&mut bits, WINDOW / LONGEST);
                while bits.len() < length - 20 {
                    bits.dynamic(&codes).symbol(&codes.literals, 256);
                }
                (bits.message(), decompressed)
            }),
        ),
        (
            "final blocks",
            // The fifth is one too many: 10 bytes do not allow for it.
            too_many_final_blocks(|length| (FINAL.repeat(length.min(2040) / 2), 10)),
        ),
        (
            "a full window, then final blocks",
            too_many_final_blocks(|length| {
                let window = compress_to_end(&[b'a'; WINDOW]);
                let blocks = FINAL.repeat((length - window.len()).min(2040) / 2);
                // The window ends with one, and its length allows for one more.
                assert!((32..54).contains(&window.len()));
                let received = window.len() + 5 * FINAL.len();
                ([window, blocks].concat(), received as u64)
            }),
        ),
        (
            "a full window, then as many final blocks as are allowed",
            message(|length| {
                let window = compress_to_end(&[b'a'; WINDOW]);
                // A final block of stored data every 32 bytes, and the last ones without data.
                let stored = [&[1, 27, 0, !27, 0xff][..], &[b'b'; 27]].concat();
                let count = (length - window.len()) / stored.len() - 1;
                let blocks = stored.repeat(count);
                ([window, blocks, FINAL.repeat(3), vec![0]].concat(), WINDOW + 27 * count)
            }),
        ),
        (
            "messages of as many final blocks as are allowed",
            same([FINAL.repeat(4), vec![0]].concat(), 0),
        ),
        (
            "final blocks, each with a literal",
            // `a` and the end of the block with the fixed codes. The fifth is one too many.
            too_many_final_blocks(|length| ([0x4b, 0x04, 0x00].repeat(length.min(3000) / 3), 15)),
        ),
    ]
}

/// The longest matches at one distance (RFC 1951, section 3.2.5), after this many literals.
fn at(symbol: usize, extra: (u32, u32), before: usize) -> Box<Wire> {
    message(move |length| {
        let codes = Codes { distances: one_code(symbol), ..run_codes() };
        let mut bits = Bits::default();
        let mut decompressed = 0;
        // Literals, and more by a match if many are to come before.
        if before > 8 {
            decompressed += one_run(&mut bits, before / LONGEST);
            bits.dynamic(&codes);
        } else {
            bits.dynamic(&codes);
            for _ in 0..before {
                bits.symbol(&codes.literals, 0);
            }
            decompressed += before;
        }
        while bits.len() < length - 20 {
            bits.symbol(&codes.literals, 285).symbol(&codes.distances, symbol);
            bits.number(extra.0, extra.1);
            decompressed += LONGEST;
        }
        bits.symbol(&codes.literals, 256);
        (bits.message(), decompressed)
    })
}

/// Output that repeats a few bytes: matches that overlap themselves.
fn overlapping() -> Vec<Kind> {
    fn repeated(character: &'static str) -> Box<Wire> {
        Box::new(move |receiver, length| {
            let text = character.repeat(length * 900 / character.len());
            let frame = receiver.frame(TEXT, &compress(text.as_bytes(), 9));
            (frame, Outcome::messages(1, text.len()))
        })
    }
    vec![
        ("long matches at distance 2", at(1, (0, 0), 2)),
        ("long matches at distance 3", at(2, (0, 0), 3)),
        ("long matches at distance 7", at(5, (0, 1), 8)),
        ("long matches at distance 31", at(9, (6, 3), 2 * LONGEST)),
        ("a text of one 3-byte character", repeated("\u{20ac}")),
        ("a text of one 4-byte character", repeated("\u{1f980}")),
    ]
}

/// Much output from little input.
fn matches() -> Vec<Kind> {
    vec![
        ("long matches at distance 1", at(0, (0, 0), 1)),
        ("long matches at distance 257", at(16, (0, 7), 4 * LONGEST)),
        ("long matches at the far end of the window", at(29, (0x1fff, 13), WINDOW + LONGEST)),
        (
            "short matches at the far end of the window",
            message(|length| {
                let mut literals = run_codes().literals;
                // The shortest match, of 3 bytes, instead of the longest.
                literals.swap(285, 257);
                let far = Codes { literals, distances: one_code(29) };
                let mut bits = Bits::default();
                let mut decompressed = one_run(&mut bits, WINDOW / LONGEST + 1);
                bits.dynamic(&far);
                while bits.len() < length - 20 {
                    bits.symbol(&far.literals, 257).symbol(&far.distances, 29);
                    bits.number(0x1fff, 13);
                    decompressed += 3;
                }
                bits.symbol(&far.literals, 256);
                (bits.message(), decompressed)
            }),
        ),
        (
            "literals",
            message(|length| {
                let codes = run_codes();
                let mut bits = Bits::default();
                let mut decompressed = 0;
                bits.dynamic(&codes);
                // A bit each.
                while bits.len() < length - 20 {
                    bits.symbol(&codes.literals, 0);
                    decompressed += 1;
                }
                bits.symbol(&codes.literals, 256);
                (bits.message(), decompressed)
            }),
        ),
        ("random bytes", message(|length| (compress(&random(length - 30), 6), length - 30))),
        (
            "random bytes in stored blocks of one byte",
            message(|length| {
                let stored = |byte: u8| [0, 1, 0, 0xfe, 0xff, byte];
                let count = length / 6 - 4;
                let blocks = random(count).into_iter().map(stored);
                let mut message = blocks.collect::<Vec<_>>().concat();
                message.push(0);
                (message, count)
            }),
        ),
    ]
}

/// Many messages, or many fragments.
fn messages() -> Vec<Kind> {
    fn fragments(data: impl Fn(usize) -> Vec<u8> + 'static, size: usize) -> Box<Wire> {
        Box::new(move |receiver, length| {
            let each = receiver.frame(MORE, &vec![0; size]).len();
            let data = data(length / each * size);
            let mut frames = receiver.frame(FIRST, b"");
            for part in compress(&data, 6).chunks(size) {
                frames.extend(receiver.frame(MORE, part));
            }
            frames.extend(receiver.frame(LAST, b""));
            (frames, Outcome::messages(1, data.len()))
        })
    }
    vec![
        ("empty messages", same(vec![0], 0)),
        ("empty messages with a final block", same(FINAL.to_vec(), 0)),
        ("messages of one byte", same(compress(b"a", 6), 1)),
        ("messages of 20 bytes", same(compress(b"{\"type\":\"heartbeat\"}", 6), 20)),
        ("a text in fragments of one byte", fragments(|length| prose(length).into(), 1)),
        (
            "a run of one letter in fragments of one byte",
            fragments(|length| vec![b'a'; length * 900], 1),
        ),
        (
            "random bytes in fragments of one byte",
            fragments(|length| random(length.saturating_sub(20)), 1),
        ),
        (
            "empty fragments",
            Box::new(|receiver, length| {
                let mut frames = receiver.frame(FIRST, b"");
                while frames.len() < length - 20 {
                    frames.extend(receiver.frame(MORE, b""));
                }
                frames.extend(receiver.frame(LAST, &[0]));
                (frames, Outcome::messages(1, 0))
            }),
        ),
    ]
}

/// A literal, the end of a block and the longest match, of 2, 2 and 1 bits; one distance.
fn run_codes() -> Codes {
    let mut literals = vec![0; 286];
    (literals[0], literals[256], literals[285]) = (2, 2, 1);
    Codes { literals, distances: vec![1] }
}

/// A distance of one bit, and no other.
fn one_code(symbol: usize) -> Vec<u8> {
    let mut distances = vec![0; symbol + 1];
    distances[symbol] = 1;
    distances
}

/// Nothing but the end of a block.
fn short_codes() -> Codes {
    let mut literals = vec![0; 257];
    literals[256] = 1;
    Codes { literals, distances: vec![0] }
}

/// All literals and lengths, all distances, with codes as short as can be.
fn even_codes() -> Codes {
    // 226 codes of 8 bits and 60 of 9; 2 of 4 and 28 of 5.
    let literals = [vec![8; 226], vec![9; 60]].concat();
    Codes { literals, distances: [vec![4; 2], vec![5; 28]].concat() }
}

/// As many codes of 15 bits as there can be.
fn long_codes() -> Codes {
    // One code of each length up to 8 bits, and the last 2^-8 shared by 128 codes of 15 bits.
    let literals = [(1..=8).collect(), vec![0; 150], vec![15; 128]].concat();
    Codes { literals, distances: even_codes().distances }
}
