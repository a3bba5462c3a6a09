//! A WebSocket over a blocking stream (feature `std`).
//!
//! This module implements the loop of a blocking program: advance, write, read. It needs a stream
//! that implements [`Read`] and [`Write`], such as a TCP socket, a TLS session or a pipe. It opens
//! no sockets and has no clock.
//!
//! ```no_run
//! use hybi::{CloseCode, Uri, blocking::WebSocket, client::Request};
//! use std::net::TcpStream;
//!
//! let uri = Uri::parse("ws://127.0.0.1:9001/echo")?;
//! let stream = TcpStream::connect(uri.authority().to_string())?;
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
//! [`TcpStream::set_read_timeout`](std::net::TcpStream::set_read_timeout). A call that fails with
//! [`Error::Io`] because of a timeout loses nothing: call it again to continue waiting, or drop the
//! connection.

mod error;

pub use error::{Error, Rejection};

use std::io::{self, ErrorKind, Read, Write};

use crate::{
    buffer::{GrowingOutbox, Inbox},
    close::CloseCode,
    connection::{Client, Connection, Event, Role, Server, State},
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
    stream: T,
    connection: Connection<R>,
    inbox: Inbox,
    outbox: GrowingOutbox,
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
    pub fn connect(request: client::Request<'_>, mut stream: T) -> Result<Self, Error> {
        let (mut inbox, mut outbox) = (Inbox::with_capacity(CAPACITY), GrowingOutbox::new());
        let mut opening = request.send(&mut outbox)?;
        write_out(&mut stream, &mut outbox)?;
        while !opening.advance(&mut inbox)? {
            if fill(&mut stream, &mut inbox)? == 0 {
                return Err(Error::Io(ErrorKind::UnexpectedEof.into()));
            }
        }
        let connection = match opening.response(&inbox) {
            Some(Response::Accepted(accepted)) => accepted.finish(),
            Some(Response::Rejected(rejected)) => {
                return Err(Error::Rejected(Rejection::new(&rejected).into()));
            }
            None => return Err(Error::Io(ErrorKind::InvalidData.into())),
        };
        Ok(Self { stream, connection, inbox, outbox })
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
        mut stream: T,
        choose: impl for<'r> FnOnce(server::Request<'r>) -> Accept<'r>,
    ) -> Result<Self, Error> {
        let (mut inbox, mut outbox) = (Inbox::with_capacity(CAPACITY), GrowingOutbox::new());
        let mut opening = Opening::new(origins);
        let result = loop {
            match opening.receive(&mut inbox, &mut outbox) {
                Ok(Some(request)) => break choose(request).finish(&mut outbox),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
            if fill(&mut stream, &mut inbox)? == 0 {
                return Err(Error::Io(ErrorKind::UnexpectedEof.into()));
            }
        };
        write_out(&mut stream, &mut outbox)?;
        Ok(Self { stream, connection: result?, inbox, outbox })
    }
}

impl<T: Read + Write, R: Role> WebSocket<T, R> {
    /// Wraps a connection that was opened without this module, with the inbox of its opening
    /// handshake.
    pub const fn from_parts(stream: T, connection: Connection<R>, inbox: Inbox) -> Self {
        Self { stream, connection, inbox, outbox: GrowingOutbox::new() }
    }

    /// Waits for the next event. Returns `None` when the connection has ended; then drop the
    /// WebSocket.
    ///
    /// The event borrows the WebSocket; [`Event::to_message`] copies it. Pongs and the reply to a
    /// Close are written before this method returns.
    ///
    /// # Errors
    ///
    /// - [`Error::Connection`]: the peer violated the protocol or a limit, or the stream ended
    ///   without a closing handshake. After a violation, the Close with its code was written, if
    ///   the stream accepted it.
    /// - [`Error::Io`]: the stream failed or timed out.
    #[allow(clippy::should_implement_trait)] // an iterator cannot lend
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        loop {
            let has_event = match self.connection.advance(&mut self.inbox, &mut self.outbox) {
                Ok(has_event) => has_event,
                Err(error) => {
                    // Ignore a write error: what the peer did wrong matters more.
                    let _ = self.write_out();
                    return Err(error.into());
                }
            };
            self.write_out()?;
            if has_event {
                return Ok(self.inbox.event());
            }
            if self.connection.should_close_transport() {
                return Ok(None);
            }
            if self.fill()? == 0 {
                self.connection.end_of_input()?;
                return Ok(None);
            }
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_text`], and [`Error::Io`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.connection.send_text(text, &mut self.outbox)?;
        Ok(self.write_out()?)
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.connection.send_binary(data, &mut self.outbox)?;
        Ok(self.write_out()?)
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.connection.send(message, &mut self.outbox)?;
        Ok(self.write_out()?)
    }

    /// Sends a ping with up to 125 bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_ping`], and [`Error::Io`].
    pub fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.send_ping(payload, &mut self.outbox)?;
        Ok(self.write_out()?)
    }

    /// Performs the closing handshake: sends a Close, unless one was sent or received before, and
    /// reads until the peer has closed as well. Messages that arrive in the meantime are discarded.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::close`] and [`next`](Self::next).
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        if self.connection.state() == State::Open {
            self.connection.close(code, reason, &mut self.outbox)?;
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
        &self.stream
    }

    /// The stream, to set its timeouts. Do not read from it or write to it.
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.stream
    }

    /// Returns the stream, the connection, the input that was read but not processed, and the
    /// output that was not written.
    pub fn into_parts(self) -> (T, Connection<R>, Inbox, GrowingOutbox) {
        (self.stream, self.connection, self.inbox, self.outbox)
    }

    fn write_out(&mut self) -> io::Result<()> {
        write_out(&mut self.stream, &mut self.outbox)
    }

    /// Reads once; returns 0 at the end of the input.
    fn fill(&mut self) -> io::Result<usize> {
        let is_closed = self.connection.state() == State::Closed;
        match fill(&mut self.stream, &mut self.inbox) {
            // Some peers reset the transport after both Close frames were exchanged, and some TLS
            // libraries return an error if the peer ends the session without a close_notify.
            Err(error) if is_closed && is_end(error.kind()) => Ok(0),
            result => result,
        }
    }
}

fn fill(stream: &mut impl Read, inbox: &mut Inbox) -> io::Result<usize> {
    loop {
        match inbox.read_from(stream) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Writes the whole outbox. If the stream times out, the rest stays in the outbox.
fn write_out(stream: &mut impl Write, outbox: &mut GrowingOutbox) -> io::Result<()> {
    if outbox.is_empty() {
        return Ok(());
    }
    while !outbox.is_empty() {
        match stream.write(outbox.bytes()) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => outbox.consume(written)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.flush()
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
