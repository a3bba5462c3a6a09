//! An open connection together with its stream and its outbox.
//!
//! This module owns the order of things: receive, send what is due, write, read. All of its state is in
//! the [`Channel`] and none in a future, so a future that polls it can be dropped at any time.
//!
//! ```text
//!            error, end of input, both Close frames exchanged
//!   Open ──────────────────────────────────────────────────────► Ending ──► Over
//!                                   write the outbox, shut down, read and discard
//! ```

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hybi::{
    CloseCode, Connection, GrowingOutbox, Inbox, Misuse, Outbox as _, Role, State,
    deadline::{Cause, Deadlines, Stage},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    bounds::Bounds,
    buffers,
    direct::Direct,
    error::{Error, duplicate},
};

/// An open connection with its stream and its outbox. The inbox is not in it, because events borrow it.
#[derive(Debug)]
pub(crate) struct Channel<S, R: Role> {
    stream: S,
    connection: Connection<R>,
    outbox: GrowingOutbox,
    bounds: Bounds,
    /// Whether something was written since the stream was flushed.
    needs_flush: bool,
    /// See [`buffers::give_back`].
    has_own_inbox: bool,
    /// Why nothing more can be written. The input may still hold the peer's Close, which says more.
    output_error: Option<io::Error>,
    input_ended: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// The rest of the outbox is written. The result is what the caller gets then.
    Writing(Result<(), Error>),
    /// The sending direction is shut down, and the input is discarded.
    Draining(Result<(), Error>),
    Over,
}

impl<S, R: Role> Channel<S, R> {
    pub(crate) const fn new(
        stream: S,
        connection: Connection<R>,
        outbox: GrowingOutbox,
        bounds: Bounds,
    ) -> Self {
        Self {
            stream,
            connection,
            outbox,
            bounds,
            needs_flush: false,
            has_own_inbox: false,
            output_error: None,
            input_ended: false,
            phase: Phase::Open,
        }
    }

    pub(crate) const fn connection(&self) -> &Connection<R> {
        &self.connection
    }

    pub(crate) const fn deadlines(&self) -> &Deadlines {
        &self.bounds.deadlines
    }

    pub(crate) const fn stream(&self) -> &S {
        &self.stream
    }

    #[cfg(feature = "tungstenite")]
    pub(crate) const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The number of bytes that wait in the outbox.
    #[cfg(feature = "tungstenite")]
    pub(crate) fn pending(&self) -> usize {
        self.outbox.pending()
    }

    pub(crate) fn into_parts(self) -> (S, Connection<R>, GrowingOutbox) {
        (self.stream, self.connection, self.outbox)
    }

    /// Queues something. Nothing is written.
    pub(crate) fn queue(
        &mut self,
        send: impl FnOnce(&mut Connection<R>, &mut GrowingOutbox) -> Result<(), hybi::Error>,
    ) -> Result<(), Error> {
        self.prepare_to_queue()?;
        Ok(send(&mut self.connection, &mut self.outbox)?)
    }

    /// Checks that something can be queued, and takes an outbox for it.
    fn prepare_to_queue(&mut self) -> Result<(), Misuse> {
        if !matches!(self.phase, Phase::Open) {
            return Err(Misuse::NotOpen);
        }
        buffers::take_outbox(&mut self.outbox);
        Ok(())
    }

    /// Begins the closing handshake, unless it has begun.
    pub(crate) fn queue_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        match self.queue(|connection, outbox| connection.close(code, reason, outbox)) {
            Err(Error::Connection(hybi::Error::Misuse(Misuse::NotOpen))) => Ok(()),
            result => result,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Channel<S, R> {
    /// Waits until the inbox holds an event. False at the end of the connection.
    ///
    /// `reading` is woken by input, `writing` by everything else.
    pub(crate) fn poll_advance(
        &mut self,
        inbox: &mut Inbox,
        reading: &mut Context<'_>,
        writing: &mut Context<'_>,
    ) -> Poll<Result<bool, Error>> {
        while matches!(self.phase, Phase::Open) {
            match self.connection.advance(inbox, &mut self.outbox) {
                Ok(true) => return Poll::Ready(Ok(true)),
                Ok(false) => {}
                Err(error) => {
                    self.end(Err(error.into()), writing);
                    break;
                }
            }
            self.check_shutdown(writing);
            let now = self.bounds.timer.now();
            if let Err(cause) = self.expire(now) {
                self.end(cause, writing);
                break;
            }
            let is_flushed = self.poll_write(writing).is_ready();
            if self.connection.should_close_transport() && is_flushed {
                self.end(Ok(()), writing);
                break;
            }
            if self.connection.state() == State::CloseReceived && is_flushed {
                return Poll::Ready(Ok(false)); // the caller owes the reply
            }
            if !self.input_ended && (is_flushed || self.connection.has_room(&self.outbox)) {
                match self.poll_fill(inbox, reading) {
                    Poll::Ready(Ok(0)) => {
                        self.input_ended = true;
                        if let Some(error) = self.output_error.take() {
                            self.lose(error, writing);
                        } else if let Err(error) = self.connection.end_of_input() {
                            self.end(Err(error.into()), writing);
                        }
                        continue;
                    }
                    Poll::Ready(Ok(_)) => {
                        self.bounds.deadlines.on_read(now);
                        continue;
                    }
                    Poll::Ready(Err(error)) => {
                        self.input_ended = true;
                        self.lose(error, writing);
                        break;
                    }
                    Poll::Pending => {}
                }
            }
            ready!(self.bounds.poll_deadline(writing));
        }
        self.poll_end(reading, writing).map(|result| result.map(|()| false))
    }

    /// Waits until a message can be queued.
    pub(crate) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.connection.has_room(&self.outbox) {
            return Poll::Ready(Ok(()));
        }
        self.poll_output(context, |channel, context| {
            while !channel.connection.has_room(&channel.outbox) {
                ready!(channel.poll_write_some(context));
            }
            Poll::Ready(())
        })
    }

    /// Waits until a message can be queued, and queues it with `send`, which is taken then. A large message
    /// is written at once, as far as the stream takes it.
    pub(crate) fn poll_queue<F>(
        &mut self,
        send: &mut Option<F>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>>
    where
        F: FnOnce(&mut Connection<R>, &mut Direct<'_, '_, S>) -> Result<(), hybi::Error>,
    {
        ready!(self.poll_room(context))?;
        self.prepare_to_queue()?;
        let Some(send) = send.take() else { return Poll::Ready(Ok(())) };
        let mut outbox = Direct::new(&mut self.outbox, &mut self.stream, context);
        let queued = send(&mut self.connection, &mut outbox);
        let (written, error) = outbox.into_written();
        if written > 0 {
            self.needs_flush = true;
            self.bounds.deadlines.on_write(self.bounds.timer.now(), written);
        }
        if let Some(error) = error {
            self.output_error.get_or_insert(error);
        }
        Poll::Ready(Ok(queued?))
    }

    /// Waits until fewer than this many bytes wait in the outbox.
    #[cfg(feature = "tungstenite")]
    pub(crate) fn poll_below(
        &mut self,
        bytes: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.poll_output(context, |channel, context| {
            while channel.outbox.pending() >= bytes {
                ready!(channel.poll_write_some(context));
            }
            Poll::Ready(())
        })
    }

    /// Waits until everything is written.
    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.poll_output(context, Self::poll_write);
        if flushed.is_ready() {
            // The other half may wait for input, and does not see that the outbox is empty.
            buffers::give_back_outbox(&mut self.outbox);
        }
        flushed
    }

    /// Writes with `write` until that is ready or a deadline passes.
    fn poll_output(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut Self, &mut Context<'_>) -> Poll<()>,
    ) -> Poll<Result<(), Error>> {
        loop {
            match &self.phase {
                Phase::Open => {}
                Phase::Writing(Err(error)) | Phase::Draining(Err(error)) => {
                    return Poll::Ready(Err(error.duplicate()));
                }
                // Ending in order: nothing that the caller queued is left.
                _ => return Poll::Ready(Ok(())),
            }
            if write(self, context).is_ready() {
                return Poll::Ready(match &self.output_error {
                    Some(error) => Err(Error::Io(duplicate(error))),
                    None => Ok(()),
                });
            }
            self.check_shutdown(context);
            match self.expire(self.bounds.timer.now()) {
                Ok(()) => ready!(self.bounds.poll_deadline(context)),
                Err(cause) => self.end(cause, context),
            }
        }
    }

    /// Begins the closing handshake when the server shuts down.
    fn check_shutdown(&mut self, context: &mut Context<'_>) {
        if let Poll::Ready(code) = self.bounds.poll_shutdown(context) {
            // It fails if the closing handshake has begun.
            let _ = self.connection.close(code, "", &mut self.outbox);
        }
    }

    /// Sends what is due. The error is how the connection ends because of a deadline.
    fn expire(&mut self, now: Duration) -> Result<(), Result<(), Error>> {
        match self.bounds.deadlines.expire(now, &mut self.connection, &mut self.outbox) {
            Ok(_) => Ok(()),
            // Both Close frames were exchanged, and only the peer's transport is still open.
            Err(Cause::Closing) if self.connection.state() == State::Closed => Err(Ok(())),
            Err(cause) => Err(Err(cause.into())),
        }
    }

    /// Writes the outbox and flushes the stream. It is also ready if nothing more can be written.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while !self.outbox.is_empty() {
            ready!(self.poll_write_some(context));
        }
        if self.needs_flush {
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_flush(context)) {
                self.output_error.get_or_insert(error);
            }
            self.needs_flush = false;
        }
        Poll::Ready(())
    }

    /// Writes once. If nothing more can be written, drops the outbox.
    fn poll_write_some(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let written = match self.output_error {
            None => ready!(Pin::new(&mut self.stream).poll_write(context, self.outbox.bytes())),
            Some(_) => Ok(0),
        };
        match written {
            Ok(length) if length > 0 && self.outbox.consume(length).is_ok() => {
                self.needs_flush = true;
                self.bounds.deadlines.on_write(self.bounds.timer.now(), length);
            }
            written => {
                let error = written.err().unwrap_or_else(|| ErrorKind::WriteZero.into());
                self.output_error.get_or_insert(error);
                self.outbox.clear();
                context.waker().wake_by_ref(); // the other half reads until the input ends
            }
        }
        Poll::Ready(())
    }

    /// Reads once into the inbox.
    fn poll_fill(
        &mut self,
        inbox: &mut Inbox,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        buffers::take(inbox, &mut self.outbox);
        let mut buffer = ReadBuf::new(inbox.spare()?);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        let length = buffer.filled().len();
        inbox.commit(length)?;
        match read {
            Poll::Ready(read) => Poll::Ready(read.map(|()| length)),
            Poll::Pending => {
                buffers::give_back(inbox, &mut self.has_own_inbox, &mut self.outbox);
                Poll::Pending
            }
        }
    }

    /// The transport failed. Some peers reset it after both Close frames were exchanged, and some TLS
    /// libraries report an error if the peer ends the session without a `close_notify`.
    fn lose(&mut self, error: io::Error, context: &mut Context<'_>) {
        let is_end = matches!(
            error.kind(),
            ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::UnexpectedEof
        );
        let result = match self.connection.end_of_input() {
            Ok(()) if is_end => Ok(()),
            _ => Err(error.into()),
        };
        self.outbox.clear();
        self.end(result, context);
    }

    /// Begins the end of the transport.
    fn end(&mut self, result: Result<(), Error>, context: &mut Context<'_>) {
        self.phase = Phase::Writing(result);
        // The other half may wait for room.
        context.waker().wake_by_ref();
    }

    /// Writes the rest, shuts down, and reads until the peer has closed as well. If the socket were
    /// closed while unread input waits, TCP would reset it, and the peer could lose our Close.
    fn poll_end(
        &mut self,
        reading: &mut Context<'_>,
        writing: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        loop {
            let until = self.bounds.deadlines.check(
                self.bounds.timer.now(),
                Stage::Closing,
                self.outbox.pending(),
            );
            // A deadline of the end itself is not reported: what ended the connection is.
            let Ok(until) = until else { return Poll::Ready(self.finish()) };
            let step = match self.phase {
                Phase::Open | Phase::Over => return Poll::Ready(Ok(())),
                Phase::Writing(_) => self.poll_shutdown(writing),
                Phase::Draining(_) => self.poll_discard(reading),
            };
            match step {
                Poll::Ready(true) => match std::mem::replace(&mut self.phase, Phase::Over) {
                    Phase::Writing(result) if !self.input_ended => {
                        self.phase = Phase::Draining(result);
                    }
                    Phase::Writing(result) | Phase::Draining(result) => return Poll::Ready(result),
                    Phase::Open | Phase::Over => return Poll::Ready(Ok(())),
                },
                Poll::Ready(false) => {}
                Poll::Pending => ready!(self.bounds.timer.poll_until(until, writing)),
            }
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Writing(result) | Phase::Draining(result) => result,
            Phase::Open | Phase::Over => Ok(()),
        }
    }

    /// Writes the rest and shuts down the sending direction. True when done.
    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        ready!(self.poll_write(context));
        let shut_down = ready!(Pin::new(&mut self.stream).poll_shutdown(context));
        if shut_down.is_err() || self.output_error.is_some() {
            self.input_ended = true; // nothing more will arrive
        }
        Poll::Ready(true)
    }

    /// Reads and discards. True at the end of the input.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let mut bytes = [0; 4096];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
        Poll::Ready(read.is_err() || buffer.filled().is_empty())
    }
}
