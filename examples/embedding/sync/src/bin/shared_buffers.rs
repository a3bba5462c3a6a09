//! An echo server that shares its buffers: one inbox and one outbox for all connections of an event loop.
//!
//! An idle connection has no buffer. Only a connection in the middle of a message, or one whose peer does
//! not read, has some of its own. The inbox of such a connection grows to `INBOX` at its next read: choose
//! a smaller one if many peers are slow. A large one takes with one read all that a busy peer has sent.
//!
//! `cargo run --release --bin shared_buffers -- 127.0.0.1:9001`

#[path = "../../../../shared/clock.rs"]
mod clock;
#[path = "../../../../shared/report.rs"]
mod report;

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{Shutdown, SocketAddr},
    time::{Duration, Instant},
};

use clock::{now, timeouts};
use hybi::{
    Config, Connection, Event, GrowingOutbox, Inbox, Origins, Outbox as _, Server,
    deadline::{Cause, Deadlines, Stage},
    server::Opening,
};
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use report::report;
use slab::Slab;

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// The size of the shared inbox.
const INBOX: usize = 256 * 1024;

/// No more events are received while this many bytes wait in the outbox.
const BACKLOG: usize = 256 * 1024;

/// How often the deadlines are checked.
const SWEEP: Duration = Duration::from_millis(500);

/// The most reads from one peer before others have their turn.
const TURN: usize = 16;

/// The most connections to accept before peers have their turn.
const ACCEPTED: usize = 256;

const LISTENER: Token = Token(usize::MAX);

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address.parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener)?;
    Ok(())
}

fn serve(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut peers = Slab::new();
    let mut shared = Buffers::new();
    let mut swept = Instant::now();
    // Those that can go on without an event: peers whose turn was over, and the listener.
    let (mut ready, mut ready_before) = (Vec::new(), Vec::new());
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, Some(if ready.is_empty() { SWEEP } else { Duration::ZERO })) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        mem::swap(&mut ready, &mut ready_before);
        for event in &events {
            match peers.get_mut(event.token().0) {
                Some(Peer { ended, .. }) if event.is_read_closed() => *ended = true,
                _ => {}
            }
            ready_before.push(event.token());
        }
        let now = now();
        if swept.elapsed() > SWEEP {
            swept = Instant::now();
            let is_due = |peer: &Peer| peer.deadlines.deadline().is_some_and(|at| at <= now);
            let due = peers.iter().filter(|(_, peer)| is_due(peer));
            ready_before.extend(due.map(|(key, _)| Token(key)));
            // In case accepting has failed.
            ready_before.push(LISTENER);
        }
        for token in ready_before.drain(..) {
            if token == LISTENER {
                if accept(&listener, poll.registry(), &mut peers) {
                    ready.push(LISTENER);
                }
                continue;
            }
            let Some(peer) = peers.get_mut(token.0) else { continue };
            match peer.take_turn(&mut shared, now) {
                Ok(Next::Wait) => {}
                Ok(Next::Ready) => ready.push(token),
                Ok(Next::End) => drop(peers.remove(token.0)),
                Err(error) => {
                    report(format_args!("{}: {error}", peer.address));
                    peers.remove(token.0);
                }
            }
        }
    }
}

/// Accepts connections. Returns whether more may wait.
fn accept(listener: &TcpListener, registry: &Registry, peers: &mut Slab<Peer>) -> bool {
    for _ in 0..ACCEPTED {
        let (mut stream, address) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                if error.kind() != ErrorKind::WouldBlock {
                    // Such as too many open files. The next sweep tries again.
                    report(format_args!("accept: {error}"));
                }
                return false;
            }
        };
        let entry = peers.vacant_entry();
        // Registered once: mio reports each change of the readiness.
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registered = registry.register(&mut stream, Token(entry.key()), interest);
        match registered.and_then(|()| stream.set_nodelay(true)) {
            Ok(()) => drop(entry.insert(Peer::new(stream, address))),
            // This connection is closed. The server continues.
            Err(error) => report(format_args!("{address}: {error}")),
        }
    }
    true
}

/// The buffers of all connections of a loop. Both are empty between two turns.
struct Buffers {
    inbox: Inbox,
    outbox: GrowingOutbox,
}

impl Buffers {
    fn new() -> Self {
        Self { inbox: Inbox::with_capacity(INBOX), outbox: GrowingOutbox::new() }
    }
}

struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    protocol: Protocol,
    deadlines: Deadlines,
    /// Part of a message, or messages that wait for room in the outbox.
    inbox: Option<Inbox>,
    /// What the peer has not read.
    outbox: Option<GrowingOutbox>,
    /// Whether the peer has ended its output.
    ended: bool,
}

/// The state of a connection.
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
    /// The last bytes are in the outbox. Further input is discarded: closing a socket with unread
    /// input resets it, and the peer may lose the final bytes.
    Over,
}

/// How a connection continues after its turn.
enum Next {
    /// When its socket is ready.
    Wait,
    /// As soon as others have had their turn.
    Ready,
    End,
}

/// The buffers.
impl Peer {
    fn new(stream: TcpStream, address: SocketAddr) -> Self {
        let opening = Opening::new(Origins::same_host().or_no_browser());
        Self {
            stream,
            address,
            protocol: Protocol::Opening(opening),
            deadlines: Deadlines::new(timeouts(), now()),
            inbox: None,
            outbox: None,
            ended: false,
        }
    }

    /// Reads and writes for one turn, in the buffers of this connection if it has any, otherwise in those
    /// that are shared.
    fn take_turn(&mut self, shared: &mut Buffers, now: Duration) -> io::Result<Next> {
        let (mut own_inbox, mut own_outbox) = (self.inbox.take(), self.outbox.take());
        let inbox = own_inbox.as_mut().unwrap_or(&mut shared.inbox);
        let outbox = own_outbox.as_mut().unwrap_or(&mut shared.outbox);
        let next = self.advance(inbox, outbox, now);
        // On an error too: nothing of this peer may remain in the shared buffers.
        if !inbox.is_empty() {
            self.inbox = Some(own_inbox.unwrap_or_else(|| shared.inbox.split_off()));
        }
        if !outbox.is_empty() {
            self.outbox = Some(own_outbox.unwrap_or_else(|| mem::take(&mut shared.outbox)));
        }
        next
    }
}

/// The socket.
impl Peer {
    /// Reads, answers and writes until the socket would block.
    fn advance(
        &mut self,
        inbox: &mut Inbox,
        outbox: &mut GrowingOutbox,
        now: Duration,
    ) -> io::Result<Next> {
        // Without room in the outbox, the inbox may still hold events.
        let mut has_more = !inbox.is_empty();
        for _ in 0..TURN {
            let mut is_drained = false;
            if !self.write(outbox, now)? {
                self.expire(outbox, now)?;
                return Ok(Next::Wait); // backpressure: nothing is read
            }
            if !has_more {
                let room = inbox.spare()?;
                let offered = room.len();
                match self.stream.read(room) {
                    Ok(0) => return self.end_of_input(),
                    Ok(length) => {
                        inbox.commit(length)?;
                        self.deadlines.on_read(now);
                        // With epoll and kqueue, a short read empties the socket. The end of the input
                        // is read by itself.
                        is_drained = cfg!(unix) && length < offered && !self.ended;
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => is_drained = true,
                    Err(error) => return Err(error),
                }
            }
            has_more = self.answer(inbox, outbox);
            self.expire(outbox, now)?;
            if !self.write(outbox, now)? {
                return Ok(Next::Wait);
            }
            if matches!(self.protocol, Protocol::Over) {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            if is_drained && !has_more {
                return Ok(Next::Wait);
            }
        }
        Ok(Next::Ready)
    }

    /// Writes until the socket would block. Returns whether all output is written.
    fn write(&mut self, outbox: &mut GrowingOutbox, now: Duration) -> io::Result<bool> {
        while !outbox.is_empty() {
            match self.stream.write(outbox.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => {
                    outbox.consume(length)?;
                    self.deadlines.on_write(now, length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// The protocol.
impl Peer {
    /// Handles what is in the inbox. Returns whether more may be there.
    fn answer(&mut self, inbox: &mut Inbox, outbox: &mut GrowingOutbox) -> bool {
        while outbox.pending() < BACKLOG {
            match self.answer_one(inbox, outbox) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    report(format_args!("{}: {error}", self.address));
                    // The outbox holds a response or a Close with the reason.
                    self.protocol = Protocol::Over;
                }
            }
        }
        true
    }

    /// Handles the request or the next event in the inbox. False if there is none.
    fn answer_one(
        &mut self,
        inbox: &mut Inbox,
        outbox: &mut GrowingOutbox,
    ) -> Result<bool, Box<dyn Error>> {
        match &mut self.protocol {
            Protocol::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.protocol = Protocol::Open(request.accept().config(CONFIG).finish(outbox)?);
            }
            Protocol::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.should_close_transport() => self.protocol = Protocol::Over,
                None => return Ok(false),
            },
            Protocol::Over => {
                // The shared inbox keeps its memory unless there is something to discard.
                if !inbox.is_empty() {
                    inbox.release();
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Handles the end of the input.
    fn end_of_input(&mut self) -> io::Result<Next> {
        if let Protocol::Open(websocket) = &mut self.protocol {
            websocket.end_of_input().map_err(io::Error::other)?;
        }
        Ok(Next::End)
    }

    /// Does what is due. Fails if the peer takes too long, and does not get a response or a Close that
    /// says so.
    fn expire(&mut self, outbox: &mut GrowingOutbox, now: Duration) -> Result<(), Cause> {
        let deadlines = &mut self.deadlines;
        let expired = match &mut self.protocol {
            Protocol::Opening(opening) => deadlines.expire_opening(now, opening, outbox),
            Protocol::Open(websocket) => deadlines.expire(now, websocket, outbox),
            Protocol::Over => deadlines.check(now, Stage::Closing, outbox.pending()),
        };
        match expired {
            Ok(_) => Ok(()),
            Err(cause) if cause.status().is_some() || cause.close_code().is_some() => {
                report(format_args!("{}: {cause}", self.address));
                self.protocol = Protocol::Over;
                Ok(())
            }
            Err(cause) => Err(cause),
        }
    }
}
