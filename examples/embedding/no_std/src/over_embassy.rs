//! An echo server as a task on a microcontroller, in about 5 KiB for each connection.
//!
//! It shows three things:
//!
//! - **Messages larger than memory.** The server receives a message in chunks, and sends each chunk as a
//!   fragment of the echo while the rest of the message arrives. The peer must read while it sends a
//!   large message: when the buffers of the reverse direction are full, the server stops reading.
//! - **Cancellation.** All state is in [`Echo`], none in the future of [`run`](Echo::run). So the future
//!   can be dropped at any `await`, such as by a `select`, and created again. Nothing is lost or sent
//!   twice, if the futures of the stream are cancel safe too.
//! - **Deadlines.** hybi reads no clock. It returns the time until which to wait for a read or a write.

use core::time::Duration;

use embassy_time::{Instant, with_deadline};
use embedded_io_async::{Read, Write};
use hybi::{
    ChunkEvent, Config, Connection, Error, FixedInbox, FixedOutbox, Inbox, InboxFull, Origins,
    Outbox, Overrun, Server,
    deadline::{Cause, Deadlines, Stage, Timeouts},
    frame::MAX_HEADER,
    server::{self, Opening},
};

/// Room for the request, for the largest chunk, and for a control frame.
const INBOX: usize = 2048;

/// The largest reply to an event: the whole inbox in a frame.
const REPLY: usize = INBOX + MAX_HEADER;

/// Room for the largest reply, or for many short ones, which are then written together.
const OUTBOX: usize = REPLY + 512;

/// One connection, from the opening handshake to the close.
pub struct Echo {
    protocol: Protocol,
    inbox: FixedInbox<[u8; INBOX]>,
    outbox: FixedOutbox<[u8; OUTBOX]>,
    /// Whether output was written but not flushed.
    unflushed: bool,
    /// The result, after the end. The outbox may still hold output.
    outcome: Option<Result<(), Fault>>,
    deadlines: Deadlines,
}

#[allow(clippy::large_enum_variant)] // there is no heap for the larger variant
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

/// Why a connection ended, apart from the stream.
#[derive(Clone, Copy)]
enum Fault {
    Opening(server::Error),
    WebSocket(Error),
    Late(Cause),
}

/// Why a connection ended without a closing handshake.
#[derive(Debug)]
pub enum Failure<E> {
    /// The request was refused.
    Opening(server::Error),
    /// The peer violated the protocol, or disappeared.
    WebSocket(Error),
    /// The stream failed.
    Stream(E),
    /// The peer took too long.
    Late(Cause),
}

impl Echo {
    /// A connection that TCP has just accepted.
    #[must_use]
    pub fn new() -> Self {
        Self {
            protocol: Protocol::Opening(Opening::new(Origins::no_browser())),
            inbox: Inbox::over([0; INBOX]),
            outbox: FixedOutbox::over([0; OUTBOX]),
            unflushed: false,
            outcome: None,
            deadlines: Deadlines::new(Timeouts::new(), now()),
        }
    }

    /// Echoes messages until the connection ends. Then close the stream.
    ///
    /// # Errors
    ///
    /// The connection ended without a closing handshake.
    pub async fn run<S: Read + Write>(&mut self, stream: &mut S) -> Result<(), Failure<S::Error>> {
        loop {
            let all_received = self.answer();
            // Also after an error: the outbox holds a response or a Close with the reason.
            let until = self.write(stream).await?;
            if let Some(outcome) = self.outcome {
                return Ok(outcome?);
            }
            if all_received {
                self.read(stream, until).await?;
            }
        }
    }

    /// Echoes while the outbox has room. Returns whether all input was received.
    fn answer(&mut self) -> bool {
        while self.outcome.is_none() && self.outbox.room() >= REPLY {
            match self.answer_next() {
                Ok(true) => {}
                Ok(false) => return true,
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
        false
    }

    /// Handles the request or the next event. False if there is none.
    fn answer_next(&mut self) -> Result<bool, Fault> {
        let Self { protocol, inbox, outbox, outcome, .. } = self;
        match protocol {
            Protocol::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                // Messages are not stored, so their size needs no limit.
                let config = Config::new().max_message_size(u64::MAX).max_frame_size(u64::MAX);
                *protocol = Protocol::Open(request.accept().config(config).finish(outbox)?);
            }
            Protocol::Open(websocket) => match websocket.receive_chunk(inbox, outbox)? {
                Some(ChunkEvent::Text { text, fragment }) => {
                    websocket.send_text_fragment(text, fragment, outbox)?;
                }
                Some(ChunkEvent::Binary { data, fragment }) => {
                    websocket.send_binary_fragment(data, fragment, outbox)?;
                }
                Some(ChunkEvent::Ping(_) | ChunkEvent::Pong(_) | ChunkEvent::Close(_)) => {}
                None if websocket.should_close_transport() => *outcome = Some(Ok(())),
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    /// Writes out the outbox. Returns until when to wait for input.
    async fn write<S: Write>(
        &mut self,
        stream: &mut S,
    ) -> Result<Option<Duration>, Failure<S::Error>> {
        loop {
            let until = self.expire()?;
            if self.outbox.pending() > 0 {
                if let Some(written) = by(until, stream.write(self.outbox.bytes())).await {
                    let written = written.map_err(Failure::Stream)?;
                    self.outbox.consume(written)?;
                    self.deadlines.on_write(now(), written);
                    self.unflushed = true;
                }
            } else if self.unflushed {
                if let Some(flushed) = by(until, stream.flush()).await {
                    flushed.map_err(Failure::Stream)?;
                    self.unflushed = false;
                }
            } else {
                return Ok(until);
            }
        }
    }

    /// Does what is due: sends a ping, a Close or a response, or fails. Returns when to call it again.
    fn expire(&mut self) -> Result<Option<Duration>, Cause> {
        let Self { protocol, outbox, outcome, deadlines, .. } = self;
        let pending = outbox.pending();
        let until = match protocol {
            _ if outcome.is_some() => return deadlines.check(now(), Stage::Closing, pending),
            Protocol::Opening(opening) => deadlines.expire_opening(now(), opening, outbox),
            Protocol::Open(websocket) => deadlines.expire(now(), websocket, outbox),
        };
        until.or_else(|cause| {
            // The outbox may hold the reason. If the peer does not read, this fails too.
            *outcome = Some(Err(Fault::Late(cause)));
            deadlines.check(now(), Stage::Closing, outbox.pending())
        })
    }

    /// Reads once, if the input arrives in time.
    async fn read<S: Read>(
        &mut self,
        stream: &mut S,
        until: Option<Duration>,
    ) -> Result<(), Failure<S::Error>> {
        let Some(read) = by(until, stream.read(self.inbox.spare()?)).await else { return Ok(()) };
        let length = read.map_err(Failure::Stream)?;
        self.inbox.commit(length)?;
        self.deadlines.on_read(now());
        if length == 0 {
            self.outcome = Some(match &mut self.protocol {
                Protocol::Opening(_) => Err(Error::ConnectionLost.into()),
                Protocol::Open(websocket) => websocket.end_of_input().map_err(Fault::from),
            });
        }
        Ok(())
    }
}

impl Default for Echo {
    fn default() -> Self {
        Self::new()
    }
}

/// The time since the epoch of embassy.
fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

/// Waits for the operation. `None` if the deadline passes.
async fn by<T>(deadline: Option<Duration>, operation: impl Future<Output = T>) -> Option<T> {
    let at = deadline.and_then(|deadline| u64::try_from(deadline.as_micros()).ok());
    match at.and_then(Instant::try_from_micros) {
        Some(at) => with_deadline(at, operation).await.ok(),
        None => Some(operation.await),
    }
}

impl From<server::Error> for Fault {
    fn from(error: server::Error) -> Self {
        Self::Opening(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::WebSocket(error)
    }
}

impl<E> From<Cause> for Failure<E> {
    fn from(cause: Cause) -> Self {
        Self::Late(cause)
    }
}

impl<E> From<Fault> for Failure<E> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Opening(error) => Self::Opening(error),
            Fault::WebSocket(error) => Self::WebSocket(error),
            Fault::Late(cause) => Self::Late(cause),
        }
    }
}

impl<E> From<InboxFull> for Failure<E> {
    fn from(error: InboxFull) -> Self {
        Self::WebSocket(error.into())
    }
}

impl<E> From<Overrun> for Failure<E> {
    fn from(error: Overrun) -> Self {
        Self::WebSocket(error.into())
    }
}
