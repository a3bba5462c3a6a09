//! Custom extensions and compression through a relay.

use hybi::{
    Connection, Error, Fragment, Inbox, Origins, Role, Uri, Violation,
    client::{self, Request},
    extension::{Claims, ExtendedMessage, Extension},
    frame::{Kind, Reserved},
    relay::{Relay, Side},
    server::{self, Opening},
};

use super::{
    checksum,
    endpoint::{Ends, claims, inbox_of, receive},
    multiplexer::{self, Sending, StreamMessage},
    run_length,
};
use crate::{
    relay::{
        link::{Keys, Link, arriving, cuts, left_alone},
        wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame, header, other},
    },
    support::feed::{Cut, ExampleKey},
};

const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// RSV2 per message and RSV3 per frame. RSV1 is not negotiated.
const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);

fn link(claims: Claims) -> Link {
    let mut link = Link::new();
    link.relay = Relay::new(Keys::new()).with_claims(claims);
    link
}

/// The elements of a list.
fn list<'a>(extensions: impl Iterator<Item = Extension<'a>>) -> String {
    extensions.map(|extension| extension.to_string()).collect::<Vec<_>>().join(", ")
}

/// The bits that a relay forwards. It does not matter whether they apply before or after compression.
fn relayed<'a>(accepted: impl Iterator<Item = Extension<'a>>) -> Claims {
    accepted.fold(Claims::new(), |claims, extension| match extension.name() {
        "permessage-deflate" | run_length::NAME => claims.per_message(Reserved::RSV1),
        checksum::NAME => claims.per_message(checksum::BIT),
        multiplexer::NAME => claims.per_frame(multiplexer::BIT),
        other => panic!("{other}"),
    })
}

/// Performs both opening handshakes: a client that sends this request, a gateway that forwards the
/// offers, and a server that accepts by `accept`. Returns the two ends and the gateway.
fn open(
    request: Request<'_>,
    accept: impl Fn(server::Request<'_>, &mut Vec<u8>) -> Server,
) -> (Ends, Link) {
    let mut from_client = Vec::new();
    let mut opening = request.send_with(ExampleKey, &mut from_client).unwrap();

    // The gateway forwards the offers.
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let mut inbox = inbox_of(&from_client);
    let mut gateway = Opening::new(Origins::any());
    let request = gateway.receive(&mut inbox, &mut to_client).unwrap().unwrap();
    let offers = list(request.extensions());
    let backend = Uri::parse("ws://backend.example/").unwrap();
    let asking = Request::new(&backend).extensions(&offers);
    let mut asking = asking.send_with(ExampleKey, &mut to_server).unwrap();

    let mut from_server = Vec::new();
    let mut at_server = inbox_of(&to_server);
    let mut asked = Opening::new(Origins::any());
    let forwarded = asked.receive(&mut at_server, &mut from_server).unwrap().unwrap();
    let server = accept(forwarded, &mut from_server);

    // The gateway forwards what the server accepts.
    let mut at_gateway = inbox_of(&from_server);
    let Some(client::Response::Accepted(accepted)) = asking.receive(&mut at_gateway).unwrap()
    else {
        panic!("the server accepts")
    };
    let accepted_list = list(accepted.extensions());
    let link = link(relayed(accepted.extensions()));
    let server = server.with_claims(claims(accepted.extensions())).unwrap();
    request.accept().extensions(&accepted_list).finish(&mut to_client).unwrap();

    let mut at_client = inbox_of(&to_client);
    let Some(client::Response::Accepted(accepted)) = opening.receive(&mut at_client).unwrap()
    else {
        panic!("the gateway accepts")
    };
    assert_eq!(list(accepted.extensions()), accepted_list);
    let claims = claims(accepted.extensions());
    ((server, accepted.finish().with_claims(claims).unwrap()), link)
}

type Server = Connection<hybi::Server>;

/// Sends a message in fragments, frames of a stream between them, and plain messages around it.
fn send<R: Role>(websocket: &mut Connection<R>, reserved: Reserved, outbox: &mut Vec<u8>) {
    let encoded = checksum::encode(&run_length::encode(&[b'a'; 1000]));
    let on_stream = StreamMessage { stream: 1, kind: Kind::Binary, payload: &[7; 150] };
    websocket.send_text("plain, plain, plain", outbox).unwrap();
    for (payload, fragment) in Fragment::split_binary(&encoded, 3) {
        let message = ExtendedMessage { kind: Kind::Text, reserved, payload };
        websocket.send_extended_fragment(message, fragment, outbox).unwrap();
        Sending::new(on_stream).send_all(websocket, outbox).unwrap();
        websocket.send_ping(b"ping", outbox).unwrap();
    }
    websocket.send_text("plain, plain, plain", outbox).unwrap();
}

/// Checks that everything that each end sends arrives at the other as it would without the relay.
fn check(connect: impl Fn() -> (Ends, Link), reserved: Reserved) {
    let ((mut server, mut client), _) = connect();
    let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
    send(&mut client, reserved, &mut from_client);
    send(&mut server, reserved, &mut from_server);
    let inbox = || Inbox::with_capacity(64);
    let at_server = receive(&mut server, inbox(), &from_client, &Cut::Whole).got;
    let at_client = receive(&mut client, inbox(), &from_server, &Cut::Whole).got;
    assert!(at_server.len() > 10 && at_server == at_client);
    for length in [1, 2, 7, 100, usize::MAX] {
        let ((mut server, mut client), mut link) = connect();
        for piece in from_client.chunks(length) {
            link.carry(Side::Client, piece);
        }
        for piece in from_server.chunks(length) {
            link.carry(Side::Server, piece);
        }
        assert_eq!(link.relay.failure(), None);
        let relayed = link.take(Side::Server);
        assert_eq!(receive(&mut server, inbox(), &relayed, &Cut::Whole).got, at_server);
        let relayed = link.take(Side::Client);
        assert_eq!(receive(&mut client, inbox(), &relayed, &Cut::Whole).got, at_client);
    }
}

// P-ext-k, 6455-9.1-f
#[test]
fn all_three_extensions_pass_through() {
    let names = [checksum::NAME, run_length::NAME, multiplexer::NAME].join(", ");
    let uri = Uri::parse("ws://gateway.example/").unwrap();
    let connect = || {
        open(Request::new(&uri).extensions(&names), |request, outbox| {
            let offered = list(request.extensions());
            request.accept().extensions(&offered).finish(outbox).unwrap()
        })
    };
    check(connect, checksum::BIT | run_length::BIT);
}

// P-ext-k, 6455-9.1-f
#[cfg(feature = "deflate")]
#[test]
fn compression_passes_through_with_the_others() {
    use crate::deflate::endpoint::policy;

    let names = [checksum::NAME, multiplexer::NAME].join(", ");
    let uri = Uri::parse("ws://gateway.example/").unwrap();
    for takeover in [false, true] {
        for is_after in [false, true] {
            let policy = policy(takeover);
            let connect = || {
                open(Request::new(&uri).extensions(&names).deflate(&policy), |request, outbox| {
                    let accept = request.accept().deflate(&policy);
                    let (before, after) = (multiplexer::NAME, checksum::NAME);
                    let accept = if is_after {
                        accept.extensions(before).extensions_after_compression(after)
                    } else {
                        accept.extensions(&names)
                    };
                    accept.finish(outbox).unwrap()
                })
            };
            assert!(connect().0.0.compression().is_some());
            check(connect, checksum::BIT);
        }
    }
}

/// A conversation with claimed bits.
fn conversation() -> Vec<(u8, Vec<u8>)> {
    vec![
        (FIN | RSV3 | CONTINUATION, b"before all messages".to_vec()),
        (RSV2 | TEXT, b"\xff".to_vec()),
        (RSV3 | BINARY, vec![7; 300]),
        (PING, b"ping".to_vec()),
        (CONTINUATION, b"".to_vec()),
        (FIN | RSV2 | RSV3 | TEXT, b"".to_vec()),
        (FIN | CONTINUATION, b"c".to_vec()),
        (FIN | TEXT, b"plain".to_vec()),
        (FIN | RSV2 | BINARY, b"".to_vec()),
        (PONG, b"".to_vec()),
    ]
}

// P-ext-k, P-fd-d: the header and the payload of each frame as sent
#[test]
fn claimed_bits_are_forwarded_however_the_input_is_split() {
    for from in BOTH {
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for ((first, payload), n) in conversation().iter().zip(0..) {
            sent.extend(frame(from, *first, payload));
            expected.extend(arriving(other(from), n, *first, payload));
        }
        for pieces in cuts(&sent) {
            let mut link = link(CLAIMS);
            link.carry_all(from, &pieces);
            assert_eq!(link.relay.failure(), None);
            assert_eq!(link.take(other(from)), expected);
        }
    }
}

// 6455-5.2-a, 6455-5.4-i, 6455-5.4-j, P-ext-k
#[test]
fn other_reserved_bits_are_violations() {
    let bits = Violation::ReservedBits;
    let mut table: Vec<(&[(u8, &[u8])], u8, Violation)> = Vec::new();
    let open: &[(u8, &[u8])] = &[(RSV2 | TEXT, b"\xff")];
    for before in [&[][..], open] {
        for others in [0, RSV2, RSV3, RSV2 | RSV3] {
            for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
                table.push((before, FIN | RSV1 | others | opcode, bits));
            }
        }
        for set in [RSV2, RSV3, RSV2 | RSV3] {
            table.extend([CLOSE, PING, PONG].map(|opcode| (before, set | opcode, bits)));
        }
        table.push((before, FIN | RSV2 | CONTINUATION, bits));
    }
    table.push((open, RSV2 | BINARY, Violation::MessageInsideMessage));
    table.push((open, FIN | TEXT, Violation::MessageInsideMessage));
    // A frame of an extension begins no message.
    let framed: &[(u8, &[u8])] = &[(RSV3 | TEXT, b"")];
    table.push((framed, FIN | CONTINUATION, Violation::NothingToContinue));
    for from in BOTH {
        for (before, first, violation) in &table {
            let (mut bytes, mut passed, mut n) = (Vec::new(), Vec::new(), 0);
            for (first, payload) in *before {
                bytes.extend(frame(from, *first, payload));
                passed.extend(arriving(other(from), n, *first, payload));
                n += 1;
            }
            let key = (from == Side::Client).then_some(crate::relay::wire::KEY);
            bytes.extend(header(key, *first, 3));
            bytes.extend(b"abc");
            passed.extend(arriving(other(from), n, CLOSE, &left_alone(other(from))));
            for pieces in cuts(&bytes) {
                let mut link = link(CLAIMS);
                link.carry_all(from, &pieces);
                let failure = Some((from, Error::Protocol(*violation)));
                assert_eq!(link.relay.failure(), failure, "{from:?}: {before:?}, {first:x}");
                assert_eq!(link.take(other(from)), passed);
                assert_eq!(link.take(from), arriving(from, 0, CLOSE, &1002_u16.to_be_bytes()));
            }
        }
    }
}
