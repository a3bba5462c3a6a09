//! Receiving valid compressed messages (RFC 7692, sections 6, 7.2.2 and 7.2.3).

use hybi::{Config, Error, Inbox, LimitExceeded, Violation};

use super::endpoint::{
    How, WAYS, compressed, connect, hear, hear_all, hear_at_fixed, noise, policy, stored,
    stored_block,
};
use crate::support::{
    feed::{Cut, Heard, binary, client, receive, server, text},
    wire::{BINARY, BOTH, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, frame},
};

/// Section 7.2.3.1.
pub(crate) const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
/// Section 7.2.3.2: the same text again, as a reference into the window.
pub(crate) const AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];
/// Section 7.2.3.3.
const STORED: [u8; 11] = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
/// Section 7.2.3.4.
pub(crate) const FINAL: [u8; 8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
/// Section 7.2.3.5.
const TWO_BLOCKS: [u8; 13] =
    [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];

/// A compressed text message in fragments of these payloads.
fn fragments(from: From, pieces: &[&[u8]]) -> Vec<u8> {
    let last = pieces.len() - 1;
    let frames = pieces.iter().enumerate().map(|(index, piece)| {
        let opcode = if index == 0 { RSV1 | TEXT } else { CONTINUATION };
        frame(from, if index == last { FIN | opcode } else { opcode }, piece)
    });
    frames.collect::<Vec<_>>().concat()
}

/// Checks the events, in both roles and however the bytes are split.
fn check(takeover: bool, write: impl Fn(From) -> Vec<u8>, expected: &[Heard]) {
    for from in BOTH {
        let outcome = hear_all(from, takeover, Config::new(), &write(from));
        assert_eq!((&outcome.heard[..], outcome.error), (expected, None));
    }
}

// 7692-7.2.1-a, 7692-7.2.1-b, 7692-7.2.2-a, 7692-7.2.2-c, 7692-7.2.3.4-a, 7692-7.2.3.6-a,
// 7692-6-b, 7692-6-f, 7692-6-g, F-08, P-fd-d
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn the_examples_of_the_rfc() {
    let cases: [(&[u8], &str); 8] = [
        (&HELLO, "Hello"),
        (&STORED, "Hello"),
        (&FINAL, "Hello"),
        (&TWO_BLOCKS, "Hello"),
        (&[0x00], ""),
        // The empty block that ends a message may be of another type.
        (&[0x02, 0x00], ""),
        // A final block at the end.
        (&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], "Hello"),
        (&[0x01, 0x05, 0x00, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o'], "Hello"),
    ];
    for takeover in [false, true] {
        for (payload, expected) in cases {
            check(takeover, |from| compressed(from, TEXT, payload), &[text(expected)]);
            let as_binary = binary(expected.as_bytes());
            let twice = [as_binary.clone(), as_binary];
            check(takeover, |from| compressed(from, BINARY, payload).repeat(2), &twice);
            // Split into frames at every byte.
            for cut in 0..=payload.len() {
                let (head, tail) = payload.split_at(cut);
                check(takeover, |from| fragments(from, &[head, tail]), &[text(expected)]);
            }
            let bytes: Vec<_> = payload.chunks(1).collect();
            check(takeover, |from| fragments(from, &bytes), &[text(expected)]);
            let with_empty: Vec<_> = bytes.iter().flat_map(|byte| [&[][..], byte, &[]]).collect();
            check(takeover, |from| fragments(from, &with_empty), &[text(expected)]);
        }
    }
}

// 7692-7.2.2-b, 7692-6-e, F-14
#[test]
fn the_window_is_kept_between_messages() {
    let write = |from| {
        [
            compressed(from, TEXT, &HELLO),
            compressed(from, TEXT, &AGAIN),
            frame(from, FIN | TEXT, b"plain"),
            compressed(from, BINARY, &AGAIN),
            // An empty message does not change the window.
            compressed(from, TEXT, &[0x00]),
            frame(from, TEXT, b"pl"),
            frame(from, FIN | CONTINUATION, b"ain"),
            fragments(from, &[&AGAIN[..2], &AGAIN[2..]]),
        ]
        .concat()
    };
    let hello = text("Hello");
    let plain = text("plain");
    let expected =
        [hello.clone(), hello.clone(), plain.clone(), binary(b"Hello"), text(""), plain, hello];
    check(true, write, &expected);
}

// 7692-7.2.2-c, 7692-7.2.2-d, P-pd-d
#[test]
fn without_takeover_the_window_is_empty() {
    for from in BOTH {
        let bytes = [compressed(from, TEXT, &HELLO), compressed(from, TEXT, &AGAIN)].concat();
        let outcome = hear_all(from, false, Config::new(), &bytes);
        assert_eq!(outcome.heard, [text("Hello")]);
        assert_eq!(outcome.error, Some(Violation::NotDeflate.into()));
        // The window is empty before the first message too.
        for takeover in [false, true] {
            let outcome = hear_all(from, takeover, Config::new(), &compressed(from, TEXT, &AGAIN));
            assert_eq!(outcome.error, Some(Violation::NotDeflate.into()));
        }
    }
}

// 7692-7.2.3.4-a, 7692-7.2.1-b, 7692-7.2.2-b, F-19
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn data_after_a_final_block_may_refer_to_data_before_it() {
    let final_hello = &FINAL[..7];
    for takeover in [false, true] {
        let cases: [(Vec<u8>, &str); 6] = [
            ([final_hello, &HELLO].concat(), "HelloHello"),
            ([final_hello, &AGAIN].concat(), "HelloHello"),
            ([final_hello, final_hello, &AGAIN].concat(), "HelloHelloHello"),
            ([&stored_block(1, b"Hello"), &AGAIN[..]].concat(), "HelloHello"),
            (
                [&stored_block(0, b"Hello"), &stored_block(1, b""), &AGAIN[..]].concat(),
                "HelloHello",
            ),
            ([final_hello, &stored(b" again")].concat(), "Hello again"),
        ];
        for (payload, expected) in &cases {
            check(takeover, |from| compressed(from, TEXT, payload), &[text(expected)]);
            for cut in 0..=payload.len() {
                let (head, tail) = payload.split_at(cut);
                check(takeover, |from| fragments(from, &[head, tail]), &[text(expected)]);
            }
        }
    }
    // The next message refers to one that ended with a final block, in any of the ways to end.
    for first in [final_hello, &FINAL, &stored_block(1, b"Hello")] {
        let write = |from| [compressed(from, TEXT, first), compressed(from, TEXT, &AGAIN)].concat();
        check(true, write, &[text("Hello"), text("Hello")]);
    }
}

// 7692-7.2.3.4-a, 7692-7.2.2-b
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn a_final_block_keeps_a_full_window() {
    // Stored data longer than a window, a final block, then a match at the maximum distance:
    // length 258, distance 32768, by fixed codes.
    let far = fixed_match_of_258_at_32768();
    for length in [32_768, 32_769, 40_000, 65_000, 70_000] {
        let data = noise(length);
        let mut first: Vec<u8> = Vec::new();
        for block in data.chunks(10_000) {
            first.extend(stored_block(0, block));
        }
        let expected = data[length - 32_768..][..258].to_vec();
        for end in [&stored_block(1, b"")[..], &[0x00]] {
            for how in WAYS {
                for (from, cut) in BOTH.into_iter().zip([Cut::Every(997), Cut::Whole]) {
                    let first = [&first[..], end].concat();
                    let mut bytes = compressed(from, BINARY, &first);
                    bytes.extend(compressed(from, BINARY, &far));
                    let outcome = hear(from, true, Config::new(), &bytes, &cut, how);
                    assert_eq!(outcome.error, None, "{length}, {how:?}");
                    assert!(outcome.heard == [binary(&data), binary(&expected)], "{length}");
                }
            }
        }
        // The same inside one message.
        let whole = [&first[..], &stored_block(1, b""), &far].concat();
        let joined = [&data[..], &expected].concat();
        for how in WAYS {
            for cut in [Cut::Whole, Cut::Every(1000)] {
                let bytes = compressed(From::Client, BINARY, &whole);
                let outcome = hear(From::Client, false, Config::new(), &bytes, &cut, how);
                assert_eq!(outcome.error, None, "{length}, {how:?}");
                assert!(outcome.heard == [binary(&joined)], "{length}, {how:?}");
            }
        }
    }
}

/// A block of fixed codes that contains a single match, and an empty block after it.
fn fixed_match_of_258_at_32768() -> Vec<u8> {
    let mut bits: Vec<u8> = Vec::new();
    // Not final, fixed codes. Values have their lowest bit first.
    bits.extend([0, 1, 0]);
    // Symbol 285, whose code of eight bits is 0b11000101; codes have their highest bit first.
    bits.extend([1, 1, 0, 0, 0, 1, 0, 1]);
    // Distance symbol 29 and 13 extra bits, all set.
    bits.extend([1, 1, 1, 0, 1]);
    bits.extend([1; 13]);
    // The end of the block, and the header of a stored one.
    bits.extend([0; 7]);
    bits.extend([0; 3]);
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks(8).map(byte).collect()
}

// 7692-6-b, 7692-6-e, 7692-6-g, 6455-5.4-c
#[test]
fn control_frames_between_compressed_fragments() {
    for payload in [&HELLO[..], &STORED, &TWO_BLOCKS, &FINAL] {
        for cut in (0..=payload.len()).step_by(if cfg!(miri) { 9 } else { 1 }) {
            let write = |from| {
                [
                    frame(from, RSV1 | TEXT, &payload[..cut]),
                    frame(from, FIN | PING, b"ping"),
                    frame(from, CONTINUATION, b""),
                    frame(from, FIN | PONG, b""),
                    frame(from, FIN | CONTINUATION, &payload[cut..]),
                ]
                .concat()
            };
            let expected = [Heard::Ping(b"ping".into()), Heard::Pong(vec![]), text("Hello")];
            check(true, write, &expected);
        }
    }
}

// 7692-6-c, 7692-6-d, P-pd-i
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn reserved_bits_without_a_meaning() {
    for from in BOTH {
        let begun = [frame(from, RSV1 | TEXT, &HELLO[..3]), frame(from, TEXT, b"Hel")];
        let mut cases: Vec<Vec<u8>> = Vec::new();
        for begun in &begun {
            for first in [CONTINUATION, FIN | CONTINUATION] {
                for bits in [0x40, 0x20, 0x10, 0x70] {
                    cases.push([begun, &frame(from, first | bits, &HELLO[3..])[..]].concat());
                }
            }
        }
        for opcode in [8, 9, 10] {
            for bits in [0x40, 0x20, 0x10, 0x60] {
                let control = frame(from, FIN | bits | opcode, b"\x03\xe8");
                cases.push(control.clone());
                cases.push([&begun[0], &control[..]].concat());
            }
        }
        for opcode in [TEXT, BINARY] {
            for bits in [0x20, 0x10, 0x60, 0x50, 0x70] {
                cases.push(frame(from, FIN | bits | opcode, &HELLO));
            }
        }
        for bytes in cases {
            let outcome = hear_all(from, true, Config::new(), &[bytes, HELLO.to_vec()].concat());
            assert_eq!(outcome.error, Some(Violation::ReservedBits.into()));
            assert_eq!(outcome.heard, []);
        }
    }
}

// 6455-9.1-d, 7692-6-d, 6455-5.8-a
#[test]
fn rsv1_without_negotiation() {
    let mut outcomes = Vec::new();
    for from in BOTH {
        let bytes = compressed(from, TEXT, &HELLO);
        let inbox = Inbox::with_capacity(64);
        outcomes.push(match from {
            From::Client => receive(&mut server(Config::new()), inbox, &bytes, &Cut::Every(1)),
            From::Server => receive(&mut client(Config::new()), inbox, &bytes, &Cut::Every(1)),
        });
    }
    for outcome in outcomes {
        assert_eq!(outcome.error, Some(Error::Protocol(Violation::ReservedBits)));
    }
}

// P-pd-g, F-18, 7692-7.2.2-a
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn a_small_inbox_receives_a_large_message_in_chunks() {
    let data = noise(100_000);
    let (mut sender, mut receiver) = connect(&policy(true), &policy(true), Config::new());
    let repetitive = vec![b'a'; 300_000];
    let mut bytes = Vec::new();
    for message in [&repetitive, &data] {
        // A message in fragments is sent compressed even if that makes it longer.
        sender.send_binary_fragment(message, hybi::Fragment::More, &mut bytes).unwrap();
        sender.send_binary_fragment(b"", hybi::Fragment::Last, &mut bytes).unwrap();
    }
    // Room for a header and one byte.
    let outcome = hear_at_fixed::<_, 15>(&mut receiver, &bytes, &Cut::Every(11), How::Chunks);
    assert_eq!(outcome.error, None);
    assert!(outcome.heard == [binary(&repetitive), binary(&data)]);
}

// P-pd-l
#[test]
fn a_message_is_at_most_as_large_as_its_inbox_compressed_or_not() {
    let message = vec![b'a'; 200];
    for from in BOTH {
        for (bytes, fits) in [
            (frame(from, FIN | BINARY, &message[..150]), true),
            (frame(from, FIN | BINARY, &message), false),
            (compressed(from, BINARY, &stored(&message[..160])), true),
            (compressed(from, BINARY, &stored(&message[..161])), false),
            (compressed(from, BINARY, &stored(&message)), false),
        ] {
            for cut in Cut::all(bytes.len()) {
                let (mut server, mut client) = connect(&policy(true), &policy(true), Config::new());
                let outcome = match from {
                    From::Client => hear_at_fixed::<_, 160>(&mut server, &bytes, &cut, How::Whole),
                    From::Server => hear_at_fixed::<_, 160>(&mut client, &bytes, &cut, How::Whole),
                };
                let too_large = matches!(
                    outcome.error,
                    Some(Error::Limit(LimitExceeded::InboxSize { size: 161.., limit: 160 }))
                );
                assert_eq!((outcome.error.is_none(), too_large), (fits, !fits), "{outcome:?}");
                assert_eq!(outcome.heard.len(), usize::from(fits));
            }
        }
    }
}

// P-pd-g
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn chunks_are_small_even_after_a_large_message() {
    let (mut sender, mut receiver) = connect(&policy(false), &policy(false), Config::new());
    let zeros = vec![0; 4 * 1024 * 1024];
    let mut bytes = Vec::new();
    sender.send_binary(&zeros, &mut bytes).unwrap();
    let mut inbox = Inbox::with_capacity(16 * 1024);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut outbox = Vec::new();
    let longest = |receiver: &mut hybi::Connection<_>, inbox: &mut Inbox, outbox: &mut Vec<u8>| {
        let (mut longest, mut total) = (0, 0);
        while let Some(event) = receiver.receive_chunk(inbox, outbox).unwrap() {
            let hybi::ChunkEvent::Binary { data, .. } = event else { panic!("{event:?}") };
            longest = longest.max(data.len());
            total += data.len();
        }
        assert_eq!(total, zeros.len());
        longest
    };
    assert!(longest(&mut receiver, &mut inbox, &mut outbox) <= 16 * 1024);

    // A message that was received whole has enlarged the buffer.
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    assert!(receiver.receive(&mut inbox, &mut outbox).unwrap().is_some());
    assert!(receiver.receive(&mut inbox, &mut outbox).unwrap().is_none());
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let length = longest(&mut receiver, &mut inbox, &mut outbox);
    assert!(length <= 16 * 1024, "{length} bytes in one chunk");
}
