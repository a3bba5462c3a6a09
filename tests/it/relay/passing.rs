//! Relaying frames in both directions.

use hybi::{
    random::{Entropy, EntropyError, OsEntropy},
    relay::{Relay, Side},
};

use super::{
    link::{Link, arriving, cuts, key, read},
    wire::{BINARY, BOTH, CONTINUATION, FIN, KEY, PING, PONG, TEXT, frame, header, masked, other},
};

/// Always returns this key.
#[derive(Debug)]
struct Always([u8; 4]);

impl Entropy for Always {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

/// A message in fragments with control frames between them, and messages in one frame.
fn conversation() -> Vec<(u8, Vec<u8>)> {
    vec![
        (TEXT, b"Hel".to_vec()),
        (PING, b"are you there?".to_vec()),
        (CONTINUATION, Vec::new()),
        (PONG, Vec::new()),
        (FIN | CONTINUATION, b"lo".to_vec()),
        (FIN | BINARY, (0..=255).cycle().take(300).collect()),
        (FIN | TEXT, Vec::new()),
        (FIN | BINARY, vec![0xff; 125]),
        (FIN | BINARY, vec![7]),
    ]
}

/// These frames as one side sends them, and as they must arrive at the other.
fn sent_and_expected(from: Side, frames: &[(u8, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    for ((first, payload), n) in frames.iter().zip(0..) {
        sent.extend(frame(from, *first, payload));
        expected.extend(arriving(other(from), n, *first, payload));
    }
    (sent, expected)
}

// 6455-5.3-e
#[test]
fn the_example_of_the_rfc() {
    // "Hello" masked with 37 fa 21 3d, then with 01 02 03 04 (section 5.7, and by hand).
    let mut sent = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    let mut relay = Relay::new(Always([1, 2, 3, 4]));
    let passed = relay.pass(Side::Client, &mut sent);
    assert_eq!(passed.slices(), [&b""[..], b"\x81\x85\x01\x02\x03\x04\x49\x67\x6f\x68\x6e"]);
}

/// Implements `masking_key` separately from `fill`, like a generator that draws keys in advance.
#[derive(Debug)]
struct KeysApart(u8);

impl Entropy for KeysApart {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }

    fn masking_key(&mut self) -> Result<[u8; 4], EntropyError> {
        self.0 += 1;
        Ok([self.0; 4])
    }
}

// 6455-5.3-e, P-mk-a: for relayed frames, and for the relay's own Close
#[test]
fn masking_keys_come_from_the_masking_key_method() {
    let mut relay = Relay::new(KeysApart(0));
    let mut sent = *b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b";
    let passed = relay.pass(Side::Client, &mut sent);
    let expected = b"\x81\x81\x01\x01\x01\x01\x60\x81\x81\x02\x02\x02\x02\x60";
    assert_eq!(passed.slices().concat(), expected);
    assert_eq!(relay.failure(), None);
    relay.end_of_input(Side::Client);
    let mut outbox = Vec::new();
    relay.send_close(Side::Server, &mut outbox);
    // 1001, masked with the third key.
    assert_eq!(outbox, b"\x88\x82\x03\x03\x03\x03\x00\xea");
}

// 6455-5.4-g, 6455-5.3-a, 6455-5.3-b, 6455-5.1-c, P-fd-d, P-mk-a
#[test]
fn frames_are_relayed_with_only_their_masking_key_changed() {
    for from in BOTH {
        let (sent, expected) = sent_and_expected(from, &conversation());
        for pieces in cuts(&sent) {
            let mut link = Link::new();
            link.carry_all(from, &pieces);
            assert_eq!(link.sent_to(other(from)), expected);
            assert!(link.sent_to(from).is_empty());
            assert_eq!((link.relay.failure(), link.should_close_transport()), (None, [false; 2]));
            assert!(!link.relay.is_closing());
        }
    }
}

// 6455-5.2-c, 6455-5.2-i, 6455-5.3-f
#[test]
fn every_encoding_of_the_length_is_relayed() {
    for from in BOTH {
        for length in [0, 1, 125, 126, 127, 65535, 65536, 70000] {
            let payload: Vec<u8> = (0..=250).cycle().take(length).collect();
            let frames = [(FIN | BINARY, payload.clone()), (FIN | TEXT, b"next".to_vec())];
            let (sent, expected) = sent_and_expected(from, &frames);
            for piece in [1, 7, 4096, sent.len()] {
                let mut link = Link::new();
                link.carry_all(from, &sent.chunks(piece).collect::<Vec<_>>());
                let received = link.take(other(from));
                assert!(received == expected, "{length} bytes in pieces of {piece}");
                let read: Vec<_> = read(other(from), &received);
                let read: Vec<_> = read.iter().map(|f| (&f.payload[..], f.missing)).collect();
                assert!(read == [(&payload[..], 0), (b"next", 0)], "{length} bytes");
            }
        }
    }
}

// 6455-5.3-b
#[test]
fn no_two_frames_get_the_same_key() {
    let keys: std::collections::HashSet<_> = {
        let mut relay = Relay::new(OsEntropy::new());
        let mut sent = masked(KEY, PING, b"").repeat(1000);
        let passed = relay.pass(Side::Client, &mut sent);
        passed.slices()[1].chunks(6).map(|frame| frame[2..].to_vec()).collect()
    };
    // Among so many random 32-bit numbers, two are equal once in ten thousand runs.
    assert!(keys.len() > 995, "{}", keys.len());
}

// P-fd-g
#[test]
fn masking_keys_of_zero_are_valid() {
    let sent = masked([0; 4], FIN | TEXT, b"Hello");
    let mut link = Link::new();
    link.carry(Side::Client, &sent);
    assert_eq!(link.sent_to(Side::Server), masked(key(0), FIN | TEXT, b"Hello"));

    let mut sent = frame(Side::Client, FIN | TEXT, b"Hello");
    let mut relay = Relay::new(Always([0; 4]));
    let passed = relay.pass(Side::Client, &mut sent);
    assert_eq!(passed.slices()[1], b"\x81\x85\0\0\0\0Hello");
}

#[test]
fn relayed_bytes_are_not_copied() {
    for from in BOTH {
        let (sent, _) = sent_and_expected(from, &conversation());
        let mut bytes = sent.clone();
        let place = bytes.as_ptr_range();
        let passed = Link::new().relay.pass(from, &mut bytes);
        let [completed, in_place] = passed.slices();
        assert!(completed.is_empty());
        assert_eq!(in_place.as_ptr_range(), place);
        assert_eq!(passed.io_slices().map(|slice| slice.to_vec()), [completed, in_place]);
    }
}

// P-fd-d
#[test]
fn a_partial_header_is_kept_until_it_is_complete() {
    for from in BOTH {
        let mask = (from == Side::Client).then_some(KEY);
        for length in [5, 300, 70000] {
            let header = header(mask, FIN | BINARY, length);
            let expected = read(other(from), &header);
            for cut in 1..header.len() {
                let mut relay = Link::new().relay;
                let (mut head, mut tail) = (header[..cut].to_vec(), header[cut..].to_vec());
                tail.extend(b"abc");
                assert!(relay.pass(from, &mut head).is_empty());
                let place = tail[header.len() - cut..].as_ptr_range();
                let passed = relay.pass(from, &mut tail);
                let [completed, in_place] = passed.slices();
                assert_eq!(read(other(from), completed), expected);
                assert_eq!((completed.len(), in_place.as_ptr_range()), (header.len(), place));
            }
        }
    }
}

// P-fd-c
#[test]
fn a_frame_of_any_length_is_relayed() {
    for from in BOTH {
        let mask = (from == Side::Client).then_some(KEY);
        let mut link = Link::new();
        link.carry(from, &header(mask, BINARY, i64::MAX as u64));
        for _ in 0..100 {
            link.carry(from, &[0; 1000]);
        }
        let read = read(other(from), &link.take(other(from)));
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].payload.len(), read[0].missing), (100_000, i64::MAX as u64 - 100_000));
        assert_eq!(link.relay.failure(), None);
    }
    // It stores everything inline.
    assert!(size_of::<Relay<Always>>() <= 256);
}

#[test]
fn the_directions_are_independent() {
    let client = sent_and_expected(Side::Client, &conversation());
    let server = sent_and_expected(Side::Server, &conversation());
    let mut link = Link::new();
    for (from_client, from_server) in client.0.iter().zip(&server.0) {
        link.carry(Side::Client, &[*from_client]);
        link.carry(Side::Server, &[*from_server]);
    }
    link.carry(Side::Client, &client.0[server.0.len()..]);
    assert_eq!(link.take(Side::Server), client.1);
    assert_eq!(link.take(Side::Client), server.1);
}

// P-se-f
#[test]
fn debug_output_hides_keys_and_payload() {
    let secret = b"secret";
    let mut relay = Relay::new(OsEntropy::new());
    let mut from_server = frame(Side::Server, FIN | TEXT, secret);
    let mut half_a_header = [0x82, 0xfe, 1, 0, KEY[0], KEY[1]];
    let passed = format!("{:?}", relay.pass(Side::Server, &mut from_server));
    let kept = format!("{:?}", relay.pass(Side::Client, &mut half_a_header));
    let relay = format!("{relay:?}");
    for shown in [passed, kept, relay] {
        assert!(!shown.contains(&format!("{}, {}", KEY[0], KEY[1])), "{shown}");
        assert!(!shown.contains(&format!("{}, {}", secret[0], secret[1])), "{shown}");
    }
}
