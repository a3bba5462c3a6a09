//! Limits on received frames, and on messages while they are decompressed.

use hybi::{Config, Error, Inbox, LimitExceeded};

use super::{
    endpoint::{WAYS, compressed, connect, hear, hear_all, noise, policy, stored},
    hostile::check_close,
    receiving::{AGAIN, HELLO},
};
use crate::support::{
    feed::{Cut, binary, receive},
    wire::{BINARY, BOTH, CONTINUATION, FIN, From, RSV1, TEXT, frame, header},
};

#[allow(clippy::unnecessary_wraps)] // compared with an `Option`
fn message_size(limit: u64) -> Option<Error> {
    Some(LimitExceeded::MessageSize { size: limit + 1, limit }.into())
}

/// A message of `count` zeros, compressed by the crate.
fn zeros(count: usize) -> Vec<u8> {
    let (mut server, _) = connect(&policy(false), &policy(false), Config::new());
    let mut bytes = Vec::new();
    server.send_binary(&vec![0; count], &mut bytes).unwrap();
    let header = if bytes[1] < 126 { 2 } else { 4 };
    bytes.split_off(header)
}

// P-pd-e, F-01, F-02, F-08, P-pd-i, F-12
#[test]
fn a_message_at_the_limit_and_one_byte_above() {
    let limit = 5;
    let config = Config::new().max_message_size(limit);
    for takeover in [false, true] {
        for from in BOTH {
            let good = compressed(from, BINARY, &HELLO);
            let other = compressed(from, BINARY, &stored(b"abcde"));
            let outcome = hear_all(from, takeover, config, &[good, other].concat());
            assert_eq!(
                (outcome.heard, outcome.error),
                (vec![binary(b"Hello"), binary(b"abcde")], None)
            );
            for payload in [stored(b"abcdef"), stored(&[b'a'; 1000])] {
                // Corrupt data and valid messages after it are ignored.
                let behind = [compressed(from, TEXT, &[0x07]), compressed(from, TEXT, &HELLO)];
                let bytes = [compressed(from, BINARY, &payload), behind.concat()].concat();
                let outcome = hear_all(from, takeover, config, &bytes);
                assert_eq!((outcome.heard, outcome.error), (vec![], message_size(limit)));
            }
        }
    }
}

// P-pd-e, F-01, F-02, F-03, F-04, F-06, F-08
#[test]
fn a_small_message_that_decompresses_to_a_large_one() {
    let limit = 10_000;
    let config = Config::new().max_message_size(limit);
    let (exact, beyond, bomb) = (zeros(10_000), zeros(10_001), zeros(1_000_000));
    assert!(bomb.len() < 10_000, "{} bytes", bomb.len());
    for from in BOTH {
        for how in WAYS {
            for cut in [Cut::Whole, Cut::Every(1), Cut::Every(7)] {
                let hear = |bytes: &[u8]| hear(from, true, config, bytes, &cut, how);
                let outcome = hear(&compressed(from, BINARY, &exact));
                assert_eq!((outcome.heard.len(), outcome.error), (1, None));
                for payload in [&beyond, &bomb] {
                    let outcome = hear(&compressed(from, BINARY, payload));
                    assert_eq!((outcome.heard.len(), outcome.error), (0, message_size(limit)));
                    check_close(from, &outcome, 1009);
                    // In fragments.
                    let mut bytes = frame(from, RSV1 | BINARY, &payload[..5]);
                    for piece in payload[5..].chunks(3) {
                        bytes.extend(frame(from, CONTINUATION, piece));
                    }
                    bytes.extend(frame(from, FIN | CONTINUATION, b""));
                    assert_eq!(hear(&bytes).error, message_size(limit));
                }
            }
        }
    }
}

// P-pd-e, 7692-7.2.2-b
#[test]
fn the_limit_applies_to_each_message() {
    let config = Config::new().max_message_size(5);
    for from in BOTH {
        let mut bytes = compressed(from, BINARY, &HELLO);
        bytes.extend(compressed(from, BINARY, &AGAIN).repeat(20));
        let outcome = hear_all(from, true, config, &bytes);
        assert_eq!((outcome.heard, outcome.error), (vec![binary(b"Hello"); 21], None));
    }
}

// P-pd-f, F-07
#[test]
fn the_limits_are_independent() {
    for from in BOTH {
        // Frames: the compressed length counts, and is checked when the header arrives.
        let config = Config::new().max_message_size(u64::MAX).max_frame_size(6);
        let too_large = Some(LimitExceeded::FrameSize { size: 7, limit: 6 }.into());
        let outcome = hear_all(from, true, config, &compressed(from, BINARY, &HELLO));
        assert_eq!(outcome.error, too_large);
        let outcome = hear_all(from, true, config, &header(from, FIN | RSV1 | BINARY, 7));
        assert_eq!(outcome.error, too_large);
        check_close(from, &outcome, 1009);
        let in_two =
            [frame(from, RSV1 | BINARY, &HELLO[..3]), frame(from, FIN | CONTINUATION, &HELLO[3..])];
        let outcome = hear_all(from, true, config, &in_two.concat());
        assert_eq!(outcome.heard, [binary(b"Hello")]);

        // Messages: only the decompressed length counts.
        let config = Config::new().max_message_size(4).max_frame_size(u64::MAX);
        let outcome = hear_all(from, true, config, &compressed(from, BINARY, &HELLO));
        assert_eq!(outcome.error, message_size(4));
        let config = Config::new().max_message_size(5);
        let longer = stored(b"Hello");
        assert!(longer.len() > 5);
        let outcome = hear_all(from, true, config, &compressed(from, BINARY, &longer));
        assert_eq!(outcome.heard, [binary(b"Hello")]);

        // Fragments: as for any message.
        let config = Config::new().max_fragments(7);
        let mut bytes = frame(from, RSV1 | BINARY, b"");
        bytes.extend(frame(from, CONTINUATION, b"").repeat(7));
        let outcome = hear_all(from, true, config, &bytes);
        assert_eq!(outcome.error, Some(LimitExceeded::Fragments { limit: 7 }.into()));
    }
}

// P-pd-e, P-pd-f
#[test]
fn a_limit_of_zero_and_no_limit() {
    let config = Config::new().max_message_size(0);
    for from in BOTH {
        let outcome = hear_all(from, true, config, &compressed(from, BINARY, &[0x00]));
        assert_eq!((outcome.heard, outcome.error), (vec![binary(b"")], None));
        let outcome = hear_all(from, true, config, &compressed(from, BINARY, &HELLO));
        assert_eq!(outcome.error, message_size(0));
        let config = Config::new().max_message_size(u64::MAX).max_frame_size(u64::MAX);
        let data = noise(70_000);
        let bytes = compressed(from, BINARY, &stored(&data));
        for how in WAYS {
            let outcome = hear(from, false, config, &bytes, &Cut::Every(1000), how);
            assert!(outcome.heard == [binary(&data)]);
        }
        let outcome = hear(
            From::Client,
            true,
            config,
            &header(From::Client, 0xc2, (1 << 63) - 1),
            &Cut::Whole,
            WAYS[0],
        );
        assert_eq!(outcome.error, None);
    }
}

// F-20
#[test]
fn a_compressed_frame_that_fills_the_inbox_is_delivered() {
    for length in (0..200).chain([1000, 65_520]) {
        let data = noise(length);
        for from in BOTH {
            let bytes = compressed(from, BINARY, &stored(&data));
            for cut in [Cut::Whole, Cut::Every(1), Cut::Every(7)] {
                let (mut server, mut client) = connect(&policy(true), &policy(true), Config::new());
                let inbox = Inbox::over(vec![0; bytes.len()]);
                let outcome = match from {
                    From::Client => receive(&mut server, inbox, &bytes, &cut),
                    From::Server => receive(&mut client, inbox, &bytes, &cut),
                };
                assert_eq!((outcome.error, outcome.heard), (None, vec![binary(&data)]), "{length}");
            }
        }
    }
}
