//! Receives frames with any reserved bits.

use arbitrary::{Arbitrary, Unstructured};
use hybi::{Config, Connection, Error, Inbox, Role, State, Storage};
use hybi_fuzz::{
    cuts::Cuts,
    event::OwnedEvent,
    keys::Keys,
    reference::{self, Limits},
};

use super::{MEMORY, RSV1, Settings};

const MESSAGE: u16 = 4096;
const FRAME: u16 = 2048;
const FRAGMENTS: u32 = 8;
/// The smallest inbox: room for a header.
const LEAST: u16 = 17;
/// The longest header, or a complete control frame.
const CONTROL: usize = 139;
/// The most memory that compression may allocate in addition: the codec, its window, and its fields.
const CODEC: usize = 96 * 1024;
/// So that a run stays short.
const MAX_STREAM: usize = 12 * 1024;

/// The input of an endpoint, and the sizes of its inboxes.
#[derive(Debug, Arbitrary)]
pub(super) struct Received<'a> {
    capacity: u8,
    size: u16,
    stream: Stream<'a>,
}

#[derive(Debug, Arbitrary)]
enum Stream<'a> {
    Bytes(&'a [u8]),
    Frames(Vec<Frame<'a>>),
}

#[derive(Debug, Arbitrary)]
struct Frame<'a> {
    #[arbitrary(with = |u: &mut Unstructured| u.choose(&[0, 0, 0, 1, 1, 2, 2, 8, 9]).copied())]
    opcode: u8,
    more: bool,
    reserved: u8,
    key: [u8; 4],
    /// Whether the payload is put into a stored block, which decompresses to it.
    is_stored: bool,
    payload: &'a [u8],
    /// How often the payload is repeated.
    times: u8,
}

/// What an endpoint delivered and sent, and how it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<OwnedEvent>,
    error: Option<Error>,
    outbox: Vec<u8>,
    state: State,
}

impl Received<'_> {
    pub(super) fn check(&self, settings: Settings, cuts: Cuts<'_>) {
        let config = Config::new()
            .max_message_size(MESSAGE.into())
            .max_frame_size(FRAME.into())
            .max_fragments(FRAGMENTS);
        if settings.server {
            self.check_with(settings, cuts, || settings.apply(Connection::server(config)));
        } else {
            let client = || Connection::client(config, Keys::default());
            self.check_with(settings, cuts, || settings.apply(client()));
        }
    }

    fn check_with<R: Role>(
        &self,
        settings: Settings,
        cuts: Cuts<'_>,
        open: impl Fn() -> Connection<R>,
    ) {
        let bytes = self.stream.bytes(settings.server);
        let size = usize::from(LEAST + self.size % (MESSAGE + FRAME));
        let growing = || Inbox::with_capacity(self.capacity.into());
        let fixed = || Inbox::over(vec![0; size]);
        let outcomes = [
            (receive(open(), growing(), &bytes, Cuts::NONE), None),
            (receive(open(), fixed(), &bytes, Cuts::NONE), Some(size)),
        ];
        assert_eq!(receive(open(), growing(), &bytes, cuts), outcomes[0].0);
        assert_eq!(receive(open(), fixed(), &bytes, cuts), outcomes[1].0);
        for (outcome, inbox) in outcomes {
            check_events(&outcome.events, settings);
            if settings.deflate.is_none() {
                let limits = Limits {
                    message: MESSAGE.into(),
                    frame: FRAME.into(),
                    fragments: FRAGMENTS,
                    inbox,
                    whole: true,
                };
                let claims = settings.reference();
                let expected = reference::decode_extended(&bytes, settings.server, &limits, claims);
                assert_eq!(outcome.events, expected.events);
                assert_eq!(outcome.error, expected.error);
            }
        }

        let grown = MEMORY.growth_during(|| discard(open(), growing(), &bytes, cuts));
        // A message and a frame of an extension.
        let held = usize::from(MESSAGE) + usize::from(FRAME) + CONTROL;
        let codec = if settings.deflate.is_some() { CODEC + 3 * usize::from(MESSAGE) } else { 0 };
        let bound = (16 * held / 3).max(self.capacity.into()) + codec;
        assert!(grown <= bound, "{grown} bytes allocated, where {bound} are enough");
    }
}

/// Checks that the events have only bits that are claimed for them.
fn check_events(events: &[OwnedEvent], settings: Settings) {
    let (messages, after, frames) = settings.bits();
    for event in events {
        match event {
            OwnedEvent::Extended(_, bits, payload) => {
                let own = bits & messages;
                let compressed =
                    if own & after != 0 && settings.deflate.is_some() { RSV1 } else { 0 };
                assert!(own != 0 && bits & !(own | compressed) == 0, "bits {bits:b} of a message");
                assert!(payload.len() <= MESSAGE.into());
            }
            OwnedEvent::Frame(opcode, _, bits, payload) => {
                assert!(bits & frames != 0 && *opcode <= 2, "bits {bits:b} of a frame");
                assert!(payload.len() <= FRAME.into());
            }
            _ => {}
        }
    }
}

/// Receives all events. Decompresses what was encoded after compression, as it arrives.
fn receive<R: Role, S: Storage>(
    mut connection: Connection<R>,
    mut inbox: Inbox<S>,
    bytes: &[u8],
    cuts: Cuts<'_>,
) -> Outcome {
    let (mut events, mut outbox) = (Vec::new(), Vec::new());
    let result = cuts.feed(bytes, &mut inbox, |inbox, _| {
        while let Some(event) = connection.receive_extended(inbox, &mut outbox)? {
            let event = OwnedEvent::from(event);
            let is_compressed = connection.compression().is_some();
            if let OwnedEvent::Extended(kind, bits, payload) = &event
                && is_compressed
                && bits & RSV1 != 0
            {
                let decompressed = connection.decompress(payload)?;
                assert!(decompressed.len() <= MESSAGE.into());
                events.push(OwnedEvent::Extended(*kind, *bits, decompressed));
            } else {
                events.push(event);
            }
        }
        Ok(())
    });
    let error = result.err();
    if error.is_some() && connection.should_close_transport() {
        assert!(inbox.is_empty(), "the inbox of a failed connection is not empty");
        assert_eq!(connection.receive_extended(&mut inbox, &mut outbox), Ok(None));
    }
    Outcome { events, error, outbox, state: connection.state() }
}

/// Receives all events and drops them.
fn discard<R: Role>(mut connection: Connection<R>, mut inbox: Inbox, bytes: &[u8], cuts: Cuts<'_>) {
    let mut outbox = Vec::with_capacity(MAX_STREAM);
    let _: Result<(), Error> = cuts.feed(bytes, &mut inbox, |inbox, _| {
        while connection.receive_extended(inbox, &mut outbox)?.is_some() {}
        outbox.clear();
        Ok(())
    });
}

impl Stream<'_> {
    /// The bytes on the wire, masked if they are from a client.
    fn bytes(&self, masked: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Bytes(stream) => bytes.extend_from_slice(stream),
            Self::Frames(frames) => {
                for frame in frames {
                    frame.append(masked, &mut bytes);
                }
            }
        }
        bytes.truncate(MAX_STREAM);
        bytes
    }
}

impl Frame<'_> {
    fn append(&self, masked: bool, bytes: &mut Vec<u8>) {
        let mut payload = self.payload.repeat(usize::from(self.times) + 1);
        payload.truncate(3000);
        let mut first = self.opcode;
        if first >= 8 {
            payload.truncate(125);
            // A control frame with reserved bits ends the run.
            first |= 0x80 | if self.reserved > 250 { 0x10 } else { 0 };
        } else {
            first |= (self.reserved & 7) << 4 | u8::from(!self.more) << 7;
            if self.is_stored {
                let length = u16::try_from(payload.len()).expect("at most 3000");
                let block =
                    [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &payload, &[0]];
                payload = block.concat();
            }
        }
        let key = if masked { self.key } else { [0; 4] };
        bytes.push(first);
        let mask = if masked { 0x80 } else { 0 };
        match u16::try_from(payload.len()).expect("at most 3006") {
            length @ 0..126 => bytes.push(mask | length.to_le_bytes()[0]),
            length => {
                bytes.push(mask | 0x7e);
                bytes.extend(length.to_be_bytes());
            }
        }
        if masked {
            bytes.extend(key);
        }
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}
