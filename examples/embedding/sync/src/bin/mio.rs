//! An echo server over readiness events: one thread, many connections.
//!
//! It shows partial writes, interest in writability only while output waits, and backpressure: the
//! server stops reading from a peer that does not read, so a connection holds at most one message and
//! its reply.
//!
//! `cargo run --bin mio -- 127.0.0.1:9001`

#[path = "../../../../shared/deadlines.rs"]
mod deadlines;
#[path = "../../../../shared/report.rs"]
mod report;

use std::{
    collections::HashMap,
    error::Error,
    io::{self, ErrorKind, Write},
    mem,
    net::{Shutdown, SocketAddr},
    time::{Duration, Instant},
};

use deadlines::{Deadlines, Due, Timeouts};
use hybi::{
    Config, Connection, Event, GrowingOutbox, Inbox, Origins, Outbox as _, Server, server::Opening,
};
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use report::report;

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// No more events are received while this many bytes wait in the outbox.
const BACKLOG: usize = 64 * 1024;

/// How long a peer may take. The deadlines are checked once a second.
static TIMEOUTS: Timeouts = Timeouts {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// The most reads from one peer before others have their turn.
const TURN: usize = 16;

/// The most connections to accept before peers have their turn.
const ACCEPTED: usize = 256;

const LISTENER: Token = Token(0);

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
        match poll.poll(&mut events, Some(Duration::from_secs(1))) {
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
                        Ok(()) => drop(peers.insert(last_token, Peer::new(stream, address))),
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
            if !peer.take_turn(poll.registry(), token) {
                peers.remove(&token);
                // Its resources may suffice to accept the next connection.
                if mem::take(&mut accept_failed) {
                    rearm(&poll, &mut listener);
                }
            }
        }
        if swept.elapsed() > Duration::from_secs(1) {
            swept = Instant::now();
            peers.retain(|token, peer| match peer.deadlines.due(swept) {
                Due::Nothing => true,
                Due::Ping => peer.ping() && peer.take_turn(poll.registry(), *token),
                Due::Drop => false,
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
    outbox: GrowingOutbox,
    stage: Stage,
    deadlines: Deadlines,
}

/// The state of a connection.
enum Stage {
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
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: GrowingOutbox::new(),
            stage: Stage::Opening(Opening::new(Origins::same_host().or_no_browser())),
            deadlines: Deadlines::opening(&TIMEOUTS, Instant::now()),
        }
    }

    /// Handles the request or the next event in the inbox. False if there is none.
    fn answer(&mut self) -> Result<bool, Box<dyn Error>> {
        let Self { inbox, outbox, .. } = self;
        match &mut self.stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.stage = Stage::Open(request.accept().config(CONFIG).finish(outbox)?);
                self.deadlines = Deadlines::open(&TIMEOUTS, Instant::now());
            }
            Stage::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.should_close_transport() => self.finish(),
                None => {
                    if websocket.is_closing() {
                        self.deadlines.on_closing(Instant::now());
                    }
                    return Ok(false);
                }
            },
            Stage::Over => {
                inbox.release();
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Handles the end of the input.
    fn end_of_input(&mut self) -> io::Result<Option<Interest>> {
        if let Stage::Open(websocket) = &mut self.stage {
            websocket.end_of_input().map_err(io::Error::other)?;
        }
        Ok(None)
    }

    /// Sends a ping to a silent peer. False if that is not possible.
    fn ping(&mut self) -> bool {
        match &mut self.stage {
            Stage::Open(websocket) => websocket.send_ping(b"", &mut self.outbox).is_ok(),
            Stage::Opening(_) | Stage::Over => false,
        }
    }

    /// Nothing more will be sent than the outbox holds.
    fn finish(&mut self) {
        self.stage = Stage::Over;
        self.deadlines.on_closing(Instant::now());
    }
}

/// The socket.
impl Peer {
    /// Reads and writes for one turn. False at the end of the connection.
    fn take_turn(&mut self, registry: &Registry, token: Token) -> bool {
        let advanced = self.advance();
        self.deadlines.set_flushed(self.outbox.is_empty(), Instant::now());
        let is_open = match advanced {
            Ok(None) => Ok(false),
            // Registering again also reports readiness that is already there.
            Ok(Some(interest)) => {
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
    fn advance(&mut self) -> io::Result<Option<Interest>> {
        for _ in 0..TURN {
            let mut has_more = true;
            while has_more && self.outbox.pending() < BACKLOG {
                has_more = self.answer().unwrap_or_else(|error| {
                    report(format_args!("{}: {error}", self.address));
                    self.finish(); // the outbox holds a response or a Close with the reason
                    false
                });
            }
            if !self.write()? {
                return Ok(Some(Interest::WRITABLE)); // backpressure: not readable
            }
            self.deadlines.set_flushed(true, Instant::now()); // the next batch has its own deadline
            if has_more {
                continue;
            }
            if matches!(self.stage, Stage::Over) {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => return self.end_of_input(),
                Ok(_) => self.deadlines.on_read(Instant::now()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Some(Interest::READABLE));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Interest::READABLE | Interest::WRITABLE)) // more may wait, so return at once
    }

    /// Writes until the socket would block. Returns whether all output is written.
    fn write(&mut self) -> io::Result<bool> {
        while !self.outbox.is_empty() {
            match self.stream.write(self.outbox.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => self.outbox.consume(length)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
