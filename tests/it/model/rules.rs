//! A model of an endpoint of an open connection: RFC 6455, sections 5.4, 5.5 and 7, with the
//! policies of `docs/conformance` where the RFC leaves a choice.
//!
//! The model follows the text of the RFC and favors readability. It records what happened, and
//! derives from that what the endpoint may do. It shares no code with the crate.

use super::terms::{
    Body, DATA, Event, Fault, Fin, Frame, Kind, Outcome, PING, PONG, Role, Sent, State, Status,
    Step, payload,
};

/// The endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // independent facts
pub(crate) struct Model {
    role: Role,
    /// Whether a client has masking keys.
    has_keys: bool,
    /// The size of the outbox in bytes, or `None` if it grows.
    outbox_size: Option<usize>,
    pending: usize,
    /// Frames in the inbox that have not been processed.
    unread: Vec<Frame>,
    /// The message that the peer is sending.
    incoming: Option<Incoming>,
    /// The message that the endpoint is sending.
    outgoing: Option<Kind>,
    /// The payload of the pending pong.
    owed_pong: Option<Vec<u8>>,
    /// The body of the pending Close.
    owed_close: Option<Vec<u8>>,
    close_sent: bool,
    /// The peer's Close, if received, and its code, if it has one.
    #[allow(clippy::option_option)]
    close_received: Option<Option<u16>>,
    is_failed: bool,
    input_ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Incoming {
    kind: Kind,
    /// The data that has not been delivered.
    data: Vec<u8>,
    in_chunks: bool,
    /// The number of its frames so far.
    frames: usize,
}

impl Model {
    /// An endpoint of a new connection. Its outbox is full unless it grows.
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

    /// The number of frames in the inbox that have not been processed.
    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// The number of frames processed of the message that the peer is sending.
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

    // Section 7: the state of the endpoint.

    fn status(&self) -> Status {
        let state = self.state();
        let should_close_transport = self.should_close_transport();
        // Until the transport is closed, a closing endpoint waits for the peer: for its Close, for
        // it to read the pending frames, or (section 7.1.1) for the server to close the transport.
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
        // Sections 5.5.1 and 7.1.7: a pending Close is sent first. A peer that sends nothing more
        // may still read.
        if self.owed_close.is_some() {
            return false;
        }
        let exchanged = self.close_sent && self.close_received.is_some();
        match self.role {
            _ if self.is_failed || self.input_ended => true,
            // Section 5.5.1: the server closes it at once, the client waits for the server.
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

    /// Whether data may be sent. Section 6.1: in the OPEN state.
    fn is_open(&self) -> bool {
        self.state() == State::Open
    }

    /// Whether input is processed. Section 1.4 discards input after the peer's Close, section 7.1.7
    /// input after a failure.
    fn listens(&self) -> bool {
        self.close_received.is_none() && !self.is_failed && !self.input_ended
    }

    fn end_of_input(&mut self) -> Result<(), Fault> {
        // Section 7.2.1: without the peer's Close, the connection is lost.
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
        // A mistake of the caller: the message would lack its beginning.
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

    /// Processes one frame. Returns the event, or the violation.
    #[allow(clippy::match_same_arms)] // one arm for each section
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
            // Section 5.4: a message is a single frame, or a first frame and its continuations. No
            // other message may come between them.
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
                // Section 5.5.2. A pong after our own Close is useless (P-cl-c).
                if self.is_open() {
                    // Section 5.5.3: only the latest of several pings need be answered.
                    self.owed_pong = Some(data.clone());
                    self.send_what_is_owed(written);
                }
                Ok(Some(Event::Ping(data)))
            }
            // Section 5.5.3: a pong is not answered.
            Frame::Pong => Ok(Some(Event::Pong(data))),
            // Section 5.5.1: a nonempty body begins with a code of two bytes.
            Frame::Close(Body::Invalid) => Err(()),
            Frame::Close(body) => {
                let code = (body == Body::Code).then_some(4000);
                self.close_received = Some(code);
                self.owed_pong = None;
                self.unread.clear();
                // Section 5.5.1: an endpoint that has not sent a Close replies with one, which
                // echoes the code.
                if !self.close_sent {
                    self.owed_close = Some(data);
                    self.send_what_is_owed(written);
                }
                Ok(Some(Event::Close(code)))
            }
        }
    }

    /// Delivers the message in progress, or the part of it that has arrived.
    fn deliver(&mut self, in_chunks: bool, fin: Fin) -> Option<Event> {
        let message = self.incoming.as_mut()?;
        let kind = message.kind;
        // Section 5.1 allows the peer to send data after our own Close. It is dropped (6455-5.1-d).
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
        // Section 5.4: messages are not interleaved.
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
        // Section 5.5.2: the pong is sent as soon as is practical.
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
        // Section 5.5.2: an earlier ping is answered if there is room for both frames.
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

    /// Sends the pending pong and Close, as far as there is room.
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

    /// Section 5.2: two bytes before a short payload, and the masking key.
    fn size(&self, payload: &[u8]) -> usize {
        let key = if self.role == Role::Client { 4 } else { 0 };
        2 + key + payload.len()
    }

    fn fits(&self, size: usize) -> bool {
        self.outbox_size.is_none_or(|most| self.pending + size <= most)
    }

    /// Appends a complete frame to the outbox, or nothing.
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
