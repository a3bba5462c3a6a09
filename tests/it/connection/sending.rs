//! Sending: the bytes of every frame, in both roles.

use hybi::{
    Client, Config, Connection, Error, Event, FixedOutbox, Fragment, Inbox, Misuse, Outbox,
    OutboxFull, Prepared,
    random::{Entropy, EntropyError},
};

use super::pair::Pair;
use crate::support::{
    feed::{Cut, Heard, binary, client, feed, server, text},
    wire::{BINARY, CONTINUATION, FIN, From, PING, PONG, TEXT, frame},
};

/// Sends in both roles and checks the bytes.
fn check(
    config: Config,
    expected: &[(u8, &[u8])],
    send_as_server: impl FnOnce(&mut Connection<hybi::Server>, &mut Vec<u8>),
    send_as_client: impl FnOnce(&mut Connection<Client<crate::support::feed::ExampleKey>>, &mut Vec<u8>),
) {
    let wire = |from| -> Vec<u8> {
        expected.iter().flat_map(|(first, payload)| frame(from, *first, payload)).collect()
    };
    let mut outbox = Vec::new();
    send_as_server(&mut server(config), &mut outbox);
    assert_eq!(outbox, wire(From::Server));
    outbox.clear();
    send_as_client(&mut client(config), &mut outbox);
    assert_eq!(outbox, wire(From::Client));
}

/// The same calls in both roles.
macro_rules! check {
    ($config:expr, $expected:expr, |$websocket:ident, $outbox:ident| $send:expr) => {
        check($config, $expected, |$websocket, $outbox| $send, |$websocket, $outbox| $send)
    };
}

// 6455-6.1-c, 6455-6.1-d, 6455-5.1-c, 6455-5.3-a, 6455-5.2-h
#[test]
fn the_examples_of_section_5_7() {
    let mut outbox = Vec::new();
    server(Config::new()).send_text("Hello", &mut outbox).unwrap();
    assert_eq!(outbox, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    outbox.clear();
    client(Config::new()).send_text("Hello", &mut outbox).unwrap();
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(outbox, masked);

    outbox.clear();
    let mut websocket = server(Config::new());
    websocket.send_text_fragment("Hel", Fragment::More, &mut outbox).unwrap();
    websocket.send_text_fragment("lo", Fragment::Last, &mut outbox).unwrap();
    assert_eq!(outbox, [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]);

    outbox.clear();
    server(Config::new()).send_binary(&[0; 256], &mut outbox).unwrap();
    assert_eq!(outbox[..4], [0x82, 0x7e, 0x01, 0x00]);
    outbox.clear();
    server(Config::new()).send_binary(&vec![0; 65_536], &mut outbox).unwrap();
    assert_eq!(outbox[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
}

// 6455-5.2-i, D-08, 6455-6.1-e, J-01
#[test]
fn every_length_form() {
    for length in [0, 1, 124, 125, 126, 127, 65_535, 65_536, 100_000] {
        let data: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
        check!(Config::new(), &[(FIN | BINARY, &data)], |websocket, outbox| {
            websocket.send_binary(&data, outbox).unwrap();
        });
        // A strict receiver accepts it.
        for from in [From::Client, From::Server] {
            let outcome = feed(from, Config::new(), &frame(from, FIN | BINARY, &data), &Cut::Whole);
            assert_eq!(outcome.heard, [binary(&data)]);
        }
    }
}

// J-02, 6455-5.5.2-c
#[test]
fn a_ping_or_pong_has_exactly_the_bytes_that_were_passed() {
    let data: Vec<u8> = (0..125).rev().collect();
    for length in 0..=data.len() {
        let data = &data[..length];
        check!(Config::new(), &[(FIN | PING, data), (FIN | PONG, data)], |websocket, outbox| {
            websocket.send_ping(data, outbox).unwrap();
            websocket.send_pong(data, outbox).unwrap();
        });
    }
}

// 6455-10.3-b, H-08: the borrow ends with the call, so a later change is to other bytes
#[test]
fn a_payload_that_changes_after_the_call_is_sent_as_it_was() {
    let (mut drawn, mut outbox) = (Vec::new(), Vec::new());
    let entropy = Counting { drawn: &mut drawn, left: 4 };
    let mut websocket = Connection::client(Config::new(), entropy);
    let mut data = *b"first";
    websocket.send_binary(&data, &mut outbox).unwrap();
    let sent = outbox.clone();
    data.copy_from_slice(b"other");
    assert_eq!(outbox, sent);
    websocket.send_binary(&data, &mut outbox).unwrap();
    assert!(outbox.starts_with(&sent));
    websocket.send_ping(&data, &mut outbox).unwrap();
    data.fill(0);
    let _ = websocket.mask_binary(&mut data).unwrap();
    assert_eq!(drawn.len(), 4, "each call has a key of its own");
    assert_eq!(drawn.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

// 6455-6.1-b, 6455-6.1-c, 6455-5.4-c, 6455-5.4-e, 6455-5.4-f
#[test]
fn fragments_with_a_ping_between_them() {
    let expected: [(u8, &[u8]); 5] = [
        (BINARY, b""),
        (CONTINUATION, b"a"),
        (FIN | PING, b"?"),
        (CONTINUATION, b"bc"),
        (FIN | CONTINUATION, b""),
    ];
    check!(Config::new(), &expected, |websocket, outbox| {
        websocket.send_binary_fragment(b"", Fragment::More, outbox).unwrap();
        websocket.send_binary_fragment(b"a", Fragment::More, outbox).unwrap();
        websocket.send_ping(b"?", outbox).unwrap();
        websocket.send_binary_fragment(b"bc", Fragment::More, outbox).unwrap();
        websocket.send_binary_fragment(b"", Fragment::Last, outbox).unwrap();
    });
    check!(Config::new(), &[(FIN | TEXT, b"one")], |websocket, outbox| {
        websocket.send_text_fragment("one", Fragment::Last, outbox).unwrap();
    });
}

// 6455-6.1-b, 6455-5.4-d
#[test]
fn messages_are_not_interleaved() {
    let mut outbox = Vec::new();
    let mut websocket = server(Config::new());
    websocket.send_text_fragment("a", Fragment::More, &mut outbox).unwrap();
    let sent = outbox.clone();
    let open = Err(Error::Misuse(Misuse::MessageOpen));
    assert_eq!(websocket.send_text("x", &mut outbox), open);
    assert_eq!(websocket.send_binary(b"x", &mut outbox), open);
    assert_eq!(websocket.frame_text("x").map(|_| ()), open);
    assert_eq!(websocket.send_prepared(&Prepared::text("x"), &mut outbox), open);
    assert_eq!(
        websocket.send_binary_fragment(b"x", Fragment::More, &mut outbox),
        Err(Misuse::KindChanged.into())
    );
    assert_eq!(outbox, sent);
    websocket.send_text_fragment("b", Fragment::Last, &mut outbox).unwrap();
    websocket.send_binary(b"x", &mut outbox).unwrap();
    let heard = feed(From::Server, Config::new(), &outbox, &Cut::Whole).heard;
    assert_eq!(heard, [text("ab"), binary(b"x")]);
}

// 6455-5.1-c
#[test]
fn a_server_frames_without_copying() {
    let mut websocket = server(Config::new());
    let long = "x".repeat(70_000);
    let framed = websocket.frame_text(&long).unwrap();
    assert_eq!(framed.slices().concat(), frame(From::Server, FIN | TEXT, long.as_bytes()));
    assert!(std::ptr::eq(framed.payload(), long.as_bytes()));
    assert!(framed.header().len() <= 10);
    let framed = websocket.frame_binary(b"").unwrap();
    assert_eq!(framed.io_slices().map(|slice| slice.to_vec()).concat(), b"\x82\x00");
}

// 6455-5.3-a, 6455-5.3-f, H-06
#[test]
fn a_client_masks_its_own_buffer() {
    let mut websocket = client(Config::new());
    let mut text = *b"Hello";
    let framed = websocket.mask_text(&mut text).unwrap();
    assert_eq!(framed.slices().concat(), frame(From::Client, FIN | TEXT, b"Hello"));
    let mut data = [7; 1000];
    let framed = websocket.mask_binary(&mut data).unwrap();
    assert_eq!(framed.slices().concat(), frame(From::Client, FIN | BINARY, &[7; 1000]));
}

// P-fe-a
#[test]
fn text_passed_as_bytes_is_validated() {
    let mut websocket = client(Config::new());
    for (bytes, offset) in
        [(&b"ab\xff"[..], 2), (b"abc\xe2\x82", 3), (b"ab\xc3", 2), (b"\xed\xa0\x80", 1)]
    {
        let mut given = bytes.to_vec();
        let refused = websocket.mask_text(&mut given).map(|_| ());
        assert_eq!(refused, Err(Misuse::TextNotUtf8(offset).into()));
        assert_eq!(given, bytes, "left as it was");
    }
}

#[test]
fn prepared_messages_are_sent() {
    let mut pair = Pair::new(Config::new());
    let prepared = [Prepared::text("news"), Prepared::binary(&[9; 200])];
    for message in &prepared {
        pair.server.websocket.send_prepared(message, &mut pair.server.outbox).unwrap();
        let bytes = pair.server.websocket.frame_prepared(message).unwrap();
        assert!(pair.server.outbox.ends_with(bytes));
    }
    pair.settle();
    assert_eq!(pair.client.heard, [text("news"), binary(&[9; 200])]);
}

#[test]
fn a_prepared_message_is_sent_whole_or_not_at_all() {
    let news = Prepared::text("news"); // 4 bytes, and a header of 2
    for size in 0..=8 {
        let mut websocket = server(Config::new());
        let mut outbox = FixedOutbox::over([0; 8]);
        outbox.append(&[b'.'; 8][..8 - size]);
        let sent = websocket.send_prepared(&news, &mut outbox);
        if size < 6 {
            assert_eq!(sent, Err(OutboxFull { needed: 6, room: size }.into()));
            assert_eq!(outbox.bytes().len(), 8 - size);
        } else {
            assert_eq!(sent, Ok(()));
            assert!(outbox.bytes().ends_with(b"\x81\x04news"));
        }
    }
}

/// Records the keys drawn, and fails after a number of them.
#[derive(Debug)]
struct Counting<'a> {
    drawn: &'a mut Vec<[u8; 4]>,
    left: usize,
}

impl Entropy for Counting<'_> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.left = self.left.checked_sub(1).ok_or(EntropyError)?;
        let key = u32::try_from(self.drawn.len()).unwrap().wrapping_mul(0x9e37_79b9).to_be_bytes();
        bytes.copy_from_slice(&key);
        self.drawn.push(key);
        Ok(())
    }
}

// 6455-5.3-b, 6455-10.3-a, 6455-10.3-c, H-01, B-10
#[test]
fn every_frame_has_a_fresh_masking_key() {
    let mut drawn = Vec::new();
    let mut outbox = Vec::new();
    let entropy = Counting { drawn: &mut drawn, left: 1000 };
    let mut websocket = Connection::client(Config::new(), entropy);
    for _ in 0..100 {
        for (piece, fragment) in Fragment::split_text("0123456789abcdefghijklmn", 10) {
            websocket.send_text_fragment(piece, fragment, &mut outbox).unwrap(); // three times
        }
        websocket.send_ping(b"", &mut outbox).unwrap();
    }
    assert_eq!(drawn.len(), 400);
    let mut rest = &outbox[..];
    for key in drawn {
        assert_eq!(rest[2..6], key);
        rest = &rest[6 + usize::from(rest[1] & 0x7f)..];
    }
    assert!(rest.is_empty());
}

// P-mk-c, 6455-5.3-c, L-08
#[test]
fn nothing_is_sent_without_a_masking_key() {
    let mut drawn = Vec::new();
    let entropy = Counting { drawn: &mut drawn, left: 0 };
    let mut websocket = Connection::client(Config::new(), entropy);
    let mut outbox = b"before".to_vec();
    let refused = Err(Error::Entropy(EntropyError));
    assert_eq!(websocket.send_text("ab", &mut outbox), refused);
    assert_eq!(websocket.send_text_fragment("ab", Fragment::More, &mut outbox), refused);
    assert_eq!(websocket.send_ping(b"", &mut outbox), refused);
    let mut data = *b"data";
    assert_eq!(websocket.mask_binary(&mut data).map(|_| ()), refused);
    assert_eq!((&outbox[..], &data), (&b"before"[..], b"data"));
}

#[test]
fn an_outbox_may_be_lent() {
    let mut websocket = server(Config::new());
    let mut outbox = FixedOutbox::over([0; 13]);
    {
        let mut lent = &mut outbox;
        websocket.send_prepared(&Prepared::text("one"), &mut lent).unwrap();
        websocket.send_text("two", &mut lent).unwrap();
        let full = Err(OutboxFull { needed: 5, room: 3 }.into());
        assert_eq!(websocket.send_text("six", &mut lent), full);
        assert_eq!(lent.pending(), 10);
    }
    assert_eq!(outbox.bytes(), b"\x81\x03one\x81\x03two");
}

// J-03
#[test]
fn an_outbox_without_room_is_unchanged() {
    for size in 0..7 {
        let mut websocket = server(Config::new());
        let mut outbox = FixedOutbox::over([0; 7]);
        outbox.append(&[b'.'; 7][..7 - size]);
        let full = Err(OutboxFull { needed: 7, room: size }.into()); // 5 bytes, and a header
        assert_eq!(websocket.send_text("12345", &mut outbox), full);
        assert_eq!(websocket.send_text_fragment("12345", Fragment::More, &mut outbox), full);
        assert_eq!(outbox.bytes().len(), 7 - size);
        // No message was begun, so another can be sent.
        outbox.clear();
        websocket.send_text("12345", &mut outbox).unwrap();
        assert_eq!(outbox.bytes(), b"\x81\x0512345");
    }
    let mut websocket = server(Config::new());
    let mut outbox = FixedOutbox::over([0; 9]);
    for (piece, fragment) in Fragment::split_text("12345", 3) {
        websocket.send_text_fragment(piece, fragment, &mut outbox).unwrap();
    }
    assert_eq!(outbox.bytes(), b"\x01\x03123\x80\x0245");
    outbox.consume(5).unwrap();
    let refused = hybi::Overrun { count: 5, available: 4 };
    assert_eq!(outbox.consume(5), Err(refused));
    assert_eq!(outbox.bytes(), b"\x80\x0245");
}

// P-fe-b, E-15
#[test]
fn nothing_is_sent_above_the_high_water_mark() {
    let mut websocket = server(Config::new().outbox_high_water(100));
    let mut outbox = Vec::new();
    websocket.send_binary(&[1; 1000], &mut outbox).unwrap(); // one message may exceed the mark
    let full = outbox.clone();
    assert!(!websocket.has_room(&outbox));
    for _ in 0..3 {
        assert!(matches!(websocket.send_text("", &mut outbox), Err(Error::AboveHighWater { .. })));
        assert!(matches!(websocket.send_ping(b"", &mut outbox), Err(Error::AboveHighWater { .. })));
        let prepared = Prepared::text("x");
        assert!(websocket.send_prepared(&prepared, &mut outbox).is_err());
    }
    assert_eq!(outbox, full);
    outbox.drain(..950);
    assert!(websocket.has_room(&outbox));
    websocket.send_text("", &mut outbox).unwrap();
}

// P-fe-b
#[test]
fn an_echo_of_the_largest_message_and_the_next_ones_has_room() {
    let largest = frame(From::Client, FIN | BINARY, &vec![7; 16 * 1024 * 1024]);
    let small = frame(From::Client, FIN | TEXT, b"Hello").repeat(1000);
    let mut websocket = server(Config::new());
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    let mut echoed = 0;
    for mut bytes in [&largest[..], &small] {
        while !bytes.is_empty() {
            bytes = &bytes[inbox.copy_from(bytes)..];
            while let Some(event) = websocket.receive(&mut inbox, &mut outbox).unwrap() {
                match event {
                    Event::Binary(data) => websocket.send_binary(data, &mut outbox).unwrap(),
                    Event::Text(text) => websocket.send_text(text, &mut outbox).unwrap(),
                    event => panic!("{event:?}"),
                }
                echoed += 1;
            }
        }
    }
    assert_eq!(echoed, 1001);
}

// 6455-2.1-a
#[test]
fn the_outbox_may_be_written_in_parts() {
    let mut websocket = client(Config::new());
    let mut outbox = FixedOutbox::over([0; 64]);
    let mut written = Vec::new();
    for index in 0..20_u8 {
        websocket.send_binary(&[index; 5], &mut outbox).unwrap();
        let count = (usize::from(index) % 17).min(outbox.bytes().len());
        written.extend_from_slice(&outbox.bytes()[..count]);
        outbox.consume(count).unwrap();
        if outbox.bytes().len() > 40 {
            written.extend_from_slice(outbox.bytes());
            outbox.clear();
        }
    }
    written.extend_from_slice(outbox.bytes());
    let expected: Vec<Heard> = (0..20).map(|index| binary(&[index; 5])).collect();
    assert_eq!(feed(From::Client, Config::new(), &written, &Cut::Whole).heard, expected);
}
