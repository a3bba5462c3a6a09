//! An endpoint of the connection, with the record of its calls and events.

mod checks;
mod receiving;
mod sending;

use std::collections::VecDeque;

use hybi::{Connection, Error, Inbox, Role, State, Storage};
use hybi_fuzz::event::{Joiner, Kind, OwnedEvent};

use crate::{MESSAGE, Operation, outbox::Out, role::Endpoint, settings::Settings};

/// What an endpoint has received.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Came {
    /// All output of the peer.
    Whole,
    /// The first part of that output.
    Cut,
    /// Also bytes that the peer did not send.
    Garbage,
}

/// An endpoint of the connection, with the record of its calls and events.
pub(crate) struct End<R: Role, S> {
    pub(crate) connection: Connection<R>,
    settings: Settings,
    inbox: Inbox<S>,
    pub(crate) outbox: Out,
    /// Bytes on the way to the peer.
    pub(crate) wire: VecDeque<u8>,
    pub(crate) input: Came,
    has_ended: bool,
    error: Option<Error>,
    /// All bytes that were written to the transport.
    sent: Vec<u8>,
    /// What the calls have sent, in order.
    calls: Vec<OwnedEvent>,
    /// The message that is being sent in fragments.
    open: Option<(Kind, Vec<u8>)>,
    /// The received events, each with the state before it.
    events: Vec<(OwnedEvent, State)>,
    joiner: Joiner,
    /// Whether the message in progress may have been begun in chunks.
    in_chunks: bool,
}

impl<R: Endpoint, S: Storage> End<R, S> {
    pub(crate) fn new(connection: Connection<R>, inbox: Inbox<S>, settings: Settings) -> Self {
        Self {
            connection,
            settings,
            inbox,
            outbox: Out::new(settings.outbox),
            wire: VecDeque::new(),
            input: Came::Whole,
            has_ended: false,
            error: None,
            sent: Vec::new(),
            calls: Vec::new(),
            open: None,
            events: Vec::new(),
            joiner: Joiner::default(),
            in_chunks: false,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    pub(crate) fn operate<Q: Endpoint, T: Storage>(
        &mut self,
        operation: Operation<'_>,
        peer: &mut End<Q, T>,
    ) {
        match operation {
            Operation::Text(text) => self.message(Kind::Text, text.as_bytes()),
            Operation::Binary(data) => self.message(Kind::Binary, data),
            Operation::Long(byte, count) => {
                self.message(Kind::Binary, &vec![byte; usize::from(count) % MESSAGE]);
            }
            Operation::TextFragment(text, last) => self.fragment(Kind::Text, text.as_bytes(), last),
            Operation::BinaryFragment(data, last) => self.fragment(Kind::Binary, data, last),
            Operation::FrameParts(is_text, payload) => self.framed(kind(is_text), payload),
            Operation::Prepared(is_text, payload) => self.prepared(kind(is_text), payload),
            Operation::Ping(payload) => self.ping(payload),
            Operation::Pong(payload) => self.pong(payload),
            Operation::Close(number, reason) => self.close(number, reason),
            Operation::CloseWithoutCode => {
                let state = self.state();
                let result = self.connection.close_without_code(&mut self.outbox);
                self.record_close(result, state, OwnedEvent::Close(None, String::new()));
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
        assert!(!connection.should_close_transport() || !connection.is_closing());
    }

    /// Moves bytes from the outbox to the transport.
    pub(crate) fn write(&mut self, count: usize) {
        let bytes = self.outbox.take(count);
        self.transmit(&bytes);
    }

    pub(crate) fn transmit(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.wire.extend(bytes);
    }

    /// Moves bytes from the transport to the inbox. Returns how many.
    pub(crate) fn read(&mut self, count: usize, from_peer: &mut VecDeque<u8>) -> usize {
        if self.has_ended {
            from_peer.clear();
            return 0;
        }
        let bytes = from_peer.make_contiguous();
        let taken = self.inbox.copy_from(&bytes[..count.min(bytes.len())]);
        from_peer.drain(..taken);
        taken
    }

    /// Moves all bytes, and receives meanwhile. Returns whether there were any.
    pub(crate) fn read_all(&mut self, from_peer: &mut VecDeque<u8>) -> bool {
        let some = !from_peer.is_empty();
        while !from_peer.is_empty() {
            self.drain();
            let taken = self.read(usize::MAX, from_peer);
            assert!(
                taken > 0 || self.has_ended,
                "the inbox has no room after all events were received"
            );
        }
        some
    }

    pub(crate) fn end_of_input(&mut self) {
        let before = self.state();
        let result = self.connection.end_of_input();
        let is_lost = matches!(before, State::Open | State::CloseSent);
        assert_eq!(result, if is_lost { Err(Error::ConnectionLost) } else { Ok(()) });
        self.has_ended = true;
    }
}

impl Came {
    fn max(self, other: Self) -> Self {
        if self == Self::Garbage { self } else { other }
    }
}

const fn kind(is_text: bool) -> Kind {
    if is_text { Kind::Text } else { Kind::Binary }
}
