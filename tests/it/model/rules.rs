//! One endpoint of an open connection, as RFC 6455 describes it in sections 5.4, 5.5 and 7, with
//! the policies of `docs/conformance` where the RFC leaves room.
//!
//! It is written from the text and for reading: it keeps what happened as facts, and derives from
//! them what an endpoint may do. It shares no code with the crate.

use super::terms::{
    Body, DATA, Event, Fault, Fin, Frame, Kind, Outcome, PING, PONG, Role, Sent, State, Status,
    Step, payload,
};

/// The endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // each is a fact by itself
pub(crate) struct Model {
    role: Role,
    /// Whether a client has masking keys.
    has_keys: bool,
    /// How many bytes fit into the outbox; `None` if it grows.
    outbox_size: Option<usize>,
    pending: usize,
    /// Frames in the inbox that were not looked at.
    unread: Vec<Frame>,
    /// The message that the peer is sending.
    incoming: Option<Incoming>,
    /// The message that the endpoint is sending.
    outgoing: Option<Kind>,
    /// The payload of the pong that is to be sent.
    owed_pong: Option<Vec<u8>>,
    /// The body of the Close that is to be sent.
    owed_close: Option<Vec<u8>>,
    close_sent: bool,
    /// The code in the peer's Close, if it came, if it has one.
    #[allow(clippy::option_option)]
    close_received: Option<Option<u16>>,
    is_failed: bool,
    input_ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Incoming {
    kind: Kind,
    /// What was not delivered.
    data: Vec<u8>,
    in_chunks: bool,
    /// How many frames of it came.
    frames: usize,
}

impl Model {
    /// An endpoint of a connection that was just opened, with a full outbox unless it grows.
    pub(crate) fn new(role: Role, has_keys: bool, outbox_size: Option<usize>) -> Self {
        Self {
            role,
            has_keys,
            outbox_size,
            pending: outbox_size.unwrap_or(0),
            unread: Vec::new(),
            incoming: None,
            outgoing: None,
            owed_pong: None,
            owed_close: None,
            close_sent: false,
            close_received: None,
            is_failed: false,
            input_ended: false,
        }
    }

    /// How many frames wait in the inbox.
    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// How many frames of the message that the peer is sending were looked at.
    pub(crate) fn fragments(&self) -> usize {
        self.incoming.as_ref().map_or(0, |message| message.frames)
    }

    pub(crate) fn step(&mut self, step: Step) -> Outcome {
        let mut written = Vec::new();
        let nothing = |()| None;
        let result = match step {
            Step::Arrives(frame) => {
                self.unread.push(frame);
                Ok(None)
            }
            Step::EndOfInput => self.end_of_input().map(nothing),
            Step::Receive => self.receive(false, &mut written),
            Step::ReceiveChunk => self.receive(true, &mut written),
            Step::Send(kind) => self.send(kind, &mut written).map(nothing),
            Step::SendFragment(kind, fin) => {
                self.send_fragment(kind, fin, &mut written).map(nothing)
            }
            Step::SendPing => self.send_control(9, PING, &mut written).map(nothing),
            Step::SendPong => self.send_control(10, PONG, &mut written).map(nothing),
            Step::Close => self.start_closing(&[0x03, 0xe8], &mut written).map(nothing),
            Step::CloseWithoutCode => self.start_closing(&[], &mut written).map(nothing),
            Step::Drain => {
                self.pending = 0;
                Ok(None)
            }
        };
        Outcome { result, written, status: self.status() }
    }

    // Section 7: what an endpoint says about itself.

    fn status(&self) -> Status {
        let state = self.state();
        let should_close_transport = self.should_close_transport();
        // Until the transport is closed, the end depends on the peer: on its Close, on its reading
        // what is owed, or (section 7.1.1) on the server's closing the transport.
        let is_closing = state != State::Open && !should_close_transport;
        Status { state, should_close_transport, is_closing, close_code: self.close_code() }
    }

    /// Sections 7.1.3 and 7.1.4.
    fn state(&self) -> State {
        match (self.is_failed, self.close_received.is_some(), self.input_ended) {
            (true, ..) => State::Failed,
            (false, true, true) => State::Ended,
            (false, false, true) => State::Lost,
            (false, true, false) if self.close_sent => State::Closed,
            (false, true, false) => State::CloseReceived,
            (false, false, false) if self.close_sent => State::CloseSent,
            (false, false, false) => State::Open,
        }
    }

    /// Whether to close the transport.
    fn should_close_transport(&self) -> bool {
        // Sections 5.5.1 and 7.1.7: a Close that is owed is sent first. That the peer sends nothing
        // more does not mean that it does not read.
        if self.owed_close.is_some() {
            return false;
        }
        let exchanged = self.close_sent && self.close_received.is_some();
        match self.role {
            _ if self.is_failed || self.input_ended => true,
            // Section 5.5.1: the server closes it at once, the client waits for that.
            Role::Server => exchanged,
            Role::Client => false,
        }
    }

    /// Section 7.1.5.
    fn close_code(&self) -> Option<u16> {
        match self.close_received {
            Some(Some(code)) => Some(code),
            Some(None) => Some(1005),
            None if self.is_failed || self.input_ended => Some(1006),
            None => None,
        }
    }

    /// Whether section 6.1 lets data be sent: in the OPEN state.
    fn is_open(&self) -> bool {
        self.state() == State::Open
    }

    /// Whether what arrives is looked at: section 1.4 discards all that follows the peer's Close,
    /// section 7.1.7 all that follows a failure.
    fn listens(&self) -> bool {
        self.close_received.is_none() && !self.is_failed && !self.input_ended
    }

    fn end_of_input(&mut self) -> Result<(), Fault> {
        // Section 7.2.1: without a Close of the peer's, the connection is lost.
        let is_lost = self.listens();
        self.input_ended = true;
        self.owed_pong = None;
        if is_lost { Err(Fault::Lost) } else { Ok(()) }
    }

    // Sections 5.4, 5.5 and 6.2: receiving.

    fn receive(
        &mut self,
        in_chunks: bool,
        written: &mut Vec<Sent>,
    ) -> Result<Option<Event>, Fault> {
        // The caller's mistake: the message would lack its beginning.
        let begun_in_chunks = self.incoming.as_ref().is_some_and(|message| message.in_chunks);
        if begun_in_chunks && !in_chunks && self.listens() && !self.close_sent {
            return Err(Fault::ChunksPending);
        }
        while self.listens() && !self.unread.is_empty() {
            let frame = self.unread.remove(0);
            match self.look_at(frame, in_chunks, written) {
                Ok(None) => {}
                Ok(event) => return Ok(event),
                Err(()) => {
                    self.fail(1002, written);
                    return Err(Fault::Failed(1002));
                }
            }
        }
        if !self.listens() {
            self.unread.clear();
        }
        self.send_what_is_owed(written);
        Ok(None)
    }

    /// One frame: what is delivered, or that it breaks a rule.
    #[allow(clippy::match_same_arms)] // each has its section
    fn look_at(
        &mut self,
        frame: Frame,
        in_chunks: bool,
        written: &mut Vec<Sent>,
    ) -> Result<Option<Event>, ()> {
        let data = payload(frame).to_vec();
        match frame {
            // Section 5.2: a reserved opcode.
            Frame::Broken => Err(()),
            // Section 5.4: a message is one frame, or a first one and continuations of it, which
            // no other message comes between.
            Frame::First(kind, fin) => {
                if self.incoming.is_some() {
                    return Err(());
                }
                self.incoming = Some(Incoming { kind, data, in_chunks, frames: 1 });
                Ok(self.deliver(in_chunks, fin))
            }
            Frame::Continuation(fin) => {
                let Some(message) = &mut self.incoming else { return Err(()) };
                message.data.extend(data);
                message.in_chunks |= in_chunks;
                message.frames += 1;
                Ok(self.deliver(in_chunks, fin))
            }
            Frame::Ping => {
                // Section 5.5.2. After our own Close a pong is of no use (P-cl-c).
                if self.is_open() {
                    // Section 5.5.3: of several pings, the latest may be answered alone.
                    self.owed_pong = Some(data.clone());
                    self.send_what_is_owed(written);
                }
                Ok(Some(Event::Ping(data)))
            }
            // Section 5.5.3: a pong needs no answer.
            Frame::Pong => Ok(Some(Event::Pong(data))),
            // Section 5.5.1: the body begins with a code of two bytes, if there is a body.
            Frame::Close(Body::Invalid) => Err(()),
            Frame::Close(body) => {
                let code = (body == Body::Code).then_some(4000);
                self.close_received = Some(code);
                self.owed_pong = None;
                self.unread.clear();
                // Section 5.5.1: an endpoint that has sent no Close sends one, which echoes the
                // code.
                if !self.close_sent {
                    self.owed_close = Some(data);
                    self.send_what_is_owed(written);
                }
                Ok(Some(Event::Close(code)))
            }
        }
    }

    /// Delivers the message in progress as far as it came.
    fn deliver(&mut self, in_chunks: bool, fin: Fin) -> Option<Event> {
        let message = self.incoming.as_mut()?;
        let kind = message.kind;
        // Section 5.1 leaves open what becomes of data after our own Close; it is dropped
        // (6455-5.1-d).
        let drops = self.close_sent;
        let event = match (in_chunks || drops, fin) {
            (true, fin) => Some(Event::Chunk(kind, std::mem::take(&mut message.data), fin)),
            (false, Fin::Last) => Some(Event::Message(kind, std::mem::take(&mut message.data))),
            (false, Fin::More) => None,
        };
        if fin == Fin::Last {
            self.incoming = None;
        }
        event.filter(|_| !drops)
    }

    /// Section 7.1.7.
    fn fail(&mut self, code: u16, written: &mut Vec<Sent>) {
        self.is_failed = true;
        self.owed_pong = None;
        self.unread.clear();
        // Section 5.5.1: there is no second Close.
        if !self.close_sent {
            self.owed_close = Some(code.to_be_bytes().to_vec());
            self.send_what_is_owed(written);
        }
    }

    // Sections 5.4, 5.5 and 6.1: sending.

    fn send(&mut self, kind: Kind, written: &mut Vec<Sent>) -> Result<(), Fault> {
        // Section 5.4: not inside another message.
        if self.is_open() && self.outgoing.is_some() {
            return Err(Fault::MessageOpen);
        }
        self.send_fragment(kind, Fin::Last, written)
    }

    fn send_fragment(
        &mut self,
        kind: Kind,
        fin: Fin,
        written: &mut Vec<Sent>,
    ) -> Result<(), Fault> {
        if !self.is_open() {
            return Err(Fault::NotOpen);
        }
        // Section 5.4: the first frame has the opcode of the message, the others have 0.
        let opcode = match (self.outgoing, kind) {
            (None, Kind::Text) => 1,
            (None, Kind::Binary) => 2,
            (Some(open), _) if open == kind => 0,
            (Some(_), _) => return Err(Fault::KindChanged),
        };
        // Section 5.5.2: the pong as soon as is practical.
        self.send_what_is_owed(written);
        self.write(fin == Fin::Last, opcode, DATA.as_bytes(), written)?;
        self.outgoing = (fin == Fin::More).then_some(kind);
        Ok(())
    }

    fn send_control(
        &mut self,
        opcode: u8,
        payload: &[u8],
        written: &mut Vec<Sent>,
    ) -> Result<(), Fault> {
        if !self.is_open() {
            return Err(Fault::NotOpen);
        }
        self.write(true, opcode, payload, written)
    }

    /// Section 7.1.2.
    fn start_closing(&mut self, body: &[u8], written: &mut Vec<Sent>) -> Result<(), Fault> {
        if !self.is_open() {
            return Err(Fault::NotOpen);
        }
        // Section 5.5.2: the pong for a ping that came before, unless the Close would lack room.
        if let Some(pong) = self.owed_pong.clone()
            && self.fits(self.size(&pong) + self.size(body))
        {
            self.write(true, 10, &pong, written)?;
        }
        self.write(true, 8, body, written)?;
        self.close_sent = true;
        self.owed_pong = None;
        self.outgoing = None;
        Ok(())
    }

    /// Sends what the endpoint owes, as far as there is room.
    fn send_what_is_owed(&mut self, written: &mut Vec<Sent>) {
        if let Some(payload) = self.owed_pong.take()
            && self.write(true, 10, &payload, written).is_err()
        {
            self.owed_pong = Some(payload);
        }
        if let Some(body) = self.owed_close.take() {
            match self.write(true, 8, &body, written) {
                Ok(()) => self.close_sent = true,
                Err(Fault::NoKey) => self.is_failed = true,
                Err(_) => self.owed_close = Some(body),
            }
        }
    }

    /// Section 5.2: two bytes before a short payload, and the key.
    fn size(&self, payload: &[u8]) -> usize {
        let key = if self.role == Role::Client { 4 } else { 0 };
        2 + key + payload.len()
    }

    fn fits(&self, size: usize) -> bool {
        self.outbox_size.is_none_or(|most| self.pending + size <= most)
    }

    /// One frame, of which nothing or all goes to the outbox.
    fn write(
        &mut self,
        fin: bool,
        opcode: u8,
        payload: &[u8],
        written: &mut Vec<Sent>,
    ) -> Result<(), Fault> {
        // Section 5.3: a client's frame needs a key.
        if self.role == Role::Client && !self.has_keys {
            return Err(Fault::NoKey);
        }
        let size = self.size(payload);
        if !self.fits(size) {
            return Err(Fault::NoRoom);
        }
        if self.outbox_size.is_some() {
            self.pending += size;
        }
        written.push(Sent { fin, opcode, payload: payload.to_vec() });
        Ok(())
    }
}
