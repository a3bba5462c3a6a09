//! With `io_uring`, the kernel owns a buffer during an operation. An idle connection has no buffer: all
//! connections of a thread share a pool.
//!
//! A read or a write that is dropped may lose bytes. So this module waits for readiness without a buffer,
//! which is cancel safe, and drops a read or a write only with its connection.

use std::{cell::RefCell, error::Error, mem, time::Duration};

use hybi::{Config, Connection, Event, Inbox, Origins, Server, State, server::Opening};
use monoio::{
    io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt},
    net::TcpStream,
    time::timeout,
};

use crate::deadlines::Timeouts;

/// How long a peer may take.
static TIMEOUTS: Timeouts = Timeouts {
    opening: Duration::from_secs(10),
    writing: Duration::from_secs(30),
    silence: Duration::from_secs(20),
    pong: Duration::from_secs(10),
    closing: Duration::from_secs(10),
};

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// The size of a buffer, and the most bytes of one read.
const BUFFER: usize = 64 * 1024;

/// The most unused buffers in the pool.
const KEPT: usize = 64;

/// The most reads at the end of a connection, whose bytes are discarded.
const LINGER: usize = 64;

/// Why a connection ended.
pub type Failure = Box<dyn Error>;

/// Buffers for all connections of a thread.
#[derive(Default)]
pub struct Pool(RefCell<Vec<Vec<u8>>>);

impl Pool {
    fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    fn give(&self, mut buffer: Vec<u8>) {
        let mut buffers = self.0.borrow_mut();
        if buffers.len() < KEPT {
            buffer.clear();
            buffer.shrink_to(BUFFER);
            buffers.push(buffer);
        }
    }
}

/// Serves one connection: echoes messages.
pub async fn serve(stream: TcpStream, pool: &Pool) -> Result<(), Failure> {
    let mut session = Session {
        stream,
        pool,
        inbox: Inbox::with_capacity(4 * 1024),
        outbox: Vec::new(),
        // Pages of this server, and clients that are not browsers.
        stage: Stage::Opening(Opening::new(Origins::same_host().or_no_browser())),
    };
    let ended = session.run().await;
    // Also after an error: the outbox holds a response or a Close with the reason.
    let finished = timeout(TIMEOUTS.closing, session.finish()).await;
    // A peer that does not close is not an error.
    let _ = timeout(TIMEOUTS.closing, session.linger()).await;
    ended?;
    finished?
}

/// The state of a connection.
enum Stage {
    Opening(Opening<'static>),
    Open(Connection<Server>),
}

impl Stage {
    /// Receives and echoes.
    fn receive(&mut self, inbox: &mut Inbox, outbox: &mut Vec<u8>) -> Result<(), Failure> {
        if let Self::Opening(opening) = self
            && let Some(request) = opening.receive(inbox, outbox)?
        {
            *self = Self::Open(request.accept().config(CONFIG).finish(outbox)?);
        }
        if let Self::Open(websocket) = self {
            while let Some(event) = websocket.receive(inbox, outbox)? {
                match event {
                    Event::Text(text) => websocket.send_text(text, outbox)?,
                    Event::Binary(data) => websocket.send_binary(data, outbox)?,
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                }
            }
        }
        Ok(())
    }

    fn ping(&mut self, outbox: &mut Vec<u8>) -> Result<(), hybi::Error> {
        match self {
            Self::Open(websocket) => websocket.send_ping(b"", outbox),
            Self::Opening(_) => Ok(()),
        }
    }

    fn is_opening(&self) -> bool {
        matches!(self, Self::Opening(_))
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Open(websocket) if websocket.state() == State::Open)
    }

    fn should_close_transport(&self) -> bool {
        matches!(self, Self::Open(websocket) if websocket.should_close_transport())
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        match self {
            Self::Opening(_) => {
                Err("the peer closed the connection during the opening handshake".into())
            }
            Self::Open(websocket) => Ok(websocket.end_of_input()?),
        }
    }
}

/// A connection. While it waits for input and no message is in progress, it has no heap memory.
struct Session<'p> {
    stream: TcpStream,
    pool: &'p Pool,
    inbox: Inbox,
    outbox: Vec<u8>,
    stage: Stage,
}

impl Session<'_> {
    /// Runs the opening handshake, the data transfer and the closing handshake, with their deadlines.
    async fn run(&mut self) -> Result<(), Failure> {
        timeout(TIMEOUTS.opening, self.turn_while(Stage::is_opening)).await??;
        self.turn_while(Stage::is_open).await?;
        timeout(TIMEOUTS.closing, self.turn_while(|stage| !stage.should_close_transport())).await?
    }

    /// Writes and reads in turn, which is the backpressure on a peer that does not read.
    async fn turn_while(&mut self, is_active: impl Fn(&Stage) -> bool) -> Result<(), Failure> {
        while is_active(&self.stage) {
            timeout(TIMEOUTS.writing, self.write()).await??;
            if let Ok(ready) = timeout(TIMEOUTS.silence, self.stream.readable(true)).await {
                ready?;
            } else {
                // The peer is silent. Any bytes from it count as the reply to the ping.
                self.outbox = self.pool.take();
                self.stage.ping(&mut self.outbox)?;
                timeout(TIMEOUTS.writing, self.write()).await??;
                timeout(TIMEOUTS.pong, self.stream.readable(true)).await??;
            }
            self.read().await?;
        }
        Ok(())
    }

    /// Reads once into a buffer of the pool.
    async fn read(&mut self) -> Result<(), Failure> {
        let (length, bytes) = self.stream.read(self.pool.take()).await;
        if length? == 0 {
            return self.stage.end_of_input();
        }
        if self.outbox.capacity() == 0 {
            self.outbox = self.pool.take();
        }
        let received = self.receive(&bytes);
        self.pool.give(bytes);
        received
    }

    /// Copies the bytes into the inbox, and receives.
    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let taken = self.inbox.copy_from(bytes);
            bytes = &bytes[taken..];
            self.stage.receive(&mut self.inbox, &mut self.outbox)?;
        }
        if self.inbox.is_empty() {
            self.inbox.release();
        }
        Ok(())
    }

    /// Writes out the outbox. Its buffer goes to the kernel, then back to the pool.
    async fn write(&mut self) -> Result<(), Failure> {
        if self.outbox.capacity() == 0 {
            return Ok(());
        }
        let (written, bytes) = self.stream.write_all(mem::take(&mut self.outbox)).await;
        self.pool.give(bytes);
        written?;
        Ok(())
    }

    /// Writes out the outbox, and shuts down the output.
    async fn finish(&mut self) -> Result<(), Failure> {
        self.write().await?;
        Ok(self.stream.shutdown().await?)
    }

    /// Reads and discards until the peer closes. Closing a socket with unread input resets it, and the peer
    /// may lose the final bytes.
    async fn linger(&mut self) -> Result<(), Failure> {
        for _ in 0..LINGER {
            self.stream.readable(true).await?;
            let (length, bytes) = self.stream.read(self.pool.take()).await;
            self.pool.give(bytes);
            if length? == 0 {
                break;
            }
        }
        Ok(())
    }
}
