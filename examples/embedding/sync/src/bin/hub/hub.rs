//! The hub: broadcasts messages to members over non-blocking sockets.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    io::{self, ErrorKind, Read, Write},
    num::NonZero,
    sync::Arc,
    time::Duration,
};

use hybi::{
    CloseCode, Config, Connection, Event, GrowingOutbox, Inbox, Outbox as _, Prepared, Server,
    State,
    deadline::{Cause, Deadlines, Stage},
};

/// The settings of a member's connection.
pub(crate) const CONFIG: Config = Config::new().max_message_size(64 * 1024);

/// The most messages that wait for a member. One more message closes its connection.
pub(crate) const QUEUE: usize = 16;

/// The most reads and events of a member in one turn.
pub(crate) const TURN: usize = 16;

/// The most bytes to read and discard at the end of a connection.
pub(crate) const DRAINED: NonZero<usize> = NonZero::new(4 * 1024 * 1024).unwrap();

/// A non-blocking socket.
pub(crate) trait Socket: Read + Write {
    /// Shuts down the output.
    fn end_output(&mut self) -> io::Result<()>;
}

/// All members, by the numbers of their sockets in the event loop.
pub(crate) struct Hub<S> {
    members: HashMap<usize, Box<Member<S>>>,
}

impl<S: Socket> Hub<S> {
    pub(crate) fn new() -> Self {
        Self { members: HashMap::new() }
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Adds a member whose opening handshake is complete. If its inbox is not empty, call
    /// [`ready`](Self::ready) next.
    pub(crate) fn join(
        &mut self,
        number: usize,
        socket: S,
        websocket: Connection<Server>,
        inbox: Inbox,
        deadlines: Deadlines,
    ) {
        let member = Member {
            socket,
            websocket,
            inbox,
            outbox: GrowingOutbox::new(),
            queue: VecDeque::new(),
            deadlines,
            drain: None,
        };
        self.members.insert(number, Box::new(member));
    }

    /// Sends a message to all members.
    pub(crate) fn broadcast(&mut self, message: Prepared, now: Duration) {
        let message = Arc::new(message);
        self.members.retain(|_, member| member.send(&message, now).is_ok());
    }

    /// Call it when the socket of this member is readable or writable. Its messages go to all members.
    /// Returns true if its turn ended early: call it again after the other members.
    pub(crate) fn ready(&mut self, number: usize, now: Duration) -> bool {
        let mut messages = Vec::new();
        let Some(member) = self.members.get_mut(&number) else { return false };
        let next = member.ready(&mut messages, now);
        if !matches!(next, Ok(Next::Wait | Next::Again)) {
            self.members.remove(&number);
        }
        for message in messages {
            self.broadcast(message, now);
        }
        matches!(next, Ok(Next::Again))
    }

    /// The members with a deadline that has passed. Call [`ready`](Self::ready) for each. It sends a ping
    /// to a silent member, and drops a member that takes too long.
    pub(crate) fn due(&self, now: Duration) -> impl Iterator<Item = usize> {
        let is_due = move |member: &Member<S>| {
            member.deadlines.deadline().is_some_and(|deadline| deadline <= now)
        };
        self.members.iter().filter(move |(_, member)| is_due(member)).map(|(number, _)| *number)
    }
}

/// What to do after the turn of a member.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// Wait for its socket.
    Wait,
    /// Give it another turn, after the others.
    Again,
    /// Drop it: the connection has ended.
    End,
}

/// The end of a connection whose output is written. Further input is discarded: closing a socket with
/// unread input resets it, and the peer may lose the final bytes.
pub(crate) struct Drain {
    left: NonZero<usize>,
}

impl Drain {
    pub(crate) fn begin(socket: &mut impl Socket) -> io::Result<Self> {
        socket.end_output()?;
        Ok(Self { left: DRAINED })
    }

    /// Reads and discards input for one turn.
    pub(crate) fn turn(&mut self, socket: &mut impl Read) -> io::Result<Next> {
        let mut bytes = [0; 4096];
        for _ in 0..TURN {
            match socket.read(&mut bytes) {
                Ok(0) => return Ok(Next::End),
                Ok(length) => match NonZero::new(self.left.get().saturating_sub(length)) {
                    Some(left) => self.left = left,
                    None => return Ok(Next::End),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Wait),
                Err(error) => return Err(error),
            }
        }
        Ok(Next::Again)
    }
}

/// One connection. While its peer keeps up with reading, it holds no buffered output.
struct Member<S> {
    socket: S,
    websocket: Connection<Server>,
    inbox: Inbox,
    /// Written before the queue: the rest of a frame that is partly written, and control frames.
    outbox: GrowingOutbox,
    /// Messages to send, shared with other members.
    queue: VecDeque<Arc<Prepared>>,
    deadlines: Deadlines,
    /// Set when the connection has ended and all output is written.
    drain: Option<Drain>,
}

impl<S: Socket> Member<S> {
    /// Sends a message, or closes the connection if too many wait.
    fn send(&mut self, message: &Arc<Prepared>, now: Duration) -> Result<(), Box<dyn Error>> {
        if self.websocket.state() != State::Open {
            return Ok(());
        }
        if self.outbox.is_empty() && self.queue.is_empty() {
            self.write_message(message)?;
            self.expire(now)?; // notes whether output waits
            return Ok(());
        }
        if self.queue.len() < QUEUE {
            self.queue.push_back(Arc::clone(message));
            return Ok(());
        }
        self.queue = VecDeque::new();
        self.websocket.close(CloseCode::POLICY_VIOLATION, "too slow", &mut self.outbox)?;
        self.expire(now)?;
        Ok(())
    }

    /// Does what is due. Fails if the member takes too long, and does not get a Close that says so.
    fn expire(&mut self, now: Duration) -> Result<(), Cause> {
        let Self { websocket, outbox, deadlines, .. } = self;
        if self.drain.is_some() {
            return deadlines.check(now, Stage::Closing, 0).map(drop);
        }
        match deadlines.expire(now, websocket, outbox) {
            Err(cause) if cause.close_code().is_none() => Err(cause),
            _ => Ok(()),
        }
    }

    /// Receives, writes and reads for one turn.
    fn ready(
        &mut self,
        messages: &mut Vec<Prepared>,
        now: Duration,
    ) -> Result<Next, Box<dyn Error>> {
        if let Some(drain) = &mut self.drain {
            self.deadlines.check(now, Stage::Closing, 0)?;
            return Ok(drain.turn(&mut self.socket)?);
        }
        let mut turn = 0..TURN;
        while turn.next().is_some() {
            // After an error, the connection has failed and the outbox holds a Close with the reason.
            let has_more = self.receive(messages, &mut turn).unwrap_or(false);
            self.expire(now)?;
            if !self.write(now)? {
                return Ok(Next::Wait); // backpressure: does not read
            }
            if self.websocket.should_close_transport() {
                self.inbox.release();
                return Ok(self
                    .drain
                    .insert(Drain::begin(&mut self.socket)?)
                    .turn(&mut self.socket)?);
            }
            if has_more {
                break;
            }
            match self.inbox.read_from(&mut self.socket) {
                Ok(0) => return Ok(self.websocket.end_of_input().map(|()| Next::End)?),
                Ok(_) => self.deadlines.on_read(now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.inbox.is_empty() {
                        self.inbox.release();
                    }
                    return Ok(Next::Wait);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Next::Again)
    }

    /// Receives events for the rest of the turn. Returns whether there may be more.
    fn receive(
        &mut self,
        messages: &mut Vec<Prepared>,
        turn: &mut impl Iterator,
    ) -> Result<bool, hybi::Error> {
        while turn.next().is_some() {
            match self.websocket.receive(&mut self.inbox, &mut self.outbox)? {
                Some(Event::Text(text)) => messages.push(Prepared::text(text)),
                Some(Event::Binary(data)) => messages.push(Prepared::binary(data)),
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Writes until the socket would block. Returns whether all output is written.
    fn write(&mut self, now: Duration) -> Result<bool, Box<dyn Error>> {
        loop {
            let written = write_some(&mut self.socket, self.outbox.bytes())?;
            self.outbox.consume(written)?;
            self.deadlines.on_write(now, written);
            if !self.outbox.is_empty() {
                return Ok(false);
            }
            self.outbox = GrowingOutbox::new(); // frees its memory
            let Some(message) = self.queue.pop_front() else { return Ok(true) };
            self.write_message(&message)?;
            self.expire(now)?; // each message has a deadline of its own
        }
    }

    /// Writes a frame without copying it. Only the part that the socket does not take is copied.
    fn write_message(&mut self, message: &Prepared) -> Result<(), Box<dyn Error>> {
        let frame = self.websocket.frame_prepared(message)?;
        let written = write_some(&mut self.socket, frame)?;
        if written < frame.len() {
            self.outbox.append(&frame[written..]);
        }
        Ok(())
    }
}

/// Writes until the socket would block. Returns how many bytes were written.
fn write_some(socket: &mut impl Write, bytes: &[u8]) -> Result<usize, Box<dyn Error>> {
    let mut written = 0;
    while written < bytes.len() {
        match socket.write(&bytes[written..]) {
            Ok(0) => return Err("the socket accepts no more bytes".into()),
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}
