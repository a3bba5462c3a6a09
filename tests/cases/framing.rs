//! Chapters 1 to 4: lengths, pings and pongs, reserved bits, reserved opcodes.

use super::{
    case::{Case, Cut, End, Step, echo, last, open, ping, pong, text},
    wire::{BINARY, CLOSE, FIN, PING, TEXT},
};

const HELLO: &str = "Hello, world!";

/// Bytes that are no UTF-8.
const BYTES: &[u8] = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff";

const PROTOCOL_ERROR: End = End::Fails(1002);

/// 1: a text and a binary message of each length.
pub(crate) fn messages() -> impl Iterator<Item = Case> {
    let lengths = [
        (0, Cut::Whole),
        (125, Cut::Whole),
        (126, Cut::Whole),
        (127, Cut::Whole),
        (128, Cut::Whole),
        (65_535, Cut::Whole),
        (65_536, Cut::Whole),
        (65_536, Cut::Every(997)),
    ];
    [(1, TEXT, b'*'), (2, BINARY, 0xfe)].into_iter().flat_map(move |(part, opcode, byte)| {
        lengths.into_iter().zip(1..).map(move |((length, cut), index)| {
            let payload = vec![byte; length];
            let answers = vec![echo(opcode, &payload)];
            let step = Step::new(vec![last(opcode, payload)], cut, answers);
            Case::single(format!("1.{part}.{index}"), step, End::PeerCloses)
        })
    })
}

/// 2: pings of each length, and pongs that answer nothing.
pub(crate) fn pings() -> Vec<Case> {
    let single = |index, payload: &[u8], cut| {
        let step = Step::new(vec![ping(payload)], cut, vec![echo(PING, payload)]);
        Case::single(format!("2.{index}"), step, End::PeerCloses)
    };
    let ten = |index, cut| {
        let payloads: Vec<_> = (0..10).map(|count| format!("payload-{count}")).collect();
        let step = Step::new(
            payloads.iter().map(ping).collect(),
            cut,
            payloads.iter().map(|payload| echo(PING, payload)).collect(),
        );
        Case::single(format!("2.{index}"), step, End::PeerCloses)
    };
    let unsolicited = "unsolicited pong payload";
    vec![
        single(1, b"", Cut::Whole),
        single(2, HELLO.as_bytes(), Cut::Whole),
        single(3, BYTES, Cut::Whole),
        single(4, &[0xfe; 125], Cut::Whole),
        Case::single("2.5", Step::silent(vec![ping([0xfe; 126])], Cut::Whole), PROTOCOL_ERROR),
        single(6, &[0xfe; 125], Cut::Every(1)),
        Case::single("2.7", Step::silent(vec![pong("")], Cut::Whole), End::PeerCloses),
        Case::single("2.8", Step::silent(vec![pong(unsolicited)], Cut::Whole), End::PeerCloses),
        Case::single(
            "2.9",
            Step::new(
                vec![pong(unsolicited), ping("ping payload")],
                Cut::Whole,
                vec![echo(PING, "ping payload")],
            ),
            End::PeerCloses,
        ),
        ten(10, Cut::Whole),
        ten(11, Cut::Every(1)),
    ]
}

/// 3: each combination of reserved bits.
pub(crate) fn reserved_bits() -> Vec<Case> {
    let single = |index, opcode: u8, rsv: u8, payload: &[u8]| {
        let frame = open(FIN | rsv << 4 | opcode, payload);
        Case::single(format!("3.{index}"), Step::silent(vec![frame], Cut::Whole), PROTOCOL_ERROR)
    };
    let second = |index, rsv: u8, cut| {
        let frame = open(FIN | rsv << 4 | TEXT, HELLO);
        after_a_text(format!("3.{index}"), frame, cut)
    };
    vec![
        single(1, TEXT, 1, HELLO.as_bytes()),
        second(2, 2, Cut::Whole),
        second(3, 3, Cut::Frames),
        second(4, 4, Cut::Every(1)),
        single(5, BINARY, 5, BYTES),
        single(6, BINARY, 6, HELLO.as_bytes()),
        single(7, CLOSE, 7, b""),
    ]
}

/// 4: each reserved opcode.
pub(crate) fn reserved_opcodes() -> impl Iterator<Item = Case> {
    [(1, 3_u8), (2, 11)].into_iter().flat_map(|(part, first)| {
        let single = move |index: u8, payload: &str| {
            let frame = last(first + index - 1, payload);
            let step = Step::silent(vec![frame], Cut::Whole);
            Case::single(format!("4.{part}.{index}"), step, PROTOCOL_ERROR)
        };
        let second = move |index: u8, payload: &str, cut| {
            after_a_text(format!("4.{part}.{index}"), last(first + index - 1, payload), cut)
        };
        [
            single(1, ""),
            single(2, "reserved opcode payload"),
            second(3, "", Cut::Whole),
            second(4, HELLO, Cut::Whole),
            second(5, HELLO, Cut::Every(1)),
        ]
    })
}

/// A text, an invalid frame, and a ping: only the text is answered.
fn after_a_text(number: String, invalid: super::case::Piece, cut: Cut) -> Case {
    let pieces = vec![text(HELLO), invalid, ping("")];
    Case::single(number, Step::new(pieces, cut, vec![echo(TEXT, HELLO)]), PROTOCOL_ERROR)
}
