//! Every way in which a compressed message can end (RFC 7692, sections 7.2.1, 7.2.2 and 7.2.3).
//!
//! Each ending follows contents of many lengths and each kind of previous message, with and without
//! context takeover, whole and split. The expected result comes from the simple inflater in
//! [`inflate`](super::inflate).

use hybi::{Config, Connection, Error, Inbox, LimitExceeded, Server, Violation};

use super::{
    endpoint::{How, WAYS, compressed, connect, hear_at, policy, stored_block},
    inflate::Inflater,
};
use crate::support::{
    feed::{Cut, Outcome, binary, receive, receive_chunks},
    wire::{BINARY, CONTINUATION, FIN, From, RSV1, frame},
};

/// The endings of a message. Its content precedes them in blocks that are not final.
const ENDINGS: [(&str, &[u8]); 14] = [
    ("nothing", &[]),
    ("an empty block", &[0x00]),
    ("a final block in the place of the empty block", &[0x01]),
    ("a final block of stored data", &[0x01, 0x00, 0x00, 0xff, 0xff]),
    ("a final block of fixed codes", &[0x03, 0x00]),
    ("a final block and an empty block", &[0x03, 0x00, 0x00]),
    ("two final blocks", &[0x03, 0x00, 0x03, 0x00]),
    ("a final block and one in the place of the empty block", &[0x03, 0x00, 0x01]),
    ("an empty block of fixed codes, and an empty block", &[0x02, 0x00]),
    ("an empty block that is not cut off", &[0x00, 0x00, 0x00, 0xff, 0xff]),
    ("an empty block that lacks three bytes", &[0x00, 0x00]),
    ("an empty block and a byte", &[0x00, 0x55]),
    ("a block of the reserved type", &[0x07]),
    ("a final block and a byte", &[0x03, 0x00, 0x55]),
];

/// `length` bytes `a` in one block of fixed codes (a literal, then matches at distance 1), followed
/// by an empty stored block, so that the next block begins on a byte boundary.
fn fixed_run(length: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![0, 1, 0];
    let mut put = |value: usize, count: usize| {
        (0..count).rev().for_each(|bit| bits.push(u8::from(value >> bit & 1 == 1)));
    };
    // RFC 1951, section 3.2.6: literals 0 to 143 have codes of eight bits from 0b00110000.
    let mut rest = length;
    if rest > 0 {
        put(0x30 + usize::from(b'a'), 8);
        rest -= 1;
    }
    while rest >= 258 {
        // Symbol 285, length 258, from 0b11000000 for 280; distance symbol 0 is one byte back.
        put(0b1100_0101, 8);
        put(0, 5);
        rest -= 258;
    }
    for _ in 0..rest {
        put(0x30 + usize::from(b'a'), 8);
    }
    put(0, 7);
    // An empty stored block, which ends on a byte boundary.
    bits.extend([0, 0, 0]);
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    let mut bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    bytes.extend([0x00, 0x00, 0xff, 0xff]);
    bytes
}

/// The same as the final block, with nothing after it.
fn final_fixed_run(length: usize) -> Vec<u8> {
    let mut bytes = fixed_run(length);
    // Remove the empty stored block and its header, whose three bits may take a byte of their own.
    let code_bits =
        3 + match length {
            0 => 0,
            _ => 8 + (length - 1) / 258 * 13 + (length - 1) % 258 * 8,
        } + 7;
    bytes.truncate(code_bits.div_ceil(8));
    bytes[0] |= 1;
    bytes
}

/// The expected result: the messages before the first invalid one, and whether there is an invalid
/// one.
fn expected(takeover: bool, payloads: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
    let mut inflater = Inflater::new(15);
    let mut messages = Vec::new();
    for payload in payloads {
        if !takeover {
            inflater.forget();
        }
        match inflater.any_message(payload) {
            Some((message, _)) => messages.push(message),
            None => return (messages, true),
        }
    }
    (messages, false)
}

fn check(expected: &(Vec<Vec<u8>>, bool), outcome: &Outcome, what: impl Fn() -> String) {
    let heard: Vec<_> = expected.0.iter().map(|message| binary(message)).collect();
    assert!(
        outcome.heard == heard,
        "{}: {} messages, not {}; error {:?}",
        what(),
        outcome.heard.len(),
        heard.len(),
        outcome.error
    );
    let error = expected.1.then_some(Error::Protocol(Violation::NotDeflate));
    assert_eq!(outcome.error, error, "{}", what());
}

fn server(takeover: bool) -> Connection<Server> {
    let policy = policy(takeover);
    connect(&policy, &policy, Config::new()).0
}

// P-pd-d, P-fd-d, 7692-7.2.1-b, 7692-7.2.2-a, 7692-7.2.2-b, 7692-7.2.3.4-a
#[test]
fn every_ending_after_every_previous_message() {
    let previous: [Option<&[u8]>; 7] = [
        None,
        Some(&[0x00]),
        Some(&[0x01]),
        Some(&[0x03, 0x00]),
        Some(&[0x03, 0x00, 0x00]),
        Some(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        Some(&[0x01, 0x05, 0x00, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o']),
    ];
    let contents = [vec![], stored_block(0, b"abc"), fixed_run(300)];
    for takeover in [false, true] {
        for first in previous {
            for content in &contents {
                for (name, ending) in ENDINGS {
                    let payload = [&content[..], ending].concat();
                    // The message in one frame, or in two with the ending in the second.
                    let pieces = [vec![&payload[..]], vec![&content[..], ending]];
                    let payloads: Vec<_> = first.into_iter().chain([&payload[..]]).collect();
                    let expected = expected(takeover, &payloads);
                    for pieces in pieces {
                        let mut bytes = Vec::new();
                        if let Some(first) = first {
                            bytes.extend(compressed(From::Client, BINARY, first));
                        }
                        let last = pieces.len() - 1;
                        for (index, piece) in pieces.iter().enumerate() {
                            let opcode = if index == 0 { RSV1 | BINARY } else { CONTINUATION };
                            let fin = if index == last { FIN } else { 0 };
                            bytes.extend(frame(From::Client, fin | opcode, piece));
                        }
                        for how in WAYS {
                            for cut in Cut::all(bytes.len()) {
                                let outcome = hear_at(&mut server(takeover), &bytes, &cut, how);
                                check(&expected, &outcome, || {
                                    let length = content.len();
                                    format!(
                                        "takeover {takeover}, after {first:02x?}, {length} bytes and {name}, {how:?}, {cut:?}"
                                    )
                                });
                            }
                        }
                    }
                }
            }
        }
    }
}

// P-pd-d, P-fd-d, 7692-7.2.3.4-a
#[test]
fn every_length_around_the_size_of_the_output() {
    // The output buffer starts at 4 KiB and doubles. For chunks it has room for 16 KiB.
    let around = |size: usize| size - 3..=size + 3;
    let sizes = [4096, 8192, 16 * 1024, 32 * 1024].into_iter().flat_map(around);
    for length in (1..=4).chain(256..=260).chain(sizes) {
        let mut cases: Vec<Vec<u8>> = Vec::new();
        for (_, ending) in ENDINGS {
            cases.push([&fixed_run(length)[..], ending].concat());
        }
        cases.push(final_fixed_run(length));
        cases.push([&final_fixed_run(length)[..], &[0x00]].concat());
        cases.push(stored_block(1, &vec![b'a'; length]));
        cases.push([stored_block(0, &vec![b'a'; length]), vec![0x00]].concat());
        for takeover in [false, true] {
            for payload in &cases {
                let expected = expected(takeover, &[payload, &[0x00]]);
                let bytes = [
                    compressed(From::Client, BINARY, payload),
                    compressed(From::Client, BINARY, &[0x00]),
                ]
                .concat();
                let half = bytes.len() / 2;
                for cut in [Cut::Whole, Cut::Every(1), Cut::Every(13), Cut::At(half)] {
                    for how in WAYS {
                        let outcome = hear_at(&mut server(takeover), &bytes, &cut, how);
                        check(&expected, &outcome, || {
                            format!("{length} bytes, {payload:02x?}, {how:?}, {cut:?}")
                        });
                    }
                    // The complete message is in the inbox, with room after it.
                    let inbox = Inbox::with_capacity(64 * 1024);
                    let outcome = receive(&mut server(takeover), inbox, &bytes, &cut);
                    check(&expected, &outcome, || {
                        format!("{length} bytes, {payload:02x?}, {cut:?}")
                    });
                }
            }
        }
    }
}

// P-pd-d, P-fd-d, P-pd-e
#[test]
fn every_size_of_the_output_buffer() {
    // The output buffer has room for one byte more than the limit, and starts at 4 KiB or more.
    for length in [1, 2, 3, 255, 256, 257, 258, 259, 260, 1000, 4095, 4096, 4097, 8192] {
        let mut cases: Vec<Vec<u8>> = vec![final_fixed_run(length)];
        cases.extend(ENDINGS.map(|(_, ending)| [&fixed_run(length)[..], ending].concat()));
        cases.push(stored_block(1, &vec![b'a'; length]));
        for limit in length.saturating_sub(2)..=length + 3 {
            for payload in &cases {
                for takeover in [false, true] {
                    let (messages, invalid) = expected(takeover, &[payload]);
                    let limit = limit as u64;
                    let error = if length as u64 > limit {
                        let size = limit + 1;
                        Some(Error::Limit(LimitExceeded::MessageSize { size, limit }))
                    } else {
                        invalid.then_some(Error::Protocol(Violation::NotDeflate))
                    };
                    let heard: Vec<_> = match error {
                        None => messages.iter().map(|message| binary(message)).collect(),
                        Some(_) => vec![],
                    };
                    let bytes = compressed(From::Client, BINARY, payload);
                    for cut in [Cut::Whole, Cut::Every(1), Cut::At(bytes.len() - 1)] {
                        for (how, capacity) in [(0, 64), (0, 16 * 1024), (1, 64), (1, 16 * 1024)] {
                            let config = Config::new().max_message_size(limit);
                            let policy = policy(takeover);
                            let (mut server, _) = connect(&policy, &policy, config);
                            let inbox = Inbox::with_capacity(capacity);
                            let outcome = match how {
                                0 => receive(&mut server, inbox, &bytes, &cut),
                                _ => receive_chunks(&mut server, inbox, &bytes, &cut),
                            };
                            let found = (&outcome.heard, outcome.error);
                            assert!(
                                found == (&heard, error),
                                "{length} of {limit} bytes, {payload:02x?}, {cut:?}, {capacity}: {:?}",
                                outcome.error
                            );
                        }
                    }
                }
            }
        }
    }
}

// P-pd-d, 7692-7.2.3.6-a
#[test]
fn an_empty_payload_is_never_a_compressed_message() {
    // Neither as one frame nor as fragments, regardless of the previous message.
    let nothing = [
        compressed(From::Client, BINARY, &[]),
        [frame(From::Client, RSV1 | BINARY, &[]), frame(From::Client, FIN | CONTINUATION, &[])]
            .concat(),
    ];
    for takeover in [false, true] {
        for first in [&[0x00][..], &[0x01], &[0x03, 0x00], &[0x03, 0x00, 0x00]] {
            for nothing in &nothing {
                let bytes = [&compressed(From::Client, BINARY, first)[..], nothing].concat();
                for cut in Cut::all(bytes.len()) {
                    let outcome = hear_at(&mut server(takeover), &bytes, &cut, How::Whole);
                    check(&(vec![vec![]], true), &outcome, || format!("{first:02x?}, {cut:?}"));
                }
            }
        }
    }
}
