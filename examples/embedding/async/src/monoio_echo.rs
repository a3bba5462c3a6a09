//! With `io_uring`, the kernel owns a buffer during an operation. An idle connection has no buffer: all
//! connections of a thread share a pool.
//!
//! A read or a write that is dropped may lose bytes. So this module waits for readiness without a buffer,
//! which is cancel safe, and drops a read or a write only with its connection.

use std::{cell::RefCell, error::Error, mem, pin::pin, time::Duration};

use hybi::{
    Config, Connection, Event, Inbox, Origins, Outbox as _, Server,
    deadline::{Cause, Deadlines, Stage},
    server::Opening,
};
use monoio::{
    buf::IoBufMut,
    io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt},
    net::TcpStream,
    time::timeout,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    buffers,
    clock::{left, now, timeouts},
    following::Following,
};

const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// The size of a buffer, and the most bytes of one read: a message of 64 KiB with its header, and more.
const BUFFER: usize = 68 * 1024;

/// The longest wait.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most bytes of unused buffers in the pool.
const KEPT: usize = 8 * 1024 * 1024;

/// The most reads at the same time. If all connections become readable at once, each would need a buffer.
const READS: usize = 128;

/// The most reads at the end of a connection, whose bytes are discarded.
const LINGER: usize = 64;

/// Why a connection ended.
pub type Failure = Box<dyn Error>;

/// Buffers for all connections of a thread.
pub struct Pool {
    unused: RefCell<Unused>,
    reads: Semaphore,
}

#[derive(Default)]
struct Unused {
    buffers: Vec<Vec<u8>>,
    /// The sum of their capacities.
    capacity: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Self { unused: RefCell::default(), reads: Semaphore::new(READS) }
    }
}

impl Pool {
    /// Waits until a connection may read. It must be readable, because it keeps others from reading.
    async fn permit_read(&self) -> Result<SemaphorePermit<'_>, Failure> {
        Ok(self.reads.acquire().await?)
    }

    fn take(&self) -> Vec<u8> {
        let mut unused = self.unused.borrow_mut();
        let Some(buffer) = unused.buffers.pop() else { return Vec::with_capacity(BUFFER) };
        unused.capacity -= buffer.capacity();
        buffer
    }

    fn give(&self, mut buffer: Vec<u8>) {
        let mut unused = self.unused.borrow_mut();
        let capacity = unused.capacity + buffer.capacity();
        // A ping is queued in a small one.
        if buffer.capacity() >= BUFFER && capacity <= KEPT {
            buffer.clear();
            unused.buffers.push(buffer);
            unused.capacity = capacity;
        }
    }
}

/// Serves one connection: echoes messages.
pub async fn serve(stream: TcpStream, pool: &Pool) -> Result<(), Failure> {
    let mut session = Session {
        stream,
        pool,
        inbox: buffers::new_inbox(),
        has_own_inbox: false,
        peer: Peer {
            // Pages of this server, and clients that are not browsers.
            protocol: Protocol::Opening(Opening::new(Origins::same_host().or_no_browser())),
            deadlines: Deadlines::new(timeouts(), now()),
            outbox: Vec::new(),
        },
    };
    let ended = session.run().await;
    // Also after an error: the outbox holds a response or a Close with the reason.
    let finished = session.finish().await;
    ended?;
    finished
}

/// The state of the protocol.
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
    /// The last bytes are in the outbox.
    Over,
}

/// A connection without its transport and its input.
struct Peer {
    protocol: Protocol,
    deadlines: Deadlines,
    outbox: Vec<u8>,
}

impl Peer {
    /// Receives and echoes.
    fn receive(&mut self, inbox: &mut Inbox) -> Result<(), Failure> {
        let outbox = &mut self.outbox;
        if let Protocol::Opening(opening) = &mut self.protocol
            && let Some(request) = opening.receive(inbox, outbox)?
        {
            self.protocol = Protocol::Open(request.accept().config(CONFIG).finish(outbox)?);
        }
        if let Protocol::Open(websocket) = &mut self.protocol {
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

    /// Does what is due, and returns how long to wait. The kernel writes this many bytes.
    fn expire(&mut self, unwritten: usize) -> Result<Duration, Cause> {
        let Self { protocol, deadlines, outbox } = self;
        let mut outbox = Following { ahead: unwritten, outbox };
        let until = match protocol {
            Protocol::Opening(opening) => deadlines.expire_opening(now(), opening, &mut outbox),
            Protocol::Open(websocket) => deadlines.expire(now(), websocket, &mut outbox),
            Protocol::Over => deadlines.check(now(), Stage::Closing, outbox.pending()),
        };
        Ok(left(until?).unwrap_or(DAY))
    }

    fn should_close_transport(&self) -> bool {
        match &self.protocol {
            Protocol::Opening(_) => false,
            Protocol::Open(websocket) => websocket.should_close_transport(),
            Protocol::Over => true,
        }
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        match &mut self.protocol {
            Protocol::Opening(_) => {
                Err("the peer closed the connection during the opening handshake".into())
            }
            Protocol::Open(websocket) => Ok(websocket.end_of_input()?),
            Protocol::Over => Ok(()),
        }
    }
}

/// A connection. While it waits for input and no message is in progress, it has no heap memory.
struct Session<'p> {
    stream: TcpStream,
    pool: &'p Pool,
    inbox: Inbox,
    /// See [`buffers::give_back_inbox`].
    has_own_inbox: bool,
    peer: Peer,
}

impl Session<'_> {
    /// Writes and reads in turn, which is the backpressure on a peer that does not read.
    async fn run(&mut self) -> Result<(), Failure> {
        loop {
            self.write().await?;
            if self.peer.should_close_transport() {
                return Ok(());
            }
            let wait = self.peer.expire(0)?;
            if !self.peer.outbox.is_empty() {
                continue; // a ping, or a Close
            }
            // If the deadline passes, the next turn does what is due.
            if let Ok(ready) = timeout(wait, self.stream.readable(true)).await {
                ready?;
                self.read().await?;
            }
        }
    }

    /// Reads once into a buffer of the pool.
    async fn read(&mut self) -> Result<(), Failure> {
        let _permit = self.pool.permit_read().await?;
        let room = self.pool.take().slice_mut(..BUFFER);
        let (length, room) = self.stream.read(room).await;
        let bytes = room.into_inner();
        if length? == 0 {
            return self.peer.end_of_input();
        }
        self.peer.deadlines.on_read(now());
        if self.peer.outbox.capacity() == 0 {
            self.peer.outbox = self.pool.take();
        }
        let received = self.receive(&bytes);
        self.pool.give(bytes);
        received
    }

    /// Copies the bytes into an inbox, and receives. The connections share an inbox, except for those that
    /// wait in the middle of a message.
    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        buffers::take_inbox(&mut self.inbox);
        while !bytes.is_empty() {
            let taken = self.inbox.copy_from(bytes);
            bytes = &bytes[taken..];
            self.peer.receive(&mut self.inbox)?;
        }
        buffers::give_back_inbox(&mut self.inbox, &mut self.has_own_inbox);
        Ok(())
    }

    /// Writes out the outbox. Its buffer goes to the kernel, then back to the pool.
    async fn write(&mut self) -> Result<(), Failure> {
        let Self { stream, pool, peer, .. } = self;
        while peer.outbox.capacity() > 0 {
            let bytes = mem::take(&mut peer.outbox);
            if bytes.is_empty() {
                pool.give(bytes);
                return Ok(());
            }
            let length = bytes.len();
            let mut writing = pin!(stream.write_all(bytes));
            let (written, bytes) = loop {
                let wait = peer.expire(length).inspect_err(|_| {
                    peer.outbox = Vec::new(); // it would follow a part of these bytes
                })?;
                if let Ok(written) = timeout(wait, &mut writing).await {
                    break written;
                }
            };
            pool.give(bytes);
            written?;
            peer.deadlines.on_write(now(), length);
        }
        Ok(())
    }

    /// Writes out the outbox, shuts down the output, and discards input until the peer closes. Closing a
    /// socket with unread input resets it, and the peer may lose the final bytes.
    async fn finish(&mut self) -> Result<(), Failure> {
        self.peer.protocol = Protocol::Over;
        self.write().await?;
        self.stream.shutdown().await?;
        for _ in 0..LINGER {
            let Ok(wait) = self.peer.expire(0) else { break };
            match timeout(wait, self.stream.readable(true)).await {
                Ok(ready) => ready?,
                Err(_) => continue,
            }
            let _permit = self.pool.permit_read().await?;
            let (length, bytes) = self.stream.read(self.pool.take()).await;
            self.pool.give(bytes);
            if length? == 0 {
                break;
            }
        }
        Ok(())
    }
}
