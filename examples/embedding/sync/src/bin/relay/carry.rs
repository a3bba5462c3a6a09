//! Data transfer between a client and the upstream server.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{self, Shutdown},
    time::{Duration, Instant},
};

use hybi::{
    random::OsEntropy,
    relay::{Relay, Side},
};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::deadlines::{Deadlines, Due, Patience};

/// How long each side may take. A gateway sends no pings of its own: those of both sides pass
/// through it, and it ends a connection on which nothing passes.
static PATIENCE: Patience = Patience {
    opening: Duration::ZERO, // this is over
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(120),
    pong: Duration::ZERO,
    closing: Duration::from_secs(10),
};

/// Passes on what comes from each of the two, until both have ended.
pub(crate) fn carry(
    mut poll: Poll,
    mut client: Peer,
    mut server: Peer,
) -> Result<(), Box<dyn Error>> {
    let mut events = Events::with_capacity(2);
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut client.stream, Token(0), both)?;
    poll.registry().register(&mut server.stream, Token(1), both)?;

    let mut relay = Relay::new(OsEntropy::new());
    let mut bytes = vec![0; 16 * 1024];
    while !(client.has_ended && server.has_ended) {
        let up = step(&mut relay, Side::Client, &mut client, &mut server, &mut bytes);
        let down = step(&mut relay, Side::Server, &mut server, &mut client, &mut bytes);
        let now = Instant::now();
        let is_closing = relay.is_closing() || client.has_ended || server.has_ended;
        let mut deadlines = [&mut client, &mut server].map(|peer| {
            if up || down {
                peer.deadlines.heard(now);
            }
            if is_closing {
                peer.deadlines.closing(now);
            }
            peer.deadlines.wrote(peer.unwritten.is_empty(), now);
            &mut peer.deadlines
        });
        if deadlines.iter_mut().any(|deadlines| deadlines.due(now) != Due::Nothing) {
            break;
        }
        // Readiness is told once, so nobody waits while a socket still does something.
        if up || down {
            continue;
        }
        let next = deadlines.iter().map(|deadlines| deadlines.next()).min().unwrap_or(now);
        match poll.poll(&mut events, Some(next.saturating_duration_since(now))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
    }
    match relay.failure() {
        Some((side, error)) => Err(format!("{side:?}: {error}").into()),
        None => Ok(()),
    }
}

/// Writes what waits for the receiver, then passes on what the sender has; whether anything was
/// done.
fn step(
    relay: &mut Relay,
    from: Side,
    sender: &mut Peer,
    receiver: &mut Peer,
    bytes: &mut [u8],
) -> bool {
    let mut did_anything = receiver.write();
    if receiver.unwritten.is_empty()
        && let Some(length) = sender.read(bytes)
    {
        did_anything = true;
        for slice in relay.pass(from, &mut bytes[..length]).slices() {
            receiver.send(slice);
        }
    }
    let to = match from {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    for (side, peer) in [(from, &*sender), (to, &*receiver)] {
        if peer.has_ended {
            relay.end_of_input(side);
        }
    }
    for (side, peer) in [(from, sender), (to, receiver)] {
        relay.send_close(side, &mut peer.unwritten);
        if relay.should_close_transport(side) && peer.unwritten.is_empty() {
            // What still comes is read and dropped until the peer ends, too: a socket that is
            // closed while input waits is reset, and takes the last words with it.
            let _ = peer.stream.shutdown(Shutdown::Write);
        }
    }
    did_anything
}

/// One side.
pub(crate) struct Peer {
    stream: TcpStream,
    /// What followed the opening handshake and was not passed on yet.
    early: Vec<u8>,
    /// What the socket has not taken. While there is something, the other side is not read.
    unwritten: Vec<u8>,
    /// Whether nothing more comes.
    has_ended: bool,
    deadlines: Deadlines,
}

impl Peer {
    pub(crate) fn new(stream: net::TcpStream, early: &[u8]) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream);
        let (early, unwritten) = (early.to_vec(), Vec::new());
        let deadlines = Deadlines::open(&PATIENCE, Instant::now());
        Ok(Self { stream, early, unwritten, has_ended: false, deadlines })
    }

    /// Reads what there is, if there is anything; 0 at the end.
    fn read(&mut self, bytes: &mut [u8]) -> Option<usize> {
        if self.has_ended {
            return None;
        }
        if !self.early.is_empty() {
            let length = self.early.as_slice().read(bytes).unwrap_or_default();
            self.early.drain(..length);
            return Some(length);
        }
        loop {
            match self.stream.read(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                result => {
                    let length = result.unwrap_or_default();
                    self.has_ended = length == 0;
                    return Some(length);
                }
            }
        }
    }

    /// Sends these bytes, after those that wait.
    fn send(&mut self, bytes: &[u8]) {
        let taken = if self.unwritten.is_empty() { self.take(bytes) } else { 0 };
        self.unwritten.extend_from_slice(&bytes[taken..]);
    }

    /// Writes what waits, as far as the socket takes it; whether that was anything.
    fn write(&mut self) -> bool {
        let mut unwritten = mem::take(&mut self.unwritten);
        let taken = self.take(&unwritten);
        unwritten.drain(..taken);
        self.unwritten = unwritten;
        if taken > 0 && self.unwritten.is_empty() {
            self.deadlines.wrote(true, Instant::now()); // what comes next has its own deadline
        }
        taken > 0
    }

    /// Writes what the socket takes, and tells how much that is: everything, if it has failed.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(length) if length > 0 => taken += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return taken,
                _ => {
                    self.has_ended = true;
                    return bytes.len();
                }
            }
        }
        taken
    }
}
