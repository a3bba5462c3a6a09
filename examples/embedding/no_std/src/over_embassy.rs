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
//! - **Deadlines.** hybi reads no clock. One deadline bounds every read and write, and each event extends
//!   it.

use embassy_time::{Duration, Instant, TimeoutError, with_deadline};
use embedded_io_async::{Read, Write};
use hybi::{
    ChunkEvent, Config, Connection, Error, FixedInbox, FixedOutbox, Inbox, InboxFull, Origins,
    Outbox, Overrun, Server,
    frame::MAX_HEADER,
    server::{self, Opening},
};

/// Room for the request, for the largest chunk, and for a control frame.
const INBOX: usize = 2048;

/// The largest reply to an event: the whole inbox in a frame.
const REPLY: usize = INBOX + MAX_HEADER;

/// Room for the largest reply, or for many short ones, which are then written together.
const OUTBOX: usize = REPLY + 512;

/// How long the opening handshake may take.
const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may be silent or not read.
const SILENCE: Duration = Duration::from_secs(60);

/// One connection, from the opening handshake to the close.
pub struct Echo {
    stage: Stage,
    inbox: FixedInbox<[u8; INBOX]>,
    outbox: FixedOutbox<[u8; OUTBOX]>,
    /// Whether output was written but not flushed.
    unflushed: bool,
    /// The result, after the end. The outbox may still hold output.
    outcome: Option<Result<(), Fault>>,
    deadline: Instant,
}

#[allow(clippy::large_enum_variant)] // there is no heap for the larger variant
enum Stage {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

/// An error of the opening handshake or of the connection.
#[derive(Clone, Copy)]
enum Fault {
    Opening(server::Error),
    WebSocket(Error),
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
    /// The deadline expired.
    Deadline,
}

impl Echo {
    /// A connection that TCP has just accepted.
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

    /// Echoes messages until the connection ends. Then close the stream.
    ///
    /// # Errors
    ///
    /// The connection ended without a closing handshake.
    pub async fn run<S: Read + Write>(&mut self, stream: &mut S) -> Result<(), Failure<S::Error>> {
        loop {
            let all_received = self.answer();
            // Also after an error: the outbox holds a response or a Close with the reason.
            self.write(stream).await?;
            if let Some(outcome) = self.outcome {
                return Ok(outcome?);
            }
            if all_received {
                self.read(stream).await?;
            }
        }
    }

    /// Echoes while the outbox has room. Returns whether all input was received.
    fn answer(&mut self) -> bool {
        while self.outcome.is_none() && self.outbox.room() >= REPLY {
            match self.answer_next() {
                Ok(true) => self.deadline = Instant::now() + SILENCE,
                Ok(false) => return true,
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
        false
    }

    /// Handles the request or the next event. False if there is none.
    fn answer_next(&mut self) -> Result<bool, Fault> {
        let Self { stage, inbox, outbox, outcome, .. } = self;
        match stage {
            Stage::Opening(opening) => {
                let Some(request) = opening.receive(inbox, outbox)? else { return Ok(false) };
                // Messages are not stored, so their size needs no limit.
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

    /// Writes out the outbox.
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
