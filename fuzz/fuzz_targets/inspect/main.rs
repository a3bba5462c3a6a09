//! Inspects a connection: both directions in turn, split anywhere, from the start or from the middle. Any
//! split must give the same timeline, in bounded memory. Frames are contiguous. Up to its first violation,
//! a sender's frames contain what the reference decodes.

#![no_main]

mod heads;

use std::time::Duration;

use arbitrary::Arbitrary;
use hybi::{
    Error, Violation,
    deflate::{Direction, Negotiated},
    http1::HeadLimits,
    inspect::{
        Coding, Entry, Event, Extensions, Inspector, Limits,
        Rule::{
            self, CloseBody, CloseCodeLocal, CloseCodeOfClient, CloseCodeRange, CloseCodeReserved,
            CloseCodeUnassigned, CloseCodeUnused, CloseReason, ControlTooLong, Early,
            FragmentedControl, LengthNotMinimal, LengthTopBit, Masked, MessageInsideMessage,
            NotMasked, NothingToContinue, ReservedBits, ReservedOpcode, TextIncomplete,
            TextNotUtf8,
        },
        Sender,
    },
};
use hybi_fuzz::{cuts::Cuts, event::OwnedEvent, memory::Counting, reference, stream::Stream};
use libfuzzer_sys::fuzz_target;

use heads::ChangedHead;

#[global_allocator]
static MEMORY: Counting = Counting::new();

const HEAD: u16 = 1024;
const HELD: u16 = 1500;
const MESSAGE: u16 = 500;
const INFLATED: u16 = 40_000;
const PINGS: u8 = 3;

/// The most memory that an inspector with these limits allocates: for each direction, the codec
/// (about 48 KiB), its window (32 KiB), its output (16 KiB), and what is held and kept, in buffers of
/// twice their contents; the head of a request, and the list of fields of a head.
const MOST: usize = 2 * (96 + 8) * 1024 + 16 * HEAD as usize;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    start: Start<'a>,
    turns: Vec<Turn<'a>>,
    ends: [bool; 2],
    cuts: Cuts<'a>,
}

/// What one sender sends.
#[derive(Debug, Arbitrary)]
struct Turn<'a> {
    is_client: bool,
    /// Whether the first frame has RSV1.
    is_compressed: bool,
    stream: Stream<'a>,
}

/// Where the observation begins.
#[derive(Debug, Arbitrary)]
enum Start<'a> {
    /// At the first byte.
    Heads(Vec<ChangedHead<'a>>),
    /// At a valid request and the response to it.
    Opening(Extension),
    /// After the opening handshake.
    Middle(Middle),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Extension {
    None,
    Deflate,
    Other,
    Both,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Middle {
    None,
    Deflate(bool),
    Other(bool),
    Unknown,
}

fuzz_target!(|input: Input<'_>| {
    let steps = steps(&input);
    let mut whole = Timeline::default();
    inspect(&input, &steps, Cuts::NONE, |entry| whole.take(&entry));
    for cuts in [input.cuts, Cuts::EVERYWHERE] {
        let mut split = Timeline::default();
        inspect(&input, &steps, cuts, |entry| split.take(&entry));
        assert_eq!(split, whole, "split {cuts:?}");
    }
    for cuts in [Cuts::NONE, input.cuts] {
        let needed = MEMORY.growth_during(|| inspect(&input, &steps, cuts, |_| {}));
        assert!(needed <= MOST, "{needed} bytes allocated, where {MOST} are enough");
    }
    if let Start::Opening(Extension::None) = input.start {
        for sender in [Sender::Client, Sender::Server] {
            compare(sender, &steps, &whole);
        }
    }
});

/// The bytes of both senders, in turn.
fn steps(input: &Input<'_>) -> Vec<(Sender, Vec<u8>)> {
    let mut steps = Vec::new();
    match &input.start {
        Start::Heads(heads) => steps.extend(heads.iter().map(ChangedHead::step)),
        Start::Opening(extension) => steps.extend(heads::opening(match extension {
            Extension::None => "",
            Extension::Deflate => "permessage-deflate",
            Extension::Other => "x-other",
            Extension::Both => "x-other, permessage-deflate",
        })),
        Start::Middle(_) => {}
    }
    steps.extend(input.turns.iter().map(|turn| {
        let mut bytes = turn.stream.bytes(turn.is_client);
        if let Some(first) = bytes.first_mut()
            && turn.is_compressed
        {
            *first |= 0x40;
        }
        (if turn.is_client { Sender::Client } else { Sender::Server }, bytes)
    }));
    steps
}

fn inspector(input: &Input<'_>) -> Inspector {
    let limits = Limits::new()
        .head(HeadLimits::new().size(HEAD.into()))
        .held(HELD.into())
        .body(100)
        .message(MESSAGE.into())
        .inflated(INFLATED.into())
        .pings(PINGS.into());
    let deflate = |takeover| {
        let direction = Direction::new(15, takeover).expect("15 bits are valid");
        Negotiated::new(direction, direction)
    };
    let extensions = match input.start {
        Start::Heads(_) | Start::Opening(_) => return Inspector::with_limits(limits),
        Start::Middle(Middle::None) => Extensions::None,
        Start::Middle(Middle::Deflate(takeover)) => Extensions::Deflate(deflate(takeover)),
        Start::Middle(Middle::Other(compressed)) => {
            Extensions::Other(compressed.then(|| deflate(true)))
        }
        Start::Middle(Middle::Unknown) => Extensions::Unknown,
    };
    Inspector::without_handshake(extensions, limits)
}

fn inspect(
    input: &Input<'_>,
    steps: &[(Sender, Vec<u8>)],
    cuts: Cuts<'_>,
    mut sink: impl FnMut(Entry<'_>),
) {
    let mut inspector = inspector(input);
    let mut at = Duration::ZERO;
    for (sender, bytes) in steps {
        for piece in cuts.of(bytes) {
            inspector.receive(*sender, piece, at, &mut sink);
        }
        at += Duration::from_millis(1);
    }
    for (sender, ends) in [Sender::Client, Sender::Server].into_iter().zip(input.ends) {
        if ends {
            inspector.end(sender, at, &mut sink);
        }
    }
}

/// What is reported.
#[derive(Debug, Default, PartialEq)]
struct Timeline {
    lines: Vec<String>,
    senders: [Reported; 2],
}

/// What is reported of one sender.
#[derive(Debug, Default, PartialEq)]
struct Reported {
    /// Where its next frame begins.
    next: Option<u64>,
    /// What a receiver would deliver, up to the first violation or a Close.
    events: Vec<Delivered>,
    /// Its violations, up to a Close.
    rules: Vec<Rule>,
    closes: usize,
}

/// The opcode and the start of the payload.
type Delivered = (u8, Vec<u8>);

impl Timeline {
    fn take(&mut self, entry: &Entry<'_>) {
        self.lines.push(entry.text().credentials(true).excerpt(40).to_string());
        let reported = &mut self.senders[usize::from(entry.sender == Sender::Server)];
        match &entry.event {
            Event::Frame(header) => {
                let next = &mut reported.next;
                assert!(next.is_none_or(|next| next == entry.offset), "a gap between frames");
                *next = Some(entry.offset + header.encoded_len() as u64 + header.payload_len());
            }
            Event::Message(message) => {
                let kept = message.payload.len();
                assert!(kept <= MESSAGE.into() && kept as u64 <= message.length);
                let is_sent = matches!(message.coding, Coding::Plain | Coding::Unknown);
                assert!(is_sent || message.length <= INFLATED.into());
                reported.add(message.opcode as u8, message.payload);
            }
            Event::Ping(payload) => reported.add(9, payload),
            Event::Pong(pong) => reported.add(10, pong.payload),
            Event::Close(close) => {
                let code = close.code.map(u16::to_be_bytes);
                reported
                    .add(8, &[code.as_ref().map_or(&[][..], |code| code), close.reason].concat());
                reported.closes += 1;
            }
            Event::Violation(rule) => reported.add_violation(*rule),
            _ => {}
        }
    }
}

impl Reported {
    fn add(&mut self, opcode: u8, payload: &[u8]) {
        if self.rules.is_empty() && self.closes == 0 {
            self.events.push((opcode, payload.to_vec()));
        }
    }

    fn add_violation(&mut self, rule: Rule) {
        let is_close = CLOSE_CODES.contains(&rule) || [CloseBody, CloseReason].contains(&rule);
        match rule {
            // The reference knows frames only, and allows the code 1010 from both roles.
            Early | CloseCodeOfClient => {}
            // A receiver does not deliver such a Close.
            _ if is_close && self.closes == 1 => {
                if self.rules.is_empty() {
                    self.events.pop();
                }
                self.rules.push(rule);
            }
            _ if self.closes == 0 => self.rules.push(rule),
            _ => {}
        }
    }
}

const CLOSE_CODES: [Rule; 5] =
    [CloseCodeLocal, CloseCodeReserved, CloseCodeUnused, CloseCodeUnassigned, CloseCodeRange];

/// Compares the frames of one sender with the reference.
fn compare(sender: Sender, steps: &[(Sender, Vec<u8>)], timeline: &Timeline) {
    let reported = &timeline.senders[usize::from(sender == Sender::Server)];
    let of_sender = steps[2..].iter().filter(|(by, _)| *by == sender);
    let bytes: Vec<u8> = of_sender.flat_map(|(_, bytes)| bytes.clone()).collect();
    let decoded = reference::decode(&bytes, sender == Sender::Client, &reference::Limits::NONE);
    let expected: Vec<_> = decoded.events.iter().map(delivered).collect();
    assert_eq!(reported.events, expected);
    // The reference checks the order of frames when a header is complete.
    let is_order = |rule: &Rule| [NothingToContinue, MessageInsideMessage].contains(rule);
    let rules = &reported.rules;
    match decoded.error {
        Some(error) => assert!(rules.iter().any(|rule| is_of(*rule, &error)), "{error}: {rules:?}"),
        None => assert!(rules.iter().all(is_order), "no error: {rules:?}"),
    }
}

fn delivered(event: &OwnedEvent) -> Delivered {
    let mut delivered = match event {
        OwnedEvent::Text(text) => (1, text.clone().into_bytes()),
        OwnedEvent::Binary(data) => (2, data.clone()),
        OwnedEvent::Ping(payload) => (9, payload.clone()),
        OwnedEvent::Pong(payload) => (10, payload.clone()),
        OwnedEvent::Close(code, reason) => {
            let code = code.map(u16::to_be_bytes);
            (8, [code.as_ref().map_or(&[][..], |code| code), reason.as_bytes()].concat())
        }
        OwnedEvent::Extended(..) | OwnedEvent::Frame(..) => {
            panic!("no bit is claimed, and the reference delivers {event:?}")
        }
    };
    delivered.1.truncate(MESSAGE.into());
    delivered
}

fn is_of(rule: Rule, error: &Error) -> bool {
    let Error::Protocol(violation) = error else { panic!("not a violation: {error}") };
    match violation {
        Violation::ReservedBits => rule == ReservedBits,
        Violation::ReservedOpcode(_) => rule == ReservedOpcode,
        Violation::FragmentedControl => rule == FragmentedControl,
        Violation::ControlTooLong => rule == ControlTooLong,
        Violation::LengthNotMinimal => rule == LengthNotMinimal,
        Violation::LengthTopBit => rule == LengthTopBit,
        Violation::NotMasked => rule == NotMasked,
        Violation::Masked => rule == Masked,
        Violation::NothingToContinue => rule == NothingToContinue,
        Violation::MessageInsideMessage => rule == MessageInsideMessage,
        Violation::TextNotUtf8 => [TextNotUtf8, TextIncomplete].contains(&rule),
        Violation::CloseBodyTooShort => rule == CloseBody,
        Violation::CloseCode(_) => CLOSE_CODES.contains(&rule),
        Violation::CloseReasonNotUtf8 => rule == CloseReason,
        other => panic!("not a violation by a plain frame: {other}"),
    }
}
