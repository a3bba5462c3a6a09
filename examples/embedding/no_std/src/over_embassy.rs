//! An echo server as a task on a microcontroller, in about 5 KiB for each connection.
//!
//! It shows three things:
//!
//! - **Messages larger than memory.** A megabyte does not fit, so a message is taken in chunks, and
//!   each chunk goes back as a fragment of the answer, while the rest is still on its way. A peer
//!   must read while it sends: one that first sends all of a large message has nobody to send it
//!   to, once the buffers on the way back are full.
//! - **Cancellation.** All state is in [`Echo`], none in the future of [`run`](Echo::run). That
//!   future may be dropped wherever it waits, by a `select` for example, and made anew: nothing is
//!   lost or sent twice, if the stream loses nothing when its own futures are dropped.
//! - **Deadlines.** hybi reads no clock. One instant, until which something must have come,
//!   bounds every wait, for input as for output.

use embassy_time::{Duration, Instant, TimeoutError, with_deadline};
use embedded_io_async::{Read, Write};
use hybi::{
    ChunkEvent, Config, Connection, Error, FixedInbox, FixedOutbox, Inbox, InboxFull, Origins,
    Outbox, Overrun, Server,
    frame::MAX_HEADER,
    server::{self, Opening},
};

/// Room for the request, and for the largest chunk; a control frame must fit, too.
const INBOX: usize = 2048;

/// The most that an event is answered with: the whole inbox in a frame.
const ANSWER: usize = INBOX + MAX_HEADER;

/// Room for one answer, and for many short ones, which then leave together.
const OUTBOX: usize = ANSWER + 512;

/// How long the opening handshake may take.
const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may be silent, or not read what it is sent.
const SILENCE: Duration = Duration::from_secs(60);

/// One connection, from the opening handshake to the end.
pub struct Echo {
    stage: Stage,
    inbox: FixedInbox<[u8; INBOX]>,
    outbox: FixedOutbox<[u8; OUTBOX]>,
    /// Whether something was written and not flushed.
    unflushed: bool,
    /// How it ended; what is in the outbox is still to be written.
    outcome: Option<Result<(), Fault>>,
    deadline: Instant,
}

#[allow(clippy::large_enum_variant)] // there is no heap to put the larger one on
enum Stage {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

/// What ended a connection within the protocol.
#[derive(Clone, Copy)]
enum Fault {
    Opening(server::Error),
    WebSocket(Error),
}

/// Why a connection ended other than by a closing handshake.
#[derive(Debug)]
pub enum Failure<E> {
    /// The peer's request was refused.
    Opening(server::Error),
    /// The peer broke the protocol, or went away.
    WebSocket(Error),
    /// The stream failed.
    Stream(E),
    /// The peer did nothing for too long.
    Deadline,
}

impl Echo {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new() -> Self {
        Self {
            stage: Stage::Opening(Opening::new(Origins::no_browser())),
            inbox: Inbox::over([0; INBOX]),
            outbox: FixedOutbox::over([0; OUTBOX]),
            unflushed: false,
            outcome: None,
            deadline: Instant::now() + OPENING,
        }
    }

    /// Sends every message back until the connection ends; then close the stream.
    ///
    /// # Errors
    ///
    /// The connection ended without a closing handshake.
    pub async fn run<S: Read + Write>(&mut self, stream: &mut S) -> Result<(), Failure<S::Error>> {
        loop {
            let is_all_answered = self.answer();
            // After an error too: the outbox holds the answer that tells the peer.
            self.write(stream).await?;
            if let Some(outcome) = self.outcome {
                return Ok(outcome?);
            }
            if is_all_answered {
                self.read(stream).await?;
            }
        }
    }

    /// Answers what has come, as far as there is room for the answers. Whether that is all.
    fn answer(&mut self) -> bool {
        while self.outcome.is_none() && self.outbox.room() >= ANSWER {
            match self.answer_next() {
                Ok(true) => self.deadline = Instant::now() + SILENCE,
                Ok(false) => return true,
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
        false
    }

    /// Answers the next event, if there is one.
    fn answer_next(&mut self) -> Result<bool, Fault> {
        let Self { stage, inbox, outbox, outcome, .. } = self;
        match stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                // No message is too large, for none is kept.
                let config = Config::new().max_message_size(u64::MAX).max_frame_size(u64::MAX);
                *stage = Stage::Open(request.accept().config(config).finish(outbox)?);
            }
            Stage::Open(websocket) => match websocket.receive_chunk(inbox, outbox)? {
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

    /// Writes all that is in the outbox.
    async fn write<S: Write>(&mut self, stream: &mut S) -> Result<(), Failure<S::Error>> {
        while self.outbox.pending() > 0 {
            let written = in_time(self.deadline, stream.write(self.outbox.bytes())).await?;
            self.outbox.consume(written)?;
            self.unflushed = true;
        }
        if self.unflushed {
            in_time(self.deadline, stream.flush()).await?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// Reads once.
    async fn read<S: Read>(&mut self, stream: &mut S) -> Result<(), Failure<S::Error>> {
        let length = in_time(self.deadline, stream.read(self.inbox.spare()?)).await?;
        self.inbox.commit(length)?;
        if length == 0 {
            self.outcome = Some(match &mut self.stage {
                Stage::Opening(_) => Err(Error::ConnectionLost.into()),
                Stage::Open(websocket) => websocket.end_of_input().map_err(Fault::from),
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

async fn in_time<T, E>(
    deadline: Instant,
    operation: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure<E>> {
    match with_deadline(deadline, operation).await {
        Ok(result) => result.map_err(Failure::Stream),
        Err(TimeoutError) => Err(Failure::Deadline),
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

impl<E> From<Fault> for Failure<E> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Opening(error) => Self::Opening(error),
            Fault::WebSocket(error) => Self::WebSocket(error),
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
