//! Properties that hold for any input, however it is split, and any order of steps.

use hybi::{FixedOutbox, frame::Opcode, relay::Side};
use proptest::{collection::vec, prelude::*};

use super::{
    link::{Frame, Link, read},
    wire::{BOTH, close, frame},
};

/// A step of the test.
#[derive(Clone, Debug)]
enum Step {
    Pass(Side, Vec<u8>),
    End(Side),
    /// The relay may send a Close, with room for this many bytes.
    SendClose(Side, usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

/// Valid frames, some of them truncated, or arbitrary bytes.
fn input() -> impl Strategy<Value = (Side, Vec<u8>)> {
    let first = prop_oneof![
        8 => prop_oneof![Just(0x80_u8), Just(0x81), Just(0x82), Just(0x89), Just(0x8a)],
        4 => 0..3_u8,
        1 => Just(0x88),
    ];
    let sound = (first, vec(any::<u8>(), 0..125), 0..40_usize, any::<bool>());
    let sound = (side(), sound).prop_map(|(side, (first, payload, cut, is_cut))| {
        let mut bytes = frame(side, first, &payload);
        if is_cut {
            bytes.truncate(bytes.len().saturating_sub(cut));
        }
        (side, bytes)
    });
    prop_oneof![12 => sound, 1 => (side(), vec(any::<u8>(), 0..40))]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => input().prop_map(|(side, bytes)| Step::Pass(side, bytes)),
        1 => side().prop_map(Step::End),
        4 => (side(), 0..12_usize).prop_map(|(side, room)| Step::SendClose(side, room)),
    ]
}

/// Checks that a stream of frames is valid for its receiver. The last frame may be incomplete.
fn check_stream(frames: &[Frame]) -> Result<(), TestCaseError> {
    let mut in_message = false;
    for (index, frame) in frames.iter().enumerate() {
        let is_last = index + 1 == frames.len();
        prop_assert!(frame.missing == 0 || is_last);
        match frame.opcode {
            Opcode::Close => prop_assert!(is_last, "no frame follows a Close"),
            Opcode::Ping | Opcode::Pong => {}
            Opcode::Continuation => prop_assert!(in_message),
            Opcode::Text | Opcode::Binary => prop_assert!(!in_message),
        }
        if !frame.opcode.is_control() {
            in_message = !frame.fin;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    // P-fd-f, 6455-10.1-a, 6455-5.5.1-a, 6455-5.5.1-h, 6455-7.1.7-b
    #[test]
    fn each_side_receives_valid_frames_and_at_most_one_close(
        steps in vec(step(), 0..40),
    ) {
        let mut link = Link::new();
        let mut sent = BOTH.map(|_| Vec::new());
        for step in &steps {
            match step {
                Step::Pass(from, bytes) => link.pass(*from, bytes),
                Step::End(side) => link.relay.end_of_input(*side),
                Step::SendClose(side, room) => {
                    let mut outbox = [0; 12];
                    let mut outbox = FixedOutbox::over(&mut outbox[..*room]);
                    link.relay.send_close(*side, &mut outbox);
                    sent[*side as usize].extend(outbox.bytes());
                }
            }
            for side in BOTH {
                sent[side as usize].extend(link.take(side));
            }
        }
        // After both inputs have ended, the relay waits for nothing.
        for side in BOTH {
            link.send_closes();
            link.carry(side, &close(side, 1000));
            link.end(side);
        }
        for side in BOTH {
            sent[side as usize].extend(link.take(side));
            check_stream(&read(side, &sent[side as usize]))?;
        }
        prop_assert_eq!((link.should_close_transport(), link.relay.is_closing()), ([true; 2], false));
    }

    // P-fd-d
    #[test]
    fn any_split_gives_the_same_result(
        inputs in vec(input(), 0..20),
        cuts in vec(1..20_usize, 1..6),
    ) {
        for from in BOTH {
            let of_one = inputs.iter().filter(|(side, _)| *side == from);
            let bytes: Vec<u8> = of_one.flat_map(|(_, bytes)| bytes.clone()).collect();
            let mut whole = Link::new();
            whole.carry(from, &bytes);
            let mut cut = Link::new();
            let mut rest = &bytes[..];
            for length in cuts.iter().cycle() {
                let (piece, after) = rest.split_at(rest.len().min(*length));
                cut.carry(from, piece);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            for side in BOTH {
                prop_assert_eq!(cut.sent_to(side), whole.sent_to(side));
            }
            prop_assert_eq!(cut.relay.failure(), whole.relay.failure());
            prop_assert_eq!(cut.should_close_transport(), whole.should_close_transport());
        }
    }
}
