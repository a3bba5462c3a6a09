//! An extension that follows compression.

use hybi::{
    Config, Connection, Error, Fragment, Inbox, Role, Violation,
    deflate::{Direction, Negotiated},
    extension::ExtendedMessage,
    frame::{Kind, Reserved},
};

use super::{BOTH_BITS, RSV2, open, sentence};
use crate::{
    custom_extensions::{
        checksum,
        endpoint::{Got, inbox_of, receive},
    },
    deflate::{
        endpoint::{frames, policy},
        inflate::Inflater,
    },
    support::{
        feed::{Cut, Heard, server},
        wire::{CONTINUATION, FIN, From, RSV1, TEXT, frame},
    },
};

/// Compresses a message, adds the checksum of the compressed payload, and sends it.
fn send_after<R: Role>(
    websocket: &mut Connection<R>,
    kind: Kind,
    payload: &[u8],
    outbox: &mut Vec<u8>,
) {
    let (reserved, encoded) = match websocket.compress(payload) {
        Some(compressed) => (BOTH_BITS, checksum::encode(compressed)),
        None => (checksum::BIT, checksum::encode(payload)),
    };
    let message = ExtendedMessage { kind, reserved, payload: &encoded };
    websocket.send_extended(message, outbox).unwrap();
}

/// Checks the checksum of a message and decompresses it.
fn receive_after<R: Role>(
    websocket: &mut Connection<R>,
    reserved: Reserved,
    encoded: &[u8],
) -> Result<Vec<u8>, Error> {
    let payload = checksum::decode(encoded).unwrap();
    if reserved.contains(Reserved::RSV1) {
        websocket.decompress(payload)
    } else {
        Ok(payload.into())
    }
}

/// Receives everything in these bytes. Returns the payloads of all messages.
fn payloads<R: Role>(websocket: &mut Connection<R>, bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut inbox, mut outbox) = (inbox_of(bytes), Vec::new());
    let mut payloads = Vec::new();
    while let Some(event) = websocket.receive_extended(&mut inbox, &mut outbox).unwrap() {
        payloads.push(match Got::from(event) {
            Got::Message(_, reserved, encoded) => {
                receive_after(websocket, reserved, &encoded).unwrap()
            }
            Got::Event(Heard::Text(text)) => text.into(),
            other => panic!("{other:?}"),
        });
    }
    payloads
}

/// Sends messages in all ways, with a checksum after compression or none. Returns the payloads.
fn send_mixed<R: Role>(websocket: &mut Connection<R>, outbox: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    for n in 0..8 {
        let payload = sentence(n % 3);
        if n % 4 == 0 {
            websocket.send_text(&payload, outbox).unwrap();
        } else {
            websocket.set_compression(n != 6);
            send_after(websocket, Kind::Text, payload.as_bytes(), outbox);
            websocket.set_compression(true);
        }
        sent.push(payload.into());
    }
    sent
}

/// Checks the bytes of `send_mixed` with an independent inflater.
fn check_mixed(takeover: bool, bytes: &[u8], sent: &[Vec<u8>]) {
    let mut inflater = Inflater::new(15);
    let frames = frames(bytes);
    assert_eq!(frames.len(), sent.len());
    for ((n, (first, payload)), sent) in frames.iter().enumerate().zip(sent) {
        let marked = if n % 4 == 0 { 0 } else { RSV2 };
        let is_compressed = if n == 6 { 0 } else { RSV1 };
        assert_eq!(*first, FIN | marked | is_compressed | TEXT);
        let payload = if marked == 0 { &payload[..] } else { checksum::decode(payload).unwrap() };
        if n == 6 {
            assert_eq!(payload, sent);
        } else {
            assert_eq!(inflater.message(payload), *sent);
            assert_eq!(
                payload.len() < 24,
                takeover && n >= 3,
                "{takeover}, {n}: {}",
                payload.len()
            );
        }
        if !takeover {
            inflater.forget();
        }
    }
}

// 6455-9.1-f, 7692-6-b, P-ext-h: checked by an independent inflater
#[test]
fn a_checksum_after_compression_is_over_the_compressed_message() {
    for takeover in [false, true] {
        let (mut server, mut client) = open(&policy(takeover), "", checksum::NAME, Config::new());
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        let from_server = send_mixed(&mut server, &mut to_client);
        let from_client = send_mixed(&mut client, &mut to_server);
        check_mixed(takeover, &to_client, &from_server);
        check_mixed(takeover, &to_server, &from_client);
        assert_eq!(payloads(&mut client, &to_client), from_server);
        assert_eq!(payloads(&mut server, &to_server), from_client);
    }
}

// P-ext-h
#[test]
fn an_encoded_message_may_be_sent_in_fragments() {
    for takeover in [false, true] {
        let (mut server, mut client) = open(&policy(takeover), "", checksum::NAME, Config::new());
        let (mut outbox, mut sent) = (Vec::new(), Vec::new());
        for n in 0..4 {
            let payload = sentence(0);
            let encoded = checksum::encode(server.compress(payload.as_bytes()).unwrap());
            for (payload, fragment) in Fragment::split_binary(&encoded, 7) {
                let message = ExtendedMessage { kind: Kind::Text, reserved: BOTH_BITS, payload };
                server.send_extended_fragment(message, fragment, &mut outbox).unwrap();
                server.send_ping(b"between", &mut outbox).unwrap();
            }
            sent.push(payload.clone().into_bytes());
            server.send_text(&sentence(n), &mut outbox).unwrap();
            sent.push(sentence(n).into());
        }
        let mut firsts = frames(&outbox).into_iter().map(|(first, _)| first);
        assert!(firsts.clone().any(|first| first == RSV1 | RSV2 | TEXT));
        assert!(firsts.all(|first| first & 0x0f != CONTINUATION || first & 0x70 == 0));
        let outcome = receive(&mut client, Inbox::with_capacity(16), &outbox, &Cut::Every(50));
        // The text messages refer to the others, so the others must be decompressed as they arrive.
        assert_eq!(outcome.error.is_some(), takeover);
        let (_, mut client) = open(&policy(takeover), "", checksum::NAME, Config::new());
        let without_pings: Vec<u8> = frames(&outbox)
            .iter()
            .filter(|(first, _)| first & 0x0f != 9)
            .flat_map(|(first, payload)| frame(From::Server, *first, payload))
            .collect();
        assert_eq!(payloads(&mut client, &without_pings), sent);
    }
}

/// Compresses a message that is not sent, then sends another one. Returns the wire and what it must
/// decompress to.
fn send_after_unsent<R: Role>(
    websocket: &mut Connection<R>,
    way: usize,
) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut outbox, mut sent) = (Vec::new(), Vec::new());
    for n in 0..3 {
        send_after(websocket, Kind::Text, sentence(n).as_bytes(), &mut outbox);
        sent.push(sentence(n).into_bytes());
        // The peer does not get this, and must not need it.
        let (lost, next) = (sentence(10 + n), sentence(n + 1));
        assert!(websocket.compress(lost.as_bytes()).is_some());
        match way {
            0 => send_after(websocket, Kind::Text, lost.as_bytes(), &mut outbox),
            1 => websocket.send_text(&lost, &mut outbox).unwrap(),
            2 => {
                for (piece, fragment) in Fragment::split_text(&lost, 30) {
                    websocket.send_text_fragment(piece, fragment, &mut outbox).unwrap();
                    // The window is in use until the end of the message.
                    let compressed = websocket.compress(next.as_bytes());
                    assert_eq!(compressed.is_some(), fragment.is_last());
                }
            }
            3 => {
                assert!(websocket.compress(lost.as_bytes()).is_some());
                websocket.set_compression(false);
                websocket.send_text(&lost, &mut outbox).unwrap();
                websocket.set_compression(true);
                websocket.send_text(&lost, &mut outbox).unwrap();
                sent.push(lost.clone().into());
            }
            _ => {
                let encoded = checksum::encode(websocket.compress(lost.as_bytes()).unwrap());
                for (payload, fragment) in Fragment::split_binary(&encoded, 10) {
                    let message =
                        ExtendedMessage { kind: Kind::Text, reserved: BOTH_BITS, payload };
                    websocket.send_extended_fragment(message, fragment, &mut outbox).unwrap();
                    let compressed = websocket.compress(next.as_bytes());
                    assert_eq!(compressed.is_some(), fragment.is_last());
                }
            }
        }
        sent.push(lost.into());
    }
    (outbox, sent)
}

// P-ext-h: checked by an independent inflater
#[test]
fn a_message_that_is_compressed_and_not_sent_is_not_referred_to() {
    for takeover in [false, true] {
        for way in 0..5 {
            let (mut server, mut client) =
                open(&policy(takeover), "", checksum::NAME, Config::new());
            let (to_client, from_server) = send_after_unsent(&mut server, way);
            let (to_server, from_client) = send_after_unsent(&mut client, way);
            assert_eq!(payloads(&mut client, &to_client), from_server, "{takeover}, {way}");
            assert_eq!(payloads(&mut server, &to_server), from_client);

            let mut inflater = Inflater::new(15);
            let mut messages: Vec<(u8, Vec<u8>)> = Vec::new();
            for (first, payload) in frames(&to_client) {
                match messages.last_mut() {
                    Some((_, open)) if first & 0x7f == CONTINUATION => open.extend(payload),
                    _ => messages.push((first, payload)),
                }
            }
            assert_eq!(messages.len(), from_server.len());
            for ((first, payload), sent) in messages.iter().zip(&from_server) {
                let payload = if first & RSV2 == 0 {
                    &payload[..]
                } else {
                    checksum::decode(payload).unwrap()
                };
                if first & RSV1 == 0 {
                    assert_eq!(payload, sent);
                } else {
                    assert_eq!(inflater.message(payload), *sent, "{takeover}, {way}");
                }
                if !takeover {
                    inflater.forget();
                }
            }
        }
    }
}

// P-ext-h
#[test]
fn compress_returns_nothing_without_a_compressor() {
    assert_eq!(server(Config::new()).compress(b"abc"), None);
    let (mut websocket, _) = open(&policy(true), "", checksum::NAME, Config::new());
    websocket.set_compression(false);
    assert_eq!(websocket.compress(b"abc"), None);
    let smallest = Direction::new(8, true).unwrap();
    let mut websocket =
        server(Config::new()).with_deflate(&policy(true), Negotiated::new(smallest, smallest));
    assert_eq!(websocket.compress(b"abc"), None);
    let refused = server(Config::new()).decompress(b"\x00");
    assert_eq!(refused, Err(Violation::ReservedBits.into()));
}
