//! Messages with a checksum.

use hybi::{CloseCode, Config, Connection, Event, ExtendedEvent, Inbox, Role, frame::Kind};

use super::{
    checksum::{self, BIT, NAME, WrongChecksum},
    endpoint::{Got, Outcome, inbox_of, open, receive_all},
};
use crate::support::{
    feed::{Heard, text},
    wire::{BINARY, BOTH, CONTINUATION, FIN, From, PING, PONG, TEXT, frame},
};

/// RSV2 in the first byte of a frame.
const RSV2: u8 = 0x20;

/// The check value of CRC-32C, over "123456789".
const CHECK: [u8; 4] = [0xe3, 0x06, 0x92, 0x83];

/// Feeds the peer of `from`, which has negotiated the extension, in every way.
fn hear(from: From, bytes: &[u8]) -> Outcome {
    let pair = || open(NAME, NAME, Config::new());
    match from {
        From::Client => receive_all::<_, 512>(|| pair().0, bytes),
        From::Server => receive_all::<_, 512>(|| pair().1, bytes),
    }
}

/// Receives one message and checks it. Closes the connection if the checksum is wrong.
fn check<R: Role>(
    websocket: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<(Kind, Vec<u8>), WrongChecksum> {
    let event = websocket.receive_extended(inbox, outbox).unwrap().unwrap();
    let ExtendedEvent::Message(message) = event else { panic!("{event:?}") };
    assert_eq!(message.reserved, BIT);
    let checked = checksum::decode(message.payload);
    if checked.is_err() {
        websocket.close(CloseCode::PROTOCOL_ERROR, "wrong checksum", outbox).unwrap();
    }
    checked.map(|payload| (message.kind, payload.into()))
}

// P-ext-b, P-ext-g: the bytes by hand
#[test]
fn only_the_first_frame_carries_the_bit() {
    let (mut server, mut client) = open(NAME, NAME, Config::new());
    for from in BOTH {
        let mut outbox = Vec::new();
        match from {
            From::Server => checksum::send(&mut server, Kind::Text, b"123456789", &mut outbox),
            From::Client => checksum::send(&mut client, Kind::Text, b"123456789", &mut outbox),
        }
        .unwrap();
        let first = frame(from, RSV2 | TEXT, b"123456789");
        let last = frame(from, FIN | CONTINUATION, &CHECK);
        assert_eq!(outbox, [first, last].concat());
    }
}

// P-ext-b, P-fd-d
#[test]
fn marked_and_plain_messages_arrive_as_sent() {
    for from in BOTH {
        let bytes = [
            frame(from, FIN | TEXT, b"plain"),
            frame(from, RSV2 | TEXT, b"12345"),
            frame(from, FIN | PING, b"between"),
            frame(from, CONTINUATION, b""),
            frame(from, CONTINUATION, b"6789\xe3\x06"),
            frame(from, FIN | CONTINUATION, &CHECK[2..]),
            frame(from, FIN | RSV2 | BINARY, &checksum::encode(b"")),
            frame(from, FIN | RSV2 | BINARY, b""),
            frame(from, FIN | TEXT, b"plain again"),
            // The beginning of a frame.
            frame(from, FIN | RSV2 | TEXT, b"123")[..4].to_vec(),
        ]
        .concat();
        let outcome = hear(from, &bytes);
        let message = |kind, payload: &[u8]| Got::Message(kind, BIT, payload.into());
        let expected = [
            Got::Event(text("plain")),
            Got::Event(Heard::Ping(b"between".into())),
            message(Kind::Text, b"123456789\xe3\x06\x92\x83"),
            // The sum of nothing is 0.
            message(Kind::Binary, &[0; 4]),
            message(Kind::Binary, b""),
            Got::Event(text("plain again")),
        ];
        assert_eq!((outcome.got, outcome.error), (expected.to_vec(), None));
        let other = if from == From::Client { From::Server } else { From::Client };
        assert_eq!(outcome.outbox, frame(other, FIN | PONG, b"between"));
    }
}

// 6455-8.1-b
#[test]
fn both_ends_check_what_the_other_sends() {
    let (mut server, mut client) = open(NAME, NAME, Config::new());
    let messages =
        [(Kind::Text, "κόσμε".as_bytes()), (Kind::Binary, b""), (Kind::Binary, &[7; 900])];
    for (kind, payload) in messages {
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        checksum::send(&mut server, kind, payload, &mut to_client).unwrap();
        checksum::send(&mut client, kind, payload, &mut to_server).unwrap();
        let outbox = &mut Vec::new();
        let expected = Ok((kind, payload.to_vec()));
        assert_eq!(check(&mut client, &mut inbox_of(&to_client), outbox), expected);
        assert_eq!(check(&mut server, &mut inbox_of(&to_server), outbox), expected);
        assert_eq!(*outbox, b"");
    }
}

// P-ext-d
#[test]
fn the_extension_fails_the_connection() {
    let close = |from| frame(from, FIN | 8, b"\x03\xeawrong checksum");
    for wrong in [&b"123456789\xe3\x06\x92\x82"[..], b"\xe3\x06\x92", b""] {
        let (mut server, mut client) = open(NAME, NAME, Config::new());
        let mut outbox = Vec::new();
        let mut inbox = inbox_of(&frame(From::Client, FIN | RSV2 | BINARY, wrong));
        assert_eq!(check(&mut server, &mut inbox, &mut outbox), Err(WrongChecksum));
        assert_eq!(outbox, close(From::Server));
        // The reply to the Close ends the connection.
        let mut inbox = inbox_of(&frame(From::Client, FIN | 8, b"\x03\xea"));
        let event = server.receive_extended(&mut inbox, &mut outbox).unwrap();
        assert!(matches!(event, Some(ExtendedEvent::Event(Event::Close(_)))));
        assert!(server.should_close_transport());

        let mut outbox = Vec::new();
        let mut inbox = inbox_of(&frame(From::Server, FIN | RSV2 | BINARY, wrong));
        assert_eq!(check(&mut client, &mut inbox, &mut outbox), Err(WrongChecksum));
        assert_eq!(outbox, close(From::Client));
    }
}

// P-ext-e
#[test]
fn after_our_own_close_marked_messages_are_dropped() {
    for deliver in [false, true] {
        let config = Config::new().deliver_while_closing(deliver);
        let (mut server, _) = open(NAME, NAME, config);
        server.close(CloseCode::NORMAL, "", &mut Vec::new()).unwrap();
        let bytes = [
            frame(From::Client, RSV2 | TEXT, b"123"),
            frame(From::Client, FIN | CONTINUATION, b"456"),
            frame(From::Client, FIN | 8, b"\x03\xe8"),
        ]
        .concat();
        let mut inbox = inbox_of(&bytes);
        let mut got = Vec::new();
        while let Some(event) = server.receive_extended(&mut inbox, &mut Vec::new()).unwrap() {
            got.push(Got::from(event));
        }
        assert_eq!(got.contains(&Got::Message(Kind::Text, BIT, b"123456".into())), deliver);
        assert_eq!(got.len(), 1 + usize::from(deliver));
    }
}
