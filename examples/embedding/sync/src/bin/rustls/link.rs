//! TLS between a socket and a WebSocket.

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    time::Duration,
};

use hybi::{
    Connection, GrowingOutbox, Inbox, Outbox as _, Role,
    deadline::{Cause, Stage},
    server::Opening,
};

use crate::{
    following::Following,
    timed::{Timed, clock::now},
};

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
    pub(crate) outbox: GrowingOutbox,
    tls: rustls::Connection,
    received: Inbox,
    to_send: GrowingOutbox,
    stream: Timed<'s>,
}

impl<'s> Link<'s> {
    /// A link over a socket from which these bytes of TLS were received before.
    pub(crate) fn new(stream: Timed<'s>, tls: rustls::Connection, received: Inbox) -> Self {
        Self {
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: GrowingOutbox::new(),
            tls,
            received,
            to_send: GrowingOutbox::new(),
            stream,
        }
    }

    /// Checks the deadlines while a server waits for a request. The same deadline holds for the handshake
    /// of TLS.
    pub(crate) fn expire_opening(
        &mut self,
        opening: &mut Opening<'_>,
    ) -> Result<Option<Duration>, Cause> {
        let mut outbox = Following { ahead: self.to_send.pending(), outbox: &mut self.outbox };
        self.stream.deadlines.expire_opening(now(), opening, &mut outbox)
    }

    /// Checks the deadlines of an open connection.
    pub(crate) fn expire<R: Role>(
        &mut self,
        websocket: &mut Connection<R>,
    ) -> Result<Option<Duration>, Cause> {
        let mut outbox = Following { ahead: self.to_send.pending(), outbox: &mut self.outbox };
        self.stream.expire(websocket, &mut outbox)
    }

    /// Checks the deadlines of a client in the opening handshake, or at the end.
    pub(crate) fn check(&mut self, stage: Stage) -> Result<Option<Duration>, Cause> {
        let pending = self.to_send.pending() + self.outbox.pending();
        self.stream.deadlines.check(now(), stage, pending)
    }

    /// Encrypts a piece of the outbox and writes once, unless the deadline passes. False if no output
    /// waits.
    pub(crate) fn write(&mut self, until: Option<Duration>) -> Result<bool, Box<dyn Error>> {
        if self.to_send.is_empty() && !self.outbox.is_empty() {
            let length = self.outbox.bytes().len().min(RECORD);
            // Takes none if the handshake of TLS is not complete, and its buffer is full.
            let taken = self.tls.writer().write(&self.outbox.bytes()[..length])?;
            self.outbox.consume(taken)?;
        }
        self.encrypt()?;
        if self.to_send.is_empty() {
            return Ok(false);
        }
        if let Some(length) = self.stream.write_once(self.to_send.bytes(), until)? {
            self.to_send.consume(length)?;
        }
        Ok(true)
    }

    /// Moves the output of TLS, which includes that of its handshake.
    fn encrypt(&mut self) -> io::Result<()> {
        let mut ciphertext = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut ciphertext)?;
        }
        self.to_send.append(&ciphertext);
        Ok(())
    }

    /// Reads once, if the inbox gets no new bytes otherwise. Returns whether it has new bytes; `None` at
    /// the end of the input.
    pub(crate) fn read(&mut self, until: Option<Duration>) -> Result<Option<bool>, Box<dyn Error>> {
        match self.inbox.read_from(&mut self.tls.reader()) {
            Ok(length) => return Ok(Some(true).filter(|_| length > 0)),
            // Without close_notify. The Close frames already show whether the end is clean.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        if self.received.is_empty() && self.stream.read_once(&mut self.received, until)?.is_none() {
            return Ok(Some(false)); // the deadline has passed
        }
        // It may take a part. At the end of the input, it gets an empty slice.
        let taken = self.tls.read_tls(&mut self.received.unread())?;
        self.received.consume(taken)?;
        self.tls.process_new_packets()?;
        Ok(Some(false))
    }

    /// Writes out the outbox, and closes the connection without losing output.
    pub(crate) fn end(mut self) {
        let _ = self.flush();
        self.tls.send_close_notify();
        let _ = self.encrypt();
        self.stream.end(self.to_send.bytes());
    }

    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            let until = self.check(Stage::Closing)?;
            if !self.write(until)? {
                return Ok(());
            }
        }
    }
}
