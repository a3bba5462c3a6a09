//! What the reserved bits mean next to compression, and hostile messages with them.

use hybi::{
    Config, Error, LimitExceeded, Misuse, Violation,
    extension::{Claims, ExtendedMessage},
    frame::{Kind, Opcode, Reserved},
};

use super::{BOTH_BITS, RSV2, RSV3, open};
use crate::{
    custom_extensions::{
        checksum,
        endpoint::{Got, Outcome, receive_all},
        multiplexer,
    },
    deflate::endpoint::{compressed, noise, policy, stored, stored_block},
    support::{
        feed::text,
        wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, RSV1, TEXT, frame},
    },
};

/// Feeds the peer of `from` in every way.
fn hear(from: From, before: &str, after: &str, bytes: &[u8]) -> Outcome {
    let config = Config::new().max_message_size(1000);
    let ends = || open(&policy(true), before, after, config);
    match from {
        From::Client => receive_all::<_, 2000>(|| ends().0, bytes),
        From::Server => receive_all::<_, 2000>(|| ends().1, bytes),
    }
}

// P-ext-c, P-ext-f, P-ext-h, 6455-9.1-f
#[test]
fn what_the_bits_mean_depends_on_the_order_of_the_extensions() {
    const ALL: u8 = FIN | RSV1 | RSV2;
    for from in BOTH {
        // "Hello" of RFC 7692, section 7.2.3.1.
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let bytes = [
            frame(from, RSV1 | RSV2 | TEXT, &hello[..3]),
            frame(from, FIN | RSV1 | RSV3 | BINARY, b"frame"),
            frame(from, FIN | CONTINUATION, &hello[3..]),
            frame(from, ALL | RSV3 | CONTINUATION, b"frame"),
            frame(from, FIN | RSV2 | BINARY, b"plain"),
            compressed(from, TEXT, &stored(b"text")),
            frame(from, ALL | BINARY, &hello)[..5].to_vec(),
        ]
        .concat();
        let message = |reserved, payload: &[u8]| Got::Message(Kind::Text, reserved, payload.into());
        let framed = |opcode, reserved| Got::Frame(opcode, true, reserved, b"frame".into());
        let rest = [
            framed(Opcode::Continuation, BOTH_BITS | multiplexer::BIT),
            Got::Message(Kind::Binary, checksum::BIT, b"plain".into()),
            Got::Event(text("text")),
        ];
        let first = framed(Opcode::Binary, Reserved::RSV1 | multiplexer::BIT);
        let before = hear(from, "x-checksum, x-mux", "", &bytes);
        assert_eq!(before.error, None);
        let expected = [&[first.clone(), message(checksum::BIT, b"Hello")], &rest[..]].concat();
        assert_eq!(before.got, expected);
        let after = hear(from, "x-mux", "x-checksum", &bytes);
        assert_eq!(after.error, None);
        assert_eq!(after.got, [&[first, message(BOTH_BITS, &hello)], &rest[..]].concat());
    }
}

// P-pd-e, P-pd-d, P-ext-c, 7692-6-d, 6455-5.2-a
#[test]
fn hostile_messages_before_compression() {
    let limit = LimitExceeded::MessageSize { size: 1001, limit: 1000 };
    let bits: Error = Violation::ReservedBits.into();
    let two_blocks = [stored_block(0, &[7; 900]), stored(&[7; 101])].concat();
    for from in BOTH {
        let marked = |first, payload: &[u8]| frame(from, first | RSV1 | RSV2, payload);
        let table = [
            (marked(FIN | BINARY, &stored(&[7; 1001])), limit.into(), 1009_u16),
            (marked(FIN | BINARY, &two_blocks), limit.into(), 1009),
            (marked(FIN | BINARY, b"\xf2"), Violation::NotDeflate.into(), 1007),
            (marked(FIN | BINARY, b"\xff\xff"), Violation::NotDeflate.into(), 1007),
            ([marked(TEXT, b""), marked(CONTINUATION, b"")].concat(), bits, 1002),
            ([marked(TEXT, b""), frame(from, RSV1, b"")].concat(), bits, 1002),
            ([marked(TEXT, b""), frame(from, RSV2, b"")].concat(), bits, 1002),
            (marked(FIN | 9, b""), bits, 1002),
            (frame(from, FIN | RSV3 | TEXT, b""), bits, 1002),
        ];
        for (bytes, error, code) in table {
            let bytes = [bytes, frame(from, FIN | TEXT, b"after")].concat();
            let outcome = hear(from, checksum::NAME, "", &bytes);
            assert_eq!((outcome.got, outcome.error), (vec![], Some(error)));
            let other = if from == From::Client { From::Server } else { From::Client };
            assert_eq!(outcome.outbox, frame(other, FIN | CLOSE, &code.to_be_bytes()));
        }
    }
}

// P-ext-h, P-pd-e, P-pd-d
#[test]
fn hostile_messages_after_compression() {
    let bomb = stored(&[7; 1001]);
    let limit = LimitExceeded::MessageSize { size: 1001, limit: 1000 };
    let table: [(&[u8], Error, u16); 5] = [
        (&bomb, limit.into(), 1009),
        (b"\xf2", Violation::NotDeflate.into(), 1007),
        (b"\xf2\x48\xcd", Violation::NotDeflate.into(), 1007),
        (b"\xff\xff", Violation::NotDeflate.into(), 1007),
        (b"", Violation::NotDeflate.into(), 1007),
    ];
    let config = Config::new().max_message_size(1000);
    for (payload, error, code) in table {
        let (mut server, mut client) = open(&policy(true), "", checksum::NAME, config);
        assert_eq!(server.decompress(payload), Err(error), "{payload:x?}");
        assert_eq!(client.decompress(payload), Err(error));
        assert_eq!(error.close_code().map(hybi::CloseCode::get), Some(code));
    }
    // Up to the limit, in a small inbox, and any size of the output.
    let (mut server, _) = open(&policy(true), "", checksum::NAME, config);
    for length in (0..=1000).rev().step_by(3) {
        let data = noise(length);
        assert_eq!(server.decompress(&stored(&data)), Ok(data));
    }
    // The received payload is limited, too.
    let long = frame(From::Client, FIN | RSV1 | RSV2 | BINARY, &bomb);
    let outcome = hear(From::Client, "", checksum::NAME, &long);
    let limit = LimitExceeded::MessageSize { size: bomb.len() as u64, limit: 1000 };
    assert_eq!(outcome.error, Some(limit.into()));
}

// P-ext-i
#[test]
fn rsv1_belongs_to_compression() {
    let claims = [
        Claims::new().per_message(Reserved::RSV1),
        Claims::new().per_frame(Reserved::RSV1 | Reserved::RSV3),
        Claims::new().per_message_after_compression(Reserved::RSV1 | Reserved::RSV2),
    ];
    for claims in claims {
        let (server, client) = open(&policy(true), "", "", Config::new());
        assert_eq!(server.with_claims(claims).map(|_| ()), Err(Misuse::ReservedBits));
        assert_eq!(client.with_claims(claims).map(|_| ()), Err(Misuse::ReservedBits));
    }
}

// P-ext-g
#[test]
fn rsv1_is_sent_only_with_the_bit_of_an_extension_after_compression() {
    let (mut before, _) = open(&policy(true), checksum::NAME, "", Config::new());
    let (mut after, _) = open(&policy(true), "", checksum::NAME, Config::new());
    let mut outbox = Vec::new();
    let refused = Err(Error::Misuse(Misuse::ReservedBits));
    for (reserved, is_sent) in [(Reserved::RSV1, false), (BOTH_BITS, true)] {
        let message = ExtendedMessage { kind: Kind::Text, reserved, payload: b"\x00" };
        assert_eq!(before.send_extended(message, &mut outbox), refused);
        assert!(outbox.is_empty());
        assert_eq!(after.send_extended(message, &mut outbox).is_ok(), is_sent);
    }
}
