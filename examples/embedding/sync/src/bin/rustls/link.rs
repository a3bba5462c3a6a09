//! TLS between a socket and a WebSocket.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use hybi::Inbox;

/// How long a read may take during the handshakes and at the end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read and dropped at the end.
const DRAINED: u64 = 16 * 1024 * 1024;

/// How much plaintext becomes one record of TLS at most.
const RECORD: usize = 16 * 1024;

/// A secured transport, plaintext on this side of it and ciphertext on that.
///
/// ```text
/// socket ──► received ──► TLS ──► inbox
/// socket ◄── to_send  ◄── TLS ◄── outbox
/// ```
///
/// The socket is touched in two lines, which are all that changes for sockets that do not block.
pub(crate) struct Link {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Vec<u8>,
    tls: rustls::Connection,
    received: Vec<u8>,
    to_send: Vec<u8>,
    stream: TcpStream,
}

impl Link {
    pub(crate) fn new(stream: TcpStream, tls: rustls::Connection) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: Vec::new(),
            tls,
            received: Vec::new(),
            to_send: Vec::new(),
            stream,
        })
    }

    /// Writes what is in the outbox, then reads on until something new is in the inbox; false if
    /// nothing more will come.
    pub(crate) fn exchange(&mut self) -> Result<bool, Box<dyn Error>> {
        loop {
            self.write()?;
            match self.inbox.read_from(&mut self.tls.reader()) {
                Ok(length) => return Ok(length > 0),
                // The Close frames tell whether this is a clean end; TLS need not.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if self.received.is_empty() {
                self.received.resize(RECORD, 0);
                let length = self.stream.read(&mut self.received)?;
                self.received.truncate(length);
            }
            // It need not take all; at the end, nothing is what it is told.
            let taken = self.tls.read_tls(&mut &self.received[..])?;
            self.received.drain(..taken);
            self.tls.process_new_packets()?;
        }
    }

    /// How long a read may take from here on.
    pub(crate) fn set_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(patience)
    }

    /// Writes the last words, and ends the connection so that the peer can read them: a socket that
    /// is closed while input waits is reset, and takes them with it.
    pub(crate) fn end(mut self) {
        let _ = self.write();
        self.tls.send_close_notify();
        let _ = self.write();
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(PATIENCE));
        let _ = io::copy(&mut self.stream.take(DRAINED), &mut io::sink());
    }

    /// Writes what is in the outbox, and what TLS has to say by itself.
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
