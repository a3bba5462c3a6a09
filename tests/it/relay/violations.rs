//! Protocol violations: which side receives which close code, and which frames are still relayed.

use hybi::{Error, Violation, relay::Side};

use super::{
    link::{Link, arriving, cuts, left_alone},
    wire::{
        BINARY, BOTH, CLOSE, CONTINUATION, FIN, KEY, PING, TEXT, close, frame, header, masked,
        other, plain,
    },
};

/// Bytes whose last one proves a violation, or completes a header that is not allowed there.
fn faults(from: Side) -> Vec<(Vec<u8>, Violation)> {
    let mask: u8 = if from == Side::Client { 0x80 } else { 0 };
    let key = (from == Side::Client).then_some(KEY);
    let mut faults = Vec::new();
    for opcode in [0, 1, 2, 8, 9, 10] {
        for bits in 1..8 {
            faults.push((vec![FIN | bits << 4 | opcode], Violation::ReservedBits));
        }
        let wrong = if mask == 0 { Violation::Masked } else { Violation::NotMasked };
        faults.push((vec![FIN | opcode, mask ^ 0x80], wrong));
    }
    for opcode in (3..=7).chain(11..=15) {
        for fin in [0, FIN] {
            faults.push((vec![fin | opcode], Violation::ReservedOpcode(opcode)));
        }
    }
    for opcode in [8, 9, 10] {
        faults.push((vec![opcode], Violation::FragmentedControl));
        for length in [0x7e, 0x7f] {
            faults.push((vec![FIN | opcode, mask | length], Violation::ControlTooLong));
        }
    }
    for length in [0_u16, 125] {
        let bytes = [&[FIN | BINARY, mask | 0x7e][..], &length.to_be_bytes()].concat();
        faults.push((bytes, Violation::LengthNotMinimal));
    }
    // A length of six zeros and two more bytes has a shorter encoding.
    faults.push((vec![FIN | TEXT, mask | 0x7f, 0, 0, 0, 0, 0, 0], Violation::LengthNotMinimal));
    faults.push((vec![FIN | TEXT, mask | 0x7f, 0x80], Violation::LengthTopBit));
    for fin in [0, FIN] {
        let continuation = header(key, fin | CONTINUATION, 3);
        faults.push((continuation, Violation::NothingToContinue));
    }
    for opcode in [TEXT, BINARY] {
        for fin in [0, FIN] {
            let bytes = [frame(from, TEXT, b""), header(key, fin | opcode, 3)].concat();
            faults.push((bytes, Violation::MessageInsideMessage));
        }
    }
    faults
}

// 6455-5.2-a, 6455-5.2-b, 6455-5.2-d, 6455-5.2-e, 6455-5.1-a, 6455-5.1-b, 6455-5.5-a, 6455-5.5-b,
// 6455-5.4-i, 6455-5.4-j, P-fd-d, P-fd-e, 6455-7.1.7-e, 6455-7.1.7-b
#[test]
fn the_culprit_receives_the_code_and_the_other_side_a_close() {
    for from in BOTH {
        for (fault, violation) in faults(from) {
            let sound = frame(from, FIN | TEXT, b"sound");
            // After the violation, a valid frame and a Close.
            let behind = [frame(from, PING, b"behind"), close(from, 1000)].concat();
            let bytes = [&sound[..], &fault, &behind].concat();
            let mut passed = arriving(other(from), 0, FIN | TEXT, b"sound");
            let mut n = 1;
            if violation == Violation::MessageInsideMessage {
                passed.extend(arriving(other(from), n, TEXT, b""));
                n += 1;
            }
            for pieces in cuts(&bytes) {
                let mut link = Link::new();
                link.carry_all(from, &pieces);
                let failure = Some((from, Error::Protocol(violation)));
                assert_eq!(link.relay.failure(), failure, "{from:?}: {fault:x?}");
                let farewell = arriving(other(from), n, CLOSE, &left_alone(other(from)));
                assert_eq!(link.take(other(from)), [&passed[..], &farewell].concat());
                assert_eq!(link.take(from), arriving(from, 0, CLOSE, &1002_u16.to_be_bytes()));
                assert!(
                    link.relay.should_close_transport(from)
                        && !link.relay.should_close_transport(other(from))
                );
                assert!(link.relay.is_closing());
            }
        }
    }
}

// P-fd-e
#[test]
fn a_violation_is_detected_at_its_last_byte_and_not_before() {
    for from in BOTH {
        for (fault, violation) in faults(from) {
            let (last, before) = fault.split_last().unwrap();
            let mut link = Link::new();
            link.carry(from, before);
            assert_eq!(link.relay.failure(), None, "{from:?}: {fault:x?}");
            link.carry(from, &[*last]);
            assert_eq!(link.relay.failure(), Some((from, Error::Protocol(violation))));
        }
    }
}

#[test]
fn the_other_side_ends_with_a_closing_handshake() {
    for from in BOTH {
        let innocent = other(from);
        let mut link = Link::new();
        link.carry(from, b"\xff");
        link.take(from);
        link.take(innocent);
        // Frames in transit are checked and dropped.
        link.carry(innocent, &frame(innocent, FIN | TEXT, b"for nobody"));
        link.carry(innocent, &close(innocent, 1001));
        assert_eq!((link.take(from), link.take(innocent)), (vec![], vec![]));
        // The relay closes the client's transport; the server closes its own.
        assert_eq!(link.relay.should_close_transport(innocent), innocent == Side::Client);
        assert_eq!(link.relay.is_closing(), innocent == Side::Server);
        link.end(innocent);
        assert_eq!((link.should_close_transport(), link.relay.is_closing()), ([true; 2], false));
        assert_eq!(link.relay.failure().unwrap().0, from);
    }
}

// 6455-5.5.1-h
#[test]
fn a_violation_in_the_reply_to_the_relay_causes_no_second_close() {
    for from in BOTH {
        let mut link = Link::new();
        link.carry(from, b"\xff");
        let closes = BOTH.map(|side| link.sent_to(side).to_vec());
        link.carry(other(from), b"\xff");
        assert_eq!(BOTH.map(|side| link.sent_to(side).to_vec()), closes);
        assert_eq!(link.should_close_transport(), [true; 2]);
        assert_eq!(link.relay.failure().unwrap().0, from, "the first one counts");
    }
}

#[test]
fn violations_by_both_sides_before_a_close_is_sent() {
    for from in BOTH {
        let mut link = Link::new();
        link.pass(from, b"\xff");
        link.pass(other(from), b"\xff");
        link.send_closes();
        for side in BOTH {
            assert_eq!(link.take(side), arriving(side, 0, CLOSE, &1002_u16.to_be_bytes()));
        }
        assert_eq!(link.should_close_transport(), [true; 2]);
    }
}

// 6455-5.1-a, 6455-5.1-b
#[test]
fn a_frame_with_the_wrong_masking_is_not_relayed() {
    let wrong = [
        (Side::Client, plain(FIN | TEXT, b"Hello"), Violation::NotMasked),
        (Side::Server, masked([0; 4], FIN | TEXT, b"Hello"), Violation::Masked),
    ];
    for (from, bytes, violation) in wrong {
        let mut link = Link::new();
        link.pass(from, &bytes);
        assert!(link.take(other(from)).is_empty());
        assert_eq!(link.relay.failure(), Some((from, Error::Protocol(violation))));
    }
}
