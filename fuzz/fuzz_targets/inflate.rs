//! Receives arbitrary bytes as compressed messages. Any split of the input, and messages whole or in
//! chunks, must give the same messages or the same error, in bounded memory.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Config, Connection, Error, Inbox, Server,
    deflate::{Deflate, Direction, Negotiated},
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Joiner, OwnedEvent},
    keys::Keys,
    memory::Counting,
    reference,
};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static MEMORY: Counting = Counting::new();

/// The longest decompressed message, in bytes.
const MESSAGE: u16 = 4096;
/// The initial capacity of the inbox, in bytes.
const INBOX: usize = 256;
/// The most memory that a connection may allocate in addition: the codec (about 48 KiB), the window for
/// data after a final block (32 KiB), and its fields.
const CODEC: usize = 96 * 1024;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    takeover: bool,
    cuts: Cuts<'a>,
    messages: Vec<Message<'a>>,
}

#[derive(Debug, Arbitrary)]
struct Message<'a> {
    is_text: bool,
    is_compressed: bool,
    fragments: Vec<&'a [u8]>,
    /// How often the last fragment is repeated, so that few bytes become many.
    repeated: u8,
}

fuzz_target!(|input: Input<'_>| {
    let bytes = stream(&input.messages);
    let plain = receive(&input, &bytes, Cuts::NONE, true);
    for (cuts, whole) in [(input.cuts, true), (Cuts::NONE, false), (input.cuts, false)] {
        let other = receive(&input, &bytes, cuts, whole);
        assert_eq!(plain, other, "split {cuts:?}, whole: {whole}");
    }
    assert!(plain.0.iter().all(|event| match event {
        OwnedEvent::Text(text) => text.len() <= MESSAGE.into(),
        OwnedEvent::Binary(data) => data.len() <= MESSAGE.into(),
        _ => true,
    }));
    let needed = MEMORY.growth_during(|| discard(&input, &bytes));
    // Inbox and message grow to less than three times their contents.
    let longest = usize::from(MESSAGE);
    let bound = 3 * longest + 3 * (INBOX + bytes.len().min(longest)) + CODEC;
    assert!(needed <= bound, "{needed} bytes allocated, where {bound} are enough");
});

/// The frames of these messages.
fn stream(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut count = 0;
    for message in messages {
        let last = message.fragments.last().copied().unwrap_or_default();
        let more = std::iter::repeat_n(last, message.repeated.into());
        let mut fragments = message.fragments.iter().copied().chain(more).peekable();
        let mut first = true;
        while let Some(payload) = fragments.next() {
            count += 1;
            let opcode = match (first, message.is_text) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => 2,
            };
            // The reference encodes only short lengths.
            let payload = &payload[..payload.len().min(125)];
            let mut frame = reference::encode(opcode, Some(Keys::key(count)), payload);
            if first && message.is_compressed {
                frame[0] |= 0x40;
            }
            if fragments.peek().is_some() {
                frame[0] &= !0x80;
            }
            bytes.extend(frame);
            first = false;
        }
    }
    bytes
}

fn open(input: &Input<'_>) -> Connection<Server> {
    let direction = Direction::new(15, input.takeover).expect("15 bits are valid");
    let config = Config::new().max_message_size(MESSAGE.into());
    Connection::server(config).with_deflate(&Deflate::new(), Negotiated::new(direction, direction))
}

/// Receives the messages, and the error that ends them.
fn receive(
    input: &Input<'_>,
    bytes: &[u8],
    cuts: Cuts<'_>,
    whole: bool,
) -> (Vec<OwnedEvent>, Option<Error>) {
    let mut connection = open(input);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(INBOX), Vec::new());
    let (mut events, mut joiner) = (Vec::new(), Joiner::default());
    let result = cuts.feed(bytes, &mut inbox, |inbox, _| {
        while let Some(event) = joiner.receive(&mut connection, inbox, &mut outbox, whole)? {
            events.extend(event);
        }
        Ok(())
    });
    if let Err(error) = result {
        let is_peers = matches!(error, Error::Protocol(_) | Error::Limit(_));
        assert!(is_peers, "not an error of the peer: {error}");
        assert!(connection.should_close_transport() && inbox.is_empty());
    }
    (events, result.err())
}

/// Receives whole messages and drops them.
fn discard(input: &Input<'_>, bytes: &[u8]) {
    let mut connection = open(input);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(INBOX), Vec::new());
    // The error is checked elsewhere.
    let _: Result<(), Error> = input.cuts.feed(bytes, &mut inbox, |inbox, _| {
        while connection.receive(inbox, &mut outbox)?.is_some() {}
        outbox.clear();
        Ok(())
    });
}
