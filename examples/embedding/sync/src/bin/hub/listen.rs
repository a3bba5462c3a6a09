//! The event loop of the hub, over mio, and the opening handshakes.

use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    io::{self, ErrorKind, Write},
    mem,
    net::Shutdown,
    time::{Duration, Instant},
};

use hybi::{Connection, Inbox, Origins, Server, server::Opening};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

use crate::{
    deadlines::{Deadlines, Due},
    hub::{CONFIG, Drain, Hub, Next, Socket, TIMEOUTS},
    report::report,
};

/// The most connections to accept before members have their turn.
const ACCEPTED: usize = 256;

const LISTENER: usize = 0;

pub(crate) fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let mut listener = TcpListener::bind(address.parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    poll.registry().register(&mut listener, Token(LISTENER), Interest::READABLE)?;
    let (mut hub, mut newcomers) = (Hub::new(), HashMap::<usize, Newcomer>::new());
    // Readiness is reported once. A socket that may still be ready stays in this set.
    let mut ready = BTreeSet::new();
    let (mut last, mut swept) = (LISTENER, Instant::now());
    let mut accept_failed = false;
    loop {
        let wait = if ready.is_empty() { Duration::from_secs(1) } else { Duration::ZERO };
        match poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => ready.extend(events.iter().map(|event| event.token().0)),
        }
        let now = Instant::now();
        if now - swept > Duration::from_secs(1) {
            swept = now;
            hub.sweep(now);
            newcomers.retain(|_, newcomer| newcomer.deadlines.due(now) == Due::Nothing);
            ready.insert(LISTENER); // in case accepting has failed
        }
        let before = newcomers.len() + hub.len();
        for number in mem::take(&mut ready) {
            if number == LISTENER {
                let accepted = accept(&listener, |mut stream| {
                    last += 1;
                    let both = Interest::READABLE | Interest::WRITABLE;
                    match poll.registry().register(&mut stream, Token(last), both) {
                        Ok(()) => drop(newcomers.insert(last, Newcomer::new(stream, now))),
                        // This connection is closed. The hub continues.
                        Err(error) => report(format_args!("a connection: {error}")),
                    }
                });
                accept_failed = accepted.is_err();
                if matches!(accepted, Ok(true)) {
                    ready.insert(LISTENER);
                }
            } else if let Some(newcomer) = newcomers.get_mut(&number) {
                match newcomer.ready(now) {
                    Ok(Progress::Next(Next::Wait)) => {}
                    Ok(Progress::Next(Next::Again)) => drop(ready.insert(number)),
                    Ok(Progress::Open(websocket)) => {
                        if let Some(Newcomer { stream, inbox, .. }) = newcomers.remove(&number) {
                            hub.join(number, stream, *websocket, inbox);
                            ready.insert(number);
                        }
                    }
                    Ok(Progress::Next(Next::End)) | Err(_) => drop(newcomers.remove(&number)),
                }
            } else if hub.ready(number) {
                ready.insert(number);
            }
        }
        // The resources of connections that ended may suffice to accept the next one.
        if accept_failed && newcomers.len() + hub.len() < before {
            ready.insert(LISTENER);
        }
    }
}

/// Accepts connections. Returns whether more may wait. Fails if the system is out of a resource, such
/// as descriptors.
fn accept(listener: &TcpListener, mut add: impl FnMut(TcpStream)) -> io::Result<bool> {
    for _ in 0..ACCEPTED {
        match listener.accept() {
            Ok((stream, _)) => add(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                report(format_args!("accept: {error}"));
                return Err(error);
            }
        }
    }
    Ok(true)
}

impl Socket for TcpStream {
    fn end_output(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// The result of a newcomer's turn.
enum Progress {
    /// The handshake is not complete, or has failed.
    Next(Next),
    /// The connection is open.
    Open(Box<Connection<Server>>),
}

/// A connection whose opening handshake is incomplete or was refused.
struct Newcomer {
    stream: TcpStream,
    inbox: Inbox,
    opening: Opening<'static>,
    deadlines: Deadlines,
    /// Set when the request was refused.
    drain: Option<Drain>,
}

impl Newcomer {
    fn new(stream: TcpStream, now: Instant) -> Self {
        Self {
            stream,
            inbox: Inbox::with_capacity(1024),
            opening: Opening::new(Origins::same_host().or_no_browser()),
            deadlines: Deadlines::opening(&TIMEOUTS, now),
            drain: None,
        }
    }

    /// Reads until the connection is open or has ended, or the socket would block.
    fn ready(&mut self, now: Instant) -> Result<Progress, Box<dyn Error>> {
        if let Some(drain) = &mut self.drain {
            return Ok(Progress::Next(drain.turn(&mut self.stream)?));
        }
        loop {
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => return Err("the peer sent no request".into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Progress::Next(Next::Wait));
                }
                Err(error) => return Err(error.into()),
            }
            let mut outbox = Vec::new();
            let accepted = match self.opening.receive(&mut self.inbox, &mut outbox) {
                Ok(None) => continue,
                Ok(Some(request)) => request.accept().config(CONFIG).finish(&mut outbox),
                Err(error) => Err(error),
            };
            // Also after an error. The send buffer is empty, so it has room for the response.
            self.stream.write_all(&outbox)?;
            self.stream.set_nodelay(true)?;
            if let Ok(websocket) = accepted {
                return Ok(Progress::Open(Box::new(websocket)));
            }
            self.deadlines.on_closing(now);
            self.inbox.release();
            let drain = self.drain.insert(Drain::begin(&mut self.stream)?);
            return Ok(Progress::Next(drain.turn(&mut self.stream)?));
        }
    }
}
