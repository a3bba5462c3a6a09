//! Frames with reserved bits that are not allowed, or exceed a limit.

use hybi::{
    Client, Config, Connection, Error, Inbox, LimitExceeded, Server, State, Violation,
    extension::Claims,
    frame::{Kind, Opcode, Reserved},
};

use super::endpoint::{Got, Outcome, look, receive, receive_all};
use crate::support::{
    feed::{Cut, ExampleKey, Heard, client, server, text},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, PONG, TEXT, frame, header},
};

/// Bits in the first byte of a frame: not claimed, claimed for messages, claimed for frames.
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);

const CONFIG: Config = Config::new().max_message_size(300).max_frame_size(200).max_fragments(3);

/// The size of the fixed inbox: the limits of the messages apply first.
const ROOMY: usize = 700;

fn ends(config: Config) -> (Connection<Server>, Connection<Client<ExampleKey>>) {
    let server = server(config).with_claims(CLAIMS).unwrap();
    (server, client(config).with_claims(CLAIMS).unwrap())
}

/// Feeds the peer of `from` in every way, over growing and fixed inboxes.
fn hear<const N: usize>(from: From, config: Config, bytes: &[u8]) -> Outcome {
    match from {
        From::Client => receive_all::<_, N>(|| ends(config).0, bytes),
        From::Server => receive_all::<_, N>(|| ends(config).1, bytes),
    }
}

/// What fails: the frames before it and their events, and the frame, which may be a header alone.
struct Case {
    before: Vec<u8>,
    got: Vec<Got>,
    fault: Vec<u8>,
    error: Error,
}

fn cases(from: From) -> Vec<Case> {
    let bits: Error = Violation::ReservedBits.into();
    let frame = |first, payload: &[u8]| frame(from, first, payload);
    let header = |first, length| header(from, first, length);
    let case = |before: &[u8], fault: Vec<u8>, error| Case {
        before: before.into(),
        got: vec![],
        fault,
        error,
    };
    let mut cases = Vec::new();

    // Bits on control frames, also between fragments.
    for opcode in [CLOSE, PING, PONG] {
        for set in 1..8 {
            cases.push(case(b"", frame(FIN | set << 4 | opcode, b""), bits));
            let before = frame(RSV2 | TEXT, b"\xff");
            cases.push(case(&before, frame(FIN | set << 4 | opcode, b""), bits));
        }
    }
    // Bits of messages on continuations, and bits that are not claimed on any frame.
    for before in [frame(TEXT, b"a"), frame(RSV2 | TEXT, b"\xff"), frame(RSV2 | BINARY, b"")] {
        for fin in [0, FIN] {
            cases.push(case(&before, frame(fin | RSV2 | CONTINUATION, b"a"), bits));
            for others in [0, RSV2, RSV3, RSV2 | RSV3] {
                for opcode in [CONTINUATION, TEXT, BINARY] {
                    cases.push(case(&before, frame(fin | RSV1 | others | opcode, b"a"), bits));
                }
            }
            let inside = Violation::MessageInsideMessage.into();
            cases.push(case(&before, frame(fin | RSV2 | TEXT, b"a"), inside));
        }
    }
    for others in [0, RSV2, RSV3, RSV2 | RSV3] {
        for opcode in [CONTINUATION, TEXT, BINARY] {
            cases.push(case(b"", frame(FIN | RSV1 | others | opcode, b"a"), bits));
        }
    }
    let nothing = Violation::NothingToContinue.into();
    cases.push(case(b"", frame(RSV2 | CONTINUATION, b"a"), nothing));

    // Limits, at the header that exceeds them.
    let too_large = |size| LimitExceeded::FrameSize { size, limit: 200 }.into();
    for first in [RSV2 | TEXT, FIN | RSV2 | BINARY, RSV3, FIN | RSV3 | TEXT, FIN | RSV2 | RSV3 | 2]
    {
        cases.push(case(b"", header(first, 201), too_large(201)));
        cases.push(case(b"", header(first, i64::MAX as u64), too_large(i64::MAX as u64)));
    }
    let before = frame(RSV2 | TEXT, &[0xff; 200]);
    let message = LimitExceeded::MessageSize { size: 301, limit: 300 }.into();
    cases.push(case(&before, header(FIN | CONTINUATION, 101), message));
    let before = [frame(RSV2 | TEXT, b""), frame(CONTINUATION, b""), frame(CONTINUATION, b"")];
    let fragments = LimitExceeded::Fragments { limit: 3 }.into();
    cases.push(case(&before.concat(), header(FIN | CONTINUATION, 0), fragments));

    // Frames of an extension are no fragments, and have no common limit.
    let before: Vec<u8> = [frame(TEXT, b"a")]
        .into_iter()
        .chain((0..5).map(|_| frame(RSV3 | TEXT, &[0xff; 200])))
        .chain([frame(FIN | RSV2 | RSV3, b""), frame(CONTINUATION, b"")])
        .flatten()
        .collect();
    let framed =
        |opcode, fin, reserved, payload: &[u8]| Got::Frame(opcode, fin, reserved, payload.into());
    let mut got = vec![framed(Opcode::Text, false, Reserved::RSV3, &[0xff; 200]); 5];
    got.push(framed(Opcode::Continuation, true, Reserved::RSV2 | Reserved::RSV3, b""));
    let text = frame(FIN | CONTINUATION, b"\xff");
    cases.push(Case { before, got, fault: text, error: Violation::TextNotUtf8.into() });
    cases
}

// 6455-5.2-a, 6455-5.4-i, 6455-5.4-j, P-ext-b, P-ext-c, P-ext-f, P-fd-a, P-fd-d
#[test]
fn each_fault_fails_the_connection_however_it_is_split() {
    for from in BOTH {
        let other = if from == From::Client { From::Server } else { From::Client };
        for Case { before, got, fault, error } in cases(from) {
            let after = [frame(from, FIN | TEXT, b"after"), frame(from, FIN | CLOSE, b"")].concat();
            let valid = frame(from, FIN | RSV2 | TEXT, b"\xff");
            let got: Vec<_> = [Got::Message(Kind::Text, Reserved::RSV2, b"\xff".into())]
                .into_iter()
                .chain(got)
                .collect();
            for trailing in [&[][..], &after] {
                let bytes = [&valid[..], &before, &fault, trailing].concat();
                let outcome = hear::<ROOMY>(from, CONFIG, &bytes);
                let shown = format!("{from:?}: {} {}", before.escape_ascii(), fault.escape_ascii());
                assert_eq!(outcome.error, Some(error), "{shown}");
                assert_eq!(outcome.got, got, "{shown}");
                let code = error.close_code().unwrap().get().to_be_bytes();
                assert_eq!(outcome.outbox, frame(other, FIN | CLOSE, &code), "{shown}");
                assert_eq!(outcome.state, State::Failed);
            }
        }
    }
}

// P-fd-e: a reserved bit that no extension defines
#[test]
fn an_unclaimed_bit_fails_at_the_first_byte() {
    for from in BOTH {
        for first in [FIN | RSV1 | TEXT, RSV1 | RSV2 | BINARY, FIN | RSV1 | RSV3, FIN | RSV1 | PING]
        {
            let outcome = hear::<ROOMY>(from, CONFIG, &[first]);
            assert_eq!(outcome.error, Some(Violation::ReservedBits.into()));
        }
    }
}

// P-ext-c, P-ext-f: up to the limits, and what is cut off
#[test]
fn what_the_limits_allow_is_delivered() {
    for from in BOTH {
        let bytes = [
            frame(from, FIN | RSV3 | BINARY, &[7; 200]),
            frame(from, RSV2 | BINARY, &[1; 200]),
            frame(from, RSV3 | CONTINUATION, &[7; 200]),
            frame(from, CONTINUATION, b""),
            frame(from, FIN | CONTINUATION, &[1; 100]),
            frame(from, FIN | TEXT, b"a"),
        ]
        .concat();
        let framed = |opcode, fin| Got::Frame(opcode, fin, Reserved::RSV3, vec![7; 200]);
        let expected = [
            framed(Opcode::Binary, true),
            framed(Opcode::Continuation, false),
            Got::Message(Kind::Binary, Reserved::RSV2, vec![1; 300]),
            Got::Event(text("a")),
        ];
        for truncated in [&[][..], &frame(from, FIN | RSV3, b"abc")[..4], &[FIN | RSV2 | TEXT]] {
            let outcome = hear::<ROOMY>(from, CONFIG, &[&bytes, truncated].concat());
            assert_eq!((outcome.got, outcome.error), (expected.to_vec(), None));
        }
    }
}

/// Feeds the peer of `from` over a fixed inbox of 200 bytes.
fn hear_fixed(from: From, bytes: &[u8], cut: &Cut) -> Outcome {
    let (mut server, mut client) = ends(Config::new());
    let (mut server_2, mut client_2) = ends(Config::new());
    let inbox = || Inbox::over([0; 200]);
    let (received, looked) = match from {
        From::Client => {
            (receive(&mut server, inbox(), bytes, cut), look(&mut server_2, inbox(), bytes, cut))
        }
        From::Server => {
            (receive(&mut client, inbox(), bytes, cut), look(&mut client_2, inbox(), bytes, cut))
        }
    };
    assert_eq!(received, looked);
    received
}

// P-ext-c, P-ext-f, P-fd-a
#[test]
fn the_capacity_of_a_fixed_inbox_is_a_limit() {
    // The header of a frame of more than 125 bytes.
    for (from, head) in [(From::Server, 4), (From::Client, 8)] {
        let most = 200 - head;
        let frame = |first, payload: &[u8]| frame(from, first, payload);
        let header = |first, length| header(from, first, length);
        // What fits, what does not, and the size that does not.
        let table = [
            // A frame with its header.
            (
                frame(FIN | RSV3 | BINARY, &vec![7; most]),
                header(FIN | RSV3 | BINARY, most as u64 + 1),
                201,
            ),
            // The same in a message, which is kept.
            (
                [frame(TEXT, &[b'a'; 9]), frame(FIN | RSV3 | BINARY, &vec![7; most - 9])].concat(),
                [frame(TEXT, &[b'a'; 9]), header(FIN | RSV3 | BINARY, most as u64 - 8)].concat(),
                192 + 9 - 9,
            ),
            // A message without the headers of its frames.
            (frame(FIN | RSV2 | TEXT, &[0xff; 200]), header(FIN | RSV2 | TEXT, 201), 201),
            (
                [frame(RSV2 | TEXT, &[0xff; 61]), frame(FIN, &[0xff; 139])].concat(),
                [frame(RSV2 | TEXT, &[0xff; 61]), header(FIN, 140)].concat(),
                201,
            ),
        ];
        for (fits, exceeds, size) in table {
            for cut in Cut::all(fits.len()) {
                let outcome = hear_fixed(from, &fits, &cut);
                assert_eq!((outcome.error, outcome.got.len()), (None, 1), "{cut:?}");
            }
            for cut in Cut::all(exceeds.len()) {
                let outcome = hear_fixed(from, &exceeds, &cut);
                let Some(Error::Limit(LimitExceeded::InboxSize { size: found, .. })) =
                    outcome.error
                else {
                    panic!("{:?}", outcome.error)
                };
                assert_eq!((found, outcome.got), (size, vec![]), "{cut:?}");
                assert!(outcome.outbox.len() > 3 && outcome.state == State::Failed);
            }
        }
    }
}

// P-ext-e, P-cl-a, P-cl-b
#[test]
fn a_close_ends_a_message_of_an_extension() {
    for from in BOTH {
        let bytes = [
            frame(from, RSV2 | TEXT, b"abc"),
            frame(from, FIN | CLOSE, b"\x03\xe8"),
            frame(from, FIN | RSV3 | TEXT, b"late"),
            vec![0x7f; 20],
        ]
        .concat();
        let outcome = hear::<ROOMY>(from, CONFIG, &bytes);
        let close = Got::Event(Heard::Close(Some(1000), String::new()));
        assert_eq!((outcome.got, outcome.error), (vec![close], None));
    }
}
