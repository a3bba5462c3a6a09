//! Receiving: a [`Connection`] of either role under small limits, over either kind of inbox, with
//! messages whole or in chunks, however the input is cut, against the reference.

#![no_main]

use std::convert::Infallible;

use arbitrary::Arbitrary;
use hybi::{
    CloseCode, Config, Connection, Error, Inbox, LimitExceeded, Outbox, Pongs, Role, State,
    Storage, Violation,
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Heard, Joiner},
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
/// The longest control frame, as the inbox reckons.
const CONTROL: usize = 139;
/// The least that an inbox needs for its role: a header, and a character that is not complete.
const LEAST: u16 = 17;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: bool,
    closing: Closing,
    /// The usual size of the inbox that grows.
    usual: u8,
    /// The size of the one that does not.
    size: u16,
    cuts: Cuts<'a>,
    stream: Stream<'a>,
}

/// Whether the connection has sent a Close before it receives.
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
    let usual = usize::from(input.usual);
    let size = usize::from(LEAST + input.size % (MESSAGE + 1024));
    for whole in [true, false] {
        let growing = Expected::new(input, bytes, whole, None);
        let fixed = Expected::new(input, bytes, whole, Some(size));
        for cuts in [Cuts::NONE, input.cuts] {
            let mut outbox = Vec::new();
            let connection = begin(&mut outbox);
            let inbox = Inbox::with_capacity(usual);
            growing.check(Run::new(connection, outbox).receive(inbox, bytes, cuts, whole));

            let mut outbox = Vec::new();
            let connection = begin(&mut outbox);
            let inbox = Inbox::over(vec![0; size]);
            fixed.check(Run::new(connection, outbox).receive(inbox, bytes, cuts, whole));

            let connection = begin(&mut Vec::new());
            let inbox = Inbox::with_capacity(usual);
            let grown = MEMORY.growth_during(|| pass_over(connection, inbox, bytes, cuts, whole));
            // It doubles while it is more than three eighths full of what it must hold: a message
            // or a character, and after it a header or a control frame.
            let held = if whole { usize::from(MESSAGE) } else { 3 };
            let bound = (16 * (held + CONTROL) / 3).max(usual);
            assert!(grown <= bound, "the inbox grew to {grown} bytes, where {bound} are enough");
        }
    }
}

/// A connection, and what it has made known.
struct Run<R: Role> {
    connection: Connection<R>,
    outbox: Vec<u8>,
    heard: Vec<Heard>,
    joiner: Joiner,
    error: Option<Error>,
}

impl<R: Role> Run<R> {
    fn new(connection: Connection<R>, outbox: Vec<u8>) -> Self {
        let (heard, joiner) = (Vec::new(), Joiner::default());
        Self { connection, outbox, heard, joiner, error: None }
    }

    /// Receives all of it.
    fn receive<S: Storage>(
        mut self,
        mut inbox: Inbox<S>,
        bytes: &[u8],
        cuts: Cuts<'_>,
        whole: bool,
    ) -> Self {
        let Ok(()) = cuts.feed::<S, Infallible>(bytes, &mut inbox, |inbox, _| {
            while let Some(heard) = self.next(inbox, whole) {
                assert_eq!(self.error, None, "an event after an error");
                let closed = matches!(self.heard.last(), Some(Heard::Close(..)));
                assert!(!closed, "an event after a Close");
                self.heard.extend(heard);
            }
            Ok(())
        });
        self
    }

    /// The next event, or `None` when there is none; inside it `None` for a part of a message.
    #[allow(clippy::option_option)]
    fn next<S: Storage>(&mut self, inbox: &mut Inbox<S>, whole: bool) -> Option<Option<Heard>> {
        let Self { connection, outbox, joiner, .. } = self;
        let result = joiner.receive(connection, inbox, outbox, whole);
        result.unwrap_or_else(|error| {
            assert_eq!(self.error.replace(error), None, "a second error");
            assert!(self.connection.should_close_transport(), "failed, and not done");
            assert!(inbox.is_empty(), "failed, and something is held");
            None
        })
    }
}

/// What a run is to make known.
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
            // What is dropped need not be put together.
            whole: whole && !dropping,
        };
        let mut decoded = reference::decode(bytes, input.server, &limits);
        if dropping {
            decoded.heard.retain(|heard| !heard.is_message());
            decoded.unfinished = None;
        }
        if whole {
            decoded.unfinished = None;
        }

        let mut answers = Answers { is_server: input.server, count: 0, bytes: Vec::new() };
        let is_open = input.closing == Closing::No;
        let mut state = if is_open { State::Open } else { State::CloseSent };
        let mut close_code = None;
        if !is_open {
            answers.append(8, &1000_u16.to_be_bytes());
        }
        for heard in &decoded.heard {
            match heard {
                Heard::Ping(payload) if is_open => answers.append(10, payload),
                Heard::Close(code, _) => {
                    if is_open {
                        let code = code.map(u16::to_be_bytes);
                        answers.append(8, code.as_ref().map_or(&[], |code| code));
                    }
                    state = State::Closed;
                    close_code = Some(code.unwrap_or(1005));
                }
                _ => {}
            }
        }
        if let Some(error) = &decoded.error {
            if is_open {
                answers.append(8, &close_code_of(error).to_be_bytes());
            }
            state = State::Failed;
            close_code = Some(1006);
        }
        Self { decoded, outbox: answers.bytes, state, is_server: input.server, close_code }
    }

    fn check<R: Role>(&self, run: Run<R>) {
        let Run { mut connection, outbox, heard, joiner, error } = run;
        assert_eq!(heard, self.decoded.heard);
        assert_eq!(error, self.decoded.error);
        assert_eq!(outbox, self.outbox);
        let expected = self.decoded.unfinished.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let delivered = joiner.open.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        // How much was delivered before an error depends on how the input is cut.
        let delivered_all = error.is_some() || delivered.len() == expected.len();
        assert!(
            expected.starts_with(delivered) && delivered_all,
            "chunks of an unfinished message"
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

/// What a connection sends by itself.
struct Answers {
    is_server: bool,
    count: u32,
    bytes: Vec<u8>,
}

impl Answers {
    fn append(&mut self, opcode: u8, payload: &[u8]) {
        self.count += 1;
        let key = (!self.is_server).then(|| Keys::key(self.count));
        self.bytes.extend(reference::encode(opcode, key, payload));
    }
}

/// Section 7.4.1 of RFC 6455.
fn close_code_of(error: &Error) -> u16 {
    match error {
        Error::Protocol(Violation::TextNotUtf8 | Violation::CloseReasonNotUtf8) => 1007,
        Error::Protocol(_) => 1002,
        Error::Limit(LimitExceeded::Fragments { .. }) => 1008,
        Error::Limit(_) => 1009,
        other => panic!("the peer is not at fault: {other}"),
    }
}

/// Receives all of it and keeps nothing.
fn pass_over<R: Role, S: Storage>(
    mut connection: Connection<R>,
    mut inbox: Inbox<S>,
    bytes: &[u8],
    cuts: Cuts<'_>,
    whole: bool,
) {
    for piece in cuts.of(bytes) {
        let mut rest = piece;
        while !rest.is_empty() {
            // As for a socket: into the room there is.
            let spare = inbox.spare().unwrap_or_default();
            let length = spare.len().min(rest.len());
            assert!(length > 0, "no room, though all was received");
            spare[..length].copy_from_slice(&rest[..length]);
            inbox.commit(length).expect("no more than there was room for");
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

/// An outbox whose bytes are written out at once.
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
