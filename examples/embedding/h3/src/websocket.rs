//! A WebSocket on a stream of HTTP/3, of either role: what DATA frames carry is a stream of bytes, FIN is
//! its end, and `RESET_STREAM` stands for the reset of a TCP connection (RFC 9220, section 3).

use std::{
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use hybi::{CloseCode, Connection, Error, Event, GrowingOutbox, Inbox, Role, State};
use hybi_embedding_async::tokio_echo::Failure;
use quiche::h3;
use tokio::sync::mpsc::Receiver;

use crate::{
    deadlines::{Deadlines, Due, Timeouts},
    transport::{REQUEST_CANCELLED, reset},
};

/// How long a peer may take.
pub(crate) static TIMEOUTS: Timeouts = Timeouts {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

/// An open WebSocket.
pub(crate) struct WebSocket<P: Role> {
    id: u64,
    connection: Connection<P>,
    inbox: Inbox,
    outbox: GrowingOutbox,
    /// The messages of the application. When the last sender is dropped, the WebSocket closes.
    messages: Receiver<String>,
    deadlines: Deadlines,
    /// Whether the peer has ended its direction.
    has_input_ended: bool,
    /// Whether to send the rest of the outbox and nothing else.
    is_ending: bool,
    /// Whether this side has ended its direction.
    has_output_ended: bool,
    /// Why it ends early.
    failure: Option<Failure>,
}

impl<P: Role> WebSocket<P> {
    /// A WebSocket on this stream, whose opening handshake is complete.
    pub(crate) fn new(id: u64, connection: Connection<P>, messages: Receiver<String>) -> Self {
        Self {
            id,
            connection,
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: GrowingOutbox::new(),
            messages,
            deadlines: Deadlines::open(&TIMEOUTS, Instant::now()),
            has_input_ended: false,
            is_ending: false,
            has_output_ended: false,
            failure: None,
        }
    }

    /// The peer has sent FIN, and all bytes before it are read.
    pub(crate) fn on_finished(&mut self) {
        self.has_input_ended = true;
    }

    /// The peer has reset the stream.
    pub(crate) fn on_reset(&mut self, quic: &mut quiche::Connection) {
        // After both Close frames, a reset is a normal end.
        if self.connection.state() != State::Closed {
            self.fail("the peer has reset the stream".into());
        }
        self.abort(quic);
    }

    /// Whether both directions have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.has_input_ended && self.has_output_ended
    }

    /// When to call [`advance`](Self::advance) again, if nothing happens before.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadlines.next()
    }

    /// Receives and sends as much as the peer has sent and has room for. Calls `handle` with each event.
    pub(crate) fn advance(
        &mut self,
        http: &mut h3::Connection,
        quic: &mut quiche::Connection,
        handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut GrowingOutbox) -> Result<(), Error>,
    ) {
        let received = self.receive(http, quic, handle);
        let advanced = received.and_then(|()| self.check_deadlines(quic));
        if let Err(failure) = advanced {
            self.fail(failure);
        }
        // Also after an error: the outbox holds a Close with the reason.
        self.send(http, quic);
        let now = Instant::now();
        self.deadlines.set_flushed(self.outbox.is_empty(), now);
        if self.is_ending || self.connection.is_closing() {
            self.deadlines.on_closing(now);
        }
    }

    fn receive(
        &mut self,
        http: &mut h3::Connection,
        quic: &mut quiche::Connection,
        mut handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut GrowingOutbox) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let Self { connection, inbox, outbox, .. } = self;
        while !self.is_ending {
            while connection.has_room(outbox)
                && let Some(event) = connection.receive(inbox, outbox)?
            {
                handle(event, connection, outbox)?;
            }
            self.is_ending = connection.should_close_transport();
            if self.is_ending || !connection.has_room(outbox) {
                // What is not read uses up the window of the peer.
                break;
            }
            match http.recv_body(quic, self.id, inbox.spare()?) {
                Ok(length) => {
                    inbox.commit(length)?;
                    self.deadlines.on_read(Instant::now());
                }
                Err(h3::Error::Done) if self.has_input_ended => {
                    self.is_ending = true;
                    connection.end_of_input()?;
                }
                Err(h3::Error::Done) => break,
                Err(error) => return Err(error.into()),
            }
        }
        // Discards what follows, up to the end of the stream.
        let mut rest = [0; 4096];
        while self.is_ending && http.recv_body(quic, self.id, &mut rest).is_ok() {}
        Ok(())
    }

    fn check_deadlines(&mut self, quic: &mut quiche::Connection) -> Result<(), Failure> {
        match self.deadlines.due(Instant::now()) {
            Due::Nothing => Ok(()),
            Due::Ping => Ok(self.connection.send_ping(b"", &mut self.outbox)?),
            Due::Drop => {
                self.abort(quic);
                Err("the peer took too long".into())
            }
        }
    }

    fn send(&mut self, http: &mut h3::Connection, quic: &mut quiche::Connection) {
        while !self.has_output_ended && !self.outbox.is_empty() {
            match http.send_body(quic, self.id, self.outbox.bytes(), false) {
                Ok(length) if self.outbox.consume(length).is_ok() => {}
                Err(h3::Error::Done) => return,
                // Such as STOP_SENDING, which QUIC answers with RESET_STREAM.
                _ => self.has_output_ended = true,
            }
        }
        if self.has_output_ended {
            // Nobody reads it.
            self.outbox = GrowingOutbox::new();
        } else if self.is_ending {
            self.has_output_ended =
                !matches!(http.send_body(quic, self.id, b"", true), Err(h3::Error::Done));
        }
    }

    /// Resets the stream.
    fn abort(&mut self, quic: &mut quiche::Connection) {
        reset(quic, self.id, REQUEST_CANCELLED);
        (self.has_input_ended, self.is_ending, self.has_output_ended) = (true, true, true);
    }

    /// Waits until the application has sent a message. Then call [`advance`](Self::advance).
    pub(crate) fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self { connection, outbox, .. } = self;
        if self.is_ending || connection.state() != State::Open || !connection.has_room(outbox) {
            return Poll::Pending;
        }
        let sent = match ready!(self.messages.poll_recv(context)) {
            Some(text) => connection.send_text(&text, outbox),
            None => connection.close(CloseCode::NORMAL, "", outbox),
        };
        if let Err(error) = sent {
            self.fail(error.into());
        }
        Poll::Ready(())
    }

    fn fail(&mut self, failure: Failure) {
        self.is_ending = true;
        self.failure.get_or_insert(failure);
    }

    /// How it has ended, once it is over.
    pub(crate) fn ending(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }
}
