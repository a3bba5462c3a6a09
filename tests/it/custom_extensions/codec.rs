//! A codec in place of permessage-deflate.

use hybi::{
    Config, Connection, Error, ExtendedEvent, Fragment, Misuse, Outbox, Role,
    extension::ExtendedMessage, frame::Kind,
};

use super::{
    endpoint::{Got, inbox_of, open, receive_all},
    run_length::{self, BIT, Fault, NAME},
};
use crate::support::{
    feed::text,
    wire::{BOTH, CONTINUATION, FIN, From, RSV1, TEXT, frame},
};

/// The largest decoded message.
const LIMIT: usize = 1000;

/// Encodes and sends a message, in fragments of this many encoded bytes.
fn send<R: Role>(
    websocket: &mut Connection<R>,
    kind: Kind,
    payload: &[u8],
    fragment: usize,
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    let encoded = run_length::encode(payload);
    for (payload, fragment) in Fragment::split_binary(&encoded, fragment) {
        let message = ExtendedMessage { kind, reserved: BIT, payload };
        websocket.send_extended_fragment(message, fragment, outbox)?;
    }
    Ok(())
}

/// Receives and decodes the message in these bytes.
fn receive<R: Role>(websocket: &mut Connection<R>, bytes: &[u8]) -> Result<(Kind, Vec<u8>), Fault> {
    let (mut inbox, mut outbox) = (inbox_of(bytes), Vec::new());
    let event = websocket.receive_extended(&mut inbox, &mut outbox).unwrap().unwrap();
    let ExtendedEvent::Message(message) = event else { panic!("{event:?}") };
    assert_eq!(message.reserved, BIT);
    let decoded = run_length::decode(message.kind, message.payload, LIMIT);
    if let Err(fault) = decoded {
        websocket.close(fault.close_code(), "", &mut outbox).unwrap();
    }
    decoded.map(|payload| (message.kind, payload))
}

// P-ext-b, P-ext-c: the bytes by hand
#[test]
fn a_text_whose_encoding_is_not_utf8_arrives() {
    let payload = "a".repeat(200);
    for from in BOTH {
        let (mut server, mut client) = open(NAME, NAME, Config::new());
        let mut outbox = Vec::new();
        match from {
            From::Server => send(&mut server, Kind::Text, payload.as_bytes(), 100, &mut outbox),
            From::Client => send(&mut client, Kind::Text, payload.as_bytes(), 100, &mut outbox),
        }
        .unwrap();
        // A first byte of two, and no second one.
        assert_eq!(outbox, frame(from, FIN | RSV1 | TEXT, &[200, b'a']));
        let received = match from {
            From::Client => receive(&mut server, &outbox),
            From::Server => receive(&mut client, &outbox),
        };
        assert_eq!(received, Ok((Kind::Text, payload.clone().into())));
    }
}

// P-ext-c, P-ext-g
#[test]
fn fragments_of_any_size_arrive() {
    let payload = "aaaé€€€🦀".repeat(20);
    for size in 1..=40 {
        let (mut server, mut client) = open(NAME, NAME, Config::new());
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        send(&mut client, Kind::Text, payload.as_bytes(), size, &mut to_server).unwrap();
        send(&mut server, Kind::Text, payload.as_bytes(), size, &mut to_client).unwrap();
        let expected = Ok((Kind::Text, payload.clone().into_bytes()));
        assert_eq!(receive(&mut server, &to_server), expected);
        assert_eq!(receive(&mut client, &to_client), expected);
    }
}

// P-ext-c, P-fd-d
#[test]
fn the_encoded_text_is_delivered_however_it_is_split() {
    for from in BOTH {
        let bytes = [
            frame(from, RSV1 | TEXT, b"\xff"),
            frame(from, CONTINUATION, b"\xc3\x01"),
            frame(from, FIN | CONTINUATION, b"\xa9"),
            frame(from, FIN | TEXT, "é".as_bytes()),
        ]
        .concat();
        let pair = || open(NAME, NAME, Config::new());
        let outcome = match from {
            From::Client => receive_all::<_, 160>(|| pair().0, &bytes),
            From::Server => receive_all::<_, 160>(|| pair().1, &bytes),
        };
        let encoded = Got::Message(Kind::Text, BIT, b"\xff\xc3\x01\xa9".into());
        assert_eq!(outcome.got, [encoded, Got::Event(text("é"))]);
    }
}

// P-ext-d, P-ext-c
#[test]
fn faults_of_the_encoding_are_reported_by_the_extension() {
    let table = [
        (Kind::Text, &b"\x01"[..], Fault::Malformed),
        (Kind::Text, b"\x00a", Fault::Malformed),
        (Kind::Binary, &[255, 0, 255, 0, 255, 0, 236, 0], Fault::TooLong),
        (Kind::Text, b"\x02\xc3", Fault::NotUtf8),
    ];
    for (kind, encoded, fault) in table {
        let (mut server, mut client) = open(NAME, NAME, Config::new());
        let opcode = if kind == Kind::Text { 1 } else { 2 };
        let from = |from| frame(from, FIN | RSV1 | opcode, encoded);
        assert_eq!(receive(&mut server, &from(From::Client)), Err(fault));
        assert_eq!(receive(&mut client, &from(From::Server)), Err(fault));
        assert!(server.is_closing() && client.is_closing());
    }
}

// P-ext-g, 6455-5.4-h
#[test]
fn the_fragments_of_a_message_have_one_kind_and_the_same_bits() {
    let (mut server, _) = open(NAME, NAME, Config::new());
    let mut outbox = Vec::new();
    let part = |kind| ExtendedMessage { kind, reserved: BIT, payload: b"\x01a" };
    server.send_extended_fragment(part(Kind::Text), Fragment::More, &mut outbox).unwrap();
    let before = outbox.clone();
    let changed = Err(Error::Misuse(Misuse::KindChanged));
    let other = server.send_extended_fragment(part(Kind::Binary), Fragment::More, &mut outbox);
    assert_eq!(other, changed);
    assert_eq!(server.send_text_fragment("a", Fragment::Last, &mut outbox), changed);
    let whole = server.send_extended(part(Kind::Text), &mut outbox);
    assert_eq!(whole, Err(Misuse::MessageOpen.into()));
    assert_eq!(server.send_text("a", &mut outbox), Err(Misuse::MessageOpen.into()));
    assert_eq!(outbox, before);
    server.send_extended_fragment(part(Kind::Text), Fragment::Last, &mut outbox).unwrap();
    server.send_text_fragment("a", Fragment::More, &mut outbox).unwrap();
    let inside = server.send_extended_fragment(part(Kind::Text), Fragment::Last, &mut outbox);
    assert_eq!(inside, changed);
}
