//! A WebSocket on a stream of HTTP/3, of either role: what DATA frames carry is a stream of bytes, FIN is
//! its end, and `RESET_STREAM` stands for the reset of a TCP connection (RFC 9220, section 3).

use std::{
    task::{Context, Poll, ready},
    time::Instant,
};

use hybi::{
    CloseCode, Connection, Error, Event, GrowingOutbox, Inbox, Outbox as _, Role, State,
    deadline::{Cause, Deadlines, Stage},
};
use hybi_embedding_async::tokio_echo::Failure;
use quiche::h3;
use tokio::sync::mpsc::Receiver;

use crate::{
    clock::{instant_of, now, timeouts},
    transport::{REQUEST_CANCELLED, reset},
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
    /// A WebSocket on this stream. Its opening handshake is complete, except for sending the response.
    pub(crate) fn new(id: u64, connection: Connection<P>, messages: Receiver<String>) -> Self {
        Self {
            id,
            connection,
            inbox: Inbox::with_capacity(16 * 1024),
            outbox: GrowingOutbox::new(),
            messages,
            deadlines: Deadlines::new(timeouts(), now()),
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
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.deadline().and_then(instant_of)
    }

    /// Call it instead of [`advance`](Self::advance) while the peer has no room for the response.
    pub(crate) fn expire_opening(&mut self, quic: &mut quiche::Connection) {
        let checked = self.deadlines.check(now(), Stage::Opening, 0);
        self.end_expired(checked.err(), quic);
    }

    /// Receives and sends as much as the peer has sent and has room for. Calls `handle` with each event.
    pub(crate) fn advance(
        &mut self,
        http: &mut h3::Connection,
        quic: &mut quiche::Connection,
        handle: impl FnMut(Event<'_>, &mut Connection<P>, &mut GrowingOutbox) -> Result<(), Error>,
    ) {
        if let Err(failure) = self.receive(http, quic, handle) {
            self.fail(failure);
        }
        let Self { connection, outbox, deadlines, is_ending, .. } = self;
        let expired = if *is_ending {
            deadlines.check(now(), Stage::Closing, outbox.pending())
        } else {
            deadlines.expire(now(), connection, outbox)
        };
        self.end_expired(expired.err(), quic);
        // Also after an error: the outbox holds a Close with the reason.
        self.send(http, quic);
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
                    self.deadlines.on_read(now());
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

    /// Ends the WebSocket if a deadline has passed.
    fn end_expired(&mut self, cause: Option<Cause>, quic: &mut quiche::Connection) {
        if let Some(cause) = cause {
            self.fail(cause.into());
            if cause.close_code().is_none() {
                self.abort(quic);
            }
        }
    }

    fn send(&mut self, http: &mut h3::Connection, quic: &mut quiche::Connection) {
        while !self.has_output_ended && !self.outbox.is_empty() {
            match http.send_body(quic, self.id, self.outbox.bytes(), false) {
                Ok(length) if self.outbox.consume(length).is_ok() => {
                    self.deadlines.on_write(now(), length);
                }
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

/// When an opening handshake that begins now has taken too long.
pub(crate) fn opening_deadline() -> Option<Instant> {
    Deadlines::new(timeouts(), now()).deadline().and_then(instant_of)
}
