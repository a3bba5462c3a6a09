//! Violations by frames, each with its culprit, the offset of the byte that proves it, and what the
//! inspector does afterwards.

use hybi::inspect::{
    Rule::{
        self, CloseBody, CloseCodeLocal, CloseCodeOfClient, CloseCodeRange, CloseCodeReserved,
        CloseCodeUnassigned, CloseCodeUnused, CloseReason, CompressedBit, ControlTooLong,
        DataAfterClose, FragmentedControl, LengthNotMinimal, LengthTopBit, Masked,
        MessageInsideMessage, NotDeflate, NotMasked, NothingToContinue, ReservedBits,
        ReservedOpcode, SecondClose, TextIncomplete, TextNotUtf8,
    },
    Sender,
};

use super::{Step, compressed_opening, opening, violations};
use crate::support::{
    feed::Cut,
    wire::{CLOSE, FIN, From, TEXT, close_body, frame},
};

/// The lengths of the two heads, with and without compression.
const PLAIN: [u64; 2] = [161, 129];
const COMPRESSED: [u64; 2] = [231, 175];

/// Asserts the violations, with offsets from the first frame, and whether the direction becomes opaque.
fn assert_violations(
    steps: Vec<Step>,
    lengths: [u64; 2],
    sender: Sender,
    frames: &[u8],
    expected: &[(u64, Rule)],
    is_opaque: bool,
) {
    let start = lengths[usize::from(sender == Sender::Server)];
    let expected: Vec<_> = expected.iter().map(|(at, rule)| (sender, start + at, *rule)).collect();
    let mut steps = steps;
    steps.push(Step::Send(sender, frames.to_vec()));
    for cut in Cut::all(frames.len()) {
        let whole = steps.len() - 1;
        let mut split = steps[..whole].to_vec();
        split.extend(cut.pieces(frames).iter().map(|piece| Step::Send(sender, piece.to_vec())));
        let found = violations(&split, &Cut::Whole);
        assert_eq!(found, (expected.clone(), usize::from(is_opaque)), "{frames:02x?} {cut:?}");
    }
}

// 6455-5.2-a, 6455-5.2-b, 6455-5.2-d, 6455-5.2-e, 6455-5.1-a, 6455-5.1-b, 6455-5.4-i, 6455-5.4-j
// 6455-5.5-a, 6455-5.5-b, 6455-5.5.1-a, 6455-5.5.1-h, 6455-8.1-a, 6455-8.1-b
#[test]
fn a_violation_has_a_culprit_and_an_offset() {
    use Sender::{Client, Server};
    // Each is followed by an empty ping, which shows whether the next frame was found.
    let table: &[(Sender, &[u8], &[(u64, Rule)], bool)] = &[
        (Server, &[0xc1, 0], &[(0, ReservedBits)], false),
        (Server, &[0x81, 0, 0xa1, 1, b'a'], &[(2, ReservedBits)], false),
        (Server, &[0x99, 0], &[(0, ReservedBits)], false),
        (Server, &[0x83, 0], &[(0, ReservedOpcode)], true),
        (Server, &[0xa3, 0], &[(0, ReservedBits), (0, ReservedOpcode)], true),
        (Server, &[0x59, 0], &[(0, ReservedBits), (0, FragmentedControl)], true),
        (Client, &[0x8b, 0x80, 1, 2, 3, 4], &[(0, ReservedOpcode)], true),
        (Client, &[0x81, 1, b'a'], &[(1, NotMasked)], false),
        (Server, &[0x81, 0x81, 0, 0, 0, 0, b'a'], &[(1, Masked)], false),
        (Client, &[0x89, 0], &[(1, NotMasked)], false),
        (Server, &[0x09, 0], &[(0, FragmentedControl)], true),
        (Server, &[0x89, 126, 0, 126], &[(1, ControlTooLong)], true),
        (Server, &[0x82, 126, 0, 125], &[(3, LengthNotMinimal)], true),
        (Server, &[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1], &[(7, LengthNotMinimal)], true),
        (Server, &[0x82, 127, 0x80, 0], &[(2, LengthTopBit)], true),
        (Server, &[0x80, 1, b'a'], &[(0, NothingToContinue)], false),
        (Server, &[0x00, 0, 0x80, 0], &[(0, NothingToContinue), (2, NothingToContinue)], false),
        (Server, &[0x01, 1, b'a', 0x82, 0], &[(3, MessageInsideMessage)], false),
        (Server, &[0x01, 0, 0x01, 0, 0x80, 0], &[(2, MessageInsideMessage)], false),
        (Server, &[0x81, 3, b'a', 0xc0, b'b'], &[(3, TextNotUtf8)], false),
        (Server, &[0x81, 3, 0xe2, 0x82, 0x28], &[(4, TextNotUtf8)], false),
        (Server, &[0x01, 1, 0xe2, 0x80, 1, 0x28], &[(5, TextNotUtf8)], false),
        (Server, &[0x01, 1, 0xe2, 0x80, 0], &[(3, TextIncomplete)], false),
        (Server, &[0x82, 1, 0xff], &[], false),
        (Server, &[0x88, 0, 0x81, 0], &[(2, DataAfterClose)], false),
        (Server, &[0x88, 0, 0x88, 0], &[(2, SecondClose)], false),
    ];
    for (sender, bytes, expected, is_opaque) in table {
        let ping: &[u8] = if *sender == Client { &[0x89, 0x80, 0, 0, 0, 0] } else { &[0x89, 0] };
        let bytes = [*bytes, ping].concat();
        assert_violations(opening(), PLAIN, *sender, &bytes, expected, *is_opaque);
        // Nothing changes after the frame that proves it, or all that follows is opaque.
        let again: Vec<u8> = [&bytes[..], &[0x83, 0x80, 0, 0, 0, 0]].concat();
        let mut with_opcode = expected.to_vec();
        if !is_opaque {
            with_opcode.push((bytes.len() as u64, ReservedOpcode));
        }
        assert_violations(opening(), PLAIN, *sender, &again, &with_opcode, true);
    }
}

// 6455-5.5.1-c, 6455-5.5.1-b, 6455-7.4.1-b, 6455-7.4.1-d, 6455-7.4.1-e, 6455-7.4.2-a, 6455-7.4.2-b
// 6455-11.7-a
#[test]
fn a_faulty_close() {
    let code = |code: u16| close_body(code, "");
    let table = [
        (vec![], vec![]),
        (vec![3], vec![(2, CloseBody)]),
        (code(999), vec![(2, CloseCodeUnused)]),
        (code(1000), vec![]),
        (code(1004), vec![(2, CloseCodeReserved)]),
        (code(1005), vec![(2, CloseCodeLocal)]),
        (code(1006), vec![(2, CloseCodeLocal)]),
        (code(1015), vec![(2, CloseCodeLocal)]),
        (code(1010), vec![(2, CloseCodeOfClient)]),
        (code(1016), vec![(2, CloseCodeUnassigned)]),
        (code(2999), vec![(2, CloseCodeUnassigned)]),
        (code(3000), vec![]),
        (code(4999), vec![]),
        (code(5000), vec![(2, CloseCodeRange)]),
        (vec![3, 0xe8, b'a', 0xff], vec![(5, CloseReason)]),
        (vec![3, 0xe8, 0xe2, 0x82], vec![(4, CloseReason)]),
    ];
    for (body, expected) in table {
        let bytes = frame(From::Server, FIN | CLOSE, &body);
        assert_violations(opening(), PLAIN, Sender::Server, &bytes, &expected, false);
    }
    let bytes = frame(From::Client, FIN | CLOSE, &code(1010));
    assert_violations(opening(), PLAIN, Sender::Client, &bytes, &[], false);
    // A reply to it has its code.
    let steps = [opening(), vec![Step::Send(Sender::Client, bytes)]].concat();
    let reply = frame(From::Server, FIN | CLOSE, &code(1010));
    assert_violations(steps, PLAIN, Sender::Server, &reply, &[], false);
}

// 7692-6-c, 7692-6-a, P-pd-d
#[test]
fn a_faulty_compressed_message() {
    let table: &[(&[u8], &[(u64, Rule)])] = &[
        // "Hello" of RFC 7692, section 7.2.3.1.
        (&[0xc1, 7, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 7, 0], &[]),
        (&[0xc9, 0], &[(0, CompressedBit)]),
        (&[0x01, 0, 0xc0, 0], &[(2, CompressedBit)]),
        (&[0xe1, 1, b'a'], &[(0, ReservedBits)]),
        // An empty message has at least one byte.
        (&[0xc1, 0], &[(0, NotDeflate)]),
        // A block of the reserved type.
        (&[0xc2, 1, 0x07], &[(0, NotDeflate)]),
        (&[0x42, 1, 0x07, 0x80, 1, 0x00], &[(0, NotDeflate)]),
        // A stored block with a wrong check.
        (&[0x42, 0, 0x00, 5, 0, 1, 0, 0, 0, 0x80, 1, b'a'], &[(2, NotDeflate)]),
        // A stored block with a byte that is not UTF-8, then one that ends inside a character.
        (&[0xc1, 7, 0, 1, 0, 0xfe, 0xff, 0xff, 0], &[(0, TextNotUtf8)]),
        (&[0xc1, 7, 0, 1, 0, 0xfe, 0xff, 0xe2, 0], &[(0, TextIncomplete)]),
        // Compressed bytes that are not UTF-8 are no fault of a binary message.
        (&[0xc2, 7, 0, 1, 0, 0xfe, 0xff, 0xff, 0], &[]),
    ];
    for (bytes, expected) in table {
        let bytes = [*bytes, &[0x89, 0]].concat();
        let opening = compressed_opening("");
        assert_violations(opening, COMPRESSED, Sender::Server, &bytes, expected, false);
    }
}

// 6455-5.1-a
#[test]
fn every_frame_of_a_client_that_never_masks_is_a_violation() {
    let bytes = frame(From::Server, FIN | TEXT, b"Hello").repeat(3);
    let expected = [(1, NotMasked), (8, NotMasked), (15, NotMasked)];
    assert_violations(opening(), PLAIN, Sender::Client, &bytes, &expected, false);
}

#[test]
fn every_rule_is_a_requirement() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("docs/conformance/requirements.md");
    let requirements = std::fs::read_to_string(path).unwrap();
    for rule in Rule::ALL {
        assert!(requirements.contains(&format!("| {} |", rule.id())), "{rule}");
    }
}
