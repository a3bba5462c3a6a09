//! The load: many connections on one thread, which send batches of messages and read the echoes.
//!
//! It costs as little as possible, so that the server is the bottleneck: all connections send the same
//! bytes and read into the same buffer, and of the echoes only the headers are looked at.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read as _, Write as _},
    mem,
    net::{SocketAddr, TcpStream},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use hybi::{Client, Connection, deflate::Deflate};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
};

use crate::{Failure, dial::Dial, echoes::Echoes, messages::Batch};

/// The most opening handshakes at a time.
const OPENING: usize = 64;

/// How much is read at a time.
const READ: usize = 256 * 1024;

/// The longest time without any progress.
const PATIENCE: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// What was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echoed {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Open connections to one server.
pub(crate) struct Load {
    poll: Poll,
    links: Vec<Link>,
    buffer: Vec<u8>,
    /// The state of one of the connections, to encode messages with.
    websocket: Connection<Client>,
}

impl Load {
    /// Opens connections. With `deflate`, the server must accept it.
    pub(crate) fn open(
        address: SocketAddr,
        count: usize,
        deflate: Option<&Deflate>,
    ) -> Result<Self, Failure> {
        let mut poll = Poll::new()?;
        let (mut links, mut dials) = (Vec::with_capacity(count), HashMap::new());
        let (mut started, mut last) = (0, None);
        while links.len() < count {
            while started < count && dials.len() < OPENING {
                let dial = Dial::start(address, started, deflate)?;
                poll.add(&dial.stream, started)?;
                dials.insert(started, dial);
                started += 1;
            }
            for number in poll.wait()? {
                let Some(dial) = dials.get_mut(&number) else { continue };
                let Some(websocket) = dial.proceed()? else { continue };
                last = Some(websocket);
                links.extend(dials.remove(&number).map(|dial| (number, Link::new(dial.stream))));
            }
        }
        links.sort_unstable_by_key(|(number, _)| *number);
        let links = links.into_iter().map(|(_, link)| link).collect();
        let websocket = last.ok_or("no connections")?;
        Ok(Self { poll, links, buffer: vec![0; READ], websocket })
    }

    pub(crate) const fn websocket(&mut self) -> &mut Connection<Client> {
        &mut self.websocket
    }

    /// Each connection sends the batch and waits for its echo, over and over for this time, and at least
    /// once. Returns what was echoed.
    pub(crate) fn run(&mut self, batch: &Batch, duration: Duration) -> Result<Echoed, Failure> {
        let Self { poll, links, buffer, .. } = self;
        let end = Instant::now() + duration;
        let mut batches = 0;
        for link in &mut *links {
            link.begin(batch);
            link.write(batch)?;
        }
        let mut active = links.len();
        while active > 0 {
            for number in poll.wait()? {
                let link = &mut links[number];
                link.write(batch)?;
                // Readiness may be reported once more after the last echo.
                if !link.waits(batch) || !link.read(batch, buffer)? {
                    continue;
                }
                batches += 1;
                if Instant::now() >= end {
                    active -= 1;
                } else {
                    link.begin(batch);
                    link.write(batch)?;
                }
            }
        }
        let bytes = links.iter_mut().map(|link| mem::take(&mut link.bytes)).sum();
        Ok(Echoed { messages: batches * batch.messages as u64, bytes })
    }
}

/// An open connection.
struct Link {
    stream: TcpStream,
    unsent: usize,
    echoed: usize,
    echoes: Echoes,
    /// The bytes received, also of headers.
    bytes: u64,
}

impl Link {
    fn new(stream: TcpStream) -> Self {
        Self { stream, unsent: 0, echoed: 0, echoes: Echoes::default(), bytes: 0 }
    }

    fn begin(&mut self, batch: &Batch) {
        self.unsent = batch.bytes.len();
        self.echoed = 0;
    }

    /// Whether the echo of the batch is not complete.
    const fn waits(&self, batch: &Batch) -> bool {
        self.unsent > 0 || self.echoed < batch.messages
    }

    /// Writes until the socket would block.
    fn write(&mut self, batch: &Batch) -> Result<(), Failure> {
        while self.unsent > 0 {
            match self.stream.write(&batch.bytes[batch.bytes.len() - self.unsent..]) {
                Ok(length) => self.unsent -= length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads until the socket would block. Returns whether the echo is complete.
    fn read(&mut self, batch: &Batch, buffer: &mut [u8]) -> Result<bool, Failure> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err("the server closes the transport".into()),
                Ok(length) => {
                    self.bytes += length as u64;
                    self.echoed += self.echoes.count(&buffer[..length])?;
                    // A short read empties the socket.
                    if length < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        if self.echoed > batch.messages {
            return Err("the server sends more messages than it received".into());
        }
        Ok(!self.waits(batch))
    }
}

/// Readiness of sockets, reported once for each change.
struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    fn new() -> Result<Self, Failure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(1024) })
    }

    fn add(&self, stream: &TcpStream, number: usize) -> Result<(), Failure> {
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        Ok(epoll::add(&self.epoll, stream, epoll::EventData::new_u64(number as u64), flags)?)
    }

    /// Waits until a socket is ready. Returns the numbers of those that are.
    fn wait(&mut self) -> Result<impl Iterator<Item = usize>, Failure> {
        loop {
            self.events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&PATIENCE)) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(0) => return Err("the server does not answer".into()),
                Ok(_) => break,
            }
        }
        // The numbers are indexes of a `Vec`.
        #[allow(clippy::cast_possible_truncation)]
        Ok(self.events.iter().map(|event| event.data.u64() as usize))
    }
}
