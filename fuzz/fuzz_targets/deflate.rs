//! Round trips with any settings: each endpoint receives what the other compresses.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use hybi::{
    Config, Connection, Error, Fragment, Inbox, Role,
    deflate::{Deflate, Direction, Negotiated},
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Joiner, OwnedEvent},
    keys::Keys,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: Settings,
    client: Settings,
    cuts: Cuts<'a>,
    messages: Vec<Message<'a>>,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
struct Settings {
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(8..=15))]
    window_bits: u8,
    takeover: bool,
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(1..=9))]
    level: u8,
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(1..=9))]
    memory_level: u8,
    threshold: u8,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
struct Message<'a> {
    from_server: bool,
    compress: bool,
    in_chunks: bool,
    payload: Payload<'a>,
    /// How often the payload is repeated, so that it can be compressed.
    times: u8,
    /// The size of its fragments, if it is fragmented.
    fragment_size: Option<u16>,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Payload<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let parameters = Negotiated::new(input.server.direction(), input.client.direction());
    let mut server =
        Connection::server(Config::new()).with_deflate(&input.server.deflate(), parameters);
    let mut client = Connection::client(Config::new(), Keys::default())
        .with_deflate(&input.client.deflate(), parameters);
    let (mut server_inbox, mut client_inbox) = (Inbox::with_capacity(64), Inbox::with_capacity(64));
    for message in &input.messages {
        if message.from_server {
            exchange(&mut server, &mut client, &mut client_inbox, message, input.cuts);
        } else {
            exchange(&mut client, &mut server, &mut server_inbox, message, input.cuts);
        }
    }
});

/// Sends a message, and checks that the receiver gets it.
fn exchange<R: Role, Q: Role>(
    sender: &mut Connection<R>,
    receiver: &mut Connection<Q>,
    inbox: &mut Inbox,
    message: &Message<'_>,
    cuts: Cuts<'_>,
) {
    let mut outbox = Vec::new();
    sender.set_compression(message.compress);
    let times = usize::from(message.times);
    let sent = match message.payload {
        Payload::Text(text) => {
            let text = text.repeat(times);
            send_text(sender, &text, message.fragment_size(), &mut outbox)
                .expect("the connection is open");
            OwnedEvent::Text(text)
        }
        Payload::Binary(data) => {
            let data = data.repeat(times);
            send_binary(sender, &data, message.fragment_size(), &mut outbox)
                .expect("the connection is open");
            OwnedEvent::Binary(data)
        }
    };
    let (mut events, mut joiner, mut answers) = (Vec::new(), Joiner::default(), Vec::new());
    let result: Result<(), Error> = cuts.feed(&outbox, inbox, |inbox, _| {
        while let Some(event) = joiner.receive(receiver, inbox, &mut answers, !message.in_chunks)? {
            events.extend(event);
        }
        Ok(())
    });
    result.expect("the output of a connection is valid");
    assert_eq!(events, [sent]);
    assert!(answers.is_empty() && inbox.is_empty());
}

fn send_text<R: Role>(
    sender: &mut Connection<R>,
    text: &str,
    fragment_size: Option<usize>,
    outbox: &mut Vec<u8>,
) -> Result<(), Error> {
    let Some(size) = fragment_size else { return sender.send_text(text, outbox) };
    Fragment::split_text(text, size)
        .try_for_each(|(piece, fragment)| sender.send_text_fragment(piece, fragment, outbox))
}

fn send_binary<R: Role>(
    sender: &mut Connection<R>,
    data: &[u8],
    fragment_size: Option<usize>,
    outbox: &mut Vec<u8>,
) -> Result<(), Error> {
    let Some(size) = fragment_size else { return sender.send_binary(data, outbox) };
    Fragment::split_binary(data, size)
        .try_for_each(|(piece, fragment)| sender.send_binary_fragment(piece, fragment, outbox))
}

impl Message<'_> {
    fn fragment_size(&self) -> Option<usize> {
        self.fragment_size.map(|size| usize::from(size).max(16))
    }
}

impl Settings {
    fn direction(self) -> Direction {
        Direction::new(self.window_bits, self.takeover).expect("a window of 8 to 15 bits")
    }

    fn deflate(self) -> Deflate {
        Deflate::new()
            .level(self.level)
            .memory_level(self.memory_level)
            .threshold(self.threshold.into())
    }
}
