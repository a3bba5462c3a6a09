//! TLS between a socket and a WebSocket.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    time::Duration,
};

use hybi::Inbox;

use crate::timed::Timed;

/// How long a peer may take for the TLS handshake and the opening handshake together.
pub(crate) const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may take to read all that is in the outbox.
const WRITING: Duration = Duration::from_secs(30);

/// How long a peer may be silent before it is sent a ping.
pub(crate) const SILENCE: Duration = Duration::from_secs(20);

/// How long it may be silent after the ping.
pub(crate) const PONG: Duration = Duration::from_secs(10);

/// How long a peer may take for the closing handshake, and then to close the connection.
pub(crate) const CLOSING: Duration = Duration::from_secs(10);

/// The most plaintext in one TLS record, in bytes.
const RECORD: usize = 16 * 1024;

/// A TLS transport: plaintext in the inbox and the outbox, ciphertext on the socket.
///
/// ```text
/// socket ──► received ──► TLS ──► inbox
/// socket ◄── to_send  ◄── TLS ◄── outbox
/// ```
///
/// Only two lines use the socket. Change these for non-blocking sockets.
pub(crate) struct Link<'s> {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Vec<u8>,
    tls: rustls::Connection,
    received: Vec<u8>,
    to_send: Vec<u8>,
    stream: Timed<'s>,
}

impl<'s> Link<'s> {
    /// A link over a socket from which these bytes of TLS were received before.
    pub(crate) fn new(stream: Timed<'s>, tls: rustls::Connection, received: Vec<u8>) -> Self {
        Self {
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: Vec::new(),
            tls,
            received,
            to_send: Vec::new(),
            stream,
        }
    }

    /// Writes out the outbox, then reads until the inbox has new bytes. False at the end of the input.
    pub(crate) fn exchange(&mut self) -> Result<bool, Box<dyn Error>> {
        loop {
            self.write()?;
            match self.inbox.read_from(&mut self.tls.reader()) {
                Ok(length) => return Ok(length > 0),
                // Without close_notify. The Close frames already show whether the end is clean.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if self.received.is_empty() {
                self.received.resize(RECORD, 0);
                let length = self.stream.read(&mut self.received)?;
                self.received.truncate(length);
            }
            // It may take a part. At the end of the input, it gets an empty slice.
            let taken = self.tls.read_tls(&mut &self.received[..])?;
            self.received.drain(..taken);
            self.tls.process_new_packets()?;
        }
    }

    /// Writes out the outbox, then sets this timeout for reading. Until the first call, one deadline
    /// holds for all reads and writes of the two handshakes.
    pub(crate) fn write_and_wait(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.within(WRITING);
        self.write()?;
        self.stream.within(timeout);
        Ok(())
    }

    /// Writes out the outbox, and closes the connection without losing output.
    pub(crate) fn end(mut self) {
        self.stream.within(CLOSING);
        let _ = self.write();
        self.tls.send_close_notify();
        let _ = self.write();
        self.stream.end(CLOSING);
    }

    /// Writes out the outbox and the output of TLS itself.
    fn write(&mut self) -> io::Result<()> {
        let mut plaintext = self.outbox.chunks(RECORD);
        loop {
            while self.tls.wants_write() {
                self.tls.write_tls(&mut self.to_send)?;
            }
            self.stream.write_all(&self.to_send)?;
            self.to_send.clear();
            let Some(piece) = plaintext.next() else { break };
            self.tls.writer().write_all(piece)?;
        }
        self.outbox.clear();
        Ok(())
    }
}
