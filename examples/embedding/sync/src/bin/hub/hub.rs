//! The hub: members over sockets that do not block, and messages for all of them.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    io::{ErrorKind, Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use hybi::{CloseCode, Config, Connection, Event, Inbox, Prepared, Server, State};

/// The settings of a member's connection.
pub(crate) const CONFIG: Config = Config::new().message_size(64 * 1024);

/// How many messages may wait for a member. It is dropped with the next one.
pub(crate) const BEHIND: usize = 16;

/// How long a member may take to go along with a Close.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// All members, by the numbers that the event loop knows their sockets by.
pub(crate) struct Hub<S> {
    members: HashMap<usize, Box<Member<S>>>,
}

impl<S: Read + Write> Hub<S> {
    pub(crate) fn new() -> Self {
        Self { members: HashMap::new() }
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Takes in a member whose opening handshake is complete. If its inbox is not empty, it is ready.
    pub(crate) fn join(
        &mut self,
        number: usize,
        socket: S,
        websocket: Connection<Server>,
        inbox: Inbox,
    ) {
        let member = Member {
            socket,
            websocket,
            inbox,
            outbox: Vec::new(),
            behind: VecDeque::new(),
            deadline: None,
        };
        self.members.insert(number, Box::new(member));
    }

    /// Sends a message to all members.
    pub(crate) fn broadcast(&mut self, message: Prepared) {
        let message = Arc::new(message);
        self.members.retain(|_, member| member.send(&message).is_ok());
    }

    /// The socket of this member can be written to or read from. What it says goes to all.
    pub(crate) fn ready(&mut self, number: usize) {
        let mut said = Vec::new();
        let Some(member) = self.members.get_mut(&number) else { return };
        let goes_on = member.ready(&mut said);
        if !matches!(goes_on, Ok(true)) {
            self.members.remove(&number);
        }
        for message in said {
            self.broadcast(message);
        }
    }

    /// Drops the members that should be gone by now; to be called now and then.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.members.retain(|_, member| member.deadline.is_none_or(|deadline| now < deadline));
    }
}

/// One connection. While it keeps up, nothing waits for it, and it holds no memory but its own.
struct Member<S> {
    socket: S,
    websocket: Connection<Server>,
    inbox: Inbox,
    /// What goes out before anything else: the rest of a frame that the socket took a part of.
    outbox: Vec<u8>,
    /// Messages that wait, shared with all others they wait for.
    behind: VecDeque<Arc<Prepared>>,
    deadline: Option<Instant>,
}

impl<S: Read + Write> Member<S> {
    /// Sends a message, or gives the member up if too many wait.
    fn send(&mut self, message: &Arc<Prepared>) -> Result<(), Box<dyn Error>> {
        if self.websocket.state() != State::Open {
            return Ok(());
        }
        if self.outbox.is_empty() && self.behind.is_empty() {
            return self.write_message(message);
        }
        if self.behind.len() < BEHIND {
            self.behind.push_back(Arc::clone(message));
            return Ok(());
        }
        self.behind = VecDeque::new();
        self.websocket.close(CloseCode::POLICY_VIOLATION, "too slow", &mut self.outbox)?;
        self.give_time();
        Ok(())
    }

    /// Deals with what came, writes what waits, and reads on; false at the end.
    fn ready(&mut self, said: &mut Vec<Prepared>) -> Result<bool, Box<dyn Error>> {
        loop {
            // After an error it is done: the Close that says what it was is in the outbox.
            let _ = self.receive(said);
            if self.websocket.state() != State::Open {
                self.give_time();
            }
            if !self.write()? {
                return Ok(true); // and does not read: that is the backpressure
            }
            if self.websocket.is_done() {
                return Ok(false);
            }
            match self.inbox.read_from(&mut self.socket) {
                Ok(0) => return Ok(self.websocket.end_of_input().map(|()| false)?),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.inbox.is_empty() {
                        self.inbox.release();
                    }
                    return Ok(true);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive(&mut self, said: &mut Vec<Prepared>) -> Result<(), hybi::Error> {
        while let Some(event) = self.websocket.receive(&mut self.inbox, &mut self.outbox)? {
            match event {
                Event::Text(text) => said.push(Prepared::text(text)),
                Event::Binary(data) => said.push(Prepared::binary(data)),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        Ok(())
    }

    /// Writes what waits, as far as the socket takes it; whether that is all.
    fn write(&mut self) -> Result<bool, Box<dyn Error>> {
        loop {
            let taken = take(&mut self.socket, &self.outbox)?;
            self.outbox.drain(..taken);
            if !self.outbox.is_empty() {
                return Ok(false);
            }
            self.outbox = Vec::new();
            let Some(message) = self.behind.pop_front() else { return Ok(true) };
            self.write_message(&message)?;
        }
    }

    /// Writes a message from where it lies; only what the socket does not take is copied.
    fn write_message(&mut self, message: &Prepared) -> Result<(), Box<dyn Error>> {
        let frame = self.websocket.frame_prepared(message)?;
        let taken = take(&mut self.socket, frame)?;
        self.outbox.extend_from_slice(&frame[taken..]);
        Ok(())
    }

    /// The end is near, and so is the deadline.
    fn give_time(&mut self) {
        self.deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
    }
}

/// Writes what the socket takes, and tells how much that is.
fn take(socket: &mut impl Write, bytes: &[u8]) -> Result<usize, Box<dyn Error>> {
    let mut taken = 0;
    while taken < bytes.len() {
        match socket.write(&bytes[taken..]) {
            Ok(0) => return Err("the socket takes nothing more".into()),
            Ok(length) => taken += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(taken)
}
