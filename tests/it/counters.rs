//! Counters: what each call and each frame counts as. All numbers are counted by hand.

use hybi::{
    Client, Config, Connection, Counters, Event, Fragment, Inbox, Pongs, Prepared, Server, Traffic,
    extension::{Claims, ExtendedMessage, ExtensionFrame},
    frame::{Kind, Opcode, Reserved},
    random::{Entropy, EntropyError},
};

use crate::support::wire::{BINARY, CONTINUATION, FIN, From, KEY, PING, PONG, TEXT, frame};

/// The key of the example in RFC 6455, section 5.7, for every frame.
struct SameKey;

impl Entropy for SameKey {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(&KEY[..bytes.len()]);
        Ok(())
    }
}

fn server() -> Connection<Server> {
    Connection::server(Config::new())
}

fn client() -> Connection<Client<SameKey>> {
    Connection::client(Config::new(), SameKey)
}

fn traffic(change: impl FnOnce(&mut Traffic)) -> Traffic {
    let mut traffic = Traffic::default();
    change(&mut traffic);
    traffic
}

/// A text in three fragments with a ping between them, a binary message, and a pong.
fn conversation(from: From) -> Vec<u8> {
    [
        frame(from, TEXT, b"He"),
        frame(from, CONTINUATION, b""),
        frame(from, FIN | PING, b"p"),
        frame(from, FIN | CONTINUATION, b"llo"),
        frame(from, FIN | BINARY, &[7; 200]),
        frame(from, FIN | PONG, b""),
    ]
    .concat()
}

/// What the conversation counts as.
fn received(from: From) -> Traffic {
    traffic(|received| {
        received.text_messages = 1;
        received.binary_messages = 1;
        received.message_bytes = 5 + 200;
        received.data_frames = 4;
        received.pings = 1;
        received.pongs = 1;
        // Five headers of 2 bytes and one of 4, and the payloads.
        let keys = if from == From::Client { 6 * 4 } else { 0 };
        received.wire_bytes = 5 * 2 + 4 + 2 + 1 + 3 + 200 + keys;
    })
}

#[test]
fn received_messages_and_frames_are_counted_once_however_they_are_split() {
    for length in [1, 2, 3, 7, 1000] {
        for in_chunks in [false, true] {
            let (mut server, mut client) = (server(), client());
            let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
            for piece in conversation(From::Client).chunks(length) {
                assert_eq!(inbox.copy_from(piece), piece.len());
                if in_chunks {
                    while server.receive_chunk(&mut inbox, &mut outbox).unwrap().is_some() {}
                } else {
                    while server.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
                }
            }
            assert_eq!(server.counters().received, received(From::Client), "{length}");
            for piece in conversation(From::Server).chunks(length) {
                assert_eq!(inbox.copy_from(piece), piece.len());
                while client.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
            }
            assert_eq!(client.counters().received, received(From::Server), "{length}");
        }
    }
}

#[test]
fn every_way_to_send_is_counted() {
    let mut outbox = Vec::new();
    let (mut server, mut client) = (server(), client());
    server.send_text("Hello", &mut outbox).unwrap();
    server.send_binary(&[1; 126], &mut outbox).unwrap();
    server.send_text_fragment("He", Fragment::More, &mut outbox).unwrap();
    server.send_ping(b"?", &mut outbox).unwrap();
    server.send_text_fragment("llo", Fragment::Last, &mut outbox).unwrap();
    server.send_prepared(&Prepared::text("news"), &mut outbox).unwrap();
    server.frame_prepared(&Prepared::binary(b"more")).unwrap();
    let _ = server.frame_text("Hello").unwrap();
    let wire = outbox.len() as u64 + 6 + 7;
    let expected = traffic(|sent| {
        sent.text_messages = 4;
        sent.binary_messages = 2;
        sent.message_bytes = 5 + 126 + 5 + 4 + 4 + 5;
        sent.data_frames = 7;
        sent.pings = 1;
        sent.wire_bytes = 7 + 130 + 4 + 3 + 5 + 6 + 6 + 7;
    });
    assert_eq!(server.counters().sent, expected);
    assert_eq!(server.counters().sent.wire_bytes, wire);

    outbox.clear();
    client.send_text("Hello", &mut outbox).unwrap();
    client.send_pong(b"", &mut outbox).unwrap();
    let _ = client.mask_binary(&mut [1, 2, 3]).unwrap();
    let expected = traffic(|sent| {
        sent.text_messages = 1;
        sent.binary_messages = 1;
        sent.message_bytes = 8;
        sent.data_frames = 2;
        sent.pongs = 1;
        sent.wire_bytes = 11 + 6 + 9;
    });
    assert_eq!(client.counters().sent, expected);
}

#[test]
fn what_is_not_sent_is_not_counted() {
    let mut server = server();
    let mut full = hybi::FixedOutbox::over([0; 4]);
    server.send_text("Hello", &mut full).unwrap_err();
    server.send_ping(b"Hello", &mut full).unwrap_err();
    server.send_text_fragment("Hello", Fragment::More, &mut full).unwrap_err();
    assert_eq!(*server.counters(), Counters::default());
}

// 6455-5.5.3-b
#[test]
fn a_ping_without_a_pong_of_its_own_is_counted() {
    let mut server = Connection::server(Config::new().pongs(Pongs::Latest));
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    let pings = [b"a", b"b", b"c"].map(|payload| frame(From::Client, FIN | PING, payload)).concat();
    assert_eq!(inbox.copy_from(&pings), pings.len());
    while server.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
    assert_eq!(outbox, b"\x8a\x01c");
    assert_eq!((server.counters().coalesced_pongs, server.counters().sent.pongs), (2, 1));
}

#[test]
fn messages_and_frames_of_extensions_are_counted() {
    let claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);
    let mut server = server().with_claims(claims).unwrap();
    let mut client = client().with_claims(claims).unwrap();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    let message = ExtendedMessage { kind: Kind::Text, reserved: Reserved::RSV2, payload: b"\xff" };
    client.send_extended(message, &mut outbox).unwrap();
    let (opcode, reserved) = (Opcode::Binary, Reserved::RSV3);
    let extension = ExtensionFrame { opcode, fin: true, reserved, payload: b"12345" };
    client.send_extension_frame(extension, &mut outbox).unwrap();
    let expected = traffic(|traffic| {
        traffic.text_messages = 1;
        traffic.message_bytes = 1;
        traffic.data_frames = 1;
        traffic.wire_bytes = 7 + 11;
    });
    assert_eq!(client.counters().sent, expected);
    assert_eq!(inbox.copy_from(&outbox), outbox.len());
    while server.receive_extended(&mut inbox, &mut Vec::new()).unwrap().is_some() {}
    assert_eq!(server.counters().received, expected);
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_are_counted_with_both_of_their_lengths() {
    use hybi::deflate::{Deflate, Direction, Negotiated};

    let direction = Direction::new(15, true).unwrap();
    let negotiated = Negotiated::new(direction, direction);
    let deflate = Deflate::new();
    let mut server = server().with_deflate(&deflate, negotiated);
    let mut client = client().with_deflate(&deflate, negotiated);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let text = "A text that repeats, a text that repeats. ".repeat(20);
    server.send_text(&text, &mut outbox).unwrap();
    server.send_text_fragment(&text, Fragment::More, &mut outbox).unwrap();
    server.send_text_fragment("", Fragment::Last, &mut outbox).unwrap();
    server.set_compression(false);
    server.send_text("plain", &mut outbox).unwrap();
    // A payload of 0 to 125 bytes has a header of 2 bytes, and there are four frames.
    let wire = outbox.len() as u64;
    let compressed = wire - 4 * 2 - 5;
    assert!(wire < 400);
    let expected = traffic(|traffic| {
        traffic.text_messages = 3;
        traffic.message_bytes = 2 * text.len() as u64 + 5;
        traffic.compressed_messages = 2;
        traffic.compressed_bytes = compressed;
        traffic.data_frames = 4;
        traffic.wire_bytes = wire;
    });
    assert_eq!(server.counters().sent, expected);
    assert_eq!(inbox.copy_from(&outbox), outbox.len());
    let mut texts = 0;
    while let Some(event) = client.receive(&mut inbox, &mut Vec::new()).unwrap() {
        texts += u64::from(matches!(event, Event::Text(_)));
    }
    assert_eq!(texts, 3);
    assert_eq!(client.counters().received, expected);
}
