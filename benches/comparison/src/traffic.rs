//! Messages, and their bytes on the wire.

use std::{
    fmt::{self, Write},
    rc::Rc,
};

use bytes::Bytes;

/// The content of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Binary,
    Ascii,
    MultiByte,
}

impl Content {
    pub(crate) const ALL: [Self; 3] = [Self::Binary, Self::Ascii, Self::MultiByte];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::MultiByte => "multi-byte",
        }
    }

    fn opcode(self) -> u8 {
        match self {
            Self::Binary => BINARY,
            Self::Ascii | Self::MultiByte => TEXT,
        }
    }

    /// A message of this many bytes.
    fn message(self, size: usize, random: &mut Random) -> Vec<u8> {
        match self {
            Self::Binary => (0..size).map(|_| random.next().to_le_bytes()[0]).collect(),
            Self::Ascii => {
                (0..size).map(|_| b' ' + u8::try_from(random.below(95)).unwrap()).collect()
            }
            Self::MultiByte => multi_byte(size, random),
        }
    }
}

/// Characters of one to four bytes, mostly two and three.
fn multi_byte(size: usize, random: &mut Random) -> Vec<u8> {
    const CHARACTERS: [char; 16] =
        ['é', 'ß', 'ж', 'я', 'λ', 'ω', 'ا', '€', '語', '日', '本', 'の', 'ह', '한', '😀', ' '];
    let mut text = String::with_capacity(size);
    while text.len() < size {
        let character = CHARACTERS[random.below(CHARACTERS.len())];
        // Fill the rest if no further character fits.
        text.push(if text.len() + character.len_utf8() <= size { character } else { '.' });
    }
    text.into_bytes()
}

/// Messages and their bytes on the wire.
pub(crate) struct Traffic {
    pub(crate) messages: Vec<Bytes>,
    pub(crate) image: Rc<[u8]>,
    /// The number of pings in the image.
    pub(crate) pings: usize,
    /// The size of the compressed messages divided by that of the messages, if they are compressed.
    pub(crate) compression: Option<f64>,
}

/// The minimum payload of an image, in bytes.
const IMAGE: usize = 256 * 1024;

/// The size of a fragment of a fragmented message.
const FRAGMENT: usize = 16 * 1024;

const FIN: u8 = 0x80;
/// The message is compressed.
const RSV1: u8 = 0x40;
/// The payload is masked.
const MASK: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;
const PING_DATA: &[u8] = b"ping";

impl Traffic {
    /// Enough messages to fill an image, at least four, each in one frame.
    pub(crate) fn new(content: Content, size: usize, masked: bool) -> Self {
        let mut random = Random::new();
        let count = (IMAGE / size).max(4);
        let messages: Vec<Bytes> =
            (0..count).map(|_| content.message(size, &mut random).into()).collect();
        let mut image = Vec::new();
        for message in &messages {
            let key = masked.then(|| random.next().to_le_bytes());
            append_frame(FIN | content.opcode(), key, message, &mut image);
        }
        Self { messages, image: image.into(), pings: 0, compression: None }
    }

    /// Binary messages from a client in fragments, with a ping after each but the last.
    pub(crate) fn fragmented(size: usize) -> Self {
        let mut random = Random::new();
        let messages: Vec<Bytes> =
            (0..4).map(|_| Content::Binary.message(size, &mut random).into()).collect();
        let (mut image, mut pings) = (Vec::new(), 0);
        for message in &messages {
            let mut opcode = BINARY;
            let mut pieces = message.chunks(FRAGMENT).peekable();
            while let Some(piece) = pieces.next() {
                let last = pieces.peek().is_none();
                let key = random.next().to_le_bytes();
                append_frame(if last { FIN } else { 0 } | opcode, Some(key), piece, &mut image);
                opcode = CONTINUATION;
                if !last {
                    let key = random.next().to_le_bytes();
                    append_frame(FIN | PING, Some(key), PING_DATA, &mut image);
                    pings += 1;
                }
            }
        }
        Self { messages, image: image.into(), pings, compression: None }
    }

    /// JSON text from a client. The function compresses each message.
    pub(crate) fn compressed(size: usize, mut compress: impl FnMut(&[u8]) -> Vec<u8>) -> Self {
        let mut random = Random::new();
        let messages = json_messages(size);
        let compressed: Vec<_> = messages.iter().map(|message| compress(message)).collect();
        let mut image = Vec::new();
        for payload in &compressed {
            let key = random.next().to_le_bytes();
            append_frame(FIN | RSV1 | TEXT, Some(key), payload, &mut image);
        }
        let compression = Some(share(&compressed, &messages));
        Self { messages, image: image.into(), pings: 0, compression }
    }
}

/// The size of some payloads divided by that of others.
pub(crate) fn share(payloads: &[Vec<u8>], of: &[Bytes]) -> f64 {
    let size: usize = payloads.iter().map(Vec::len).sum();
    let of: usize = of.iter().map(Bytes::len).sum();
    f64::from(u32::try_from(size).unwrap()) / f64::from(u32::try_from(of).unwrap())
}

/// Enough messages to fill an image, at least four, all different.
pub(crate) fn json_messages(size: usize) -> Vec<Bytes> {
    let mut random = Random::new();
    (0..(IMAGE / size).max(4)).map(|_| json(size, &mut random).into()).collect()
}

/// Text of this size like that of an application: records that are similar but not equal.
fn json(size: usize, random: &mut Random) -> Vec<u8> {
    let mut text = String::from("[");
    while text.len() < size {
        let (id, price) = (random.below(1_000_000), random.below(100_000));
        write!(
            text,
            "{{\"id\":{id},\"name\":\"item-{}\",\"price\":{}.{:02},\"stock\":{},\"tags\":[\"a{}\",\"new\"]}},",
            id % 977,
            price / 100,
            price % 100,
            random.below(50),
            random.below(7),
        )
        .unwrap();
    }
    text.truncate(size);
    text.into_bytes()
}

fn append_frame(first: u8, key: Option<[u8; 4]>, payload: &[u8], to: &mut Vec<u8>) {
    append_header(first, payload.len(), key, to);
    let key = key.unwrap_or_default();
    to.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

pub(crate) fn append_header(first: u8, length: usize, key: Option<[u8; 4]>, to: &mut Vec<u8>) {
    to.push(first);
    let mask = if key.is_some() { MASK } else { 0 };
    match length {
        length @ ..126 => to.push(mask | u8::try_from(length).unwrap()),
        length @ ..65536 => {
            to.push(mask | 0x7E);
            to.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            to.push(mask | 0x7F);
            to.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    if let Some(key) = key {
        to.extend_from_slice(&key);
    }
}

/// Extracts the payloads of data messages, each in one complete frame, and checks whether they are
/// compressed and masked.
pub(crate) fn payloads(wire: &[u8], masked: bool, compressed: bool) -> Vec<Vec<u8>> {
    let rsv1 = if compressed { RSV1 } else { 0 };
    let check = |(first, payload)| {
        assert!([TEXT, BINARY].map(|opcode| FIN | rsv1 | opcode).contains(&first), "{first:#x}");
        payload
    };
    frames(wire, masked).into_iter().map(check).collect()
}

/// The number of pongs that a server wrote, and nothing else, in response to the pings of
/// fragmented messages.
pub(crate) fn pongs(wire: &[u8]) -> usize {
    let frames = frames(wire, false);
    for (first, payload) in &frames {
        assert!(*first == FIN | PONG && payload == PING_DATA, "{first:#x} {payload:?}");
    }
    frames.len()
}

/// The first byte and the payload of each frame.
fn frames(mut wire: &[u8], masked: bool) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = wire {
        assert_eq!(second >> 7, u8::from(masked), "masking");
        let (length, rest) = match second & 0x7F {
            0x7E => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            0x7F => {
                let (length, rest) = rest.split_first_chunk().unwrap();
                (usize::try_from(u64::from_be_bytes(*length)).unwrap(), rest)
            }
            length => (usize::from(length), rest),
        };
        let (key, rest) = rest.split_at(if masked { 4 } else { 0 });
        let (payload, rest) = rest.split_at(length);
        wire = rest;
        let payload = match key {
            [] => payload.to_vec(),
            key => payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect(),
        };
        frames.push((*first, payload));
    }
    frames
}

/// Pseudorandom numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 32).unwrap()
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}

/// A size, displayed with its unit.
pub(crate) struct Size(pub(crate) usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            size @ ..1024 => write!(f, "{size} B"),
            size @ ..1_048_576 => write!(f, "{} KiB", size / 1024),
            size => write!(f, "{} MiB", size / 1_048_576),
        }
    }
}
