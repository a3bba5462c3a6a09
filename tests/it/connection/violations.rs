//! Protocol violations: each is detected at the first byte that proves it, in both directions.

use hybi::{CloseCode, CloseReply, Config, Error, Pongs, State, Violation};

use crate::support::{
    feed::{Cut, feed, feed_chunks, feed_fixed},
    wire::{
        BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, close_body, frame,
        header,
    },
};

/// Checks that the bytes fail with this violation exactly at the byte with this index, however they
/// are split. The endpoint must send a Close with the violation's code and ignore the bytes after
/// it.
fn check(from: From, bytes: &[u8], index: usize, violation: Violation) {
    let code = violation.close_code();
    let answer = frame(other(from), FIN | CLOSE, &close_body(code.get(), ""));
    for cut in Cut::all(bytes.len()) {
        let followed = [bytes, &frame(from, FIN | TEXT, b"ignored")].concat();
        for bytes in [bytes, &followed] {
            for outcome in [
                feed(from, Config::new(), bytes, &cut),
                feed_chunks(from, Config::new(), bytes, &cut),
            ] {
                assert_eq!(outcome.error, Some(Error::Protocol(violation)), "{bytes:02x?} {cut:?}");
                assert_eq!(outcome.state, State::Failed);
                assert_eq!(outcome.close_code, Some(1006));
                assert!(outcome.outbox.ends_with(&answer), "{:02x?}", outcome.outbox);
            }
        }
    }
    for end in 0..bytes.len() {
        let outcome = feed(from, Config::new(), &bytes[..end], &Cut::Whole);
        let expected = (end > index).then_some(Error::Protocol(violation));
        assert_eq!(outcome.error, expected, "{bytes:02x?}, {end} bytes from {from:?}");
    }
}

fn other(from: From) -> From {
    match from {
        From::Client => From::Server,
        From::Server => From::Client,
    }
}

/// The mask bit as this sender sets it in the second byte.
fn mask_bit(from: From) -> u8 {
    if from == From::Client { 0x80 } else { 0 }
}

// 6455-5.2-a, 6455-11.9-a, P-fd-e, 6455-7.1.7-c, 6455-7.1.7-d, 6455-7.1.7-e, 6455-10.7-b, G-14
#[test]
fn reserved_bits() {
    for from in BOTH {
        for bits in (0x10..=0x70).step_by(0x10) {
            for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
                for fin in [0, FIN] {
                    let bytes = frame(from, fin | bits | opcode, b"x");
                    check(from, &bytes, 0, Violation::ReservedBits);
                }
            }
        }
    }
}

// 6455-9.1-d
#[test]
fn rsv1_is_invalid_without_an_extension() {
    for from in BOTH {
        check(from, &frame(from, FIN | RSV1 | TEXT, b"x"), 0, Violation::ReservedBits);
    }
}

// 6455-5.2-b, 6455-11.8-a
#[test]
fn reserved_opcodes() {
    for from in BOTH {
        for opcode in (3..=7).chain(11..=15) {
            for fin in [0, FIN] {
                for payload in [&b""[..], b"x"] {
                    let bytes = frame(from, fin | opcode, payload);
                    check(from, &bytes, 0, Violation::ReservedOpcode(opcode));
                }
            }
        }
    }
}

// 6455-5.5-b, G-11
#[test]
fn fragmented_control_frames() {
    for from in BOTH {
        for opcode in [CLOSE, PING, PONG] {
            check(from, &frame(from, opcode, b""), 0, Violation::FragmentedControl);
        }
    }
}

// 6455-5.5-a, G-04, G-05
#[test]
fn long_control_frames() {
    for from in BOTH {
        for opcode in [CLOSE, PING, PONG] {
            for length in [126, 127] {
                let bytes = [FIN | opcode, mask_bit(from) | length];
                check(from, &bytes, 1, Violation::ControlTooLong);
            }
        }
    }
}

// 6455-5.1-a, 6455-5.1-b, H-04, H-05, 6455-6.1-d
#[test]
fn the_wrong_mask_bit() {
    let cases = [(From::Client, Violation::NotMasked), (From::Server, Violation::Masked)];
    for (from, violation) in cases {
        for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
            for length in [0, 1, 125] {
                let bytes = [FIN | opcode, (mask_bit(from) ^ 0x80) | length];
                check(from, &bytes, 1, violation);
            }
        }
    }
    // A masking key of zero is still a masking key.
    check(From::Server, &[FIN | TEXT, 0x80, 0, 0, 0, 0], 1, Violation::Masked);
}

// 6455-5.2-d, D-09
#[test]
fn lengths_that_are_not_minimally_encoded() {
    for from in BOTH {
        for length in [0_u16, 1, 125] {
            let [high, low] = length.to_be_bytes();
            let bytes = [FIN | BINARY, mask_bit(from) | 0x7e, high, low];
            check(from, &bytes, 3, Violation::LengthNotMinimal);
        }
        for length in [0_u64, 1, 125, 126, 65_535] {
            let mut bytes = vec![FIN | BINARY, mask_bit(from) | 0x7f];
            bytes.extend_from_slice(&length.to_be_bytes());
            // Six zero bytes prove it.
            check(from, &bytes, 7, Violation::LengthNotMinimal);
        }
    }
}

// 6455-5.2-e, D-01, D-02, D-03
#[test]
fn lengths_with_the_top_bit() {
    for from in BOTH {
        for opcode in [CONTINUATION, TEXT, BINARY] {
            for length in [1_u64 << 63, u64::MAX] {
                let mut bytes = vec![FIN | opcode, mask_bit(from) | 0x7f];
                bytes.extend_from_slice(&length.to_be_bytes());
                check(from, &bytes, 2, Violation::LengthTopBit);
            }
        }
    }
}

// 6455-5.4-i, G-16, D-18
#[test]
fn a_continuation_without_a_message() {
    for from in BOTH {
        for fin in [0, FIN] {
            let header = header(from, fin | CONTINUATION, 5);
            check(from, &header, header.len() - 1, Violation::NothingToContinue);

            let mut bytes = frame(from, TEXT, b"a");
            bytes.extend(frame(from, FIN | CONTINUATION, b"b"));
            bytes.extend(header);
            check(from, &bytes, bytes.len() - 1, Violation::NothingToContinue);
        }
    }
}

// 6455-5.4-j, G-09, G-16
#[test]
fn a_message_inside_a_message() {
    for from in BOTH {
        for first in [TEXT, BINARY] {
            for second in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
                let mut bytes = frame(from, first, b"a");
                bytes.extend(header(from, second, 1));
                check(from, &bytes, bytes.len() - 1, Violation::MessageInsideMessage);
            }
        }
    }
}

// 6455-8.1-a, P-u8-a, G-18
#[test]
fn text_fails_at_the_first_impossible_byte() {
    // (text, index of the impossible byte)
    let cases: [(&[u8], usize); 10] = [
        (b"\x80", 0),
        (b"abc\xff", 3),
        (b"\xc0\xaf", 0),
        (b"\xe0\x80\xaf", 1),
        (b"\xed\xa0\x80", 1),
        (b"\xf4\x90\x80\x80", 1),
        (b"\xf5\x80\x80\x80", 0),
        (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 12),
        (b"\xf0\x9f\x98\x28", 3),
        (b"\xc3\x28", 1),
    ];
    for from in BOTH {
        for (text, impossible) in cases {
            // In an incomplete frame.
            let mut bytes = frame(from, FIN | TEXT, &[text, &[b'.'; 40]].concat());
            bytes.truncate(bytes.len() - 40);
            let at = bytes.len() - text.len() + impossible;
            check(from, &bytes, at, Violation::TextNotUtf8);

            // And in a fragment that begins in the middle of the invalid sequence.
            let mut fragments = frame(from, TEXT, &text[..impossible]);
            let rest = frame(from, CONTINUATION, &text[impossible..]);
            let at = fragments.len() + rest.len() - (text.len() - impossible);
            fragments.extend(rest);
            check(from, &fragments, at, Violation::TextNotUtf8);
        }
    }
}

// P-u8-c
#[test]
fn no_setting_lets_invalid_text_through() {
    let with = |set: fn(Config) -> Config| set(Config::new());
    let settings = [
        with(|config| config.max_message_size(u64::MAX).max_frame_size(u64::MAX)),
        with(|config| config.max_fragments(u32::MAX)),
        with(|config| config.outbox_high_water(usize::MAX)),
        with(|config| config.pongs(Pongs::Latest)),
        with(|config| config.pongs(Pongs::Manual)),
        with(|config| config.deliver_while_closing(true)),
        with(|config| config.close_reply(CloseReply::Manual)),
    ];
    for from in BOTH {
        let fragments = [frame(from, TEXT, b"a"), frame(from, FIN | CONTINUATION, b"\xff")];
        for bytes in [frame(from, FIN | TEXT, b"a\xff"), fragments.concat()] {
            for config in settings {
                for outcome in [
                    feed(from, config, &bytes, &Cut::Whole),
                    feed_chunks(from, config, &bytes, &Cut::Whole),
                    feed_fixed::<160>(from, config, &bytes, &Cut::Every(1)),
                ] {
                    assert!(matches!(outcome.error, Some(Error::Protocol(Violation::TextNotUtf8))));
                    assert_eq!(outcome.heard, []);
                }
            }
        }
    }
}

// 6455-8.1-b, G-16
#[test]
fn text_that_ends_inside_a_character() {
    for from in BOTH {
        for text in [&b"a\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0"] {
            let bytes = frame(from, FIN | TEXT, text);
            check(from, &bytes, bytes.len() - 1, Violation::TextNotUtf8);

            let mut bytes = frame(from, TEXT, text);
            bytes.extend(frame(from, FIN | CONTINUATION, b""));
            check(from, &bytes, bytes.len() - 1, Violation::TextNotUtf8);
        }
    }
}

// 6455-5.5.1-c, P-cl-d, G-10, G-13, 6455-5.5.1-b
#[test]
fn malformed_close_bodies() {
    let cases: [(&[u8], Violation); 7] = [
        (b"\x03", Violation::CloseBodyTooShort),
        (b"\x00\x00", Violation::CloseCode(0)),
        (b"\x03\xe7", Violation::CloseCode(999)),
        (b"\x03\xed", Violation::CloseCode(1005)),
        (b"\x0b\xb7", Violation::CloseCode(2999)),
        (b"\xff\xff", Violation::CloseCode(65_535)),
        (b"\x03\xe8ok\xff", Violation::CloseReasonNotUtf8),
    ];
    for from in BOTH {
        for (body, violation) in cases {
            let bytes = frame(from, FIN | CLOSE, body);
            check(from, &bytes, bytes.len() - 1, violation);
        }
        // A reason of 123 bytes that ends inside a character.
        let body = [&close_body(1000, "")[..], &[b'x'; 122], b"\xc3"].concat();
        let bytes = frame(from, FIN | CLOSE, &body);
        check(from, &bytes, bytes.len() - 1, Violation::CloseReasonNotUtf8);
    }
}

// 6455-7.1.7-b
#[test]
fn a_close_after_a_failure_is_ignored() {
    for from in BOTH {
        let mut bytes = vec![0xff];
        bytes.extend(frame(from, FIN | CLOSE, &close_body(1000, "")));
        let outcome = feed(from, Config::new(), &bytes, &Cut::Whole);
        assert_eq!(outcome.heard, []);
        assert_eq!(outcome.close_code, Some(1006));
        let error = outcome.error.unwrap();
        assert_eq!(error.close_code(), Some(CloseCode::PROTOCOL_ERROR));
    }
}
