//! Peers that are slow, silent or do not read, over a real transport. Each test holds for all embeddings.
//!
//! The server must end the connection by itself. No test depends on when it does, except that it takes
//! less than a minute.

#![allow(dead_code)] // not every package uses all of it

use std::{
    io::{ErrorKind, Read, Write},
    thread,
    time::{Duration, Instant},
};

use crate::peer::TOO_LONG;

/// How long to wait between two actions of a peer. Reads take at most as long.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// A Close with 3008 from a server.
pub(crate) const TIMEOUT: &[u8] = b"\x88\x02\x0b\xc0";

/// A Close with 1001 from a server.
pub(crate) const GOING_AWAY: &[u8] = b"\x88\x02\x03\xe9";

/// A Close with 1000 from a client, masked with a key of 0, and that of a server.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const CLOSED: &[u8] = b"\x88\x02\x03\xe8";

/// RFC 6455, section 5.7: "Hello" from a client.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

/// A transport whose reads have a timeout of [`PAUSE`].
pub(crate) struct Slow<S> {
    stream: S,
    received: Vec<u8>,
    start: Instant,
}

impl<S: Read + Write> Slow<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, received: Vec::new(), start: Instant::now() }
    }

    /// Reads once. False at the end of the input.
    fn read(&mut self) -> bool {
        assert!(self.start.elapsed() < TOO_LONG, "still open, and sent {:?}", self.received);
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(length) => {
                self.received.extend(&bytes[..length]);
                length > 0
            }
            Err(error) => is_timeout(error.kind()),
        }
    }

    /// Writes. False if the server has closed the connection.
    fn write(&mut self, bytes: &[u8]) -> bool {
        match self.stream.write_all(bytes) {
            Ok(()) => true,
            Err(error) => is_timeout(error.kind()),
        }
    }

    /// Reads to the end of the input, and writes these bytes now and then. Returns all that was received.
    fn read_to_end(&mut self, bytes: &[u8]) -> &[u8] {
        while self.read() && self.write(bytes) {}
        &self.received
    }

    /// Writes until the server has closed the transport. Ignores what it sends.
    fn write_to_end(&mut self, bytes: &[u8]) -> &[u8] {
        while self.write(bytes) {
            if !self.read() {
                thread::sleep(PAUSE);
            }
        }
        &self.received
    }

    /// Waits for a ping, and returns its payload.
    fn ping(&mut self) -> [u8; 2] {
        while self.received.len() < 4 {
            assert!(self.read(), "the server has closed the connection");
        }
        let Ok([0x89, 2, nonce @ ..]) = <[u8; 4]>::try_from(&*self.received) else {
            panic!("no ping: {:?}", self.received)
        };
        self.received.clear();
        nonce
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted].contains(&kind)
}

/// Timeouts: `opening=500`. Returns the response.
pub(crate) fn sends_a_byte_now_and_then(stream: impl Read + Write) -> String {
    let mut slow = Slow::new(stream);
    assert!(slow.write(b"GET / HTTP/1.1\r\nX: "));
    String::from_utf8(slow.read_to_end(b"x").to_vec()).unwrap()
}

/// Timeouts: `ping=200 silence=600`.
pub(crate) fn is_silent(stream: impl Read + Write) {
    let mut slow = Slow::new(stream);
    slow.ping();
    assert_eq!(slow.read_to_end(b""), TIMEOUT);
}

/// Timeouts: `ping=50 silence=10000`.
pub(crate) fn is_silent_but_answers_pings(stream: impl Read + Write) {
    let mut slow = Slow::new(stream);
    for _ in 0..5 {
        let [high, low] = slow.ping();
        assert!(slow.write(&[0x8a, 0x82, 0, 0, 0, 0, high, low]));
    }
    slow.ping();
}

/// Timeouts: `ping=200 pong=600`.
pub(crate) fn answers_with_other_pongs(stream: impl Read + Write) {
    let mut slow = Slow::new(stream);
    let [high, low] = slow.ping();
    assert_eq!(slow.read_to_end(&[0x8a, 0x82, 0, 0, 0, 0, high, !low]), TIMEOUT);
}

/// Timeouts: `writing=500`. The transport has a timeout for writing.
pub(crate) fn does_not_read(stream: impl Read + Write) {
    // A binary message of 16 KiB, masked with a key of 0.
    let message = [&b"\x82\xfe\x40\x00\x00\x00\x00\x00"[..], &[b'm'; 16 * 1024]].concat();
    let mut bytes = message.iter().copied().cycle();
    let (mut slow, mut piece) = (Slow::new(stream), Vec::new());
    loop {
        assert!(slow.start.elapsed() < TOO_LONG, "still open");
        if piece.is_empty() {
            piece.extend(bytes.by_ref().take(4096));
        }
        match slow.stream.write(&piece) {
            Ok(length) => drop(piece.drain(..length)),
            Err(error) if is_timeout(error.kind()) => {}
            Err(_) => return,
        }
    }
}

/// Timeouts: `closing=500`. The peer closes, and does not close the transport.
pub(crate) fn does_not_end(stream: impl Read + Write) {
    let mut slow = Slow::new(stream);
    assert!(slow.write(CLOSE));
    assert_eq!(slow.write_to_end(b"\x8a\x80\0\0\0\0"), CLOSED);
}

/// Timeouts: `age=600 closing=500`. A busy peer, which ignores the Close. Returns all that was received.
pub(crate) fn talks_for_ever(stream: impl Read + Write) -> Vec<u8> {
    Slow::new(stream).write_to_end(HELLO).to_vec()
}
