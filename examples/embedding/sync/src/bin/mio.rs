//! An echo server over readiness events: one thread, many connections.
//!
//! It teaches partial writes, waiting for writability only while something waits to be written, and
//! backpressure: a peer that does not read what it is sent is not read from either, so that a
//! connection never holds more than one message and what answers it.
//!
//! `cargo run --bin mio -- 127.0.0.1:9001`

use std::{
    collections::HashMap,
    error::Error,
    io::{self, ErrorKind, Write},
    net::{Shutdown, SocketAddr},
    time::{Duration, Instant},
};

use hybi::{Config, Connection, Event, Inbox, Origins, Server, server::Opening};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

const CONFIG: Config = Config::new().message_size(1024 * 1024);

/// Once so much waits to be written, nothing more is answered.
const BACKLOG: usize = 64 * 1024;

/// How long a peer may take for the opening handshake, and for the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often one peer is read from before others have their turn.
const TURN: usize = 16;

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
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, Some(Duration::from_secs(1))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                while let Some((mut stream, address)) = accept(&listener) {
                    last_token.0 += 1;
                    poll.registry().register(&mut stream, last_token, Interest::READABLE)?;
                    peers.insert(last_token, Peer::new(stream, address));
                }
                continue;
            }
            let Some(peer) = peers.get_mut(&token) else { continue };
            match peer.advance() {
                // Registering anew also reports what is ready already.
                Ok(Some(interest)) => {
                    poll.registry().reregister(&mut peer.stream, token, interest)?;
                }
                ended => {
                    if let Err(error) = ended {
                        eprintln!("{}: {error}", peer.address);
                    }
                    peers.remove(&token);
                }
            }
        }
        if swept.elapsed() > Duration::from_secs(1) {
            swept = Instant::now();
            peers.retain(|_, peer| peer.deadline.is_none_or(|deadline| swept < deadline));
            // In case that accepting failed, such as for too many open files.
            poll.registry().reregister(&mut listener, LISTENER, Interest::READABLE)?;
        }
    }
}

/// The next connection, if there is one.
fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    loop {
        match listener.accept() {
            Ok(accepted) => return Some(accepted),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                eprintln!("accept: {error}");
                return None;
            }
        }
    }
}

struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    inbox: Inbox,
    outbox: Vec<u8>,
    stage: Stage,
    /// When it is dropped, whatever its stage.
    deadline: Option<Instant>,
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
            deadline: Some(Instant::now() + PATIENCE),
        }
    }

    /// Answers the next thing in the inbox; false if there is nothing.
    fn answer(&mut self) -> Result<bool, hybi::Error> {
        let Self { inbox, outbox, .. } = self;
        match &mut self.stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                self.stage = Stage::Open(request.accept().config(CONFIG).finish(outbox)?);
                self.deadline = None;
            }
            Stage::Open(websocket) => match websocket.receive(inbox, outbox)? {
                Some(Event::Text(text)) => websocket.send_text(text, outbox)?,
                Some(Event::Binary(data)) => websocket.send_binary(data, outbox)?,
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None if websocket.is_done() => self.finish(),
                None => {
                    if websocket.is_closing() {
                        self.deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
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
    fn end_of_input(&mut self) -> Result<Option<Interest>, hybi::Error> {
        if let Stage::Open(websocket) = &mut self.stage {
            websocket.end_of_input()?;
        }
        Ok(None)
    }

    /// Nothing more will be said than what is in the outbox.
    fn finish(&mut self) {
        self.stage = Stage::Over;
        self.deadline = Some(Instant::now() + PATIENCE);
    }
}

/// The socket.
impl Peer {
    /// Goes on as far as the socket allows, and tells what to wait for; `None` at the end.
    fn advance(&mut self) -> Result<Option<Interest>, Box<dyn Error>> {
        for _ in 0..TURN {
            let mut more = true;
            while more && self.outbox.len() < BACKLOG {
                more = self.answer().unwrap_or_else(|error| {
                    eprintln!("{}: {error}", self.address);
                    self.finish(); // the answer that says what it was is in the outbox
                    false
                });
            }
            if !self.write()? {
                return Ok(Some(Interest::WRITABLE)); // and not readable: that is the backpressure
            }
            if more {
                continue;
            }
            if matches!(self.stage, Stage::Over) {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => return Ok(self.end_of_input()?),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Some(Interest::READABLE));
                }
                Err(error) => return Err(error.into()),
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
