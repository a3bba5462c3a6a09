//! Receiving compressed messages that nobody compressed: arbitrary bytes are inflated to the same
//! messages or the same error however they are cut, whole or in chunks, in bounded memory.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Config, Connection, Error, Inbox, Server,
    deflate::{Deflate, Direction, Negotiated},
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Heard, Joiner},
    keys::Keys,
    memory::Counting,
    reference,
};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static MEMORY: Counting = Counting::new();

/// The longest message, inflated.
const MESSAGE: u16 = 4096;
/// The usual size of the inbox.
const INBOX: usize = 256;
/// What a connection may allocate besides: the codec (some 48 KiB), the window that is kept for
/// what follows a final block (32 KiB), and its own few fields.
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
    /// How often the last fragment comes, so that a few bytes become many.
    repeated: u8,
}

fuzz_target!(|input: Input<'_>| {
    let bytes = stream(&input.messages);
    let plain = receive(&input, &bytes, Cuts::NONE, true);
    for (cuts, whole) in [(input.cuts, true), (Cuts::NONE, false), (input.cuts, false)] {
        let other = receive(&input, &bytes, cuts, whole);
        assert_eq!(plain, other, "cut {cuts:?}, whole: {whole}");
    }
    assert!(plain.0.iter().all(|heard| match heard {
        Heard::Text(text) => text.len() <= MESSAGE.into(),
        Heard::Binary(data) => data.len() <= MESSAGE.into(),
        _ => true,
    }));
    let needed = MEMORY.growth_during(|| pass_over(&input, &bytes));
    // Inbox and message grow to less than three times what they must hold.
    let longest = usize::from(MESSAGE);
    let bound = 3 * longest + 3 * (INBOX + bytes.len().min(longest)) + CODEC;
    assert!(needed <= bound, "{needed} bytes, where {bound} are enough");
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
            // The reference writes short lengths only.
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
    let direction = Direction::new(15, input.takeover).expect("15 bits are a window");
    let config = Config::new().max_message_size(MESSAGE.into());
    Connection::server(config).with_deflate(&Deflate::new(), Negotiated::new(direction, direction))
}

/// The messages that come out, and the error that ends them.
fn receive(
    input: &Input<'_>,
    bytes: &[u8],
    cuts: Cuts<'_>,
    whole: bool,
) -> (Vec<Heard>, Option<Error>) {
    let mut connection = open(input);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(INBOX), Vec::new());
    let (mut heard, mut joiner) = (Vec::new(), Joiner::default());
    let result = cuts.feed(bytes, &mut inbox, |inbox, _| {
        while let Some(event) = joiner.receive(&mut connection, inbox, &mut outbox, whole)? {
            heard.extend(event);
        }
        Ok(())
    });
    if let Err(error) = result {
        let is_peers = matches!(error, Error::Protocol(_) | Error::Limit(_));
        assert!(is_peers, "the peer is at fault, and nobody else: {error}");
        assert!(connection.should_close_transport() && inbox.is_empty());
    }
    (heard, result.err())
}

/// Receives all of it whole and keeps nothing.
fn pass_over(input: &Input<'_>, bytes: &[u8]) {
    let mut connection = open(input);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(INBOX), Vec::new());
    // Where it ends is judged elsewhere.
    let _: Result<(), Error> = input.cuts.feed(bytes, &mut inbox, |inbox, _| {
        while connection.receive(inbox, &mut outbox)?.is_some() {}
        outbox.clear();
        Ok(())
    });
}
