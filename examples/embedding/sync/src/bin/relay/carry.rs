//! Data transfer between a client and the upstream server.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{self, Shutdown},
};

use hybi::{
    GrowingOutbox, Outbox as _,
    deadline::{Deadlines, Stage},
    random::OsEntropy,
    relay::{Relay, Side},
};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::timed::clock::{left, now};

/// Forwards frames in both directions until both sides have ended.
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
        let is_closing = relay.is_closing() || client.has_ended || server.has_ended;
        let stage = if is_closing { Stage::Closing } else { Stage::Open };
        let checked = [&mut client, &mut server].map(|peer| {
            if up || down {
                peer.deadlines.on_read(now());
            }
            peer.deadlines.check(now(), stage, peer.unwritten.pending())
        });
        let [Ok(one), Ok(two)] = checked else { break };
        // Readiness is reported once, so wait only when both sockets would block.
        if up || down {
            continue;
        }
        let until = one.into_iter().chain(two).min();
        match poll.poll(&mut events, left(until)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
    }
    match relay.failure() {
        Some((side, error)) => Err(format!("{side:?}: {error}").into()),
        None => Ok(()),
    }
}

/// Writes pending output to the receiver, then forwards input of the sender. Returns whether any bytes
/// were read or written.
fn step(
    relay: &mut Relay,
    from: Side,
    sender: &mut Peer,
    receiver: &mut Peer,
    bytes: &mut [u8],
) -> bool {
    let mut progressed = receiver.write();
    if receiver.unwritten.is_empty()
        && let Some(length) = sender.read(bytes)
    {
        progressed = true;
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
            // Further input is discarded until the peer closes too. Closing a socket with unread
            // input resets it, and the peer may lose the final bytes.
            let _ = peer.stream.shutdown(Shutdown::Write);
        }
    }
    progressed
}

/// One side.
pub(crate) struct Peer {
    stream: TcpStream,
    /// Bytes that followed the opening handshake and are not forwarded yet.
    early: Vec<u8>,
    /// Bytes to write to the socket. While there are any, the other side is not read.
    unwritten: GrowingOutbox,
    /// Whether the input has ended, or the socket has failed.
    has_ended: bool,
    deadlines: Deadlines,
}

impl Peer {
    pub(crate) fn new(
        stream: net::TcpStream,
        early: &[u8],
        deadlines: Deadlines,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream);
        let (early, unwritten) = (early.to_vec(), GrowingOutbox::new());
        Ok(Self { stream, early, unwritten, has_ended: false, deadlines })
    }

    /// Reads once. `None` if the socket would block; 0 at the end.
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

    /// Sends these bytes after the pending output.
    fn send(&mut self, bytes: &[u8]) {
        let written = if self.unwritten.is_empty() { self.write_some(bytes) } else { 0 };
        self.unwritten.append(&bytes[written..]);
    }

    /// Writes pending output. Returns whether any bytes were written.
    fn write(&mut self) -> bool {
        let unwritten = mem::take(&mut self.unwritten);
        let written = self.write_some(unwritten.bytes());
        self.unwritten = unwritten;
        if self.unwritten.consume(written).is_err() || written == 0 {
            return false;
        }
        self.deadlines.on_write(now(), written);
        true
    }

    /// Writes until the socket would block. Returns how many bytes were written: all, if the socket has
    /// failed.
    fn write_some(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(&bytes[written..]) {
                Ok(length) if length > 0 => written += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
                _ => {
                    self.has_ended = true;
                    return bytes.len();
                }
            }
        }
        written
    }
}
