//! The hub: members over sockets that do not block, and messages for all of them.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    io::{self, ErrorKind, Read, Write},
    num::NonZero,
    sync::Arc,
    time::{Duration, Instant},
};

use hybi::{CloseCode, Config, Connection, Event, Inbox, Prepared, Server, State};

use crate::deadlines::{Deadlines, Due, Patience};

/// The settings of a member's connection.
pub(crate) const CONFIG: Config = Config::new().max_message_size(64 * 1024);

/// How many messages may wait for a member. It is dropped with the next one.
pub(crate) const BEHIND: usize = 16;

/// How many reads and events a member has in one turn, before others have theirs.
pub(crate) const TURN: usize = 16;

/// How long a member may take.
pub(crate) static PATIENCE: Patience = Patience {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// How much is read and dropped at the end of a connection.
pub(crate) const DRAINED: NonZero<usize> = NonZero::new(4 * 1024 * 1024).unwrap();

/// What carries a connection. It does not block.
pub(crate) trait Socket: Read + Write {
    /// Says that nothing more will be written.
    fn end_output(&mut self) -> io::Result<()>;
}

/// All members, by the numbers that the event loop knows their sockets by.
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
            deadlines: Deadlines::open(&PATIENCE, Instant::now()),
            drain: None,
        };
        self.members.insert(number, Box::new(member));
    }

    /// Sends a message to all members.
    pub(crate) fn broadcast(&mut self, message: Prepared) {
        let message = Arc::new(message);
        self.members.retain(|_, member| member.send(&message).is_ok());
    }

    /// The socket of this member can be written to or read from. What it says goes to all. True if
    /// its turn is over and it may have more: it is to be called again, after the others.
    pub(crate) fn ready(&mut self, number: usize) -> bool {
        let mut said = Vec::new();
        let Some(member) = self.members.get_mut(&number) else { return false };
        let after = member.ready(&mut said);
        if !matches!(after, Ok(After::Wait | After::Again)) {
            self.members.remove(&number);
        }
        for message in said {
            self.broadcast(message);
        }
        matches!(after, Ok(After::Again))
    }

    /// Sends pings to silent members, and drops those whose time is up; to be called now and then.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.members.retain(|_, member| match member.deadlines.due(now) {
            Due::Nothing => true,
            Due::Ping => member.ping().is_ok(),
            Due::End => false,
        });
    }
}

/// What follows the turn of a member.
#[derive(Clone, Copy)]
pub(crate) enum After {
    /// It waits for its socket.
    Wait,
    /// It goes on as soon as others have had their turn.
    Again,
    /// It has ended.
    End,
}

/// The end of a connection, once all is written. What still comes is read and dropped: a socket that
/// is closed while input waits is reset, and the final bytes are lost.
pub(crate) struct Drain {
    left: NonZero<usize>,
}

impl Drain {
    pub(crate) fn begin(socket: &mut impl Socket) -> io::Result<Self> {
        socket.end_output()?;
        Ok(Self { left: DRAINED })
    }

    /// Reads and drops for one turn.
    pub(crate) fn turn(&mut self, socket: &mut impl Read) -> io::Result<After> {
        let mut bytes = [0; 4096];
        for _ in 0..TURN {
            match socket.read(&mut bytes) {
                Ok(0) => return Ok(After::End),
                Ok(length) => match NonZero::new(self.left.get().saturating_sub(length)) {
                    Some(left) => self.left = left,
                    None => return Ok(After::End),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(After::Wait),
                Err(error) => return Err(error),
            }
        }
        Ok(After::Again)
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
    deadlines: Deadlines,
    /// Set once the connection is done, and all is written.
    drain: Option<Drain>,
}

impl<S: Socket> Member<S> {
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
        self.deadlines.closing(Instant::now());
        Ok(())
    }

    /// Asks a silent member for a sign of life.
    fn ping(&mut self) -> Result<(), Box<dyn Error>> {
        self.websocket.send_ping(b"", &mut self.outbox)?;
        self.write()?;
        Ok(())
    }

    /// Deals with what came, writes what waits, and reads on, for one turn.
    fn ready(&mut self, said: &mut Vec<Prepared>) -> Result<After, Box<dyn Error>> {
        if let Some(drain) = &mut self.drain {
            return Ok(drain.turn(&mut self.socket)?);
        }
        let mut turn = 0..TURN;
        while turn.next().is_some() {
            // After an error it is done: the Close that says what it was is in the outbox.
            let has_more = self.receive(said, &mut turn).unwrap_or(false);
            if self.websocket.state() != State::Open {
                self.deadlines.closing(Instant::now());
            }
            if !self.write()? {
                return Ok(After::Wait); // and does not read: that is the backpressure
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
                Ok(0) => return Ok(self.websocket.end_of_input().map(|()| After::End)?),
                Ok(_) => self.deadlines.heard(Instant::now()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.inbox.is_empty() {
                        self.inbox.release();
                    }
                    return Ok(After::Wait);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(After::Again)
    }

    /// Receives as much as the turn allows. True if that is not all.
    fn receive(
        &mut self,
        said: &mut Vec<Prepared>,
        turn: &mut impl Iterator,
    ) -> Result<bool, hybi::Error> {
        while turn.next().is_some() {
            match self.websocket.receive(&mut self.inbox, &mut self.outbox)? {
                Some(Event::Text(text)) => said.push(Prepared::text(text)),
                Some(Event::Binary(data)) => said.push(Prepared::binary(data)),
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Writes what waits, as far as the socket takes it; whether that is all.
    fn write(&mut self) -> Result<bool, Box<dyn Error>> {
        loop {
            let taken = take(&mut self.socket, &self.outbox)?;
            self.outbox.drain(..taken);
            if !self.outbox.is_empty() {
                self.deadlines.wrote(false, Instant::now());
                return Ok(false);
            }
            self.outbox = Vec::new();
            self.deadlines.wrote(true, Instant::now());
            let Some(message) = self.behind.pop_front() else { return Ok(true) };
            self.write_message(&message)?;
        }
    }

    /// Writes a message from where it lies; only what the socket does not take is copied.
    fn write_message(&mut self, message: &Prepared) -> Result<(), Box<dyn Error>> {
        let frame = self.websocket.frame_prepared(message)?;
        let taken = take(&mut self.socket, frame)?;
        if taken < frame.len() {
            self.outbox.extend_from_slice(&frame[taken..]);
            self.deadlines.wrote(false, Instant::now());
        }
        Ok(())
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
