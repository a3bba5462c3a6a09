//! Invalid DEFLATE data, and decompressed text that is not UTF-8.

use hybi::{Config, Error, LimitExceeded, Violation};

use super::{
    endpoint::{How, WAYS, compressed, hear, hear_all, stored, stored_block},
    receiving::HELLO,
};
use crate::support::{
    feed::{Cut, Outcome, binary, text},
    wire::{BINARY, BOTH, CONTINUATION, FIN, From, RSV1, TEXT, close_body, frame, header},
};

const INVALID: Option<Error> = Some(Error::Protocol(Violation::NotDeflate));
const NO_TEXT: Option<Error> = Some(Error::Protocol(Violation::TextNotUtf8));

/// Checks that the message fails with this error and 1007, in both roles and however it is split,
/// and that the frames after it are ignored.
fn check_fails(takeover: bool, opcode: u8, payload: &[u8], error: Option<Error>) {
    for from in BOTH {
        let behind = [compressed(from, TEXT, &HELLO), frame(from, FIN | TEXT, b"plain")].concat();
        let bytes = [compressed(from, opcode, payload), behind].concat();
        let outcome = hear_all(from, takeover, Config::new(), &bytes);
        assert_eq!(outcome.error, error, "{payload:02x?}");
        assert_eq!(outcome.heard, []);
        check_close(from, &outcome, 1007);
    }
}

/// Checks that a Close with this code was sent, and nothing else.
pub(crate) fn check_close(from: From, outcome: &Outcome, code: u16) {
    let answering = if from == From::Client { From::Server } else { From::Client };
    assert_eq!(outcome.outbox, frame(answering, FIN | 8, &close_body(code, "")));
}

// P-pd-d, P-pd-i, F-12
#[test]
fn invalid_data() {
    let cases: [&[u8]; 14] = [
        // Nothing at all.
        &[],
        // A block of the reserved type 3.
        &[0x06],
        &[0x07],
        // An empty block without its last bits, which those of the tail would complete.
        &[0x02],
        // A stored block whose lengths do not match.
        &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        // A dynamic block with more lengths than codes.
        &[0xfc, 0xff, 0xff, 0xff],
        // A distance beyond the start of the data.
        &[0xf2, 0x00, 0x11, 0x00, 0x00],
        // The same after an empty final block.
        &[0x03, 0x00, 0xf2, 0x00, 0x11, 0x00, 0x00],
        // The tail is not removed.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff],
        // One byte of the tail is not removed.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        // A byte after the end.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x55],
        // A zlib header.
        &[0x78, 0x9c, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        // The header of a dynamic block, which would continue in the tail that the receiver
        // appends.
        &[0x94, 0x00, 0x2b],
        // A gzip header.
        &[0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xf2, 0x48, 0x00],
    ];
    for takeover in [false, true] {
        for payload in cases {
            check_fails(takeover, BINARY, payload, INVALID);
        }
    }
}

// P-pd-d, 7692-7.2.2-a
#[test]
fn truncated_data() {
    let two_blocks = [0xf2, 0x48, 5, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    for payload in [&HELLO[..], &two_blocks] {
        for length in 0..payload.len() {
            // The first of the two blocks is a valid message.
            if payload.len() == 13 && length == 4 {
                continue;
            }
            check_fails(false, BINARY, &payload[..length], INVALID);
        }
    }
}

// P-pd-d
#[test]
fn a_stored_block_is_not_completed_by_the_tail() {
    // Four bytes are missing, the length of the tail that the receiver appends.
    for length in [4, 5, 100, 4096, 4100] {
        let block = stored_block(0, &vec![b'a'; length]);
        check_long(&block[..block.len() - 4]);
    }
}

fn check_long(payload: &[u8]) {
    for how in WAYS {
        let bytes = compressed(From::Client, BINARY, payload);
        for cut in [Cut::Whole, Cut::Every(1), Cut::Every(100)] {
            let outcome = hear(From::Client, false, Config::new(), &bytes, &cut, how);
            assert_eq!(outcome.error, INVALID, "{} bytes, {how:?}, {cut:?}", payload.len());
        }
    }
}

// P-pd-d, P-pd-i, P-fd-d
#[test]
fn any_bit_may_be_flipped() {
    // A dynamic block, as zlib writes it at level 9, with text that is not all ASCII.
    let sample = dynamic_sample();
    for takeover in [false, true] {
        for opcode in [TEXT, BINARY] {
            for bit in 0..sample.len() * 8 {
                let mut payload = sample.clone();
                payload[bit / 8] ^= 1 << (bit % 8);
                let from = BOTH[bit % 2];
                let bytes = [compressed(from, opcode, &payload), compressed(from, TEXT, &HELLO)];
                let bytes = bytes.concat();
                let first = hear(from, takeover, Config::new(), &bytes, &Cut::Whole, How::Whole);
                match first.error {
                    None => assert_eq!(first.heard.last(), Some(&text("Hello"))),
                    error => {
                        assert!(error == INVALID || error == NO_TEXT, "{error:?}");
                        check_close(from, &first, 1007);
                        // If the stream ends at a wrong bit, only the next message may fail.
                        assert!(first.heard.len() <= 1);
                    }
                }
                let middle = bytes.len() / 2;
                for cut in [Cut::Whole, Cut::Every(1), Cut::Every(5), Cut::At(middle)] {
                    for how in WAYS {
                        let other = hear(from, takeover, Config::new(), &bytes, &cut, how);
                        assert_eq!(other.heard, first.heard, "bit {bit}, {cut:?}, {how:?}");
                        assert_eq!(other.outbox, first.outbox, "bit {bit}, {cut:?}, {how:?}");
                    }
                }
            }
        }
    }
}

// P-fd-d, P-pd-d
#[test]
fn the_first_error_is_reported_however_the_bytes_are_split() {
    // An invalid byte in the text before a block of an invalid type, and in one block with it.
    check_fails(false, TEXT, &[&stored_block(0, b"abc\xff")[..], &[0x07]].concat(), NO_TEXT);
    check_fails(false, TEXT, &[&stored_block(1, b"abc\xff")[..], &[0x07]].concat(), NO_TEXT);
    // In the other order, the byte is never decompressed.
    check_fails(false, TEXT, &[&[0x07], &stored_block(0, b"abc\xff")[..]].concat(), INVALID);
}

fn dynamic_sample() -> Vec<u8> {
    let policy = super::endpoint::policy(false).level(9);
    let (mut server, _) = super::endpoint::connect(&policy, &policy, Config::new());
    let text = "Größe und Maß: der Fluß fließt süß über Straßen — ναι, γεια σου Κόσμε. \
                Größe, Maße, Flüsse; όλα τα παιδιά του Κόσμου παίζουν στους δρόμους.";
    let mut outbox = Vec::new();
    server.send_text(text, &mut outbox).unwrap();
    assert_eq!(outbox[..2], [0xc1, 126], "compressed, of more than 125 bytes");
    assert_eq!(outbox[4] & 0b110, 0b100, "with dynamic codes");
    outbox.split_off(4)
}

// 7692-6-b, 7692-6-f, 6455-8.1-a
#[test]
fn decompressed_text_is_validated() {
    let invalid: [&[u8]; 6] =
        [b"abc\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"abc\xe2\x82", b"\x80"];
    for data in invalid {
        check_fails(true, TEXT, &stored(data), NO_TEXT);
        let as_final = [&stored_block(1, data)[..], &[0]].concat();
        check_fails(false, TEXT, &as_final, NO_TEXT);
        for from in BOTH {
            let bytes = compressed(from, BINARY, &stored(data));
            assert_eq!(hear_all(from, true, Config::new(), &bytes).heard, [binary(data)]);
        }
    }
    // The compressed bytes are not UTF-8, but the data is. Characters span frames and blocks.
    let word = "κόσμε 🦀";
    for cut in 0..=word.len() {
        let (head, tail) = word.as_bytes().split_at(cut);
        for from in BOTH {
            let mut bytes = frame(from, RSV1 | TEXT, &stored_block(0, head));
            bytes.extend(frame(from, FIN | CONTINUATION, &stored(tail)));
            bytes.extend(compressed(from, TEXT, &[stored_block(0, head), stored(tail)].concat()));
            let outcome = hear_all(from, false, Config::new(), &bytes);
            assert_eq!((outcome.heard, outcome.error), (vec![text(word), text(word)], None));
        }
    }
}

// 7692-6-a, 7692-6-b, 6455-8.1-b
#[test]
fn an_invalid_byte_fails_the_connection_inside_an_incomplete_frame() {
    for from in BOTH {
        for how in WAYS {
            let block = stored_block(0, b"abc\xffdefghijkl");
            // A frame that declares more payload than arrives.
            let mut bytes = header(from, FIN | RSV1 | TEXT, 1_000_000);
            let start = bytes.len();
            let masked = frame(from, FIN | RSV1 | TEXT, &block);
            bytes.extend(&masked[masked.len() - block.len()..]);
            // The invalid byte is the ninth, after five bytes of the block's header and three of
            // text.
            let at = start + 9;
            for cut in [Cut::Whole, Cut::Every(1)] {
                let outcome = hear(from, true, Config::new(), &bytes[..at - 1], &cut, how);
                assert_eq!(outcome.error, None);
                let outcome = hear(from, true, Config::new(), &bytes[..at], &cut, how);
                assert_eq!(outcome.error, NO_TEXT, "{how:?}, {cut:?}");
            }
        }
    }
}

// 7692-7.2.3.4-a, P-pd-m
#[test]
fn the_limit_of_final_blocks_grows_with_the_payload() {
    // An empty final block of fixed codes has ten bits, which take two bytes. Four such blocks may
    // have data after them, and one more for every 32 bytes before them.
    let too_many = |taken| Some(Error::Limit(LimitExceeded::FinalBlocks(taken)));
    let (empty, block) = ([0x03, 0x00], stored_block(0, &[b'a'; 59]));
    let cases = [
        (empty.repeat(4), None),
        (empty.repeat(5), too_many(10)),
        (empty.repeat(1_000_000), too_many(10)),
        // Each of these blocks is 64 bytes long.
        ([block.repeat(10), empty.repeat(4 + 20)].concat(), None),
        ([block.repeat(10), empty.repeat(4 + 22)].concat(), too_many(640 + 2 * 26)),
    ];
    for (blocks, error) in cases {
        let payload = [blocks, vec![0x00]].concat();
        // A final block at the end of the previous message does not count.
        for before in [&[0x00][..], &[0x01], &[0x03, 0x00], &[0x03, 0x00, 0x00]] {
            let bytes = [before, &payload].map(|payload| compressed(From::Client, BINARY, payload));
            let bytes = bytes.concat();
            for how in WAYS {
                for cut in [Cut::Whole, Cut::Every(1), Cut::Every(10_000)] {
                    if matches!(cut, Cut::Every(1)) && payload.len() > 10_000 {
                        continue;
                    }
                    let outcome = hear(From::Client, true, Config::new(), &bytes, &cut, how);
                    assert_eq!(outcome.error, error, "{} bytes, {how:?}, {cut:?}", payload.len());
                }
            }
        }
    }
}
