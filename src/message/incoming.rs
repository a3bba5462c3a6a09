//! The message being received, if any.

use super::{inflating::Inflating, limits::Limits, partial::Partial, plain::Plain};
use crate::{
    buffer::{Found, Inbox, Parts, Storage},
    deflate::Session,
    error::{Error, Violation},
    extension::Claims,
    frame::{Header, Kind, Opcode, Reserved},
};

/// The message being received.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// None. The next frame begins a message or is a control frame.
    Idle,
    /// An uncompressed message. It is reassembled in the inbox.
    Plain(Plain),
    /// A compressed message. It is decompressed into separate memory.
    Inflating(Inflating),
}

/// The result of [`Incoming::advance`].
pub(crate) enum Step {
    /// The next bytes are a frame header.
    Header,
    /// A message or a chunk of one.
    Found(Found),
    /// The frame in progress needs more input.
    Incomplete,
}

impl Incoming {
    /// Whether no message is in progress.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Whether a frame of a message is in progress. If not, the next bytes are a frame header.
    #[inline]
    pub(crate) const fn is_in_frame(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Plain(plain) => plain.is_in_frame(),
            Self::Inflating(inflating) => inflating.is_in_frame(),
        }
    }

    /// Whether the message in progress is delivered in parts.
    pub(crate) fn in_chunks(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Plain(plain) => plain.in_chunks(),
            Self::Inflating(inflating) => inflating.in_chunks(),
        }
    }

    /// Whether the message in progress has claimed reserved bits. It is then delivered complete.
    const fn is_extended(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Plain(plain) => plain.is_extended(),
            Self::Inflating(inflating) => inflating.is_extended(),
        }
    }

    /// Whether the inbox holds the expected number of bytes of the message in progress. It does not
    /// if the caller passed another inbox.
    #[inline]
    pub(crate) fn is_held_by<S: Storage>(&self, inbox: &Inbox<S>) -> bool {
        let holds_nothing = || {
            let (cursor, inflated) = inbox.holdings();
            cursor.holds_nothing() && inflated.is_empty()
        };
        match self {
            Self::Idle => holds_nothing(),
            Self::Plain(plain) => plain.is_held_by(inbox),
            Self::Inflating(inflating) => inflating.is_held_by(inbox),
        }
    }

    /// Begins a data frame. Every rule and limit that its header can violate is checked here,
    /// before any of its payload is stored.
    pub(crate) fn begin(
        &mut self,
        header: &Header,
        claims: Claims,
        limits: &Limits<'_>,
    ) -> Result<(), Error> {
        let kind = match header.opcode() {
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
            _ => None,
        };
        match (&*self, kind) {
            // Section 5.4: the fragments of one message must not be interleaved with another
            // message.
            (Self::Idle, None) => return Err(Violation::NothingToContinue.into()),
            (Self::Plain(_) | Self::Inflating(_), Some(_)) => {
                return Err(Violation::MessageInsideMessage.into());
            }
            (Self::Idle, Some(kind)) => {
                let mut claimed = header.reserved() & claims.of_messages();
                if claims.is_after_compression(claimed) {
                    // The extension decodes the payload first.
                    claimed = claimed | (header.reserved() & Reserved::RSV1);
                }
                // RFC 7692, section 6: RSV1 of the first frame marks a compressed message.
                let is_compressed =
                    header.reserved().contains(Reserved::RSV1) && !claimed.contains(Reserved::RSV1);
                let message = Partial::new(kind).with_claimed(claimed);
                *self = if is_compressed {
                    Inflating::new(message).map_or(Self::Idle, Self::Inflating)
                } else {
                    Self::Plain(Plain::new(message))
                };
            }
            // Section 5.2: these bits belong to messages, so a continuation has none.
            (_, None) if !header.reserved().is_empty() => {
                return Err(Violation::ReservedBits.into());
            }
            (_, None) => {}
        }
        let limits = if self.is_extended() { &limits.whole() } else { limits };
        match self {
            Self::Idle => return Err(Violation::ReservedBits.into()),
            Self::Plain(plain) => plain.begin(header, limits)?,
            Self::Inflating(inflating) => inflating.begin(header, limits)?,
        }
        Ok(())
    }

    /// Processes the received payload of the frame in progress, up to the next chunk or message to
    /// deliver.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        parts: &mut Parts<'_>,
        session: &mut Session,
        limits: &Limits<'_>,
    ) -> Result<Step, Error> {
        let limits = if self.is_extended() { &limits.whole() } else { limits };
        let step = match self {
            Self::Idle => return Ok(Step::Header),
            Self::Plain(plain) => plain.advance(parts, limits)?,
            Self::Inflating(inflating) => inflating.advance(parts, session, limits)?,
        };
        if let Step::Found(Found::Message(_) | Found::Extended(..) | Found::Chunk(_, true)) = step {
            *self = Self::Idle;
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{
        buffer::{Content, MAX_OVERHEAD},
        config::Config,
        error::LimitExceeded,
        frame::Rules,
        message::Delivery,
    };

    const FIN: u8 = 0x80;
    const TEXT: u8 = 0x1;
    const BINARY: u8 = 0x2;
    const CONTINUATION: u8 = 0x0;

    /// The header of an unmasked frame, as a server sends it.
    fn header(first: u8, payload_len: u64) -> Header {
        let mut bytes = [first, 127, 0, 0, 0, 0, 0, 0, 0, 0];
        if payload_len < 126 {
            bytes[1] = u8::try_from(payload_len).unwrap();
        } else if let Ok(length) = u16::try_from(payload_len) {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
        } else {
            bytes[2..].copy_from_slice(&payload_len.to_be_bytes());
        }
        let all = Reserved::RSV1 | Reserved::RSV2 | Reserved::RSV3;
        let rules = Rules::from_server().allowing(all);
        Header::parse(&bytes, rules).unwrap().unwrap()
    }

    fn limits(config: &Config, delivery: Delivery, capacity: usize) -> Limits<'_> {
        Limits { config, delivery, capacity }
    }

    // 6455-5.4-i, 6455-5.4-j
    #[test]
    fn the_order_of_fragments() {
        let config = Config::new();
        let limits = limits(&config, Delivery::Whole, usize::MAX);
        let idle = || Incoming::Idle;
        let in_message = || {
            let mut incoming = Incoming::Idle;
            incoming.begin(&header(TEXT, 1), Claims::NONE, &limits).unwrap();
            incoming
        };
        let nothing = Err(Violation::NothingToContinue.into());
        let inside = Err(Violation::MessageInsideMessage.into());
        for fin in [0, FIN] {
            assert_eq!(idle().begin(&header(fin | TEXT, 1), Claims::NONE, &limits), Ok(()));
            assert_eq!(idle().begin(&header(fin | BINARY, 1), Claims::NONE, &limits), Ok(()));
            assert_eq!(
                idle().begin(&header(fin | CONTINUATION, 1), Claims::NONE, &limits),
                nothing
            );
            assert_eq!(in_message().begin(&header(fin | TEXT, 1), Claims::NONE, &limits), inside);
            assert_eq!(in_message().begin(&header(fin | BINARY, 1), Claims::NONE, &limits), inside);
            assert_eq!(
                in_message().begin(&header(fin | CONTINUATION, 1), Claims::NONE, &limits),
                Ok(())
            );
        }
    }

    // 7692-6-b, 7692-6-d
    #[test]
    fn only_the_first_frame_of_a_message_may_be_marked_as_compressed() {
        const RSV1: u8 = 0x40;
        let config = Config::new();
        let limits = limits(&config, Delivery::Whole, usize::MAX);
        let mut incoming = Incoming::Idle;
        incoming.begin(&header(BINARY, 1), Claims::NONE, &limits).unwrap();
        let marked = incoming.begin(&header(RSV1 | CONTINUATION, 1), Claims::NONE, &limits);
        assert_eq!(marked, Err(Violation::ReservedBits.into()));
        let mut incoming = Incoming::Idle;
        let begun = incoming.begin(&header(RSV1 | BINARY, 1), Claims::NONE, &limits);
        assert_eq!(begun.is_ok(), matches!(incoming, Incoming::Inflating(_)));
    }

    // P-ext-b, P-ext-h
    #[test]
    fn claimed_bits_make_a_message_extended() {
        const RSV1: u8 = 0x40;
        const RSV2: u8 = 0x20;
        let config = Config::new();
        let limits = limits(&config, Delivery::Chunks, usize::MAX);
        let before = Claims::new().per_message(Reserved::RSV2);
        let after = Claims::new().per_message_after_compression(Reserved::RSV2);
        let codec = Claims::new().per_message(Reserved::RSV1);
        // The claims, the bits of the first frame, and whether the message is extended and compressed.
        let table = [
            (before, 0, false, false),
            (before, RSV2, true, false),
            (before, RSV1, false, true),
            (before, RSV1 | RSV2, true, true),
            (after, 0, false, false),
            (after, RSV2, true, false),
            (after, RSV1, false, true),
            (after, RSV1 | RSV2, true, false),
            (codec, RSV1, true, false),
        ];
        for (claims, bits, is_extended, is_compressed) in table {
            let mut incoming = Incoming::Idle;
            let begun = incoming.begin(&header(bits | TEXT, 1), claims, &limits);
            if is_compressed && begun.is_err() {
                // Without the feature.
                assert_eq!(begun, Err(Violation::ReservedBits.into()));
                continue;
            }
            assert_eq!(matches!(incoming, Incoming::Inflating(_)), is_compressed);
            assert_eq!(incoming.is_extended(), is_extended);
            // It is delivered complete.
            assert_eq!(incoming.in_chunks(), !is_extended);
            for marked in [RSV1, RSV2, RSV1 | RSV2] {
                let mut incoming = Incoming::Idle;
                incoming.begin(&header(BINARY, 1), claims, &limits).unwrap();
                let continued = incoming.begin(&header(marked | CONTINUATION, 1), claims, &limits);
                assert_eq!(continued, Err(Violation::ReservedBits.into()));
            }
        }
    }

    /// The kind, the bits and the length of the extended message that is found.
    fn found(step: &Step) -> Option<(Kind, Reserved, usize)> {
        match step {
            Step::Found(Found::Extended(Content::Binary(range, _), kind, reserved)) => {
                Some((*kind, *reserved, range.len()))
            }
            _ => None,
        }
    }

    // P-ext-c
    #[test]
    fn an_extended_message_is_delivered_complete_and_is_no_text_yet() {
        let config = Config::new();
        let claims = Claims::new().per_message(Reserved::RSV2);
        let payload = [0xff; 10];
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            let limits = limits(&config, delivery, 1000);
            for split in 0..payload.len() {
                let mut inbox = Inbox::over([0; 1000]);
                let mut incoming = Incoming::Idle;
                incoming.begin(&header(0x20 | FIN | TEXT, 10), claims, &limits).unwrap();
                let steps = [&payload[..split], &payload[split..]].map(|read| {
                    assert_eq!(inbox.copy_from(read), read.len());
                    let mut session = Session::NONE;
                    found(&incoming.advance(&mut inbox.parts(), &mut session, &limits).unwrap())
                });
                assert_eq!(steps, [None, Some((Kind::Text, Reserved::RSV2, 10))]);
                assert!(incoming.is_idle());
            }
        }
    }

    // P-fd-a, 6455-10.4-a
    #[test]
    fn each_limit_holds_at_the_header_that_exceeds_it() {
        let config = Config::new().max_message_size(300).max_frame_size(200).max_fragments(3);
        let fragments = Err(LimitExceeded::Fragments { limit: 3 }.into());
        let frame = Err(LimitExceeded::FrameSize { size: 201, limit: 200 }.into());
        let message = Err(LimitExceeded::MessageSize { size: 301, limit: 300 }.into());
        let inbox = |size, limit| Err(LimitExceeded::InboxSize { size, limit }.into());
        // The inbox, the headers before the last one, and what becomes of the last one.
        let table = [
            (1000, &[(BINARY, 0), (CONTINUATION, 0), (CONTINUATION, 0), (FIN, 0)][..], fragments),
            (1000, &[(FIN | BINARY, 201)], frame),
            (1000, &[(FIN | BINARY, 200)], Ok(())),
            (1000, &[(BINARY, 200), (FIN, 101)], message),
            (1000, &[(BINARY, 200), (FIN, 100)], Ok(())),
            (150, &[(FIN | BINARY, 151)], inbox(151, 150)),
            (150, &[(FIN | BINARY, 150)], Ok(())),
            // A control frame may come before the next fragment.
            (150, &[(BINARY, 12)], inbox(12, 150 - MAX_OVERHEAD as u64)),
            (150, &[(BINARY, 11)], Ok(())),
            (150, &[(BINARY, 11), (FIN, 140)], inbox(151, 150)),
        ];
        for (capacity, headers, expected) in table {
            let limits = limits(&config, Delivery::Whole, capacity);
            let mut incoming = Incoming::Idle;
            let (last, before) = headers.split_last().unwrap();
            for (first, length) in before {
                incoming.begin(&header(*first, *length), Claims::NONE, &limits).unwrap();
            }
            let result = incoming.begin(&header(last.0, last.1), Claims::NONE, &limits);
            assert_eq!(result, expected, "{headers:?} in {capacity}");
        }
    }

    /// Receives a text in two reads, and returns what is delivered after each.
    fn deliveries(delivery: Delivery, text: &[u8], split: usize) -> [Option<(usize, bool)>; 2] {
        let config = Config::new();
        let limits = limits(&config, delivery, 1000);
        let mut inbox = Inbox::over([0; 1000]);
        let mut incoming = Incoming::Idle;
        incoming.begin(&header(FIN | TEXT, text.len() as u64), Claims::NONE, &limits).unwrap();
        [&text[..split], &text[split..]].map(|read| {
            assert_eq!(inbox.copy_from(read), read.len());
            let mut session = Session::NONE;
            let step = incoming.advance(&mut inbox.parts(), &mut session, &limits).unwrap();
            let (text, last) = match &step {
                Step::Found(Found::Message(Content::Text(text, _))) => (text, true),
                Step::Found(Found::Chunk(Content::Text(text, _), last)) => (text, *last),
                _ => return None,
            };
            Some((inbox.received_text(text).unwrap().len(), last))
        })
    }

    // 6455-5.6-a, 6455-8.1-b
    #[test]
    fn a_text_is_delivered_complete_or_up_to_the_last_complete_character() {
        let text = "aé€".as_bytes();
        for split in 0..text.len() {
            let complete =
                core::str::from_utf8(&text[..split]).map_or_else(|e| e.valid_up_to(), str::len);
            let whole = deliveries(Delivery::Whole, text, split);
            assert_eq!(whole, [None, Some((text.len(), true))]);
            let chunks = deliveries(Delivery::Chunks, text, split);
            let first = (complete > 0).then_some((complete, false));
            assert_eq!(chunks, [first, Some((text.len() - complete, true))]);
        }
    }
}
