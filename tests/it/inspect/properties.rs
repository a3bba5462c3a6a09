//! Two connections of this crate, inspected in between.

use hybi::{
    Client, CloseCode, Connection, Event as Received, Fragment, Inbox, Origins, Server, Uri,
    client::{Request, Response},
    deflate::Deflate,
    frame::{Header, Opcode, Reserved},
    inspect::{Coding, Event, Inspector, Sender},
    server::Opening,
};
use proptest::{collection::vec, prelude::*};

use crate::support::feed::{Cut, ExampleKey};

/// What an endpoint sends.
#[derive(Clone, Debug)]
enum Send {
    Text(String),
    Binary(Vec<u8>),
    Fragments(String, String),
    Ping(Vec<u8>),
}

fn sends() -> impl Strategy<Value = Vec<(bool, Send)>> {
    let send = prop_oneof![
        ".{0,40}".prop_map(Send::Text),
        // Repetitive and long enough to be compressed.
        ("[a-c]{1,5}", 100..400_usize).prop_map(|(text, n)| Send::Text(text.repeat(n))),
        vec(any::<u8>(), 0..200).prop_map(Send::Binary),
        (".{0,20}", ".{0,20}").prop_map(|(first, last)| Send::Fragments(first, last)),
        vec(any::<u8>(), 0..=125).prop_map(Send::Ping),
    ];
    vec((any::<bool>(), send), 0..12)
}

/// What was delivered, or reported.
type Messages = Vec<(Sender, Opcode, Vec<u8>)>;

/// Both endpoints, and everything that they have sent so far.
struct Pair {
    client: Connection<Client<ExampleKey>>,
    server: Connection<Server>,
    inboxes: [Inbox; 2],
    /// The bytes in the order in which they were sent.
    sent: Vec<(Sender, Vec<u8>)>,
    delivered: Messages,
}

impl Pair {
    fn open(deflate: Option<&Deflate>) -> Self {
        let uri = Uri::parse("ws://server.example.com/chat").unwrap();
        let (mut request, mut response) = (Vec::new(), Vec::new());
        let mut inboxes = [Inbox::with_capacity(1024), Inbox::with_capacity(1024)];
        let asking = Request::new(&uri);
        let asking = match deflate {
            Some(deflate) => asking.deflate(deflate),
            None => asking,
        };
        let mut waiting = asking.send_with(ExampleKey, &mut request).unwrap();
        copy(&request, &mut inboxes[1]);
        let mut opening = Opening::new(Origins::any());
        let asked = opening.receive(&mut inboxes[1], &mut response).unwrap().unwrap();
        let accept = asked.accept();
        let accept = match deflate {
            Some(deflate) => accept.deflate(deflate),
            None => accept,
        };
        let server = accept.finish(&mut response).unwrap();
        copy(&response, &mut inboxes[0]);
        let client = match waiting.receive(&mut inboxes[0]).unwrap() {
            Some(Response::Accepted(accepted)) => accepted.finish(),
            other => panic!("{other:?}"),
        };
        let sent = vec![(Sender::Client, request), (Sender::Server, response)];
        Self { client, server, inboxes, sent, delivered: Vec::new() }
    }

    fn send(&mut self, from_client: bool, send: &Send) {
        let mut outbox = Vec::new();
        macro_rules! send_with {
            ($websocket:expr) => {
                match send {
                    Send::Text(text) => $websocket.send_text(text, &mut outbox).unwrap(),
                    Send::Binary(data) => $websocket.send_binary(data, &mut outbox).unwrap(),
                    Send::Fragments(first, last) => {
                        let websocket = &mut $websocket;
                        websocket.send_text_fragment(first, Fragment::More, &mut outbox).unwrap();
                        websocket.send_text_fragment(last, Fragment::Last, &mut outbox).unwrap();
                    }
                    Send::Ping(payload) => $websocket.send_ping(payload, &mut outbox).unwrap(),
                }
            };
        }
        if from_client {
            send_with!(self.client);
        } else {
            send_with!(self.server);
        }
        self.deliver(if from_client { Sender::Client } else { Sender::Server }, outbox);
    }

    /// Delivers bytes, and the replies to them.
    fn deliver(&mut self, sender: Sender, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let mut replies = Vec::new();
        let delivered = &mut self.delivered;
        let mut keep = |event: Received<'_>| match event {
            Received::Text(text) => delivered.push((sender, Opcode::Text, text.into())),
            Received::Binary(data) => delivered.push((sender, Opcode::Binary, data.to_vec())),
            Received::Ping(_) | Received::Pong(_) | Received::Close(_) => {}
        };
        let [of_client, of_server] = &mut self.inboxes;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let inbox = if sender == Sender::Client { &mut *of_server } else { &mut *of_client };
            rest = &rest[inbox.copy_from(rest)..];
            match sender {
                Sender::Client => {
                    while let Some(event) = self.server.receive(inbox, &mut replies).unwrap() {
                        keep(event);
                    }
                }
                Sender::Server => {
                    while let Some(event) = self.client.receive(inbox, &mut replies).unwrap() {
                        keep(event);
                    }
                }
            }
        }
        self.sent.push((sender, bytes));
        self.deliver(sender.peer(), replies);
    }
}

fn copy(bytes: &[u8], inbox: &mut Inbox) {
    assert_eq!(inbox.copy_from(bytes), bytes.len());
}

/// What an inspector reports.
#[derive(Debug, Default, PartialEq)]
struct Reported {
    messages: Messages,
    /// The frames, with their offsets.
    frames: Vec<(Sender, u64, Header)>,
    codings: Vec<Coding>,
    unsolicited: usize,
    closes: Vec<Option<u16>>,
    others: Vec<String>,
}

fn report(sent: &[(Sender, Vec<u8>)], cut: impl Fn(usize) -> Cut) -> Reported {
    let mut reported = Reported::default();
    let mut inspector = Inspector::new();
    for (sender, bytes) in sent {
        for piece in cut(bytes.len()).pieces(bytes) {
            let at = std::time::Duration::ZERO;
            inspector.receive(*sender, piece, at, |entry| match entry.event {
                Event::Message(message) => {
                    let payload = message.payload.to_vec();
                    reported.messages.push((entry.sender, message.opcode, payload));
                    reported.codings.push(message.coding);
                }
                Event::Frame(header) => reported.frames.push((entry.sender, entry.offset, header)),
                Event::Pong(pong) => reported.unsolicited += usize::from(pong.answers.is_none()),
                Event::Close(close) => reported.closes.push(close.code),
                Event::Violation(_) | Event::Opaque(_) => reported.others.push(entry.to_string()),
                _ => {}
            });
        }
    }
    reported
}

proptest! {
    // P-fd-d: the inspector reports what the receivers get, however the bytes are split
    #[test]
    fn what_is_delivered_is_reported(
        sends in sends(),
        compression in 0..4_u8,
        length in 1..40_usize,
    ) {
        let deflate = Deflate::new()
            .threshold(0)
            .send_context_takeover(compression & 1 != 0)
            .receive_context_takeover(compression & 1 != 0);
        let mut pair = Pair::open((compression > 1).then_some(&deflate));
        for (from_client, send) in &sends {
            pair.send(*from_client, send);
        }
        let mut close = Vec::new();
        pair.client.close(CloseCode::NORMAL, "bye", &mut close).unwrap();
        pair.deliver(Sender::Client, close);

        let reported = report(&pair.sent, |_| Cut::Whole);
        prop_assert_eq!(&reported.messages, &pair.delivered);
        prop_assert_eq!(&reported.others, &Vec::<String>::new());
        prop_assert_eq!(&reported.closes, &[Some(1000), Some(1000)]);
        prop_assert_eq!(reported.unsolicited, 0);
        let marked = |header: &Header| header.reserved().contains(Reserved::RSV1);
        let is_first = |header: &Header| matches!(header.opcode(), Opcode::Text | Opcode::Binary);
        let firsts = reported.frames.iter().map(|(_, _, header)| header).filter(|h| is_first(h));
        let codings = firsts.map(|h| if marked(h) { Coding::Inflated } else { Coding::Plain });
        prop_assert_eq!(&reported.codings, &codings.collect::<Vec<_>>());
        let has_long = sends.iter().any(|(_, send)| matches!(send, Send::Text(t) if t.len() >= 100));
        let has_compressed = reported.codings.contains(&Coding::Inflated);
        prop_assert!(has_compressed || compression <= 1 || !has_long);
        // The frames are all bytes after the heads.
        for sender in [Sender::Client, Sender::Server] {
            let bytes: Vec<u8> =
                pair.sent.iter().filter(|(by, _)| *by == sender).flat_map(|(_, b)| b.clone()).collect();
            let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
            let mut next = head;
            for (_, offset, header) in reported.frames.iter().filter(|(by, ..)| *by == sender) {
                prop_assert_eq!(*offset, next as u64);
                let encoded = header.encode();
                prop_assert_eq!(&bytes[next..][..encoded.len()], &encoded[..]);
                next += encoded.len() + usize::try_from(header.payload_len()).unwrap();
            }
            prop_assert_eq!(next, bytes.len());
        }
        prop_assert_eq!(report(&pair.sent, |_| Cut::Every(length)), reported);
    }

    // P-fd-d, P-fd-f
    #[test]
    fn any_bytes_give_the_same_timeline_for_any_split(
        bytes in vec((any::<bool>(), vec(any::<u8>(), 0..60)), 0..8),
        opened in any::<bool>(),
        length in 1..20_usize,
    ) {
        let mut steps = if opened { super::compressed_opening("") } else { Vec::new() };
        steps.extend(bytes.into_iter().map(|(from_client, bytes)| {
            if from_client { super::client(bytes) } else { super::server(bytes) }
        }));
        let whole = super::lines(Inspector::new(), &steps, &Cut::Whole);
        prop_assert_eq!(super::lines(Inspector::new(), &steps, &Cut::Every(length)), whole);
    }
}
