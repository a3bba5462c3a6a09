//! Several streams over one connection.

use hybi::{
    CloseCode, Config, Connection, ExtendedEvent, Fragment, Inbox, Outbox, Role,
    extension::ExtensionFrame,
    frame::{Kind, Opcode},
};

use super::{
    endpoint::{Got, inbox_of, open, receive_all},
    multiplexer::{BIT, Fault, NAME, PIECE, Sending, StreamMessage, Streams},
};
use crate::support::{
    feed::{Heard, own, text},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, TEXT, frame},
};

/// RSV3 in the first byte of a frame.
const RSV3: u8 = 0x10;

/// The largest message of a stream, in bytes.
const LIMIT: usize = 2000;

/// What arrives at an endpoint, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Arrived {
    OnStream(u8, Vec<u8>),
    Plain(Heard),
    Fault(Fault),
}

/// Receives everything in the inbox. Closes the connection at a fault.
fn demultiplex<R: Role>(
    websocket: &mut Connection<R>,
    streams: &mut Streams<3, LIMIT>,
    inbox: &mut Inbox,
    outbox: &mut impl Outbox,
) -> Vec<Arrived> {
    let mut arrived = Vec::new();
    while let Some(event) = websocket.receive_extended(inbox, outbox).unwrap() {
        match event {
            ExtendedEvent::Event(event) => arrived.push(Arrived::Plain(own(&event))),
            ExtendedEvent::Frame(frame) => match streams.receive(frame) {
                Ok(message) => arrived.extend(
                    message
                        .map(|message| Arrived::OnStream(message.stream, message.payload.into())),
                ),
                Err(fault) => {
                    websocket.close(fault.close_code(), "", outbox).unwrap();
                    arrived.push(Arrived::Fault(fault));
                }
            },
            ExtendedEvent::Message(message) => panic!("{message:?}"),
        }
    }
    arrived
}

fn arrive<R: Role>(websocket: &mut Connection<R>, bytes: &[u8]) -> (Vec<Arrived>, Vec<u8>) {
    let (mut streams, mut outbox) = (Streams::new(), Vec::new());
    let arrived = demultiplex(websocket, &mut streams, &mut inbox_of(bytes), &mut outbox);
    (arrived, outbox)
}

fn on(stream: u8, payload: &[u8]) -> StreamMessage<'_> {
    StreamMessage { stream, kind: Kind::Binary, payload }
}

/// Sends a large message on stream 0, and after its first pieces others on all ways.
fn send_interleaved<R: Role>(websocket: &mut Connection<R>, outbox: &mut Vec<u8>) {
    let large = [7; 1950];
    let mut sending = Sending::new(on(0, &large));
    for _ in 0..3 {
        assert!(sending.send_piece(websocket, outbox).unwrap());
    }
    Sending::new(on(1, b"small")).send_all(websocket, outbox).unwrap();
    assert!(sending.send_piece(websocket, outbox).unwrap());
    websocket.send_text("plain", outbox).unwrap();
    websocket.send_text_fragment("in ", Fragment::More, outbox).unwrap();
    Sending::new(on(2, b"")).send_all(websocket, outbox).unwrap();
    assert!(sending.send_piece(websocket, outbox).unwrap());
    websocket.send_ping(b"ping", outbox).unwrap();
    websocket.send_text_fragment("fragments", Fragment::Last, outbox).unwrap();
    sending.send_all(websocket, outbox).unwrap();
}

// P-ext-f
#[test]
fn a_large_message_on_one_stream_blocks_nothing() {
    let (mut server, mut client) = open(NAME, NAME, Config::new());
    let expected = [
        Arrived::OnStream(1, b"small".into()),
        Arrived::Plain(text("plain")),
        Arrived::OnStream(2, b"".into()),
        Arrived::Plain(Heard::Ping(b"ping".into())),
        Arrived::Plain(text("in fragments")),
        Arrived::OnStream(0, [7; 1950].into()),
    ];
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    send_interleaved(&mut server, &mut to_client);
    send_interleaved(&mut client, &mut to_server);
    assert_eq!(arrive(&mut client, &to_client).0, expected);
    assert_eq!(arrive(&mut server, &to_server).0, expected);
}

// P-ext-f: the bytes by hand
#[test]
fn each_frame_of_a_stream_carries_the_bit() {
    let (mut server, mut client) = open(NAME, NAME, Config::new());
    let payload = [7; PIECE + 1];
    for from in BOTH {
        let mut outbox = Vec::new();
        match from {
            From::Server => Sending::new(on(1, &payload)).send_all(&mut server, &mut outbox),
            From::Client => Sending::new(on(1, &payload)).send_all(&mut client, &mut outbox),
        }
        .unwrap();
        let first = frame(from, RSV3 | BINARY, &[&[1][..], &[7; PIECE]].concat());
        let last = frame(from, FIN | RSV3 | CONTINUATION, &[1, 7]);
        assert_eq!(outbox, [first, last].concat());
    }
}

// P-ext-f, P-fd-d, 6455-5.4-j
#[test]
fn frames_between_fragments_are_delivered_as_they_arrive() {
    for from in BOTH {
        let bytes = [
            frame(from, TEXT, b"\xc3"),
            frame(from, RSV3 | TEXT, b"\x00a"),
            frame(from, CONTINUATION, b"\xa9"),
            frame(from, FIN | RSV3 | CONTINUATION, b""),
            frame(from, FIN | PING, b"p"),
            frame(from, FIN | RSV3 | BINARY, &[0xff; 70]),
            frame(from, FIN | CONTINUATION, b"!"),
            frame(from, FIN | RSV3 | BINARY, b"x"),
            frame(from, FIN | RSV3 | BINARY, b"xyz")[..3].to_vec(),
        ]
        .concat();
        let pair = || open(NAME, NAME, Config::new());
        let outcome = match from {
            From::Client => receive_all::<_, 160>(|| pair().0, &bytes),
            From::Server => receive_all::<_, 160>(|| pair().1, &bytes),
        };
        let frame = |opcode, fin, payload: &[u8]| Got::Frame(opcode, fin, BIT, payload.into());
        let expected = [
            frame(Opcode::Text, false, b"\x00a"),
            frame(Opcode::Continuation, true, b""),
            Got::Event(Heard::Ping(b"p".into())),
            frame(Opcode::Binary, true, &[0xff; 70]),
            Got::Event(text("é!")),
            frame(Opcode::Binary, true, b"x"),
        ];
        assert_eq!((outcome.got, outcome.error), (expected.to_vec(), None));
    }
}

// P-ext-d
#[test]
fn faults_of_a_stream_fail_the_connection() {
    let (large, part) =
        ([[0].as_slice(), &[7; LIMIT + 1]].concat(), [[0].as_slice(), &[7; LIMIT]].concat());
    let table = [
        (vec![(FIN | RSV3 | BINARY, &b"\x03x"[..])], Fault::UnknownStream),
        (vec![(FIN | RSV3 | BINARY, b"\xff")], Fault::UnknownStream),
        (vec![(FIN | RSV3 | BINARY, b"")], Fault::Malformed),
        (vec![(FIN | RSV3 | CONTINUATION, b"\x00")], Fault::OutOfOrder),
        (vec![(RSV3 | TEXT, b"\x00"), (RSV3 | TEXT, b"\x00")], Fault::OutOfOrder),
        (vec![(RSV3 | TEXT, b"\x00"), (RSV3 | CONTINUATION, b"\x01")], Fault::OutOfOrder),
        (vec![(RSV3 | BINARY, &large)], Fault::TooLong),
        (vec![(RSV3 | BINARY, &part), (RSV3 | CONTINUATION, b"\x00x")], Fault::TooLong),
        (vec![(FIN | RSV3 | TEXT, b"\x00\xc3")], Fault::NotUtf8),
    ];
    for (frames, fault) in table {
        for from in BOTH {
            let bytes = |(first, payload): &(u8, &[u8])| frame(from, *first, payload);
            let bytes: Vec<u8> = frames.iter().flat_map(bytes).collect();
            let (mut server, mut client) = open(NAME, NAME, Config::new());
            let ((arrived, outbox), other) = match from {
                From::Client => (arrive(&mut server, &bytes), From::Server),
                From::Server => (arrive(&mut client, &bytes), From::Client),
            };
            assert_eq!(arrived, [Arrived::Fault(fault)]);
            let code = fault.close_code().get().to_be_bytes();
            assert_eq!(outbox, frame(other, FIN | CLOSE, &code), "{fault:?}");
        }
    }
    // Up to the limit.
    let (mut server, _) = open(NAME, NAME, Config::new());
    let (arrived, _) = arrive(&mut server, &frame(From::Client, FIN | RSV3 | BINARY, &part));
    assert_eq!(arrived, [Arrived::OnStream(0, part[1..].into())]);
}

// P-ext-e
#[test]
fn no_frame_follows_a_close() {
    let (mut server, mut client) = open(NAME, NAME, Config::new());
    let mut outbox = Vec::new();
    client.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
    let before = outbox.clone();
    let frame = ExtensionFrame { opcode: Opcode::Binary, fin: true, reserved: BIT, payload: b"\0" };
    let late = client.send_extension_frame(frame, &mut outbox);
    assert_eq!((late, outbox), (Err(hybi::Misuse::NotOpen.into()), before));
    // What the server sent before it knew is dropped.
    let mut to_client = Vec::new();
    Sending::new(on(0, b"late")).send_all(&mut server, &mut to_client).unwrap();
    assert_eq!(arrive(&mut client, &to_client), (vec![], vec![]));
}
