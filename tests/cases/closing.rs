//! Chapter 7: the closing handshake.

use super::{
    case::{Case, Cut, End, Piece, Step, close, echo, last, open, ping, text},
    wire::{CLOSE, CONTINUATION, TEXT},
};

const HELLO: &str = "Hello World!";

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    let valid = codes.into_iter().zip(1..).map(|(code, index)| {
        ended(format!("7.7.{index}"), vec![close(code, "")], End::Reply(Some(code)))
    });
    let codes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    let invalid = codes.into_iter().zip(1..).map(|(code, index)| {
        ended(format!("7.9.{index}"), vec![close(code, "")], End::Fails(1002))
    });
    // Codes outside of all ranges. The suite accepts any reaction; ours is defined by P-cl-d.
    let undefined = [5000, 65_535].into_iter().zip(1..).map(|(code, index)| {
        ended(format!("7.13.{index}"), vec![close(code, "")], End::Fails(1002))
    });
    order().into_iter().chain(bodies()).chain(valid).chain(invalid).chain(undefined)
}

/// 7.1: what follows a Close is ignored, and what precedes it is not.
fn order() -> Vec<Case> {
    let normal = End::Reply(Some(1000));
    let hello = Step::new(vec![text(HELLO)], Cut::Whole, vec![echo(TEXT, HELLO)]);
    let long = b"BAsd7&jh23".iter().copied().cycle().take(256 * 1024).collect::<Vec<_>>();
    let sixth = Step::new(
        vec![text(&long), text(HELLO), close(1000, ""), ping("")],
        Cut::Whole,
        vec![echo(TEXT, &long), echo(TEXT, HELLO)],
    );
    vec![
        Case::single("7.1.1", hello, End::PeerCloses),
        ended("7.1.2", vec![close(1000, ""), last(CLOSE, "")], normal),
        ended("7.1.3", vec![close(1000, ""), ping("")], normal),
        ended("7.1.4", vec![close(1000, ""), text(HELLO)], normal),
        ended(
            "7.1.5",
            vec![open(TEXT, "fragment1"), close(1000, ""), last(CONTINUATION, "fragment2")],
            normal,
        ),
        Case::single("7.1.6", sixth, normal),
    ]
}

/// 7.3 and 7.5: bodies of each length, and a reason that is not UTF-8.
fn bodies() -> Vec<Case> {
    let normal = End::Reply(Some(1000));
    let reason = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited";
    vec![
        ended("7.3.1", vec![last(CLOSE, "")], End::Reply(None)),
        ended("7.3.2", vec![last(CLOSE, "a")], End::Fails(1002)),
        ended("7.3.3", vec![close(1000, "")], normal),
        ended("7.3.4", vec![close(1000, HELLO)], normal),
        ended("7.3.5", vec![close(1000, [b'*'; 123])], normal),
        ended("7.3.6", vec![close(1000, [b'*'; 124])], End::Fails(1002)),
        ended("7.5.1", vec![close(1000, reason)], End::Fails(1007)),
    ]
}

/// A step that the endpoint answers only by its Close.
fn ended(number: impl Into<String>, pieces: Vec<Piece>, end: End) -> Case {
    Case::single(number, Step::silent(pieces, Cut::Whole), end)
}
