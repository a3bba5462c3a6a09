//! One endpoint: a connection of the crate, its buffers and deadlines, and the application that drives
//! it. Each call checks what the endpoint sends and reports.

use std::{fmt::Debug, time::Duration};

use hybi::{
    CloseCode, Config, Connection, Error, Event, FixedInbox, FixedOutbox, Fragment, Inbox, Misuse,
    Outbox, State,
    deadline::{Deadlines, Timeouts},
    random::{Entropy, EntropyError},
};

use super::{
    setup::{Clock, Setup},
    wire::{self, Code, Frame, Item, Side},
};

/// A call of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    SendText,
    SendFirstFragment,
    SendLastFragment,
    Ping,
    Close,
    CloseWithoutCode,
    Receive,
    /// The transport takes the contents of the outbox.
    Write,
    /// The deadlines are checked.
    Expire,
}

/// An input of the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    Call(Call),
    /// The transport delivers these bytes.
    Arrive(Vec<u8>),
    End,
}

/// What an input leads to outside of the endpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What was appended to the outbox.
    pub(crate) sent: Vec<Item>,
    pub(crate) received: Option<Item>,
    /// The number of bytes that arrived, for which the inbox had room.
    pub(crate) taken: usize,
    /// The bytes that the transport took.
    pub(crate) written: Vec<u8>,
}

/// What the network needs to know of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // independent facts
pub(crate) struct Status {
    pub(crate) state: State,
    /// What the application may do of its own accord.
    pub(crate) offers: Vec<Call>,
    pub(crate) has_output: bool,
    pub(crate) input_ended: bool,
    pub(crate) close_sent: bool,
    /// The application now closes the transport.
    pub(crate) leaves: bool,
}

/// An endpoint of either role.
pub(crate) trait Drive {
    /// Takes an input at this time. Panics if the endpoint violates a property.
    fn take(&mut self, input: &Input, now: u8) -> Outcome;

    /// The complete state of the endpoint. Endpoints with equal keys behave the same from here on.
    fn key(&self) -> String;

    fn status(&self) -> Status;
}

/// A new endpoint of an open connection.
pub(crate) fn connect(side: Side, setup: &Setup) -> Box<dyn Drive> {
    let config = Config::new();
    match side {
        Side::Client => Box::new(Endpoint::new(side, Connection::client(config, Key), setup)),
        Side::Server => Box::new(Endpoint::new(side, Connection::server(config), setup)),
    }
}

/// A source of masking keys, which are all equal.
#[derive(Debug)]
struct Key;

impl Entropy for Key {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        Ok(())
    }
}

struct Endpoint<R: hybi::Role> {
    side: Side,
    websocket: Connection<R>,
    inbox: FixedInbox<Vec<u8>>,
    outbox: FixedOutbox<Vec<u8>>,
    deadlines: Option<Deadlines>,
    /// Neither the peer nor the network is late.
    is_prompt: bool,
    application: Application,
    record: Record,
}

/// What the application has done, and may still do.
#[derive(Debug)]
struct Application {
    /// The number of messages begun.
    messages: u8,
    most_messages: u8,
    fragments: bool,
    pings: u8,
    most_pings: u8,
    closes_without_code: bool,
    /// A message in fragments has been begun.
    is_sending: bool,
}

/// What the endpoint has sent and reported.
#[derive(Debug, Default)]
struct Record {
    /// The first fragment of the message that is being sent.
    fragment: Vec<u8>,
    /// The number of messages received.
    received: u8,
    /// The ping that was received and not answered.
    unanswered: Option<Vec<u8>>,
    /// The code with which the application has closed the connection.
    closed_with: Option<Code>,
    /// The code with which the connection has failed.
    failed_with: Option<u16>,
    close_sent: Option<Code>,
    close_received: Option<Code>,
    input_ended: bool,
    /// A deadline has passed after which the application drops the transport.
    gives_up: bool,
}

impl<R: hybi::Role> Endpoint<R> {
    fn new(side: Side, websocket: Connection<R>, setup: &Setup) -> Self {
        let timeouts = Timeouts::new()
            .ping(Some(time(1)))
            .silence(Some(time(2)))
            .pong(Some(time(1)))
            .writing(time(1))
            .closing(time(1));
        Self {
            side,
            websocket,
            inbox: Inbox::over(vec![0; setup.inbox]),
            outbox: FixedOutbox::over(vec![0; setup.outbox]),
            deadlines: match setup.clock {
                Clock::None => None,
                Clock::Any(_) | Clock::AtRest(_) => Some(Deadlines::new(timeouts, time(0))),
            },
            is_prompt: matches!(setup.clock, Clock::AtRest(_)),
            application: Application {
                messages: 0,
                most_messages: setup.messages,
                fragments: setup.fragments,
                pings: 0,
                most_pings: setup.pings,
                closes_without_code: setup.closes_without_code,
                is_sending: false,
            },
            record: Record::default(),
        }
    }

    fn call(&mut self, call: Call, now: u8) -> Outcome {
        let Self { websocket, outbox, application, record, deadlines, .. } = self;
        let was_open = websocket.state() == State::Open;
        let before = outbox.pending();
        let own_code = if self.side == Side::Client { 4000 } else { 4001 };
        let number = char::from(b'1' + application.messages).to_string();
        let called = match call {
            Call::SendText => {
                let sent = websocket.send_text(&number, outbox);
                application.messages += u8::from(sent.is_ok());
                sent
            }
            Call::SendFirstFragment => {
                let sent = websocket.send_text_fragment(&number, Fragment::More, outbox);
                application.messages += u8::from(sent.is_ok());
                application.is_sending = sent.is_ok();
                sent
            }
            Call::SendLastFragment => {
                let sent = websocket.send_text_fragment("+", Fragment::Last, outbox);
                application.is_sending &= sent.is_err();
                sent
            }
            Call::Ping => {
                let payload = b"pp".get(..=usize::from(application.pings)).unwrap();
                let sent = websocket.send_ping(payload, outbox);
                application.pings += u8::from(sent.is_ok());
                sent
            }
            Call::Close => {
                let closed = websocket.close(CloseCode::new(own_code).unwrap(), "", outbox);
                if closed.is_ok() {
                    record.closed_with = Some(Code(Some(own_code)));
                }
                closed
            }
            Call::CloseWithoutCode => {
                let closed = websocket.close_without_code(outbox);
                if closed.is_ok() {
                    record.closed_with = Some(Code(None));
                }
                closed
            }
            Call::Receive => {
                let received = self.receive();
                return Outcome { received, ..Outcome::default() };
            }
            Call::Write => {
                let written = outbox.bytes().to_vec();
                outbox.clear();
                if let Some(deadlines) = deadlines {
                    deadlines.on_write(time(now), written.len());
                }
                return Outcome { written, ..Outcome::default() };
            }
            Call::Expire => {
                let deadlines = deadlines.as_mut().unwrap();
                if let Err(cause) = deadlines.expire(time(now), websocket, outbox) {
                    assert!(!self.is_prompt, "{cause:?}, but nothing is late");
                    match cause.close_code() {
                        Some(code) if was_open => record.failed_with = Some(code.get()),
                        Some(_) => panic!("{cause:?} in {:?}", websocket.state()),
                        None => record.gives_up = true,
                    }
                }
                Ok(())
            }
        };
        if websocket.state() != State::Open {
            application.is_sending = false;
        }
        match called {
            Ok(()) => {}
            Err(Error::Misuse(Misuse::NotOpen)) => {
                assert!(!was_open, "open, but nothing is sent");
                assert_eq!(outbox.pending(), before, "closing, but something is sent");
            }
            Err(Error::OutboxFull(full)) => {
                assert!(full.needed > outbox.room(), "there is room");
                // A pong that waited may have been sent before.
                let appended = wire::decode(self.side, &outbox.bytes()[before..]);
                assert!(appended.iter().all(|frame| frame.opcode == 10), "refused, but sent");
            }
            Err(error) => panic!("{error}"),
        }
        Outcome::default()
    }

    fn receive(&mut self) -> Option<Item> {
        let Self { websocket, inbox, outbox, record, .. } = self;
        let item = match websocket.receive(inbox, outbox) {
            Ok(Some(Event::Text(text))) => {
                // Section 5.1 allows the peer to send messages after our Close. They are dropped.
                assert_eq!(record.close_sent, None, "a message after our Close");
                record.received += 1;
                Item::Message(text.into())
            }
            Ok(Some(Event::Binary(_))) => panic!("no binary message was sent"),
            Ok(Some(Event::Ping(payload))) => {
                if websocket.state() == State::Open {
                    record.unanswered = Some(payload.into());
                }
                Item::Ping(payload.into())
            }
            Ok(Some(Event::Pong(payload))) => Item::Pong(payload.into()),
            Ok(Some(Event::Close(close))) => {
                let code = Code(close.code().map(CloseCode::get));
                assert_eq!(record.close_received, None, "the peer's second Close");
                record.close_received = Some(code);
                Item::Close(code)
            }
            Ok(None) => return None,
            Err(Error::Protocol(violation)) => {
                record.failed_with = Some(violation.close_code().get());
                Item::Violation
            }
            Err(error) => panic!("{error}"),
        };
        Some(item)
    }

    /// Section 5.5.2: when nothing is left to receive, a ping has been answered, unless there is no
    /// room for the pong.
    fn check_pong(&self) {
        if let Some(payload) = &self.record.unanswered
            && self.websocket.state() == State::Open
        {
            let size = wire::header_len(self.side) + payload.len();
            assert!(size > self.outbox.room(), "a ping is not answered");
        }
    }

    /// Checks a frame that was appended to the outbox.
    fn on_sent(&mut self, frame: Frame) -> Option<Item> {
        let record = &mut self.record;
        // Section 5.5.1: nothing is sent after a Close.
        assert_eq!(record.close_sent, None, "{frame:?} is sent after a Close");
        if frame.opcode == 8 {
            let code = match *frame.payload {
                [] => Code(None),
                [high, low] => Code(Some(u16::from_be_bytes([high, low]))),
                _ => panic!("a Close with a reason: {frame:?}"),
            };
            // Section 7.4.1: these are never sent.
            let is_invalid = matches!(code.0, Some(..1000 | 1004..=1006 | 1015));
            assert!(!is_invalid, "a Close with {code:?}");
            // Section 5.5.1: a reply echoes the code.
            let expected = record.closed_with.or(record.failed_with.map(|code| Code(Some(code))));
            assert_eq!(Some(code), expected.or(record.close_received), "the code of the Close");
            record.close_sent = Some(code);
            return Some(Item::Close(code));
        }
        assert_eq!(record.close_received, None, "{frame:?} is sent after the peer's Close");
        assert_eq!(record.failed_with, None, "{frame:?} is sent after a failure");
        match frame.opcode {
            9 => Some(Item::Ping(frame.payload)),
            10 => {
                assert_eq!(record.unanswered.take(), Some(frame.payload.clone()), "a pong");
                Some(Item::Pong(frame.payload))
            }
            _ => {
                // Section 5.4: a continuation continues a message, a first frame begins one.
                assert_eq!(frame.opcode == 0, !record.fragment.is_empty(), "{frame:?}");
                record.fragment.extend(frame.payload);
                frame.fin.then(|| Item::Message(std::mem::take(&mut record.fragment)))
            }
        }
    }

    /// Checks what the connection reports of the closing handshake.
    fn check_status(&self) {
        let Self { websocket, record, .. } = self;
        let should_close = websocket.should_close_transport();
        let is_open = websocket.state() == State::Open;
        let phases = [is_open, websocket.is_closing(), should_close];
        assert_eq!(phases.iter().filter(|holds| **holds).count(), 1, "one of {phases:?}");
        // Section 7.1.5.
        let is_lost = record.failed_with.is_some() || record.input_ended;
        let code = match record.close_received {
            Some(code) => Some(code.0.unwrap_or(1005)),
            None => is_lost.then_some(1006),
        };
        assert_eq!(websocket.close_code(), code, "the close code");
        // Section 7.1.1: the server closes the transport first.
        let both = record.close_sent.is_some() && record.close_received.is_some();
        let expected = match record.close_received {
            Some(_) => both && (self.side == Side::Server || record.input_ended),
            None if record.failed_with.is_some() => record.close_sent.is_some(),
            None => record.input_ended,
        };
        assert_eq!(should_close, expected, "whether to close the transport, {record:?}");
    }
}

impl<R: hybi::Role + Debug> Drive for Endpoint<R> {
    fn take(&mut self, input: &Input, now: u8) -> Outcome {
        let before = self.outbox.pending();
        let mut outcome = match input {
            Input::Call(Call::Write) => return self.call(Call::Write, now),
            Input::Call(call) => self.call(*call, now),
            Input::Arrive(bytes) => {
                let taken = self.inbox.copy_from(bytes);
                if let Some(deadlines) = &mut self.deadlines
                    && taken > 0
                {
                    deadlines.on_read(time(now));
                }
                Outcome { taken, ..Outcome::default() }
            }
            Input::End => {
                let record = &mut self.record;
                let is_clean = record.close_received.is_some() || record.failed_with.is_some();
                assert_eq!(self.websocket.end_of_input().is_ok(), is_clean, "the end of input");
                record.input_ended = true;
                Outcome::default()
            }
        };
        let frames = wire::decode(self.side, &self.outbox.bytes()[before..]);
        outcome.sent = frames.into_iter().filter_map(|frame| self.on_sent(frame)).collect();
        if *input == Input::Call(Call::Receive) && outcome.received.is_none() {
            self.check_pong();
        }
        self.check_status();
        outcome
    }

    /// The debug output of the connection contains all its fields except for the payload of a
    /// pending pong and the masking key of a frame in progress. Here the payload is in the record,
    /// and all keys are equal. What has arrived of a message follows from its number.
    fn key(&self) -> String {
        let Self { websocket, inbox, outbox, deadlines, application, record, .. } = self;
        let (unread, is_empty, pending) = (inbox.unread(), inbox.is_empty(), outbox.bytes());
        format!(
            "{websocket:?} {unread:?} {is_empty} {pending:?} {deadlines:?} {application:?} {record:?}"
        )
    }

    fn status(&self) -> Status {
        let Self { websocket, outbox, application, record, .. } = self;
        let mut offers = vec![Call::Close];
        if application.closes_without_code {
            offers.push(Call::CloseWithoutCode);
        }
        if application.pings < application.most_pings {
            offers.push(Call::Ping);
        }
        if application.is_sending {
            offers.push(Call::SendLastFragment);
        } else if application.messages < application.most_messages {
            offers.push(Call::SendText);
            if application.fragments {
                offers.push(Call::SendFirstFragment);
            }
        }
        let is_done = websocket.should_close_transport() && outbox.pending() == 0;
        Status {
            state: websocket.state(),
            offers,
            has_output: outbox.pending() > 0,
            input_ended: record.input_ended,
            close_sent: record.close_sent.is_some(),
            leaves: is_done || record.gives_up,
        }
    }
}

const fn time(ticks: u8) -> Duration {
    Duration::from_secs(ticks as u64)
}
