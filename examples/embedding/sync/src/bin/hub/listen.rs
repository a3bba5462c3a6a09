//! The event loop of the hub, over mio, and the opening handshakes.

use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    io::{self, ErrorKind, Write},
    mem,
    net::Shutdown,
    time::Duration,
};

use hybi::{
    Connection, Inbox, Origins, Server,
    deadline::{Deadlines, Stage},
    server::Opening,
};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

use crate::{
    clock::{now, timeouts},
    hub::{CONFIG, Drain, Hub, Next, Socket},
    report::report,
};

/// How often the deadlines are checked.
const SWEEP: Duration = Duration::from_millis(500);

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
    let (mut last, mut swept) = (LISTENER, now());
    let mut accept_failed = false;
    loop {
        let wait = if ready.is_empty() { SWEEP } else { Duration::ZERO };
        match poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => ready.extend(events.iter().map(|event| event.token().0)),
        }
        let now = now();
        if now.saturating_sub(swept) > SWEEP {
            swept = now;
            ready.extend(hub.due(now));
            let is_due = |newcomer: &Newcomer| {
                newcomer.deadlines.deadline().is_some_and(|deadline| deadline <= now)
            };
            ready.extend(newcomers.iter().filter(|(_, one)| is_due(one)).map(|(n, _)| *n));
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
                        if let Some(newcomer) = newcomers.remove(&number) {
                            let Newcomer { stream, inbox, deadlines, .. } = newcomer;
                            hub.join(number, stream, *websocket, inbox, deadlines);
                            ready.insert(number);
                        }
                    }
                    Ok(Progress::Next(Next::End)) | Err(_) => drop(newcomers.remove(&number)),
                }
            } else if hub.ready(number, now) {
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
    /// Set when the request was refused, or did not arrive in time.
    drain: Option<Drain>,
}

impl Newcomer {
    fn new(stream: TcpStream, now: Duration) -> Self {
        Self {
            stream,
            inbox: Inbox::with_capacity(1024),
            opening: Opening::new(Origins::same_host().or_no_browser()),
            deadlines: Deadlines::new(timeouts(), now),
            drain: None,
        }
    }

    /// Reads until the connection is open or has ended, or the socket would block.
    fn ready(&mut self, now: Duration) -> Result<Progress, Box<dyn Error>> {
        if let Some(drain) = &mut self.drain {
            self.deadlines.check(now, Stage::Closing, 0)?;
            return Ok(Progress::Next(drain.turn(&mut self.stream)?));
        }
        loop {
            let mut outbox = Vec::new();
            if self.deadlines.expire_opening(now, &mut self.opening, &mut outbox).is_err() {
                return self.refuse(&outbox, now);
            }
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => return Err("the peer sent no request".into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Progress::Next(Next::Wait));
                }
                Err(error) => return Err(error.into()),
            }
            let accepted = match self.opening.receive(&mut self.inbox, &mut outbox) {
                Ok(None) => continue,
                Ok(Some(request)) => request.accept().config(CONFIG).finish(&mut outbox),
                Err(error) => Err(error),
            };
            let Ok(websocket) = accepted else { return self.refuse(&outbox, now) };
            // The send buffer is empty, so it has room for the response.
            self.stream.write_all(&outbox)?;
            self.stream.set_nodelay(true)?;
            return Ok(Progress::Open(Box::new(websocket)));
        }
    }

    /// Writes this response, and ends the connection.
    fn refuse(&mut self, response: &[u8], now: Duration) -> Result<Progress, Box<dyn Error>> {
        self.deadlines.check(now, Stage::Closing, 0)?;
        self.stream.write_all(response)?;
        self.inbox.release();
        let drain = self.drain.insert(Drain::begin(&mut self.stream)?);
        Ok(Progress::Next(drain.turn(&mut self.stream)?))
    }
}
