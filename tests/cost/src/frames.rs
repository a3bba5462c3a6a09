//! Frames at both roles: many small ones, control frames, fragments, malformed ones.

use std::rc::Rc;

use hybi::{
    ChunkEvent, Config, Connection, Error, Event, Inbox, LimitExceeded, Role, Violation,
    random::{Entropy, EntropyError},
};

use crate::{
    catalogue::{Delivered, Entry, Input, OTHER, Outcome, Point, Run},
    wire::{READ, arrive, frame, inbox},
};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// The first byte of a fragment that is not the last one, and of those that continue it.
const FIRST_BINARY: u8 = 0x02;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

/// How a connection receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `receive`, after each read.
    Whole,
    /// `receive_chunk`, after each read.
    Chunks,
    /// `receive`, and each message is sent back.
    Echo,
}

/// Who receives, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiver {
    pub(crate) is_server: bool,
    pub(crate) way: Way,
    /// How much a read brings at most.
    pub(crate) piece: usize,
}

impl Receiver {
    pub(crate) const SERVER: Self = Self { is_server: true, way: Way::Whole, piece: READ };
    pub(crate) const CLIENT: Self = Self { is_server: false, ..Self::SERVER };

    /// For the name of an entry.
    pub(crate) fn text(self) -> String {
        let role = if self.is_server { "server" } else { "client" };
        let way = match self.way {
            Way::Whole => "",
            Way::Chunks => ", in chunks",
            Way::Echo => ", echo",
        };
        let piece = match self.piece {
            READ => String::new(),
            1 => ", byte by byte".into(),
            piece => format!(", {piece} bytes at a time"),
        };
        format!("{role}{way}{piece}")
    }

    /// A frame that the other end sends.
    pub(crate) fn frame(self, first: u8, payload: &[u8]) -> Vec<u8> {
        frame(self.is_server, first, payload)
    }

    /// These bytes as an input, whose length counts in `length` units.
    pub(crate) fn input(
        self,
        name: &str,
        bytes: Vec<u8>,
        length: usize,
        expected: Outcome,
    ) -> Input {
        let name = format!("{}: {name}, {} bytes", self.text(), bytes.len());
        let bytes = Rc::<[u8]>::from(bytes);
        Input::new(name, length, expected, move || {
            let bytes = Rc::clone(&bytes);
            if self.is_server {
                run(Connection::server(config()), bytes, self)
            } else {
                run(Connection::client(config(), Fixed), bytes, self)
            }
        })
    }
}

pub(crate) fn config() -> Config {
    Config::new()
}

/// Receives all of it, as an application that writes out what is in the outbox after each read.
pub(crate) fn run<R: Role + 'static>(
    mut websocket: Connection<R>,
    bytes: Rc<[u8]>,
    receiver: Receiver,
) -> Run {
    let (mut inbox, mut outbox) = (inbox(READ), Vec::with_capacity(256 * 1024));
    Box::new(move || {
        let mut delivered = Delivered::default();
        let failure = arrive(&bytes, receiver.piece, &mut inbox, |inbox| {
            let result = receive(&mut websocket, inbox, &mut outbox, receiver.way, &mut delivered);
            outbox.clear();
            result.err().map(Outcome::Failed)
        });
        failure.unwrap_or(Outcome::Delivered(delivered))
    })
}

/// Receives what is in the inbox, and counts it.
fn receive<R: Role>(
    websocket: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    way: Way,
    delivered: &mut Delivered,
) -> Result<(), Error> {
    if way == Way::Chunks {
        while let Some(event) = websocket.receive_chunk(inbox, outbox)? {
            match event {
                ChunkEvent::Text { text, fragment } => {
                    delivered.data(text.len(), fragment.is_last());
                }
                ChunkEvent::Binary { data, fragment } => {
                    delivered.data(data.len(), fragment.is_last());
                }
                ChunkEvent::Ping(_) | ChunkEvent::Pong(_) => delivered.controls += 1,
                ChunkEvent::Close(_) => {}
            }
        }
        return Ok(());
    }
    while let Some(event) = websocket.receive(inbox, outbox)? {
        match event {
            Event::Text(text) => delivered.data(text.len(), true),
            Event::Binary(data) => {
                delivered.data(data.len(), true);
                if way == Way::Echo {
                    websocket.send_binary(data, outbox)?;
                }
            }
            Event::Ping(_) | Event::Pong(_) => delivered.controls += 1,
            Event::Close(_) => {}
        }
    }
    Ok(())
}

impl Delivered {
    fn data(&mut self, bytes: usize, is_last: bool) {
        self.bytes += bytes;
        self.messages += usize::from(is_last);
    }
}

/// Makes frames of a kind, this many, for a receiver; and what is to be delivered.
type Frames = dyn Fn(Receiver, usize) -> (Vec<u8>, Outcome);

const COUNTS: [usize; 2] = [1000, 8000];

pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for receiver in [Receiver::SERVER, Receiver::CLIENT] {
        let chunks = Receiver { way: Way::Chunks, ..receiver };
        let bytes = Receiver { piece: 1, ..receiver };
        for (name, frames) in kinds() {
            entries.push(counted(name, &*frames, receiver));
            entries.push(counted(name, &*frames, chunks));
            entries.push(by_bytes(name, &*frames, bytes));
        }
        for (name, bytes, error) in malformed(receiver) {
            let length = bytes.len();
            let ordinary = receiver.frame(BINARY, &vec![7; length - 14]);
            entries.push(Entry {
                name: format!("{}: {name}", receiver.text()),
                reference: "a binary message of this length",
                limit: OTHER,
                points: vec![Point {
                    hostile: receiver.input(name, bytes, length, Outcome::Failed(error)),
                    ordinary: vec![receiver.input(
                        "binary message",
                        ordinary,
                        length,
                        Outcome::messages(1, length - 14),
                    )],
                }],
            });
        }
    }
    entries
}

/// Frames that come in reads of the usual size: as many as ordinary messages.
fn counted(name: &str, frames: &Frames, receiver: Receiver) -> Entry {
    // What is answered is held against what is answered.
    let is_ping = name.contains("ping");
    let ordinary = if is_ping { Receiver { way: Way::Echo, ..receiver } } else { receiver };
    let points = COUNTS.into_iter().map(|count| {
        let (bytes, expected) = frames(receiver, count);
        let (messages, delivered) = messages(receiver, count);
        Point {
            hostile: receiver.input(name, bytes, count, expected),
            ordinary: vec![ordinary.input("small messages", messages, count, delivered)],
        }
    });
    Entry {
        name: format!("{}: {name}", receiver.text()),
        reference: if is_ping {
            "as many messages of 32 bytes, each sent back"
        } else {
            "as many messages of 32 bytes"
        },
        limit: OTHER,
        points: points.collect(),
    }
}

/// Frames that come byte by byte: as many bytes of ordinary messages.
fn by_bytes(name: &str, frames: &Frames, receiver: Receiver) -> Entry {
    let points = [500, 2000].into_iter().map(|count| {
        let (frames, expected) = frames(receiver, count);
        let length = frames.len();
        let each = receiver.frame(BINARY, &[7; 32]).len();
        let (messages, delivered) = messages(receiver, length.div_ceil(each));
        let messages_length = messages.len();
        Point {
            hostile: receiver.input(name, frames, length, expected),
            ordinary: vec![receiver.input("small messages", messages, messages_length, delivered)],
        }
    });
    Entry {
        name: format!("{}: {name}", receiver.text()),
        reference: "messages of 32 bytes, as many bytes, one by one",
        limit: OTHER,
        points: points.collect(),
    }
}

/// What an application without large messages receives all day.
fn messages(receiver: Receiver, count: usize) -> (Vec<u8>, Outcome) {
    (receiver.frame(BINARY, &[7; 32]).repeat(count), Outcome::messages(count, 32 * count))
}

fn kinds() -> Vec<(&'static str, Box<Frames>)> {
    /// A message with this payload again and again.
    fn same(first: u8, payload: &'static [u8]) -> Box<Frames> {
        Box::new(move |receiver, count| {
            let frames = receiver.frame(first, payload).repeat(count);
            (frames, Outcome::messages(count, payload.len() * count))
        })
    }
    /// A control frame again and again.
    fn controls(first: u8, payload: &'static [u8]) -> Box<Frames> {
        Box::new(move |receiver, count| {
            let frames = receiver.frame(first, payload).repeat(count);
            (frames, delivered(0, 0, count))
        })
    }
    fn delivered(messages: usize, bytes: usize, controls: usize) -> Outcome {
        Outcome::Delivered(Delivered { messages, bytes, controls })
    }
    /// A message in fragments with this payload each, and these control frames after each.
    fn fragments(payload: &'static [u8], control: Option<(u8, &'static [u8])>) -> Box<Frames> {
        Box::new(move |receiver, count| {
            let control =
                control.map(|(first, payload)| receiver.frame(first, payload)).unwrap_or_default();
            let each = if control.is_empty() { 1 } else { 2 };
            let between = count / each - 2;
            let mut frames = receiver.frame(FIRST_BINARY, payload);
            for _ in 0..between {
                frames.extend(&control);
                frames.extend(receiver.frame(MORE, payload));
            }
            frames.extend(receiver.frame(LAST, payload));
            let controls = if control.is_empty() { 0 } else { between };
            (frames, delivered(1, (between + 2) * payload.len(), controls))
        })
    }
    vec![
        ("empty binary messages", same(BINARY, b"")),
        ("empty text messages", same(TEXT, b"")),
        ("binary messages of one byte", same(BINARY, b"a")),
        ("text messages of one byte", same(TEXT, b"a")),
        ("text messages of one character", same(TEXT, "\u{20ac}".as_bytes())),
        ("empty pings", controls(PING, b"")),
        ("pings of 125 bytes", controls(PING, &[b'p'; 125])),
        ("empty pongs", controls(PONG, b"")),
        ("pongs of 125 bytes", controls(PONG, &[b'p'; 125])),
        ("empty fragments", fragments(b"", None)),
        ("fragments of one byte", fragments(b"a", None)),
        ("fragments of 125 bytes", fragments(&[b'a'; 125], None)),
        ("empty fragments and empty pings", fragments(b"", Some((PING, b"")))),
        ("fragments of one byte and empty pings", fragments(b"a", Some((PING, b"")))),
        (
            "fragments of one byte and pings of 125 bytes",
            fragments(b"a", Some((PING, &[b'p'; 125]))),
        ),
        ("fragments of one byte and pongs", fragments(b"a", Some((PONG, b"")))),
        (
            "a large fragment, then empty fragments",
            Box::new(|receiver, count| {
                let mut frames = receiver.frame(FIRST_BINARY, &[7; 4096]);
                frames.extend(receiver.frame(MORE, b"").repeat(count - 2));
                frames.extend(receiver.frame(LAST, b""));
                (frames, delivered(1, 4096, 0))
            }),
        ),
        (
            "a large fragment, then pings",
            Box::new(|receiver, count| {
                let mut frames = receiver.frame(FIRST_BINARY, &[7; 4096]);
                frames.extend(receiver.frame(PING, b"p").repeat(count - 2));
                frames.extend(receiver.frame(LAST, b""));
                (frames, delivered(1, 4096, count - 2))
            }),
        ),
        (
            "messages in two empty fragments",
            Box::new(|receiver, count| {
                let message = [receiver.frame(FIRST_BINARY, b""), receiver.frame(LAST, b"")];
                (message.concat().repeat(count / 2), delivered(count / 2, 0, 0))
            }),
        ),
        (
            "messages of 126 bytes after a ping",
            Box::new(|receiver, count| {
                let message = [receiver.frame(PING, b""), receiver.frame(BINARY, &[7; 126])];
                let frames = message.concat().repeat(count / 2);
                (frames, delivered(count / 2, 126 * (count / 2), count / 2))
            }),
        ),
    ]
}

/// What fails at the first header, with much after it.
fn malformed(receiver: Receiver) -> Vec<(&'static str, Vec<u8>, Error)> {
    let rest = |start: &[u8]| [start, &vec![0; 64 * 1024]].concat();
    let mask = if receiver.is_server { 0x80 } else { 0 };
    let is_masked = if receiver.is_server { Violation::NotMasked } else { Violation::Masked };
    vec![
        (
            "masked the wrong way",
            frame(!receiver.is_server, BINARY, &[7; 64 * 1024]),
            is_masked.into(),
        ),
        (
            "a length that is not minimal, 16 bits",
            rest(&[BINARY, mask | 0x7e, 0, 5]),
            Violation::LengthNotMinimal.into(),
        ),
        (
            "a length that is not minimal, 64 bits",
            rest(&[BINARY, mask | 0x7f, 0, 0, 0, 0, 0, 0, 0, 5]),
            Violation::LengthNotMinimal.into(),
        ),
        (
            "a length beyond the limit",
            rest(&[BINARY, mask | 0x7f, 0x7f, 0, 0, 0, 0, 0, 0, 0]),
            LimitExceeded::FrameSize { size: 0x7f << 56, limit: 16 * 1024 * 1024 }.into(),
        ),
        ("a reserved opcode", rest(&[0x83, mask]), Violation::ReservedOpcode(3).into()),
        ("reserved bits", rest(&[0xf2, mask]), Violation::ReservedBits.into()),
        ("a continuation of nothing", rest(&[LAST, mask | 1]), Violation::NothingToContinue.into()),
        (
            "a ping that is too long",
            rest(&[PING, mask | 0x7e, 0, 126]),
            Violation::ControlTooLong.into(),
        ),
    ]
}

/// Keys that are always the same: a receiving client draws one for each pong.
pub(crate) struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        Ok(())
    }
}
