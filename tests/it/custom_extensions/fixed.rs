//! Fixed buffers: inboxes and outboxes that never allocate, from the opening handshake on.

use hybi::{
    Client, Connection, Error, ExtendedEvent, FixedInbox, FixedOutbox, LimitExceeded, OutboxFull,
    Role, Server, Uri,
    client::{Request, Response},
    extension::{Claims, ExtendedMessage},
    frame::Kind,
    server::Opening,
};

use super::{
    checksum,
    multiplexer::{self, PIECE, Sending, StreamMessage, Streams},
};
use crate::support::feed::ExampleKey;

const SIZE: usize = 400;

type Buffer = [u8; SIZE];

struct End<R: Role> {
    websocket: Connection<R>,
    inbox: FixedInbox<Buffer>,
    outbox: FixedOutbox<Buffer>,
    streams: Streams<2, 300>,
}

impl<R: Role> End<R> {
    fn new(websocket: Connection<R>, inbox: FixedInbox<Buffer>) -> Self {
        let (outbox, streams) = (FixedOutbox::over([0; SIZE]), Streams::new());
        Self { websocket, inbox, outbox, streams }
    }

    /// Moves pending bytes to the peer, as far as it has room.
    fn send_to<P: Role>(&mut self, peer: &mut End<P>) {
        carry(&mut self.outbox, &mut peer.inbox);
    }

    /// Receives a message with a checksum.
    fn checked(&mut self) -> (Kind, &[u8]) {
        let event = self.websocket.receive_extended(&mut self.inbox, &mut self.outbox);
        match event.unwrap() {
            Some(ExtendedEvent::Message(message)) => {
                (message.kind, checksum::decode(message.payload).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Receives everything in the inbox. Returns the last message of a stream.
    fn demultiplexed(&mut self) -> Option<StreamMessage<'_>> {
        let mut complete = None;
        loop {
            let event = self.websocket.receive_extended(&mut self.inbox, &mut self.outbox);
            match event.unwrap() {
                Some(ExtendedEvent::Frame(frame)) => {
                    if let Some(message) = self.streams.receive(frame).unwrap() {
                        complete = Some((message.stream, message.kind, message.payload.len()));
                        // The message borrows the streams: in a program, it is processed here.
                        assert!(message.payload.iter().all(|byte| *byte == message.stream));
                    }
                }
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        let (stream, kind, length) = complete?;
        Some(StreamMessage { stream, kind, payload: &FILL[usize::from(stream)][..length] })
    }
}

/// The payloads of the streams.
const FILL: [[u8; 300]; 2] = [[0; 300], [1; 300]];

fn carry(from: &mut FixedOutbox<Buffer>, to: &mut FixedInbox<Buffer>) {
    let taken = to.copy_from(from.bytes());
    from.consume(taken).unwrap();
}

/// The opening handshake for one extension.
fn open(name: &str, claims: Claims) -> (End<Server>, End<Client<ExampleKey>>) {
    let mut outbox = FixedOutbox::over([0; SIZE]);
    let mut inboxes = [(); 2].map(|()| FixedInbox::over([0; SIZE]));
    let [to_server, to_client] = &mut inboxes;
    let uri = Uri::parse("ws://a/").unwrap();
    let mut asking =
        Request::new(&uri).extensions(name).send_with(ExampleKey, &mut outbox).unwrap();
    carry(&mut outbox, to_server);
    let mut awaiting = Opening::new(hybi::Origins::no_browser());
    let request = awaiting.receive(to_server, &mut outbox).unwrap().unwrap();
    assert!(request.extensions().any(|offer| offer.name() == name));
    let server = request.accept().extensions(name).finish(&mut outbox).unwrap();
    carry(&mut outbox, to_client);
    let Some(Response::Accepted(accepted)) = asking.receive(to_client).unwrap() else {
        panic!("it is accepted")
    };
    assert!(accepted.extensions().any(|accepted| accepted.name() == name));
    let client = accepted.finish().with_claims(claims).unwrap();
    let server = server.with_claims(claims).unwrap();
    let [to_server, to_client] = inboxes;
    (End::new(server, to_server), End::new(client, to_client))
}

// 6455-5.4-h, P-ext-c
#[test]
fn checksums_without_an_allocator() {
    let (mut server, mut client) = open(checksum::NAME, checksum::CLAIMS);
    // The largest message with its checksum: the header of the second fragment must fit, too.
    for payload in [&b""[..], b"123456789", &[7; SIZE - 139 - 4]] {
        let End { websocket, outbox, .. } = &mut client;
        checksum::send(websocket, Kind::Binary, payload, outbox).unwrap();
        client.send_to(&mut server);
        assert_eq!(server.checked(), (Kind::Binary, payload));
        let End { websocket, outbox, .. } = &mut server;
        checksum::send(websocket, Kind::Text, payload, outbox).unwrap();
        server.send_to(&mut client);
        assert_eq!(client.checked(), (Kind::Text, payload));
    }
}

// P-ext-f
#[test]
fn streams_without_an_allocator() {
    let (mut server, mut client) = open(multiplexer::NAME, multiplexer::CLAIMS);
    let on = |stream: u8| StreamMessage {
        stream,
        kind: Kind::Binary,
        payload: &FILL[usize::from(stream)],
    };
    let [mut large, mut other] = [on(0), on(1)].map(Sending::new);
    for has_more in [true, true, false] {
        let End { websocket, outbox, .. } = &mut client;
        assert_eq!(large.send_piece(websocket, outbox), Ok(has_more));
        client.send_to(&mut server);
        let arrived = server.demultiplexed();
        assert_eq!(arrived, (!has_more).then_some(on(0)));

        let End { websocket, outbox, .. } = &mut server;
        assert_eq!(other.send_piece(websocket, outbox), Ok(has_more));
        server.send_to(&mut client);
        assert_eq!(client.demultiplexed(), (!has_more).then_some(on(1)));
    }
}

// P-fe-b, P-ext-g
#[test]
fn a_full_outbox_accepts_no_part_and_all_of_it_later() {
    let (mut server, _) = open(multiplexer::NAME, multiplexer::CLAIMS);
    let mut sending =
        Sending::new(StreamMessage { stream: 0, kind: Kind::Text, payload: &FILL[0] });
    // A piece, its stream and a header of two bytes.
    let needed = 2 + 1 + PIECE;
    let mut outbox = FixedOutbox::over([0; 2 + 1 + PIECE + 50]);
    assert_eq!(sending.send_piece(&mut server.websocket, &mut outbox), Ok(true));
    let full = OutboxFull { needed, room: 50 };
    let refused = sending.send_piece(&mut server.websocket, &mut outbox);
    assert_eq!(refused, Err(Error::OutboxFull(full)));
    assert_eq!(outbox.bytes().len(), needed);
    outbox.clear();
    assert_eq!(sending.send_piece(&mut server.websocket, &mut outbox), Ok(true));

    let (mut server, _) = open(checksum::NAME, checksum::CLAIMS);
    let mut outbox = FixedOutbox::over([0; 10]);
    let payload = &[7; 9];
    let message = ExtendedMessage { kind: Kind::Text, reserved: checksum::BIT, payload };
    let refused = server.websocket.send_extended(message, &mut outbox);
    assert_eq!(refused, Err(Error::OutboxFull(OutboxFull { needed: 11, room: 10 })));
    let message = ExtendedMessage { payload: &payload[1..], ..message };
    server.websocket.send_extended(message, &mut outbox).unwrap();
    assert_eq!(outbox.bytes(), [0xa1, 8, 7, 7, 7, 7, 7, 7, 7, 7]);
}

// P-fd-a, P-ext-c, P-ext-f: the header alone
#[test]
fn what_exceeds_a_fixed_inbox_fails_at_its_header() {
    let table = [
        (checksum::NAME, checksum::CLAIMS, [0xa2, 0xfe, 0x01, 0x91, 0, 0, 0, 0], 401),
        // A frame must fit with its header.
        (multiplexer::NAME, multiplexer::CLAIMS, [0x92, 0xfe, 0x01, 0x89, 0, 0, 0, 0], 401),
    ];
    for (name, claims, header, size) in table {
        let (End { mut websocket, mut inbox, mut outbox, .. }, _) = open(name, claims);
        assert_eq!(inbox.copy_from(&header), header.len());
        let error = websocket.receive_extended(&mut inbox, &mut outbox).unwrap_err();
        let limit = LimitExceeded::InboxSize { size, limit: SIZE as u64 };
        assert_eq!((error, outbox.bytes()), (Error::Limit(limit), &b"\x88\x02\x03\xf1"[..]));
        assert!(websocket.should_close_transport());
    }
}
