//! An echo server over readiness events: one thread, many connections.
//!
//! It teaches partial writes, waiting for writability only while something waits to be written, and
//! backpressure: a peer that does not read what it is sent is not read from either, so that a
//! connection never holds more than one message and what answers it.
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

use deadlines::{Deadlines, Due, Patience};
use hybi::{Config, Connection, Event, Inbox, Origins, Server, server::Opening};
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use report::report;

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// Once so much waits to be written, nothing more is answered.
const BACKLOG: usize = 64 * 1024;

/// How long a peer may take; looked at once a second.
static PATIENCE: Patience = Patience {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// How often one peer is read from before others have their turn.
const TURN: usize = 16;

/// How many connections are accepted before others have their turn.
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
    let mut is_short = false;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, Some(Duration::from_secs(1))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                let after = accept(&listener, |mut stream, address| {
                    last_token.0 += 1;
                    let registered =
                        poll.registry().register(&mut stream, last_token, Interest::READABLE);
                    match registered.and_then(|()| stream.set_nodelay(true)) {
                        Ok(()) => drop(peers.insert(last_token, Peer::new(stream, address))),
                        // This connection is closed, and the server goes on.
                        Err(error) => report(format_args!("{address}: {error}")),
                    }
                });
                is_short = after == Accepted::Short;
                if after == Accepted::Some {
                    again(&poll, &mut listener);
                }
                continue;
            }
            let Some(peer) = peers.get_mut(&token) else { continue };
            if !peer.take_turn(poll.registry(), token) {
                peers.remove(&token);
                // What it gives back may be enough for the next one.
                if mem::take(&mut is_short) {
                    again(&poll, &mut listener);
                }
            }
        }
        if swept.elapsed() > Duration::from_secs(1) {
            swept = Instant::now();
            peers.retain(|token, peer| match peer.deadlines.due(swept) {
                Due::Nothing => true,
                Due::Ping => peer.ping() && peer.take_turn(poll.registry(), *token),
                Due::End => false,
            });
            // In case that accepting failed.
            again(&poll, &mut listener);
        }
    }
}

/// Has connections reported that wait already.
fn again(poll: &Poll, listener: &mut TcpListener) {
    if let Err(error) = poll.registry().reregister(listener, LISTENER, Interest::READABLE) {
        report(format_args!("listener: {error}"));
    }
}

/// What came of accepting.
#[derive(PartialEq)]
enum Accepted {
    /// No more connections wait.
    All,
    /// More may wait, but others are to have their turn.
    Some,
    /// More wait, and the system is short of something, such as descriptors.
    Short,
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
                return Accepted::Short;
            }
        }
    }
    Accepted::Some
}

struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    inbox: Inbox,
    outbox: Vec<u8>,
    stage: Stage,
    deadlines: Deadlines,
}

/// How far a connection has come.
enum Stage {
    Opening(Opening<'static>),
    Open(Connection<Server>),
    /// All is said. What still comes is read and dropped: a socket that is closed while input waits
    /// is reset, and takes our last words with it.
    Over,
}

/// The protocol.
impl Peer {
    fn new(stream: TcpStream, address: SocketAddr) -> Self {
        Self {
            stream,
            address,
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: Vec::new(),
            stage: Stage::Opening(Opening::new(Origins::same_host().or_no_browser())),
            deadlines: Deadlines::opening(&PATIENCE, Instant::now()),
        }
    }

    /// Answers the next thing in the inbox; false if there is nothing.
    fn answer(&mut self) -> Result<bool, Box<dyn Error>> {
        let Self { inbox, outbox, .. } = self;
        match &mut self.stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.stage = Stage::Open(request.accept().config(CONFIG).finish(outbox)?);
                self.deadlines = Deadlines::open(&PATIENCE, Instant::now());
            }
            Stage::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.should_close_transport() => self.finish(),
                None => {
                    if websocket.is_closing() {
                        self.deadlines.closing(Instant::now());
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

    /// The peer will send nothing more.
    fn end_of_input(&mut self) -> io::Result<Option<Interest>> {
        if let Stage::Open(websocket) = &mut self.stage {
            websocket.end_of_input().map_err(io::Error::other)?;
        }
        Ok(None)
    }

    /// Asks a silent peer for a sign of life. False if it cannot be asked.
    fn ping(&mut self) -> bool {
        match &mut self.stage {
            Stage::Open(websocket) => websocket.send_ping(b"", &mut self.outbox).is_ok(),
            Stage::Opening(_) | Stage::Over => false,
        }
    }

    /// Nothing more will be said than what is in the outbox.
    fn finish(&mut self) {
        self.stage = Stage::Over;
        self.deadlines.closing(Instant::now());
    }
}

/// The socket.
impl Peer {
    /// Goes on as far as the socket and the length of a turn allow. False at the end.
    fn take_turn(&mut self, registry: &Registry, token: Token) -> bool {
        let advanced = self.advance();
        self.deadlines.wrote(self.outbox.is_empty(), Instant::now());
        let goes_on = match advanced {
            Ok(None) => Ok(false),
            // Registering anew also reports what is ready already.
            Ok(Some(interest)) => {
                registry.reregister(&mut self.stream, token, interest).map(|()| true)
            }
            Err(error) => Err(error),
        };
        goes_on.unwrap_or_else(|error| {
            report(format_args!("{}: {error}", self.address));
            false
        })
    }

    /// Goes on as far as the socket allows, and tells what to wait for; `None` at the end.
    fn advance(&mut self) -> io::Result<Option<Interest>> {
        for _ in 0..TURN {
            let mut more = true;
            while more && self.outbox.len() < BACKLOG {
                more = self.answer().unwrap_or_else(|error| {
                    report(format_args!("{}: {error}", self.address));
                    self.finish(); // the answer that says what it was is in the outbox
                    false
                });
            }
            if !self.write()? {
                return Ok(Some(Interest::WRITABLE)); // and not readable: that is the backpressure
            }
            self.deadlines.wrote(true, Instant::now()); // what comes next has its own deadline
            if more {
                continue;
            }
            if matches!(self.stage, Stage::Over) {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => return self.end_of_input(),
                Ok(_) => self.deadlines.heard(Instant::now()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Some(Interest::READABLE));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Interest::READABLE | Interest::WRITABLE)) // there may be more: come back at once
    }

    /// Writes what the socket takes; whether that is all.
    fn write(&mut self) -> io::Result<bool> {
        let mut written = 0;
        while written < self.outbox.len() {
            match self.stream.write(&self.outbox[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => written += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.outbox.drain(..written);
        self.outbox.shrink_to(BACKLOG); // after a large message
        Ok(self.outbox.is_empty())
    }
}
