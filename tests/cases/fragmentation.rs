//! Chapters 5 and 10: fragments.

use super::{
    case::{Case, Cut, End, Piece, Step, echo, fragments, last, open, ping, text},
    wire::{CONTINUATION, FIN, PING, PONG, TEXT},
};

const PROTOCOL_ERROR: End = End::Fails(1002);

/// The cuts of three consecutive cases.
const CUTS: [Cut; 3] = [Cut::Whole, Cut::Frames, Cut::Every(1)];

/// 5: the order of fragments, and control frames between them.
pub(crate) fn order() -> Vec<Case> {
    let mut cases = vec![
        invalid(1, vec![open(PING, "fragment1"), end("fragment2")], Cut::Whole),
        invalid(2, vec![open(PONG, "fragment1"), end("fragment2")], Cut::Whole),
    ];
    for (index, cut) in (3..).zip(CUTS) {
        let pieces = vec![open(TEXT, "fragment1"), end("fragment2")];
        cases.push(valid(index, pieces, cut, &[]));
    }
    for (index, cut) in (6..).zip(CUTS) {
        let pieces = vec![open(TEXT, "fragment1"), ping("ping payload"), end("fragment2")];
        cases.push(valid(index, pieces, cut, &["ping payload"]));
    }
    for (fin, first) in [(FIN, 9), (0, 12)] {
        for (index, cut) in (first..).zip(CUTS) {
            let continuation = Piece::Frame(fin | CONTINUATION, b"nothing to continue".into());
            cases.push(invalid(index, vec![continuation, text("Hello, world!")], cut));
        }
    }
    let fifteenth = vec![
        open(TEXT, "fragment1"),
        end("fragment2"),
        open(CONTINUATION, "fragment3"),
        text("fragment4"),
    ];
    let answers = vec![echo(TEXT, "fragment1fragment2")];
    let step = Step::new(fifteenth, Cut::Whole, answers);
    cases.push(Case::single("5.15", step, PROTOCOL_ERROR));
    for (index, fin) in [(16, 0), (17, FIN)] {
        let one = || {
            let continuation = Piece::Frame(fin | CONTINUATION, b"fragment1".into());
            [continuation, open(TEXT, "fragment2"), end("fragment3")]
        };
        cases.push(invalid(index, one().into_iter().chain(one()).collect(), Cut::Whole));
    }
    let twice = vec![open(TEXT, "fragment1"), text("fragment2")];
    cases.push(invalid(18, twice, Cut::Whole));
    cases.push(two_pings(19, Cut::Whole));
    cases.push(two_pings(20, Cut::Frames));
    cases
}

/// 10: a long message in fragments of 1,300 bytes.
pub(crate) fn automatic() -> Vec<Case> {
    let payload = vec![b'*'; 65_536];
    let pieces = fragments(TEXT, &payload, 1300);
    assert_eq!(pieces.len(), 51);
    let step = Step::new(pieces, Cut::Whole, vec![echo(TEXT, payload)]);
    vec![Case::single("10.1.1", step, End::PeerCloses)]
}

/// Five fragments, with a ping after the second and the fourth. The endpoint answers the first ping
/// before it has the rest.
fn two_pings(index: u8, cut: Cut) -> Case {
    let (one, two) = ("pongme 1!", "pongme 2!");
    let first = vec![open(TEXT, "fragment1"), open(CONTINUATION, "fragment2"), ping(one)];
    let second = vec![
        open(CONTINUATION, "fragment3"),
        open(CONTINUATION, "fragment4"),
        ping(two),
        end("fragment5"),
    ];
    let message = "fragment1fragment2fragment3fragment4fragment5";
    let steps = vec![
        Step::new(first, cut, vec![echo(PING, one)]),
        Step::new(second, cut, vec![echo(PING, two), echo(TEXT, message)]),
    ];
    Case::new(format!("5.{index}"), steps, End::PeerCloses)
}

/// A message of two fragments, after these pings.
fn valid(index: u8, pieces: Vec<Piece>, cut: Cut, pings: &[&str]) -> Case {
    let pongs = pings.iter().map(|payload| echo(PING, payload));
    let answers = pongs.chain([echo(TEXT, "fragment1fragment2")]).collect();
    Case::single(format!("5.{index}"), Step::new(pieces, cut, answers), End::PeerCloses)
}

fn invalid(index: u8, pieces: Vec<Piece>, cut: Cut) -> Case {
    Case::single(format!("5.{index}"), Step::silent(pieces, cut), PROTOCOL_ERROR)
}

/// The last fragment of a message.
fn end(payload: &str) -> Piece {
    last(CONTINUATION, payload)
}
