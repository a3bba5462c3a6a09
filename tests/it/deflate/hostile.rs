//! Data that is no DEFLATE stream, or no text.

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

/// Checks that it fails with this error and 1007, in both roles and however it is cut, and that
/// nothing comes of what is behind it.
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
    let cases: [&[u8]; 13] = [
        // Nothing at all.
        &[],
        // A block of type 3.
        &[0x06],
        &[0x07],
        // A stored block whose length does not hold.
        &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        // More lengths than there are codes.
        &[0xfc, 0xff, 0xff, 0xff],
        // A distance with nothing there.
        &[0xf2, 0x00, 0x11, 0x00, 0x00],
        // The same behind a final block that is empty.
        &[0x03, 0x00, 0xf2, 0x00, 0x11, 0x00, 0x00],
        // The tail is not left out.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff],
        // One byte of the tail is left in.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        // Something behind the end.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x55],
        // A zlib header.
        &[0x78, 0x9c, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        // The head of a dynamic block, which would go on in what is put behind the message.
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
fn data_that_is_cut_off() {
    let two_blocks = [0xf2, 0x48, 5, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    for payload in [&HELLO[..], &two_blocks] {
        for length in 0..payload.len() {
            // Where the first of the two blocks ends, there is a message.
            if payload.len() == 13 && length == 4 {
                continue;
            }
            check_fails(false, BINARY, &payload[..length], INVALID);
        }
    }
}

// P-pd-d
#[test]
fn a_stored_block_is_not_filled_with_what_a_sender_leaves_out() {
    // Four bytes are missing, as many as are put behind a message before it is decompressed.
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
fn any_bit_may_be_wrong() {
    // A dynamic block, as zlib writes it at level 9, with text beyond ASCII.
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
                        // What ends on another bit than it should may show in the next message.
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
fn what_comes_first_is_told_however_the_bytes_are_cut() {
    // A byte that no text has, then a block of a type that there is not; in one block, too.
    check_fails(false, TEXT, &[&stored_block(0, b"abc\xff")[..], &[0x07]].concat(), NO_TEXT);
    check_fails(false, TEXT, &[&stored_block(1, b"abc\xff")[..], &[0x07]].concat(), NO_TEXT);
    // The other way round, the byte is never seen.
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
    assert_eq!(outbox[4] & 0b110, 0b100, "with its own codes");
    outbox.split_off(4)
}

// 7692-6-b, 7692-6-f, 6455-8.1-a
#[test]
fn text_is_judged_decompressed() {
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
    // Compressed bytes that are no text, of data that is; characters over frames and blocks.
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
fn an_impossible_byte_ends_the_connection_inside_an_unfinished_frame() {
    for from in BOTH {
        for how in WAYS {
            let block = stored_block(0, b"abc\xffdefghijkl");
            // A frame that declares much more than ever comes.
            let mut bytes = header(from, FIN | RSV1 | TEXT, 1_000_000);
            let start = bytes.len();
            let masked = frame(from, FIN | RSV1 | TEXT, &block);
            bytes.extend(&masked[masked.len() - block.len()..]);
            // The impossible byte is the ninth: five of the block's header, and three before it.
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
fn final_blocks_grow_with_the_payload() {
    // An empty final block of fixed codes takes ten bits, so two bytes. Four of them may have data
    // after them, and one more for every 32 bytes before them.
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
        // A final block at the end of the message before does not count.
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
