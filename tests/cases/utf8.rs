//! Chapter 6: UTF-8.
//!
//! From 6.5 on, the texts are those of Markus Kuhn's "UTF-8 decoder capability and stress test", with
//! the rules of RFC 3629: at most four bytes, no surrogates, and non-characters are valid.

use super::{
    case::{Case, Cut, End, Piece, Step, echo, fragments, last, open, text},
    wire::{CONTINUATION, FIN, TEXT},
};

const INVALID: End = End::Fails(1007);

const MIXED: &str = "Hello-µ@ßöäüàá-UTF-8!!";
const GREEK: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const EDITED: &[u8] = b"edited";

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let numbered = texts().into_iter().zip(5..).flat_map(|(texts, part)| {
        texts.into_iter().zip(1..).map(move |((is_valid, payload), index)| {
            let number = format!("6.{part}.{index}");
            if is_valid {
                valid(number, vec![text(&payload)], &payload)
            } else {
                invalid(number, vec![text(payload)])
            }
        })
    });
    fragmented().into_iter().chain(early()).chain(numbered)
}

/// 6.1 to 6.3: fragments that are empty, or end within a character.
fn fragmented() -> Vec<Case> {
    let middle = "middle frame payload";
    let (start, rest) = MIXED.split_at("Hello-µ@ßöä".len());
    let surrogate = [GREEK, b"\xed\xa0\x80", EDITED].concat();
    let three =
        |payload: &str| vec![open(TEXT, ""), open(CONTINUATION, payload), last(CONTINUATION, "")];
    vec![
        valid("6.1.1", vec![text("")], ""),
        valid("6.1.2", three(""), ""),
        valid("6.1.3", three(middle), middle),
        valid("6.2.1", vec![text(MIXED)], MIXED),
        valid("6.2.2", vec![open(TEXT, start), last(CONTINUATION, rest)], MIXED),
        valid("6.2.3", fragments(TEXT, MIXED.as_bytes(), 1), MIXED),
        valid("6.2.4", fragments(TEXT, GREEK, 1), GREEK),
        invalid("6.3.1", vec![text(&surrogate)]),
        invalid("6.3.2", fragments(TEXT, &surrogate, 1)),
    ]
}

/// 6.4: a text that becomes invalid long before its end, in frames and within one frame. The
/// endpoint fails at the byte that proves it: the second one of a character above U+10FFFF.
fn early() -> Vec<Case> {
    let payload = [GREEK, b"\xf4\x90\x80\x80", EDITED].concat();
    let framed = |number, start: &[u8], proof: &[u8]| {
        let steps = vec![
            Step::silent(vec![open(TEXT, start)], Cut::Whole),
            Step::silent(vec![open(CONTINUATION, proof)], Cut::Whole),
        ];
        Case::new(number, steps, INVALID)
    };
    let chopped = |number, start: &[u8], proof: &[u8]| {
        let header = Piece::Header(FIN | TEXT, payload.len());
        let steps = vec![
            Step::silent(vec![header, Piece::Payload(start.into())], Cut::Whole),
            Step::silent(vec![Piece::Payload(proof.into())], Cut::Whole),
        ];
        Case::new(number, steps, INVALID)
    };
    vec![
        framed("6.4.1", &payload[..11], &payload[11..15]),
        framed("6.4.2", &payload[..12], &payload[12..13]),
        chopped("6.4.3", &payload[..11], &payload[11..15]),
        chopped("6.4.4", &payload[..12], &payload[12..13]),
    ]
}

fn valid(number: impl Into<String>, pieces: Vec<Piece>, message: impl AsRef<[u8]>) -> Case {
    let step = Step::new(pieces, Cut::Whole, vec![echo(TEXT, message)]);
    Case::single(number, step, End::PeerCloses)
}

fn invalid(number: impl Into<String>, pieces: Vec<Piece>) -> Case {
    Case::single(number, Step::silent(pieces, Cut::Whole), INVALID)
}

/// The texts of 6.5 and of each following section, and whether they are valid.
fn texts() -> Vec<Vec<(bool, Vec<u8>)>> {
    let all = |is_valid: bool, texts: &[&[u8]]| -> Vec<(bool, Vec<u8>)> {
        texts.iter().map(|text| (is_valid, text.to_vec())).collect()
    };
    let continuations: Vec<u8> = (0x80..0xbf).collect();
    let others = [
        &b"\x80"[..],
        b"\xbf",
        b"\x80\xbf",
        b"\x80\xbf\x80",
        b"\x80\xbf\x80\xbf",
        b"\x80\xbf\x80\xbf\x80",
        b"\x80\xbf\x80\xbf\x80\xbf",
        &continuations,
    ];
    let lonely = [0xc0..0xdf, 0xe0..0xef, 0xf0..0xf7, 0xf8..0xfb, 0xfc..0xfd_u8];
    let lonely = lonely.map(|starts| (false, starts.flat_map(|start| [start, b' ']).collect()));
    let incomplete = [
        &b"\xc0"[..],
        b"\xe0\x80",
        b"\xf0\x80\x80",
        b"\xf8\x80\x80\x80",
        b"\xfc\x80\x80\x80\x80",
        b"\xdf",
        b"\xef\xbf",
        b"\xf7\xbf\xbf",
        b"\xfb\xbf\xbf\xbf",
        b"\xfd\xbf\xbf\xbf\xbf",
    ];
    vec![
        // 6.5: valid texts.
        all(true, &[b"hello$world", b"hello\xc2\xa2world", b"hello\xe2\x82\xacworld"])
            .into_iter()
            .chain(all(true, &[b"hello\xf0\xa4\xad\xa2world", GREEK]))
            .collect(),
        // 6.6: every prefix. Those that end after a character are valid.
        (1..=11).map(|end| ([2, 5, 7, 9, 11].contains(&end), GREEK[..end].to_vec())).collect(),
        // 6.7, 6.8: the first sequence of each length.
        all(true, &[b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
        all(false, &[b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
        // 6.9, 6.10: the last one.
        all(true, &[b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
        all(false, &[b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"]),
        // 6.11: around the surrogates, and around U+10FFFF.
        all(true, &[b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf"])
            .into_iter()
            .chain(all(false, &[b"\xf4\x90\x80\x80"]))
            .collect(),
        // 6.12, 6.13: continuation bytes without a start, and starts without them.
        all(false, &others),
        lonely.into(),
        // 6.14, 6.15: sequences without their last byte, alone and one after the other.
        all(false, &incomplete),
        vec![(false, incomplete.concat())],
        // 6.16: bytes that never occur.
        all(false, &[b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
        // 6.17 to 6.19: too long forms of a slash, the longest ones, and those of NUL.
        all(false, &[b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"])
            .into_iter()
            .chain(all(false, &[b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf"]))
            .collect(),
        all(false, &[b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf"])
            .into_iter()
            .chain(all(false, &[b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf"]))
            .collect(),
        all(false, &[b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80"])
            .into_iter()
            .chain(all(false, &[b"\xf8\x80\x80\x80\x80", b"\xfc\x80\x80\x80\x80\x80"]))
            .collect(),
        surrogates(),
        pairs_of_surrogates(),
        non_characters(),
        // 6.23: the specials from U+FFF9 to U+FFFF.
        (0xb9..=0xbf).map(|last| (true, vec![0xef, 0xbf, last])).collect(),
    ]
}

/// 6.20: U+D800, U+DB7F, U+DB80, U+DBFF, U+DC00, U+DF80, U+DFFF.
fn surrogates() -> Vec<(bool, Vec<u8>)> {
    let ends = [0xa080, 0xadbf, 0xae80, 0xafbf, 0xb080, 0xbe80, 0xbfbf_u16];
    ends.map(|end| (false, surrogate(end))).into()
}

/// 6.21: four high surrogates, each with two low ones.
fn pairs_of_surrogates() -> Vec<(bool, Vec<u8>)> {
    let pair = |high, low| (false, [surrogate(high), surrogate(low)].concat());
    let highs = [0xa080, 0xadbf, 0xae80, 0xafbf];
    highs.into_iter().flat_map(|high| [0xb080, 0xbfbf].map(|low| pair(high, low))).collect()
}

fn surrogate(end: u16) -> Vec<u8> {
    [&[0xed], &end.to_be_bytes()[..]].concat()
}

/// 6.22: the last two code points of each plane, which are valid; plane 0 first.
fn non_characters() -> Vec<(bool, Vec<u8>)> {
    let planes = (0..=16).flat_map(|plane: u32| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
    planes.map(|code| (true, char::from_u32(code).unwrap().to_string().into())).collect()
}
