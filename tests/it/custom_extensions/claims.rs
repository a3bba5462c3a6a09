//! Which bits may be claimed and used, and what happens without the negotiation.

use hybi::{
    Config, Connection, Error, Fragment, Inbox, Misuse, Origins, Role, State, Uri, Violation,
    client::{Request, Response},
    extension::{Claims, ExtendedMessage, ExtensionFrame},
    frame::{Kind, Opcode, Reserved},
    server::Opening,
};

use super::{
    checksum,
    endpoint::{Got, Outcome, inbox_of, look, open, receive},
    multiplexer, run_length,
};
use crate::support::{
    feed::{Cut, ExampleKey, client, server, text},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, TEXT, frame},
};

const NONE: Reserved = Reserved::NONE;
const RSV1: Reserved = Reserved::RSV1;
const RSV2: Reserved = Reserved::RSV2;
const RSV3: Reserved = Reserved::RSV3;

/// All sets of reserved bits, with their value in the first byte of a frame.
fn sets() -> [(u8, Reserved); 8] {
    let set = |bits: u8| {
        let each = [(0x40, RSV1), (0x20, RSV2), (0x10, RSV3)];
        let bits = each.into_iter().filter(|(bit, _)| bits & bit != 0);
        bits.fold(NONE, |set, (_, bit)| set | bit)
    };
    [0, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70].map(|bits| (bits, set(bits)))
}

// P-ext-i
#[test]
fn a_bit_belongs_to_messages_or_to_frames() {
    for (messages, of_messages) in sets() {
        for (frames, of_frames) in sets() {
            let claims = Claims::new().per_message(of_messages).per_frame(of_frames);
            let expected = if messages & frames == 0 { Ok(()) } else { Err(Misuse::ReservedBits) };
            assert_eq!(server(Config::new()).with_claims(claims).map(|_| ()), expected);
            assert_eq!(client(Config::new()).with_claims(claims).map(|_| ()), expected);
        }
    }
}

/// A message of the kind and with the bits.
const fn message(reserved: Reserved) -> ExtendedMessage<'static> {
    ExtendedMessage { kind: Kind::Binary, reserved, payload: b"abc" }
}

/// Sends a message and a frame with these bits. Returns the bytes of each, if it was allowed.
fn send<R: Role>(
    websocket: &mut Connection<R>,
    reserved: Reserved,
    opcode: Opcode,
) -> [Result<Vec<u8>, Error>; 3] {
    let (mut whole, mut part, mut framed) = (Vec::new(), Vec::new(), Vec::new());
    let frame = ExtensionFrame { opcode, fin: true, reserved, payload: b"abc" };
    let message = message(reserved);
    let sent = websocket.send_extended(message, &mut whole);
    let whole = sent.map(|()| whole);
    let sent = websocket.send_extended_fragment(message, Fragment::Last, &mut part);
    let part = sent.map(|()| part);
    let sent = websocket.send_extension_frame(frame, &mut framed);
    [whole, part, sent.map(|()| framed)]
}

// P-ext-g, P-ext-f, 6455-9.1-d: every set of bits under every claim
#[test]
fn only_claimed_bits_are_sent() {
    for (messages, of_messages) in sets() {
        for (frames, of_frames) in sets().into_iter().filter(|(frames, _)| messages & frames == 0) {
            let claims = Claims::new().per_message(of_messages).per_frame(of_frames);
            for ((bits, set), from) in sets().into_iter().flat_map(|set| BOTH.map(|f| (set, f))) {
                let opcode = Opcode::Binary;
                let sent = match from {
                    From::Server => {
                        send(&mut server(Config::new()).with_claims(claims).unwrap(), set, opcode)
                    }
                    From::Client => {
                        send(&mut client(Config::new()).with_claims(claims).unwrap(), set, opcode)
                    }
                };
                let allowed = |claimed: u8| {
                    if bits != 0 && bits & !claimed == 0 {
                        Ok(frame(from, FIN | bits | BINARY, b"abc"))
                    } else {
                        Err(Misuse::ReservedBits.into())
                    }
                };
                assert_eq!(sent, [allowed(messages), allowed(messages), allowed(frames)]);
            }
        }
    }
}

// P-ext-f, 7692-6-c
#[test]
fn a_control_frame_is_no_frame_of_an_extension() {
    let claims = Claims::new().per_frame(RSV1 | RSV2 | RSV3);
    for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
        let mut websocket = server(Config::new()).with_claims(claims).unwrap();
        let [.., sent] = send(&mut websocket, RSV3, opcode);
        assert_eq!(sent, Err(Misuse::ReservedBits.into()));
        assert_eq!(websocket.state(), State::Open);
    }
    for (opcode, number) in [(Opcode::Continuation, 0), (Opcode::Text, 1), (Opcode::Binary, 2)] {
        let mut websocket = server(Config::new()).with_claims(claims).unwrap();
        let [.., sent] = send(&mut websocket, RSV3, opcode);
        assert_eq!(sent, Ok(frame(From::Server, FIN | 0x10 | number, b"abc")));
    }
}

/// The extensions: the name, and the first byte of a frame that is marked by it.
const EXTENSIONS: [(&str, Reserved, u8); 3] = [
    (checksum::NAME, checksum::BIT, 0x20),
    (run_length::NAME, run_length::BIT, 0x40),
    (multiplexer::NAME, multiplexer::BIT, 0x10),
];

/// Checks an endpoint that has not negotiated an extension with this bit.
fn check_without<R: Role>(
    from: From,
    open: impl Fn() -> Connection<R>,
    (reserved, bit): (Reserved, u8),
) {
    // It sends no reserved bit, and everything else.
    let mut websocket = open();
    let refused = send(&mut websocket, reserved, Opcode::Binary);
    assert_eq!(refused, [(); 3].map(|()| Err(Misuse::ReservedBits.into())));
    let other = if from == From::Client { From::Server } else { From::Client };
    let mut outbox = Vec::new();
    websocket.send_text("plain", &mut outbox).unwrap();
    assert_eq!(outbox, frame(other, FIN | TEXT, b"plain"));

    // It fails a peer that sets the bit.
    let plain = frame(from, FIN | TEXT, b"plain");
    for opcode in [CONTINUATION, TEXT, BINARY] {
        let bytes = [&plain[..], &frame(from, FIN | bit | opcode, b"\0abc"), &plain].concat();
        for cut in Cut::all(bytes.len()) {
            let expected = Outcome {
                got: vec![Got::Event(text("plain"))],
                error: Some(Violation::ReservedBits.into()),
                outbox: frame(other, FIN | CLOSE, &1002_u16.to_be_bytes()),
                state: State::Failed,
            };
            assert_eq!(receive(&mut open(), Inbox::with_capacity(8), &bytes, &cut), expected);
            assert_eq!(look(&mut open(), Inbox::over([0; 64]), &bytes, &cut), expected);
        }
    }
}

// 6455-5.2-a, 6455-9.1-d, 6455-9-b, P-ext-g
#[test]
fn an_extension_that_is_not_offered_or_not_accepted_is_not_used() {
    let all = EXTENSIONS.map(|(name, ..)| name).join(", ");
    for (name, reserved, bit) in EXTENSIONS {
        let others = EXTENSIONS.iter().map(|(other, ..)| *other).filter(|other| *other != name);
        let others = others.collect::<Vec<_>>().join(",");
        // The offers of the client, and what the server accepts.
        for (offered, accepted) in [("", ""), (name, ""), (&all, &others), (&others, &others)] {
            let open = || open(offered, accepted, Config::new());
            check_without(From::Client, || open().0, (reserved, bit));
            check_without(From::Server, || open().1, (reserved, bit));
        }
    }
}

// P-ext-b, 6455-5.8-a
#[test]
fn a_message_that_arrives_with_the_response_is_received_with_the_claims() {
    let uri = Uri::parse("ws://server.example.com/").unwrap();
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let asking = Request::new(&uri).extensions(checksum::NAME);
    let mut opening = asking.send_with(ExampleKey, &mut request).unwrap();
    let mut asked = Opening::new(Origins::any());
    let mut inbox = inbox_of(&request);
    let request = asked.receive(&mut inbox, &mut response).unwrap().unwrap();
    let server = request.accept().extensions(checksum::NAME).finish(&mut response).unwrap();
    let mut server = server.with_claims(checksum::CLAIMS).unwrap();
    checksum::send(&mut server, Kind::Binary, b"abc", &mut response).unwrap();

    let mut inbox = inbox_of(&response);
    let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("not accepted")
    };
    let mut client = accepted.finish().with_claims(checksum::CLAIMS).unwrap();
    let event = client.receive_extended(&mut inbox, &mut Vec::new()).unwrap();
    let expected = Got::Message(Kind::Binary, checksum::BIT, checksum::encode(b"abc"));
    assert_eq!(event.map(Got::from), Some(expected));
}

/// What each method that does not deliver extended events does with one.
fn check_others<R: Role>(open: impl Fn() -> Connection<R>, bytes: &[u8], expected: &Got) {
    let misuse = Some(Error::Misuse(Misuse::Extended));
    let outbox = &mut Vec::new();
    for in_chunks in [false, true] {
        let (mut websocket, mut inbox) = (open(), inbox_of(bytes));
        for _ in 0..2 {
            let error = if in_chunks {
                websocket.receive_chunk(&mut inbox, outbox).map(|_| ()).err()
            } else {
                websocket.receive(&mut inbox, outbox).map(|_| ()).err()
            };
            assert_eq!(error, misuse);
            assert_eq!((inbox.event(), inbox.chunk_event()), (None, None));
            for _ in 0..2 {
                assert_eq!(inbox.extended_event().map(Got::from).as_ref(), Some(expected));
            }
        }
        // The connection is as good as before.
        assert_eq!(websocket.state(), State::Open);
        let event = websocket.receive_extended(&mut inbox, outbox).unwrap();
        assert_eq!(event.map(Got::from), Some(Got::Event(text("next"))));
    }
    assert!(outbox.is_empty());
}

// P-ext-j
#[test]
fn other_methods_report_an_extended_event_and_do_not_lose_it() {
    let claims = Claims::new().per_message(RSV2).per_frame(RSV3);
    for from in BOTH {
        let next = frame(from, FIN | TEXT, b"next");
        let marked = frame(from, FIN | 0x20 | TEXT, b"\xffabc");
        let framed = frame(from, 0x10 | CONTINUATION, b"\xffabc");
        let table = [
            (marked, Got::Message(Kind::Text, RSV2, b"\xffabc".into())),
            (framed, Got::Frame(Opcode::Continuation, false, RSV3, b"\xffabc".into())),
        ];
        for (event, expected) in table {
            let bytes = [&event[..], &event, &next].concat();
            let at_server = || server(Config::new()).with_claims(claims).unwrap();
            let at_client = || client(Config::new()).with_claims(claims).unwrap();
            match from {
                From::Client => check_others(at_server, &bytes, &expected),
                From::Server => check_others(at_client, &bytes, &expected),
            }
        }
    }
}

// P-ext-j: chunks of a plain message with a frame between them
#[test]
fn a_message_is_received_in_chunks_around_a_frame() {
    let claims = Claims::new().per_frame(RSV3);
    let mut websocket = server(Config::new()).with_claims(claims).unwrap();
    let bytes = [
        frame(From::Client, TEXT, b"ab\xc3"),
        frame(From::Client, FIN | 0x10 | TEXT, b"frame"),
        frame(From::Client, FIN | CONTINUATION, b"\xa9c"),
    ]
    .concat();
    let (mut inbox, mut outbox) = (inbox_of(&bytes), Vec::new());
    let mut joined = String::new();
    let mut frames = Vec::new();
    loop {
        match websocket.receive_chunk(&mut inbox, &mut outbox) {
            Ok(Some(hybi::ChunkEvent::Text { text, .. })) => joined.push_str(text),
            Ok(Some(other)) => panic!("{other:?}"),
            Ok(None) => break,
            Err(error) => {
                assert_eq!(error, Misuse::Extended.into());
                frames.extend(inbox.extended_event().map(Got::from));
            }
        }
    }
    assert_eq!(joined, "abéc");
    assert_eq!(frames, [Got::Frame(Opcode::Text, true, RSV3, b"frame".into())]);
}
