//! A WebSocket over a blocking stream (feature `std`).
//!
//! This module implements the loop of a blocking program: advance, write, read. It needs a stream
//! that implements [`Read`] and [`Write`], such as a TCP socket, a TLS session or a pipe. It opens
//! no sockets and has no clock. For a `wss` URI ([`Uri::is_secure`](crate::Uri::is_secure)), pass it
//! a TLS session.
//!
//! ```no_run
//! use hybi::{CloseCode, Uri, blocking::WebSocket, client::Request};
//! use std::net::TcpStream;
//!
//! let uri = Uri::parse("ws://127.0.0.1:9001/echo")?;
//! let stream = TcpStream::connect(format!("{}:{}", uri.host(), uri.port()))?;
//! let mut websocket = WebSocket::connect(Request::new(&uri), stream)?;
//! websocket.send_text("Hello")?;
//! println!("{:?}", websocket.next()?);
//! websocket.close(CloseCode::NORMAL, "")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Deadlines
//!
//! A peer may stop sending or reading at any time. Set the timeouts of the stream, such as
//! [`TcpStream::set_read_timeout`](std::net::TcpStream::set_read_timeout). A method of an open
//! WebSocket that fails with [`Error::Io`] because of a timeout loses nothing:
//!
//! - After [`next`](WebSocket::next), call it again to continue waiting.
//! - After a method that sends, the message is queued. Do not send it again; call
//!   [`flush`](WebSocket::flush), or any other method, to write the rest.
//!
//! [`connect`](WebSocket::connect) and [`accept`](WebSocket::accept) cannot be continued.
//!
//! The timeouts of a stream bound one read or write. They do not bound a call against a peer that
//! sends a byte now and then: [`close`](WebSocket::close) reads until the peer has closed. For a
//! deadline, use [`send_close`](WebSocket::send_close), then call `next` until the deadline.

mod error;

pub use error::Error;

use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
};

use crate::{
    buffer::{GrowingOutbox, Inbox},
    close::CloseCode,
    connection::{Client, Connection, Event, Role, Server, State},
    error::Misuse,
    handshake::{
        Origins,
        client::{self, Response},
        server::{self, Accept, Opening},
    },
    message::Message,
};

/// The initial capacity of an inbox, in bytes.
const CAPACITY: usize = 16 * 1024;

/// An open WebSocket connection over a blocking stream; see [the module](self).
#[derive(Debug)]
pub struct WebSocket<T, R: Role> {
    channel: Channel<T>,
    connection: Connection<R>,
    /// Whether the inbox has an event that was not returned, because a write before it failed.
    has_event: bool,
}

/// The stream and its buffers.
#[derive(Debug)]
struct Channel<T> {
    stream: T,
    inbox: Inbox,
    outbox: GrowingOutbox,
    /// Whether something was written since the last successful flush.
    needs_flush: bool,
}

impl<T: Read + Write> WebSocket<T, Client> {
    /// Performs the client's opening handshake over a stream that is connected to the server.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: the server responded with a status other than 101.
    /// - [`Error::Client`]: the request cannot be sent, or the response violates the protocol or a
    ///   limit.
    /// - [`Error::Io`]: the stream failed, or ended before the response was complete.
    pub fn connect(request: client::Request<'_>, stream: T) -> Result<Self, Error> {
        let mut channel = Channel::new(stream);
        let mut opening = request.send(&mut channel.outbox)?;
        channel.flush()?;
        while !opening.advance(&mut channel.inbox)? {
            channel.fill_or_end()?;
        }
        let connection = match opening.response(&channel.inbox) {
            Some(Response::Accepted(accepted)) => accepted.finish(),
            Some(Response::Rejected(rejected)) => {
                return Err(Error::Rejected(rejected.to_owned().into()));
            }
            None => return Err(Error::Io(ErrorKind::InvalidData.into())),
        };
        Ok(Self { channel, connection, has_event: false })
    }
}

impl<T: Read + Write> WebSocket<T, Server> {
    /// Performs the server's opening handshake over a stream that a client has connected.
    ///
    /// # Errors
    ///
    /// - [`Error::Server`]: the request was refused, and the response to it was written.
    /// - [`Error::Io`]: the stream failed, or ended before the request was complete.
    pub fn accept(origins: Origins<'_>, stream: T) -> Result<Self, Error> {
        // A path to the method would not be general enough over the lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        Self::accept_with(origins, stream, |request| request.accept())
    }

    /// As [`accept`](Self::accept), but `choose` sets the options of the response: a subprotocol,
    /// header fields, compression, the configuration of the connection.
    ///
    /// ```
    /// # use hybi::{Client, Origins, Server, blocking::{Error, WebSocket}};
    /// # use std::{io::{Read, Write}, net::TcpStream};
    /// fn accept(stream: TcpStream) -> Result<WebSocket<TcpStream, Server>, Error> {
    ///     WebSocket::accept_with(Origins::any(), stream, |request| {
    ///         request.accept().select_subprotocol(&["chat.v2", "chat.v1"])
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`accept`](Self::accept), and those of [`Accept::finish`] as [`Error::Server`].
    pub fn accept_with(
        origins: Origins<'_>,
        stream: T,
        choose: impl for<'r> FnOnce(server::Request<'r>) -> Accept<'r>,
    ) -> Result<Self, Error> {
        let mut channel = Channel::new(stream);
        let mut opening = Opening::new(origins);
        let result = loop {
            match opening.receive(&mut channel.inbox, &mut channel.outbox) {
                Ok(Some(request)) => break choose(request).finish(&mut channel.outbox),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
            channel.fill_or_end()?;
        };
        channel.flush()?;
        Ok(Self { channel, connection: result?, has_event: false })
    }
}

impl<T: Read + Write, R: Role> WebSocket<T, R> {
    /// Wraps a connection that was opened without this module, with the inbox and the outbox of its
    /// opening handshake.
    pub const fn from_parts(
        stream: T,
        connection: Connection<R>,
        inbox: Inbox,
        outbox: GrowingOutbox,
    ) -> Self {
        let channel = Channel { stream, inbox, outbox, needs_flush: false };
        Self { channel, connection, has_event: false }
    }

    /// Waits for the next event. Returns `None` when nothing more will be received; then drop the
    /// WebSocket. Under [`CloseReply::Manual`](crate::CloseReply::Manual), it also returns `None` after
    /// the peer's Close while the reply is missing: send it with [`close`](Self::close).
    ///
    /// The event borrows the WebSocket; [`Event::to_message`] copies it. Pongs and the reply to a
    /// Close are written before this method returns.
    ///
    /// # Errors
    ///
    /// - [`Error::Connection`]: the peer violated the protocol or a limit, or the stream ended
    ///   without a closing handshake. After a violation, the Close with its code was written, if
    ///   the stream accepted it. Also [`Misuse::Extended`]: the connection has
    ///   [claims](Connection::with_claims), and the event belongs to a custom extension.
    ///   [`into_parts`](Self::into_parts) returns the inbox with it.
    /// - [`Error::Io`]: the stream failed or timed out.
    #[allow(clippy::should_implement_trait)] // an iterator cannot lend
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        loop {
            let Self { channel, connection, has_event } = self;
            if !*has_event {
                let advanced = connection.advance(&mut channel.inbox, &mut channel.outbox);
                *has_event = match advanced {
                    Ok(has_event) => has_event,
                    Err(error) => {
                        // Ignore a write error: what the peer did wrong matters more.
                        let _ = channel.flush();
                        return Err(error.into());
                    }
                };
            }
            match channel.flush() {
                // A peer that has sent its Close may have stopped reading.
                Err(error) if has_peer_closed(connection) && is_end(error.kind()) => {
                    channel.discard_output();
                }
                result => result?,
            }
            if mem::take(has_event) {
                let event = self.channel.inbox.event();
                // Otherwise it belongs to a custom extension.
                return event.map(Some).ok_or(Error::Connection(Misuse::Extended.into()));
            }
            if connection.should_close_transport() || connection.state() == State::CloseReceived {
                return Ok(None);
            }
            match channel.fill() {
                Ok(0) => {
                    connection.end_of_input()?;
                    return Ok(None);
                }
                Ok(_) => {}
                // Some peers reset the transport after both Close frames were exchanged, and some
                // TLS libraries return an error if the peer ends the session without a
                // `close_notify`.
                Err(error) if is_end(error.kind()) => {
                    return if connection.end_of_input().is_ok() {
                        Ok(None)
                    } else {
                        Err(error.into())
                    };
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_text`]: nothing is queued. [`Error::Io`]: the message is queued, and
    /// must not be sent again.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_with(|connection, outbox| connection.send_text(text, outbox))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.send_with(|connection, outbox| connection.send_binary(data, outbox))
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.send_with(|connection, outbox| connection.send(message, outbox))
    }

    /// Sends a ping with up to 125 bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_ping`], and [`Error::Io`].
    pub fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|connection, outbox| connection.send_ping(payload, outbox))
    }

    /// Writes what is queued.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: the rest is still queued.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.channel.flush()?)
    }

    /// Sends a Close, or the reply to the peer's under
    /// [`CloseReply::Manual`](crate::CloseReply::Manual), and does not wait for the peer's. Then call
    /// [`next`](Self::next) until it returns `None`.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::close`], and [`Error::Io`].
    pub fn send_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.send_with(|connection, outbox| connection.close(code, reason, outbox))
    }

    /// Performs the closing handshake: sends a Close, or the reply that is missing, and reads until the
    /// peer has closed as well. Messages that arrive in the meantime are discarded. If the closing
    /// handshake has begun already, it only reads.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::close`] and [`next`](Self::next).
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        match self.send_close(code, reason) {
            Ok(()) | Err(Error::Connection(crate::error::Error::Misuse(Misuse::NotOpen))) => {}
            Err(error) => return Err(error),
        }
        while self.next()?.is_some() {}
        Ok(())
    }

    /// The connection, for its state, its close code and what was negotiated.
    pub const fn connection(&self) -> &Connection<R> {
        &self.connection
    }

    /// The stream.
    pub const fn get_ref(&self) -> &T {
        &self.channel.stream
    }

    /// The stream, to set its timeouts. Do not read from it or write to it.
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.channel.stream
    }

    /// Returns the stream, the connection, the input that was read but not processed, and the
    /// output that was not written.
    pub fn into_parts(self) -> (T, Connection<R>, Inbox, GrowingOutbox) {
        let Channel { stream, inbox, outbox, .. } = self.channel;
        (stream, self.connection, inbox, outbox)
    }

    /// Queues something and writes it out.
    fn send_with(
        &mut self,
        send: impl FnOnce(&mut Connection<R>, &mut GrowingOutbox) -> Result<(), crate::error::Error>,
    ) -> Result<(), Error> {
        let Self { channel, connection, .. } = self;
        if !connection.has_room(&channel.outbox) {
            // What an earlier timeout left may be written by now. If not, nothing is queued.
            let _ = channel.flush();
        }
        send(connection, &mut channel.outbox)?;
        Ok(channel.flush()?)
    }
}

impl<T: Read> Channel<T> {
    fn new(stream: T) -> Self {
        let (inbox, outbox) = (Inbox::with_capacity(CAPACITY), GrowingOutbox::new());
        Self { stream, inbox, outbox, needs_flush: false }
    }

    /// Reads once; returns 0 at the end of the input.
    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.inbox.read_from(&mut self.stream) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Reads once, where the end of the input is an error.
    fn fill_or_end(&mut self) -> io::Result<()> {
        match self.fill()? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl<T: Write> Channel<T> {
    /// Writes the whole outbox and flushes the stream. If the stream times out, the rest stays in the
    /// outbox.
    fn flush(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            self.needs_flush = true;
            match self.stream.write(self.outbox.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.outbox.consume(written)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.needs_flush {
            self.stream.flush()?;
            self.needs_flush = false;
        }
        Ok(())
    }
}

impl<T> Channel<T> {
    /// Drops what can no longer be written.
    fn discard_output(&mut self) {
        self.outbox.clear();
        self.needs_flush = false;
    }
}

/// Whether the peer's Close has arrived.
const fn has_peer_closed<R: Role>(connection: &Connection<R>) -> bool {
    matches!(connection.state(), State::CloseReceived | State::Closed | State::Ended)
}

const fn is_end(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}
