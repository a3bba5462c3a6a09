//! A server and a client that talk to each other: what one sends the other hears, whatever the
//! order of calls and however slowly the bytes get through, and what goes over the wire keeps the
//! rules, even where the peer does not.

#![no_main]

use std::collections::VecDeque;

use arbitrary::Arbitrary;
use hybi::{
    Client, CloseCode, Config, Connection, Error, FixedOutbox, Fragment, Framed, Inbox, Misuse,
    Outbox, Pongs, Prepared, Role, Server, State, buffer::Storage, mask::Mask, message::Kind,
};
use hybi_fuzz::{
    event::{Heard, Joiner},
    keys::Keys,
    reference::{self, Decoded, Limits},
};
use libfuzzer_sys::fuzz_target;

/// The size of an inbox that cannot grow: enough for every message.
const INBOX: usize = 8192;
/// No message is longer.
const MESSAGE: usize = 4096;
/// The longest control frame, which a fixed outbox must have room for.
const CONTROL: usize = 131;
/// More turns than any exchange takes.
const TURNS: usize = 10_000;
/// How often an end reacts, so that an echo ends.
const REACTIONS: usize = 8;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: Settings,
    client: Settings,
    server_closes: bool,
    /// Whether bytes are put in that nobody sent.
    garbage: u8,
    operations: Vec<(Side, Operation<'a>)>,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
struct Settings {
    pongs: Answering,
    reaction: Reaction,
    pong_backlog: Option<u8>,
    outbox_size: Option<u8>,
    fragment_size: Option<u8>,
    deliver_while_closing: bool,
    /// The room in an outbox that cannot grow, beyond that for a control frame.
    outbox: Option<u16>,
    /// The usual size of an inbox that grows; of the other kind if there is none.
    inbox: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
enum Answering {
    All,
    Latest,
    Manual,
}

/// What an end does as soon as it hears something, before it receives on.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Reaction {
    None,
    /// It sends messages back.
    Echo,
    /// It answers pings, besides what is taken care of.
    Answer,
    CloseOnMessage,
    CloseOnPing,
    CloseOnPong,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Side {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Operation<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Long(u8, u16),
    TextFragment(&'a str, bool),
    BinaryFragment(&'a [u8], bool),
    /// A message in its frame, without an outbox.
    Framed(bool, &'a str),
    Prepared(bool, &'a str),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(u16, &'a str),
    CloseWithoutCode,
    /// Bytes go from the outbox to the transport.
    Write(u16),
    /// Bytes come from the transport to the inbox.
    Read(u16),
    /// All that the peer sent comes to the inbox.
    Fetch,
    Receive,
    ReceiveChunk,
    /// All that has come is received.
    Drain,
    EndOfInput,
    Garbage(&'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let fixed = || Inbox::over(vec![0; INBOX]);
    let growing = |usual: u8| Inbox::with_capacity(usual.into());
    match (input.server.inbox, input.client.inbox) {
        (Some(server), Some(client)) => play(&input, growing(server), growing(client)),
        (Some(server), None) => play(&input, growing(server), fixed()),
        (None, Some(client)) => play(&input, fixed(), growing(client)),
        (None, None) => play(&input, fixed(), fixed()),
    }
});

fn play<S: Storage, T: Storage>(input: &Input<'_>, server: Inbox<S>, client: Inbox<T>) {
    let connection = Connection::server(input.server.config());
    let mut server = End::new(connection, server, input.server);
    let connection = Connection::client(input.client.config(), Keys::default());
    let mut client = End::new(connection, client, input.client);

    for &(side, operation) in &input.operations {
        if matches!(operation, Operation::Garbage(_)) && !input.garbage.is_multiple_of(8) {
            continue;
        }
        match side {
            Side::Server => server.operate(operation, &mut client),
            Side::Client => client.operate(operation, &mut server),
        }
    }

    settle(&mut server, &mut client);
    let is_sound = server.input == Came::Whole && client.input == Came::Whole;
    if is_sound {
        let open = (server.state() == State::Open, client.state() == State::Open);
        assert!(matches!(open, (true, true) | (false, false)), "one end is open");
    }
    if input.server_closes {
        server.close_if_open();
    } else {
        client.close_if_open();
    }
    settle(&mut server, &mut client);
    if is_sound {
        assert_eq!((server.state(), client.state()), (State::Closed, State::Closed));
        assert!(server.connection.is_done() && !server.connection.is_closing());
        assert!(!client.connection.is_done() && client.connection.is_closing());
    }
    server.end_of_input();
    client.end_of_input();
    assert!(server.connection.is_done() && client.connection.is_done());
    if is_sound {
        assert_eq!((server.state(), client.state()), (State::Ended, State::Ended));
    }

    let from_server = server.check_sent(false);
    let from_client = client.check_sent(true);
    server.check_heard(&from_client);
    client.check_heard(&from_server);
    if is_sound {
        server.check_close(&from_client);
        client.check_close(&from_server);
    }
}

/// Lets bytes flow until nothing moves any more.
fn settle<R: Endpoint, S: Storage, Q: Endpoint, T: Storage>(
    one: &mut End<R, S>,
    other: &mut End<Q, T>,
) {
    for _ in 0..TURNS {
        one.write(usize::MAX);
        other.write(usize::MAX);
        let read = one.read_all(&mut other.wire) | other.read_all(&mut one.wire);
        let drained = one.drain() | other.drain();
        if !read && !drained && one.outbox.pending() + other.outbox.pending() == 0 {
            return;
        }
    }
    panic!("the exchange has no end");
}

/// What an end has received from the transport.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Came {
    /// All that the peer sent.
    Whole,
    /// The first part of it.
    Cut,
    /// Bytes too that the peer did not send.
    Garbage,
}

/// One end of the connection, with all that is known of it.
struct End<R: Role, S> {
    connection: Connection<R>,
    settings: Settings,
    inbox: Inbox<S>,
    outbox: Out,
    /// On the way to the peer.
    wire: VecDeque<u8>,
    input: Came,
    has_ended: bool,
    error: Option<Error>,
    /// All that was written to the transport.
    sent: Vec<u8>,
    /// What calls have sent, in order.
    told: Vec<Heard>,
    /// The message of which not all fragments were sent.
    open: Option<(Kind, Vec<u8>)>,
    /// What was heard, and in which state.
    heard: Vec<(Heard, State)>,
    joiner: Joiner,
    /// Whether the message being received may have been begun in chunks.
    in_chunks: bool,
}

impl<R: Endpoint, S: Storage> End<R, S> {
    fn new(connection: Connection<R>, inbox: Inbox<S>, settings: Settings) -> Self {
        let outbox = match settings.outbox {
            None => Out::Growing(Vec::new()),
            Some(room) => {
                Out::Fixed(FixedOutbox::over(vec![0; CONTROL + usize::from(room % 2048)]))
            }
        };
        Self {
            connection,
            settings,
            inbox,
            outbox,
            wire: VecDeque::new(),
            input: Came::Whole,
            has_ended: false,
            error: None,
            sent: Vec::new(),
            told: Vec::new(),
            open: None,
            heard: Vec::new(),
            joiner: Joiner::default(),
            in_chunks: false,
        }
    }

    fn state(&self) -> State {
        self.connection.state()
    }

    fn operate<Q: Endpoint, T: Storage>(&mut self, operation: Operation<'_>, peer: &mut End<Q, T>) {
        match operation {
            Operation::Text(text) => self.message(Kind::Text, text.as_bytes()),
            Operation::Binary(data) => self.message(Kind::Binary, data),
            Operation::Long(byte, count) => {
                self.message(Kind::Binary, &vec![byte; usize::from(count) % MESSAGE]);
            }
            Operation::TextFragment(text, last) => self.fragment(Kind::Text, text.as_bytes(), last),
            Operation::BinaryFragment(data, last) => self.fragment(Kind::Binary, data, last),
            Operation::Framed(is_text, payload) => self.framed(kind(is_text), payload),
            Operation::Prepared(is_text, payload) => self.prepared(kind(is_text), payload),
            Operation::Ping(payload) => self.ping(payload),
            Operation::Pong(payload) => self.pong(payload),
            Operation::Close(number, reason) => self.close(number, reason),
            Operation::CloseWithoutCode => {
                let state = self.state();
                let result = self.connection.close_without_code(&mut self.outbox);
                self.told_close(result, state, Heard::Close(None, String::new()));
            }
            Operation::Write(count) => self.write(count.into()),
            Operation::Read(count) => {
                self.read(count.into(), &mut peer.wire);
            }
            Operation::Fetch => {
                peer.write(usize::MAX);
                self.read(usize::MAX, &mut peer.wire);
            }
            Operation::Receive => {
                self.receive(false);
            }
            Operation::ReceiveChunk => {
                self.receive(true);
            }
            Operation::Drain => {
                self.drain();
            }
            Operation::EndOfInput => {
                self.input = self.input.max(Came::Cut);
                self.end_of_input();
            }
            Operation::Garbage(bytes) => {
                peer.wire.extend(bytes);
                self.input = Came::Garbage;
            }
        }
        let Self { connection, .. } = self;
        assert!(!connection.is_done() || !connection.is_closing());
    }

    fn message(&mut self, kind: Kind, payload: &[u8]) {
        let (state, open) = (self.state(), self.open.is_some());
        let Self { connection, outbox, .. } = self;
        let result = match kind {
            Kind::Text => connection.send_text(text(payload), outbox),
            Kind::Binary => connection.send_binary(payload, outbox),
        };
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            Heard::message(kind, payload.into())
        });
    }

    fn fragment(&mut self, kind: Kind, payload: &[u8], last: bool) {
        let before = self.open.as_ref().map_or(0, |(_, message)| message.len());
        if before + payload.len() > MESSAGE {
            return;
        }
        let state = self.state();
        let other = self.open.as_ref().is_some_and(|(open, _)| *open != kind);
        let fragment = if last { Fragment::Last } else { Fragment::More };
        let Self { connection, outbox, .. } = self;
        let result = match kind {
            Kind::Text => connection.send_text_fragment(text(payload), fragment, outbox),
            Kind::Binary => connection.send_binary_fragment(payload, fragment, outbox),
        };
        self.judge(result, state, other.then_some(Misuse::KindChanged));
        if result.is_ok() {
            let mut message = self.open.take().map(|(_, message)| message).unwrap_or_default();
            message.extend_from_slice(payload);
            if last {
                self.told.push(Heard::message(kind, message));
            } else {
                self.open = Some((kind, message));
            }
        }
    }

    fn framed(&mut self, kind: Kind, payload: &str) {
        let (state, open) = (self.state(), self.open.is_some());
        // What waits in the outbox goes first.
        self.write(usize::MAX);
        let mut buffer = payload.as_bytes().to_vec();
        let framed = R::framed(&mut self.connection, kind, &mut buffer).map(|framed| {
            assert_eq!(framed.slices(), [framed.header(), framed.payload()]);
            framed.slices().concat()
        });
        let result = framed.map(|bytes| self.transmit(&bytes));
        if result.is_err() {
            assert_eq!(buffer, payload.as_bytes());
        }
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            Heard::message(kind, payload.into())
        });
    }

    fn prepared(&mut self, kind: Kind, payload: &str) {
        let (state, open) = (self.state(), self.open.is_some());
        let prepared = match kind {
            Kind::Text => Prepared::text(payload),
            Kind::Binary => Prepared::binary(payload.as_bytes()),
        };
        let Some(result) = R::send_prepared(&mut self.connection, &prepared, &mut self.outbox)
        else {
            return;
        };
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            Heard::message(kind, payload.into())
        });
    }

    fn ping(&mut self, payload: &[u8]) {
        // The first byte tells pongs that answer pings from others.
        let payload = [b"p", payload].concat();
        let result = self.connection.send_ping(&payload, &mut self.outbox);
        self.control(result, payload.len(), Heard::Ping(payload));
    }

    fn pong(&mut self, payload: &[u8]) {
        let payload = [b"u", payload].concat();
        let result = self.connection.send_pong(&payload, &mut self.outbox);
        self.control(result, payload.len(), Heard::Pong(payload));
    }

    fn control(&mut self, result: Result<(), Error>, length: usize, heard: Heard) {
        let long = (length > 125).then_some(Misuse::ControlTooLong(length));
        self.may(result, self.state(), long, || heard);
    }

    fn close(&mut self, number: u16, reason: &str) {
        let codes = [1000, 1001, 1002, 1003, 1007, 1010, 1011, 1014, 3000, 4999, 1005];
        let number = codes.get(usize::from(number % 16)).map_or(number, |code| *code);
        let Some(code) = CloseCode::new(number) else { return };
        let state = self.state();
        let result = self.connection.close(code, reason, &mut self.outbox);
        if reason.len() > 123 || (number == 1010 && !R::IS_CLIENT) {
            assert!(matches!(
                result,
                Err(Error::Misuse(Misuse::ReasonTooLong(_) | Misuse::MandatoryExtensionByServer))
            ));
            return;
        }
        self.told_close(result, state, Heard::Close(Some(number), reason.into()));
    }

    fn told_close(&mut self, result: Result<(), Error>, before: State, close: Heard) {
        self.may(result, before, None, || close);
        if result.is_ok() {
            assert_eq!(self.state(), State::CloseSent);
        }
    }

    fn close_if_open(&mut self) {
        if self.state() == State::Open {
            self.close(0, "");
            assert_eq!(self.state(), State::CloseSent, "a Close was refused");
        }
    }

    /// A call that sends, which may be a misuse even of an open connection.
    fn may(
        &mut self,
        result: Result<(), Error>,
        before: State,
        misuse: Option<Misuse>,
        heard: impl FnOnce() -> Heard,
    ) {
        self.judge(result, before, misuse);
        if result.is_ok() {
            self.told.push(heard());
        }
    }

    fn judge(&self, result: Result<(), Error>, before: State, misuse: Option<Misuse>) {
        let misuse = if before == State::Open { misuse } else { Some(Misuse::NotOpen) };
        match (result, misuse) {
            (Ok(()), None) => {}
            (Err(Error::Misuse(found)), Some(expected)) => assert_eq!(found, expected),
            (Err(Error::OutboxFull { needed }), None) => {
                let is_full = self.outbox.pending() >= self.settings.config_outbox_size();
                // A message in several frames may be refused at its last one.
                let splits = self.settings.fragment_size.is_some();
                assert!(is_full || needed > self.outbox.room() || splits, "there is room");
            }
            (result, misuse) => panic!("{result:?}, where {misuse:?} was expected"),
        }
    }

    /// Moves bytes from the outbox to the transport.
    fn write(&mut self, count: usize) {
        let bytes = self.outbox.take(count);
        self.transmit(&bytes);
    }

    fn transmit(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.wire.extend(bytes);
    }

    /// Moves bytes from the transport to the inbox, and tells how many.
    fn read(&mut self, count: usize, from_peer: &mut VecDeque<u8>) -> usize {
        if self.has_ended {
            from_peer.clear();
            return 0;
        }
        let bytes = from_peer.make_contiguous();
        let taken = self.inbox.take_from(&bytes[..count.min(bytes.len())]);
        from_peer.drain(..taken);
        taken
    }

    /// Moves all bytes, receiving on the way; tells whether there were any.
    fn read_all(&mut self, from_peer: &mut VecDeque<u8>) -> bool {
        let some = !from_peer.is_empty();
        while !from_peer.is_empty() {
            self.drain();
            let taken = self.read(usize::MAX, from_peer);
            assert!(taken > 0 || self.has_ended, "no room, though all was received");
        }
        some
    }

    /// Receives all that has come; tells whether there was anything.
    fn drain(&mut self) -> bool {
        let mut some = false;
        // In the way that the message in progress was begun.
        while self.receive(false) || self.receive(self.in_chunks) {
            some = true;
        }
        some
    }

    /// Receives one event; tells whether there was one.
    fn receive(&mut self, in_chunks: bool) -> bool {
        let before = self.state();
        let Self { connection, inbox, outbox, joiner, .. } = self;
        if self.settings.drops(before) {
            joiner.open = None;
        }
        self.in_chunks |= in_chunks;
        let result = joiner.receive(connection, inbox, outbox, !in_chunks);
        match result {
            Ok(None) => return false,
            Ok(Some(heard)) => {
                assert!(matches!(before, State::Open | State::CloseSent), "an event after the end");
                if let Some(heard) = heard {
                    self.hear(heard, before, in_chunks);
                }
            }
            Err(Error::Misuse(Misuse::ChunksPending)) => {
                assert!(self.in_chunks && !in_chunks, "no message was begun in chunks");
                return false;
            }
            Err(error) => {
                assert_eq!(self.input, Came::Garbage, "{error}, though the peer is not at fault");
                assert!(error.close_code().is_some());
                assert_eq!(self.error.replace(error), None, "a second error");
                assert_eq!(self.state(), State::Failed);
                assert!(self.inbox.is_empty());
            }
        }
        true
    }

    fn hear(&mut self, heard: Heard, before: State, in_chunks: bool) {
        if heard.is_message() {
            assert!(!self.settings.drops(before), "a message is to be dropped");
            let rest = in_chunks || self.joiner.open.is_none();
            assert!(rest, "the rest of a message as a whole one");
            self.in_chunks = false;
        }
        self.heard.push((heard.clone(), before));
        if self.heard.len() <= REACTIONS {
            self.react(heard);
        }
    }

    fn react(&mut self, heard: Heard) {
        match (self.settings.reaction, heard) {
            (Reaction::Echo, Heard::Text(text)) => self.message(Kind::Text, text.as_bytes()),
            (Reaction::Echo, Heard::Binary(data)) => self.message(Kind::Binary, &data),
            (Reaction::Answer, Heard::Ping(payload)) => self.pong(&payload),
            (Reaction::CloseOnMessage, Heard::Text(_) | Heard::Binary(_))
            | (Reaction::CloseOnPing, Heard::Ping(_))
            | (Reaction::CloseOnPong, Heard::Pong(_)) => self.close(0, ""),
            _ => {}
        }
    }

    fn end_of_input(&mut self) {
        let before = self.state();
        let result = self.connection.end_of_input();
        let is_lost = matches!(before, State::Open | State::CloseSent);
        assert_eq!(result, if is_lost { Err(Error::ConnectionLost) } else { Ok(()) });
        self.has_ended = true;
    }

    /// Holds what went over the wire against what was said.
    fn check_sent(&mut self, masked: bool) -> Decoded {
        self.write(usize::MAX);
        let decoded = reference::decode(&self.sent, masked, &Limits::NONE);
        assert_eq!(decoded.error, None);
        assert_eq!(decoded.rest, 0, "something follows the Close");
        let numbers = decoded.keys.iter().map(|key| Keys::number(*key));
        assert!(numbers.is_sorted_by(|one, next| one < next), "a key is used again");
        assert_eq!(decoded.unfinished, self.open);

        let is_answer =
            |heard: &Heard| matches!(heard, Heard::Pong(payload) if !payload.starts_with(b"u"));
        let (answers, mut rest): (Vec<_>, Vec<_>) =
            decoded.heard.iter().cloned().partition(is_answer);
        let closed = self.told.iter().any(|heard| matches!(heard, Heard::Close(..)));
        if !closed && let Some(Heard::Close(code, reason)) = rest.last() {
            self.check_reply(*code, reason);
            rest.pop();
        }
        assert_eq!(rest, self.told);
        self.check_answers(&answers);
        decoded
    }

    /// A Close that was sent by itself: the reply to the peer's, or to its fault.
    fn check_reply(&self, code: Option<u16>, reason: &str) {
        assert_eq!(reason, "");
        match (self.heard.last(), self.error) {
            (_, Some(error)) => assert_eq!(code, error.close_code().map(CloseCode::get)),
            (Some((Heard::Close(expected, _), _)), None) => assert_eq!(code, *expected),
            (other, None) => panic!("a Close for no reason, after {other:?}"),
        }
    }

    /// Pongs repeat pings, in order; all of them if nothing is in the way.
    fn check_answers(&self, answers: &[Heard]) {
        let mut pings = self.heard.iter().filter_map(|(heard, before)| match heard {
            Heard::Ping(payload) if *before == State::Open => Some(Heard::Pong(payload.clone())),
            _ => None,
        });
        let Settings { pongs, pong_backlog, outbox_size, outbox, .. } = self.settings;
        if pongs == Answering::All && (pong_backlog, outbox_size, outbox) == (None, None, None) {
            assert_eq!(pings.collect::<Vec<_>>(), answers);
            return;
        }
        assert!(pongs != Answering::Manual || answers.is_empty());
        for answer in answers {
            assert!(pings.any(|ping| ping == *answer), "a pong for no ping");
        }
    }

    /// Holds what was heard against what the peer sent.
    fn check_heard(&self, peer: &Decoded) {
        if self.input == Came::Garbage {
            return;
        }
        let mut expected = peer.heard.iter();
        for (heard, before) in &self.heard {
            let drops = self.settings.drops(*before);
            let found = expected.find(|next| {
                assert!(*next == heard || (drops && next.is_message()), "heard wrong");
                *next == heard
            });
            assert!(found.is_some(), "what nobody said");
        }
        if self.input == Came::Whole {
            let closed = self.told.iter().any(|heard| matches!(heard, Heard::Close(..)));
            let drops = closed && self.settings.drops(State::CloseSent);
            assert!(expected.all(|next| drops && next.is_message()), "not heard");
        }
        if let (Some((kind, chunks)), Came::Whole) = (&self.joiner.open, self.input) {
            let (expected, message) = peer.unfinished.as_ref().expect("a message is not complete");
            assert_eq!(kind, expected);
            assert!(message.starts_with(chunks));
        }
    }

    /// The close code is that of the peer's Close, of which there is one.
    fn check_close(&self, peer: &Decoded) {
        let Some(Heard::Close(code, _)) = peer.heard.last() else { panic!("no Close was sent") };
        assert_eq!(self.connection.close_code(), Some(code.unwrap_or(1005)));
    }
}

impl Came {
    fn max(self, other: Self) -> Self {
        if self == Self::Garbage { self } else { other }
    }
}

impl Settings {
    fn config(&self) -> Config {
        let pongs = match self.pongs {
            Answering::All => Pongs::All,
            Answering::Latest => Pongs::Latest,
            Answering::Manual => Pongs::Manual,
        };
        Config::new()
            .pongs(pongs)
            .pong_backlog(self.pong_backlog.map_or(usize::MAX, usize::from))
            .outbox_size(self.config_outbox_size())
            .fragment_size(self.fragment_size.map_or(usize::MAX, usize::from))
            .deliver_while_closing(self.deliver_while_closing)
    }

    fn config_outbox_size(&self) -> usize {
        self.outbox_size.map_or(usize::MAX, usize::from)
    }

    /// Whether messages are dropped in this state.
    fn drops(&self, state: State) -> bool {
        state == State::CloseSent && !self.deliver_while_closing
    }
}

/// What the two roles do differently.
trait Endpoint: Role + Sized {
    const IS_CLIENT: bool;

    /// A message in its frame, which may be in the buffer.
    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<Framed<'a>, Error>;

    /// Sends a prepared message, if the role has them.
    fn send_prepared(
        connection: &mut Connection<Self>,
        prepared: &Prepared,
        outbox: &mut Out,
    ) -> Option<Result<(), Error>>;
}

impl Endpoint for Server {
    const IS_CLIENT: bool = false;

    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<Framed<'a>, Error> {
        match kind {
            Kind::Text => connection.frame_text(text(buffer)),
            Kind::Binary => connection.frame_binary(buffer),
        }
    }

    fn send_prepared(
        connection: &mut Connection<Self>,
        prepared: &Prepared,
        outbox: &mut Out,
    ) -> Option<Result<(), Error>> {
        Some(connection.send_prepared(prepared, outbox))
    }
}

impl Endpoint for Client<Keys> {
    const IS_CLIENT: bool = true;

    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<Framed<'a>, Error> {
        match kind {
            Kind::Text => connection.mask_text(buffer),
            Kind::Binary => connection.mask_binary(buffer),
        }
    }

    fn send_prepared(
        _: &mut Connection<Self>,
        _: &Prepared,
        _: &mut Out,
    ) -> Option<Result<(), Error>> {
        None
    }
}

/// An outbox of either kind.
enum Out {
    Growing(Vec<u8>),
    Fixed(FixedOutbox<Vec<u8>>),
}

impl Out {
    /// Takes bytes from the front.
    fn take(&mut self, count: usize) -> Vec<u8> {
        match self {
            Self::Growing(bytes) => bytes.drain(..count.min(bytes.len())).collect(),
            Self::Fixed(outbox) => {
                let bytes = outbox.bytes();
                let taken = bytes[..count.min(bytes.len())].to_vec();
                outbox.consume(taken.len()).expect("no more than there is");
                taken
            }
        }
    }
}

impl Outbox for Out {
    fn pending(&self) -> usize {
        match self {
            Self::Growing(bytes) => bytes.pending(),
            Self::Fixed(outbox) => outbox.pending(),
        }
    }

    fn room(&self) -> usize {
        match self {
            Self::Growing(bytes) => bytes.room(),
            Self::Fixed(outbox) => outbox.room(),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        match self {
            Self::Growing(own) => own.extend_from_slice(bytes),
            Self::Fixed(outbox) => outbox.append(bytes),
        }
    }

    fn append_masked(&mut self, bytes: &[u8], mask: &mut Mask) {
        match self {
            Self::Growing(own) => own.append_masked(bytes, mask),
            Self::Fixed(outbox) => outbox.append_masked(bytes, mask),
        }
    }

    fn truncate(&mut self, pending: usize) {
        match self {
            Self::Growing(bytes) => Outbox::truncate(bytes, pending),
            Self::Fixed(outbox) => outbox.truncate(pending),
        }
    }
}

const fn kind(is_text: bool) -> Kind {
    if is_text { Kind::Text } else { Kind::Binary }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("it was given as text")
}
