//! An echo server over readiness events: one thread, many connections.
//!
//! It shows partial writes, interest in writability only while output waits, buffers that all
//! connections share, and backpressure: the server stops reading from a peer that does not read, so a
//! connection holds at most one message and its reply.
//!
//! `cargo run --bin mio -- 127.0.0.1:9001`

#[path = "../../../../shared/buffers.rs"]
mod buffers;
#[path = "../../../../shared/clock.rs"]
mod clock;
#[path = "../../../../shared/report.rs"]
mod report;

use std::{
    collections::HashMap,
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
    frame::FrameParts,
    server::Opening,
};
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use report::report;

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// No more events are received while this many bytes wait in the outbox.
const BACKLOG: usize = 64 * 1024;

/// A message of at least this many bytes is written without a copy.
const LARGE: usize = 32 * 1024;

/// How often the deadlines are checked.
const SWEEP: Duration = Duration::from_millis(500);

/// The most reads from one peer before others have their turn.
const TURN: usize = 16;

/// The most connections to accept before peers have their turn.
const ACCEPTED: usize = 256;

const LISTENER: Token = Token(0);

/// Ready at once: the socket is usually writable.
const AT_ONCE: Interest = Interest::READABLE.add(Interest::WRITABLE);

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
    let mut peers = HashMap::new();
    let mut last_token = LISTENER;
    let mut swept = Instant::now();
    let mut accept_failed = false;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, Some(SWEEP)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                let accepted = accept(&listener, |mut stream, address| {
                    last_token.0 += 1;
                    let registered =
                        poll.registry().register(&mut stream, last_token, Interest::READABLE);
                    match registered.and_then(|()| stream.set_nodelay(true)) {
                        Ok(()) => {
                            peers.insert(last_token, Box::new(Peer::new(stream, address)));
                        }
                        // This connection is closed. The server continues.
                        Err(error) => report(format_args!("{address}: {error}")),
                    }
                });
                accept_failed = accepted == Accepted::Failed;
                if accepted == Accepted::Some {
                    rearm(&poll, &mut listener);
                }
                continue;
            }
            let Some(peer) = peers.get_mut(&token) else { continue };
            if !peer.take_turn(poll.registry(), token, event.is_read_closed()) {
                peers.remove(&token);
                // Its resources may suffice to accept the next connection.
                if mem::take(&mut accept_failed) {
                    rearm(&poll, &mut listener);
                }
            }
        }
        if swept.elapsed() > SWEEP {
            swept = Instant::now();
            let now = now();
            peers.retain(|token, peer| {
                let is_due = peer.deadlines.deadline().is_some_and(|at| at <= now);
                !is_due || peer.take_turn(poll.registry(), *token, false)
            });
            // In case accepting has failed.
            rearm(&poll, &mut listener);
        }
    }
}

/// Registers the listener again, so that connections that already wait are reported.
fn rearm(poll: &Poll, listener: &mut TcpListener) {
    if let Err(error) = poll.registry().reregister(listener, LISTENER, Interest::READABLE) {
        report(format_args!("listener: {error}"));
    }
}

/// The result of accepting connections.
#[derive(PartialEq)]
enum Accepted {
    /// No more connections wait.
    All,
    /// More may wait, but peers must have their turn.
    Some,
    /// More wait, but the system is out of a resource, such as descriptors.
    Failed,
}

/// Accepts connections.
fn accept(listener: &TcpListener, mut add: impl FnMut(TcpStream, SocketAddr)) -> Accepted {
    for _ in 0..ACCEPTED {
        match listener.accept() {
            Ok((stream, address)) => add(stream, address),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Accepted::All,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                report(format_args!("accept: {error}"));
                return Accepted::Failed;
            }
        }
    }
    Accepted::Some
}

struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    inbox: Inbox,
    /// See [`buffers::give_back_inbox`].
    has_own_inbox: bool,
    outbox: GrowingOutbox,
    protocol: Protocol,
    deadlines: Deadlines,
    /// What the socket is registered for.
    interest: Interest,
}

/// The state of a connection.
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
    /// The last bytes are in the outbox. Further input is discarded: closing a socket with unread
    /// input resets it, and the peer may lose the final bytes.
    Over,
}

/// The protocol.
impl Peer {
    fn new(stream: TcpStream, address: SocketAddr) -> Self {
        Self {
            stream,
            address,
            inbox: buffers::new_inbox(),
            has_own_inbox: false,
            outbox: GrowingOutbox::new(),
            protocol: Protocol::Opening(Opening::new(Origins::same_host().or_no_browser())),
            deadlines: Deadlines::new(timeouts(), now()),
            interest: Interest::READABLE,
        }
    }

    /// Handles the request or the next event in the inbox. False if there is none.
    fn answer(&mut self) -> Result<bool, Box<dyn Error>> {
        let Self { stream, inbox, outbox, deadlines, .. } = self;
        match &mut self.protocol {
            Protocol::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.protocol = Protocol::Open(request.accept().config(CONFIG).finish(outbox)?);
            }
            Protocol::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) if text.len() >= LARGE => {
                    write_frame(stream, &websocket.frame_text(text)?, outbox, deadlines)?;
                }
                Some(Event::Binary(data)) if data.len() >= LARGE => {
                    write_frame(stream, &websocket.frame_binary(data)?, outbox, deadlines)?;
                }
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.should_close_transport() => self.protocol = Protocol::Over,
                None => return Ok(false),
            },
            Protocol::Over => {
                // A shared inbox keeps its memory unless there is something to discard.
                if !inbox.is_empty() {
                    inbox.release();
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Handles the end of the input.
    fn end_of_input(&mut self) -> io::Result<Option<Interest>> {
        if let Protocol::Open(websocket) = &mut self.protocol {
            websocket.end_of_input().map_err(io::Error::other)?;
        }
        Ok(None)
    }

    /// Does what is due. Fails if the peer takes too long, and does not get a response or a Close that
    /// says so.
    fn expire(&mut self, now: Duration) -> Result<(), Cause> {
        let Self { outbox, deadlines, .. } = self;
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

/// The socket.
impl Peer {
    /// Reads and writes for one turn. False at the end of the connection.
    fn take_turn(&mut self, registry: &Registry, token: Token, input_ends: bool) -> bool {
        buffers::take_inbox(&mut self.inbox);
        buffers::take_outbox(&mut self.outbox);
        let advanced = self.advance(input_ends);
        buffers::give_back_inbox(&mut self.inbox, &mut self.has_own_inbox);
        buffers::give_back_outbox(&mut self.outbox);
        let is_open = match advanced {
            Ok(None) => Ok(false),
            Ok(Some(interest)) if interest == self.interest && interest != AT_ONCE => Ok(true),
            // Registering again also reports readiness that is already there.
            Ok(Some(interest)) => {
                self.interest = interest;
                registry.reregister(&mut self.stream, token, interest).map(|()| true)
            }
            Err(error) => Err(error),
        };
        is_open.unwrap_or_else(|error| {
            report(format_args!("{}: {error}", self.address));
            false
        })
    }

    /// Reads and writes until the socket would block. Returns the interest to wait for, or `None` at
    /// the end.
    fn advance(&mut self, input_ends: bool) -> io::Result<Option<Interest>> {
        let now = now();
        let mut has_input = true;
        for _ in 0..TURN {
            let mut has_more = true;
            while has_more && self.outbox.pending() < BACKLOG {
                has_more = self.answer().unwrap_or_else(|error| {
                    report(format_args!("{}: {error}", self.address));
                    // The outbox holds a response or a Close with the reason.
                    self.protocol = Protocol::Over;
                    false
                });
            }
            self.expire(now)?;
            if !self.write(now)? {
                return Ok(Some(Interest::WRITABLE)); // backpressure: not readable
            }
            if has_more {
                continue;
            }
            if matches!(self.protocol, Protocol::Over) {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            if !has_input {
                return Ok(Some(Interest::READABLE));
            }
            let room = self.inbox.spare()?;
            let (most, read) = (room.len(), self.stream.read(room));
            match read {
                Ok(0) => return self.end_of_input(),
                Ok(length) => {
                    self.inbox.commit(length)?;
                    self.deadlines.on_read(now);
                    // After a short read, more input is a new event with epoll and kqueue. Its end is
                    // not, if this event reported it.
                    has_input = length == most || input_ends || !cfg!(unix);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Some(Interest::READABLE));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(AT_ONCE)) // more may wait
    }

    /// Writes until the socket would block. Returns whether all output is written.
    fn write(&mut self, now: Duration) -> io::Result<bool> {
        while !self.outbox.is_empty() {
            match self.stream.write(self.outbox.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => {
                    self.outbox.consume(length)?;
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

/// Writes a frame after what waits in the outbox, which takes what the socket does not.
fn write_frame(
    stream: &mut TcpStream,
    frame: &FrameParts<'_>,
    outbox: &mut GrowingOutbox,
    deadlines: &mut Deadlines,
) -> io::Result<()> {
    let written = match stream.write_vectored(&outbox.io_slices(frame)) {
        Ok(length) => length,
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => 0,
        Err(error) => return Err(error),
    };
    deadlines.on_write(now(), written);
    outbox.consume_with(written, frame)?;
    Ok(())
}
