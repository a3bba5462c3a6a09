//! A client and a server that are connected by a relay.

use hybi::{
    Client, Config, Connection, Error, Event, Fragment, Inbox, Role, Server, State, relay::Side,
};
use proptest::{collection::vec, prelude::*};

use super::{
    link::{Keys, Link},
    wire::{BOTH, other},
};

/// The events at an endpoint, except for pongs and the Close.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
}

/// An action of an endpoint.
#[derive(Clone, Debug)]
enum Act {
    Say(Heard),
    Close,
}

/// A step of the test.
#[derive(Clone, Debug)]
enum Step {
    Do(Side, Act),
    /// The relay reads at most this many bytes from this side.
    Carry(Side, usize),
    /// This side reads at most this many bytes from the relay.
    Read(Side, usize),
}

/// An endpoint of the conversation.
struct End<R: Role> {
    websocket: Connection<R>,
    inbox: Inbox,
    outbox: Vec<u8>,
    /// The maximum size of the fragments that it sends.
    fragment: usize,
    said: Vec<Heard>,
    heard: Vec<Heard>,
    /// Bytes from the relay that this endpoint has not read.
    arriving: Vec<u8>,
}

struct Conversation {
    client: End<Client<Keys>>,
    server: End<Server>,
    link: Link,
}

impl<R: Role> End<R> {
    fn new(websocket: Connection<R>, fragment: usize) -> Self {
        let (outbox, said, heard, arriving) = (vec![], vec![], vec![], vec![]);
        Self { websocket, inbox: Inbox::with_capacity(64), outbox, fragment, said, heard, arriving }
    }

    fn act(&mut self, act: &Act) {
        let Self { websocket, outbox, fragment: size, .. } = self;
        let done = match act {
            Act::Say(Heard::Text(text)) => Fragment::split_text(text, *size)
                .try_for_each(|(piece, last)| websocket.send_text_fragment(piece, last, outbox)),
            Act::Say(Heard::Binary(data)) => Fragment::split_binary(data, *size)
                .try_for_each(|(piece, last)| websocket.send_binary_fragment(piece, last, outbox)),
            Act::Say(Heard::Ping(data)) => websocket.send_ping(data, outbox),
            Act::Close => websocket.close_without_code(outbox),
        };
        match (done, act) {
            (Ok(()), Act::Say(said)) => self.said.push(said.clone()),
            (Ok(()), Act::Close) => {}
            (Err(error), _) => assert_eq!(error, Error::Misuse(hybi::Misuse::NotOpen)),
        }
    }

    /// Reads at most `length` bytes of what has arrived, which must be valid.
    fn read(&mut self, length: usize) {
        let length = length.min(self.arriving.len());
        let bytes: Vec<u8> = self.arriving.drain(..length).collect();
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            let taken = self.inbox.copy_from(bytes);
            bytes = &bytes[taken..];
            while let Some(event) =
                self.websocket.receive(&mut self.inbox, &mut self.outbox).unwrap()
            {
                self.heard.extend(match event {
                    Event::Text(text) => Some(Heard::Text(text.into())),
                    Event::Binary(data) => Some(Heard::Binary(data.into())),
                    Event::Ping(data) => Some(Heard::Ping(data.into())),
                    Event::Pong(_) | Event::Close(_) => None,
                });
            }
        }
    }
}

impl Conversation {
    fn new(fragment: usize) -> Self {
        let config = Config::new().deliver_while_closing(true);
        Self {
            client: End::new(Connection::client(config, Keys::new()), fragment),
            server: End::new(Connection::server(config), fragment),
            link: Link::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Do(Side::Client, act) => self.client.act(act),
            Step::Do(Side::Server, act) => self.server.act(act),
            Step::Carry(from, length) => self.carry(*from, *length),
            Step::Read(Side::Client, length) => self.client.read(*length),
            Step::Read(Side::Server, length) => self.server.read(*length),
        }
    }

    fn carry(&mut self, from: Side, length: usize) {
        let outbox = match from {
            Side::Client => &mut self.client.outbox,
            Side::Server => &mut self.server.outbox,
        };
        let length = length.min(outbox.len());
        let bytes: Vec<u8> = outbox.drain(..length).collect();
        self.link.carry(from, &bytes);
        self.client.arriving.extend(self.link.take(Side::Client));
        self.server.arriving.extend(self.link.take(Side::Server));
    }

    /// Continues until no bytes are in transit.
    fn settle(&mut self, length: usize) {
        let is_quiet = |end: &Conversation| {
            let client = end.client.outbox.is_empty() && end.client.arriving.is_empty();
            client && end.server.outbox.is_empty() && end.server.arriving.is_empty()
        };
        while !is_quiet(self) {
            for side in BOTH {
                self.carry(side, length);
                self.step(&Step::Read(other(side), length));
            }
        }
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

fn step() -> impl Strategy<Value = Step> {
    let say = prop_oneof![
        "\\PC{0,80}".prop_map(Heard::Text),
        vec(any::<u8>(), 0..400).prop_map(Heard::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Heard::Ping),
    ];
    prop_oneof![
        8 => (side(), say).prop_map(|(side, said)| Step::Do(side, Act::Say(said))),
        1 => side().prop_map(|side| Step::Do(side, Act::Close)),
        8 => (side(), 1..300_usize).prop_map(|(side, length)| Step::Carry(side, length)),
        4 => (side(), 1..300_usize).prop_map(|(side, length)| Step::Read(side, length)),
    ]
}

proptest! {
    // P-fd-d, 6455-5.4-a, 6455-5.4-c, 6455-5.4-h, 6455-5.5.1-k
    #[test]
    fn all_messages_are_relayed(
        steps in vec(step(), 0..60),
        fragment in 1..200_usize,
        length in 1..100_usize,
    ) {
        let mut talk = Conversation::new(fragment);
        for step in &steps {
            talk.step(step);
        }
        talk.step(&Step::Do(Side::Client, Act::Close));
        talk.settle(length);
        prop_assert_eq!(&talk.server.heard, &talk.client.said);
        prop_assert_eq!(&talk.client.heard, &talk.server.said);
        prop_assert_eq!(talk.client.websocket.state(), State::Closed);
        prop_assert_eq!(talk.server.websocket.state(), State::Closed);
        prop_assert_eq!(talk.link.should_close_transport(), [true, false]);
        talk.link.end(Side::Client);
        talk.link.end(Side::Server);
        prop_assert_eq!((talk.link.should_close_transport(), talk.link.relay.failure()), ([true; 2], None));
    }
}
