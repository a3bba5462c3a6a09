//! Chapter 9: long messages, small fragments, small reads, and many round trips.
//!
//! The suite measures time here. These cases check only the answers.

use super::{
    case::{Case, Cut, End, Step, echo, fragments, last},
    wire::{BINARY, TEXT},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The opcode and the payload of texts and of binary messages.
const KINDS: [(u8, &[u8]); 2] = [(TEXT, b"BAsd7&jh23"), (BINARY, b"\x00\xfe\x23\xfa\xf0")];

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let lengths = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
    let whole = pairs(1, lengths).map(|(number, kind, length)| {
        let payload = payload(kind, length);
        let answers = vec![echo(kind.0, &payload)];
        single(number, Step::new(vec![last(kind.0, payload)], Cut::Whole, answers))
    });
    let sizes = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
    let fragmented = pairs(3, sizes).map(|(number, kind, size)| {
        let payload = payload(kind, 4 * MIB);
        let pieces = fragments(kind.0, &payload, size);
        single(number, Step::new(pieces, Cut::Whole, vec![echo(kind.0, payload)]))
    });
    let chopped = pairs(5, [64, 128, 256, 512, 1024, 2048]).map(|(number, kind, size)| {
        let payload = payload(kind, MIB);
        let answers = vec![echo(kind.0, &payload)];
        single(number, Step::new(vec![last(kind.0, payload)], Cut::Every(size), answers))
    });
    let round_trips = pairs(7, [0, 16, 64, 256, 1024, 4096]).map(|(number, kind, length)| {
        let payload = payload(kind, length);
        let steps = (0..1000).map(move |_| {
            let answers = vec![echo(kind.0, &payload)];
            Step::new(vec![last(kind.0, &payload)], Cut::Whole, answers)
        });
        Case { number, steps: Box::new(steps), end: End::PeerCloses }
    });
    whole.chain(fragmented).chain(chopped).chain(round_trips)
}

type Kind = (u8, &'static [u8]);

/// The cases of a section with texts, and of the next one with binary messages.
fn pairs<const N: usize>(
    section: usize,
    sizes: [usize; N],
) -> impl Iterator<Item = (String, Kind, usize)> {
    KINDS.into_iter().zip(section..).flat_map(move |(kind, section)| {
        sizes
            .into_iter()
            .zip(1..)
            .map(move |(size, index)| (format!("9.{section}.{index}"), kind, size))
    })
}

fn payload(kind: Kind, length: usize) -> Vec<u8> {
    kind.1.iter().copied().cycle().take(length).collect()
}

fn single(number: String, step: Step) -> Case {
    Case::single(number, step, End::PeerCloses)
}
