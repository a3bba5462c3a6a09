//! Compares a [`Connection`] that receives with the reference: either role, small limits, either kind of
//! inbox, messages whole or in chunks, and any split of the input.

#![no_main]

use std::convert::Infallible;

use arbitrary::Arbitrary;
use hybi::{
    CloseCode, Config, Connection, Error, Inbox, LimitExceeded, Outbox, Pongs, Role, State,
    Storage, Violation,
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Joiner, OwnedEvent},
    keys::Keys,
    memory::Counting,
    reference::{self, Decoded, Limits},
    stream::Stream,
};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static MEMORY: Counting = Counting::new();

const MESSAGE: u16 = 4096;
const FRAME: u16 = 2048;
const FRAGMENTS: u32 = 8;
/// The room that the inbox reserves for a control frame, in bytes.
const CONTROL: usize = 139;
/// The smallest inbox: room for a header and an incomplete character.
const LEAST: u16 = 17;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: bool,
    closing: Closing,
    /// The initial capacity of the growing inbox.
    capacity: u8,
    /// The size of the fixed inbox.
    size: u16,
    cuts: Cuts<'a>,
    stream: Stream<'a>,
}

/// Whether the connection sends a Close before it receives.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
enum Closing {
    No,
    /// Messages are dropped.
    Dropping,
    /// Messages are delivered.
    Delivering,
}

fuzz_target!(|input: Input<'_>| {
    let config = Config::new()
        .max_message_size(MESSAGE.into())
        .max_frame_size(FRAME.into())
        .max_fragments(FRAGMENTS)
        .pongs(Pongs::All { max_backlog: usize::MAX })
        .deliver_while_closing(input.closing == Closing::Delivering);
    let bytes = input.stream.bytes(input.server);
    if input.server {
        play(&input, &bytes, || Connection::server(config));
    } else {
        play(&input, &bytes, || Connection::client(config, Keys::default()));
    }
});

fn play<R: Role>(input: &Input<'_>, bytes: &[u8], open: impl Fn() -> Connection<R>) {
    let begin = |outbox: &mut Vec<u8>| {
        let mut connection = open();
        if input.closing != Closing::No {
            connection.close(CloseCode::NORMAL, "", outbox).expect("the connection is open");
        }
        connection
    };
    let capacity = usize::from(input.capacity);
    let size = usize::from(LEAST + input.size % (MESSAGE + 1024));
    for whole in [true, false] {
        let growing = Expected::new(input, bytes, whole, None);
        let fixed = Expected::new(input, bytes, whole, Some(size));
        for cuts in [Cuts::NONE, input.cuts] {
            let mut outbox = Vec::new();
            let connection = begin(&mut outbox);
            let inbox = Inbox::with_capacity(capacity);
            growing.check(Run::new(connection, outbox).receive(inbox, bytes, cuts, whole));

            let mut outbox = Vec::new();
            let connection = begin(&mut outbox);
            let inbox = Inbox::over(vec![0; size]);
            fixed.check(Run::new(connection, outbox).receive(inbox, bytes, cuts, whole));

            let connection = begin(&mut Vec::new());
            let inbox = Inbox::with_capacity(capacity);
            let grown = MEMORY.growth_during(|| discard(connection, inbox, bytes, cuts, whole));
            // It doubles while more than three eighths are in use: a message or an incomplete
            // character, followed by a header or a control frame.
            let held = if whole { usize::from(MESSAGE) } else { 3 };
            let bound = (16 * (held + CONTROL) / 3).max(capacity);
            assert!(grown <= bound, "the inbox grew to {grown} bytes, where {bound} are enough");
        }
    }
}

/// A connection and its results.
struct Run<R: Role> {
    connection: Connection<R>,
    outbox: Vec<u8>,
    events: Vec<OwnedEvent>,
    joiner: Joiner,
    error: Option<Error>,
}

impl<R: Role> Run<R> {
    fn new(connection: Connection<R>, outbox: Vec<u8>) -> Self {
        let (events, joiner) = (Vec::new(), Joiner::default());
        Self { connection, outbox, events, joiner, error: None }
    }

    /// Receives all events.
    fn receive<S: Storage>(
        mut self,
        mut inbox: Inbox<S>,
        bytes: &[u8],
        cuts: Cuts<'_>,
        whole: bool,
    ) -> Self {
        let Ok(()) = cuts.feed::<S, Infallible>(bytes, &mut inbox, |inbox, _| {
            while let Some(event) = self.next(inbox, whole) {
                assert_eq!(self.error, None, "an event after an error");
                let closed = matches!(self.events.last(), Some(OwnedEvent::Close(..)));
                assert!(!closed, "an event after a Close");
                self.events.extend(event);
            }
            Ok(())
        });
        self
    }

    /// The next event. `None` if there is none, `Some(None)` for a part of a message.
    #[allow(clippy::option_option)]
    fn next<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        whole: bool,
    ) -> Option<Option<OwnedEvent>> {
        let Self { connection, outbox, joiner, .. } = self;
        let result = joiner.receive(connection, inbox, outbox, whole);
        result.unwrap_or_else(|error| {
            assert_eq!(self.error.replace(error), None, "a second error");
            assert!(
                self.connection.should_close_transport(),
                "a failed connection must close the transport"
            );
            assert!(inbox.is_empty(), "the inbox of a failed connection is not empty");
            None
        })
    }
}

/// The expected results of a run.
struct Expected {
    decoded: Decoded,
    outbox: Vec<u8>,
    state: State,
    is_server: bool,
    close_code: Option<u16>,
}

impl Expected {
    fn new(input: &Input<'_>, bytes: &[u8], whole: bool, inbox: Option<usize>) -> Self {
        let dropping = input.closing == Closing::Dropping;
        let limits = Limits {
            message: MESSAGE.into(),
            frame: FRAME.into(),
            fragments: FRAGMENTS,
            inbox,
            // Dropped messages are not assembled.
            whole: whole && !dropping,
        };
        let mut decoded = reference::decode(bytes, input.server, &limits);
        if dropping {
            decoded.events.retain(|event| !event.is_message());
            decoded.unfinished = None;
        }
        if whole {
            decoded.unfinished = None;
        }

        let mut replies = Replies { is_server: input.server, count: 0, bytes: Vec::new() };
        let is_open = input.closing == Closing::No;
        let mut state = if is_open { State::Open } else { State::CloseSent };
        let mut close_code = None;
        if !is_open {
            replies.append(8, &1000_u16.to_be_bytes());
        }
        for event in &decoded.events {
            match event {
                OwnedEvent::Ping(payload) if is_open => replies.append(10, payload),
                OwnedEvent::Close(code, _) => {
                    if is_open {
                        let code = code.map(u16::to_be_bytes);
                        replies.append(8, code.as_ref().map_or(&[], |code| code));
                    }
                    state = State::Closed;
                    close_code = Some(code.unwrap_or(1005));
                }
                _ => {}
            }
        }
        if let Some(error) = &decoded.error {
            if is_open {
                replies.append(8, &close_code_of(error).to_be_bytes());
            }
            state = State::Failed;
            close_code = Some(1006);
        }
        Self { decoded, outbox: replies.bytes, state, is_server: input.server, close_code }
    }

    fn check<R: Role>(&self, run: Run<R>) {
        let Run { mut connection, outbox, events, joiner, error } = run;
        assert_eq!(events, self.decoded.events);
        assert_eq!(error, self.decoded.error);
        assert_eq!(outbox, self.outbox);
        let expected = self.decoded.unfinished.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let delivered = joiner.open.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        // Before an error, the delivered part depends on the split of the input.
        let delivered_all = error.is_some() || delivered.len() == expected.len();
        assert!(
            expected.starts_with(delivered) && delivered_all,
            "wrong chunks of an incomplete message"
        );
        if let (Some((kind, _)), Some((expected, _))) = (&joiner.open, &self.decoded.unfinished) {
            assert_eq!(kind, expected);
        }

        assert_eq!(connection.state(), self.state);
        assert_eq!(connection.close_code(), self.close_code);
        let (should_close_transport, end) = match self.state {
            State::Closed => (self.is_server, State::Ended),
            State::Failed => (true, State::Failed),
            _ => (false, State::Lost),
        };
        assert_eq!(connection.should_close_transport(), should_close_transport);
        let is_lost = matches!(self.state, State::Open | State::CloseSent);
        let expected = if is_lost { Err(Error::ConnectionLost) } else { Ok(()) };
        assert_eq!(connection.end_of_input(), expected);
        assert_eq!(connection.state(), end);
        assert!(connection.should_close_transport());
        assert_eq!(connection.end_of_input(), Ok(()));
    }
}

/// The expected replies of a connection.
struct Replies {
    is_server: bool,
    count: u32,
    bytes: Vec<u8>,
}

impl Replies {
    fn append(&mut self, opcode: u8, payload: &[u8]) {
        self.count += 1;
        let key = (!self.is_server).then(|| Keys::key(self.count));
        self.bytes.extend(reference::encode(opcode, key, payload));
    }
}

/// RFC 6455, section 7.4.1.
fn close_code_of(error: &Error) -> u16 {
    match error {
        Error::Protocol(Violation::TextNotUtf8 | Violation::CloseReasonNotUtf8) => 1007,
        Error::Protocol(_) => 1002,
        Error::Limit(LimitExceeded::Fragments { .. }) => 1008,
        Error::Limit(_) => 1009,
        other => panic!("not an error of the peer: {other}"),
    }
}

/// Receives all events and drops them.
fn discard<R: Role, S: Storage>(
    mut connection: Connection<R>,
    mut inbox: Inbox<S>,
    bytes: &[u8],
    cuts: Cuts<'_>,
    whole: bool,
) {
    for piece in cuts.of(bytes) {
        let mut rest = piece;
        while !rest.is_empty() {
            // As from a socket: reads into the spare room.
            let spare = inbox.spare().unwrap_or_default();
            let length = spare.len().min(rest.len());
            assert!(length > 0, "the inbox has no room after all events were received");
            spare[..length].copy_from_slice(&rest[..length]);
            inbox.commit(length).expect("at most the spare room");
            rest = &rest[length..];
            let more = |connection: &mut Connection<R>, inbox: &mut Inbox<S>| {
                if whole {
                    connection.receive(inbox, &mut Discard).is_ok_and(|event| event.is_some())
                } else {
                    connection.receive_chunk(inbox, &mut Discard).is_ok_and(|event| event.is_some())
                }
            };
            while more(&mut connection, &mut inbox) {}
        }
    }
}

/// An outbox that drops its bytes.
struct Discard;

impl Outbox for Discard {
    fn pending(&self) -> usize {
        0
    }

    fn room(&self) -> usize {
        usize::MAX
    }

    fn append(&mut self, _: &[u8]) {}
}
