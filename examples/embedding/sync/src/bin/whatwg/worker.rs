//! The thread of a connection: an event loop over one socket.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError},
    },
    time::Duration,
};

use hybi::{
    Client, Connection, Error, Event, GrowingOutbox, Host, Inbox, Outbox as _, State, Uri, UriBuf,
    client::{Opening, Response},
    deadline::{Cause, Deadlines, Stage, Timeouts},
};
use mio::{Events, Interest, Poll, Token, Waker, net::TcpStream};

use crate::{
    clock::{changed, left, now},
    network::{Closed, Command, Outgoing, Task},
};

/// How long the server may take for the opening handshake, to reply to a Close, and to read the next
/// [`PART`] of what precedes the Close. Browsers have no deadlines while the connection is open.
const HANDSHAKES: Timeouts = Timeouts::new()
    .opening(Duration::from_secs(20))
    .closing(Duration::from_secs(20))
    .writing(Duration::from_secs(20));

/// How long it may take to close the transport after both Close frames.
const TRANSPORT: Timeouts =
    Timeouts::new().closing(Duration::from_secs(2)).writing(Duration::from_secs(2));

/// How many bytes the server must read in time, because a message that precedes the Close may be large.
const PART: usize = 64 * 1024;

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

/// The thread.
pub(crate) struct Worker {
    commands: Receiver<Command>,
    tasks: SyncSender<Task>,
    /// Tasks for which the channel has no room. While there are any, nothing is read.
    waiting: VecDeque<Task>,
    poll: Poll,
    events: Events,
    inbox: Inbox,
    /// What the script sends, while the outbox has no room.
    queue: VecDeque<Outgoing>,
    outbox: GrowingOutbox,
    /// For each message in the outbox, the position of its end in the output, and the length of its
    /// payload.
    messages: VecDeque<(u64, u64)>,
    /// How much of the output was written.
    written: u64,
    /// The bytes of all messages that were written.
    transmitted: Arc<AtomicU64>,
    /// For both handshakes.
    handshakes: Deadlines,
    /// For the end of the transport.
    transport: Deadlines,
}

impl Worker {
    /// A worker that will first send what is in the outbox, and what wakes it.
    pub(crate) fn new(
        commands: Receiver<Command>,
        tasks: SyncSender<Task>,
        transmitted: Arc<AtomicU64>,
        outbox: GrowingOutbox,
    ) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let worker = Self {
            commands,
            tasks,
            waiting: VecDeque::new(),
            poll,
            events: Events::with_capacity(4),
            inbox: Inbox::with_capacity(16 * 1024),
            queue: VecDeque::new(),
            outbox,
            messages: VecDeque::new(),
            written: 0,
            transmitted,
            handshakes: Deadlines::new(changed(HANDSHAKES), now()),
            transport: Deadlines::new(TRANSPORT, now()),
        };
        Ok((worker, waker))
    }

    /// Runs the connection from its beginning to its end.
    pub(crate) fn run(mut self, url: &UriBuf, opening: Opening<'_>) {
        // Every error is the same to the script.
        let closed = self.connection(&url.as_uri(), opening).unwrap_or(Closed::FAILED);
        for task in self.waiting.drain(..).chain([Task::Closed(closed)]) {
            let _ = self.tasks.send(task); // fails if there is no script any more
        }
    }

    fn connection(&mut self, uri: &Uri<'_>, opening: Opening<'_>) -> io::Result<Closed> {
        let mut stream = self.connect(uri)?;
        let mut websocket = self.establish(&mut stream, opening)?;
        Ok(self.transfer(&mut stream, &mut websocket))
    }
}

/// The opening handshake.
impl Worker {
    /// Connects to the first address of the host that accepts.
    fn connect(&mut self, uri: &Uri<'_>) -> io::Result<TcpStream> {
        if uri.is_secure() {
            // As if the TLS handshake had failed. The program `rustls` has one.
            return Err(ErrorKind::Unsupported.into());
        }
        let addresses: Vec<SocketAddr> = match uri.host() {
            Host::Name(name) => (name, uri.port()).to_socket_addrs()?.collect(),
            Host::V4(address) => vec![(address, uri.port()).into()],
            Host::V6(address) => vec![(address, uri.port()).into()],
        };
        let mut result = Err(ErrorKind::NotFound.into());
        for address in addresses {
            result = self.connect_to(address);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn connect_to(&mut self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, SOCKET, interest)?;
        loop {
            self.wait_connecting()?;
            if let Some(error) = stream.take_error()? {
                return Err(error);
            }
            match stream.peer_addr() {
                Err(error) if error.kind() == ErrorKind::NotConnected => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Sends the request and waits for the response.
    fn establish(
        &mut self,
        stream: &mut TcpStream,
        mut opening: Opening<'_>,
    ) -> io::Result<Connection<Client>> {
        loop {
            self.write(stream)?;
            match self.inbox.read_from(stream) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait_connecting()?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            match opening.receive(&mut self.inbox)? {
                None => {}
                // Browsers do not follow a redirect.
                Some(Response::Rejected(_)) => return Err(ErrorKind::ConnectionRefused.into()),
                Some(Response::Accepted(accepted)) => {
                    let fields = accepted.headers().all("Sec-WebSocket-Extensions");
                    let extensions: Vec<_> = fields.map(String::from_utf8_lossy).collect();
                    self.waiting.push_back(Task::Established {
                        protocol: accepted.subprotocol().unwrap_or_default().into(),
                        extensions: extensions.join(", "),
                    });
                    return Ok(accepted.finish());
                }
            }
        }
    }

    /// Waits for the socket, or for the script, which can only cancel.
    fn wait_connecting(&mut self) -> io::Result<()> {
        let until = self.handshakes.check(now(), Stage::Opening, 0)?;
        self.wait(until)?;
        match self.commands.try_recv() {
            Err(TryRecvError::Empty) => Ok(()),
            Ok(_) | Err(TryRecvError::Disconnected) => Err(ErrorKind::ConnectionAborted.into()),
        }
    }
}

/// Data transfer and the closing handshake.
impl Worker {
    fn transfer(&mut self, stream: &mut TcpStream, websocket: &mut Connection<Client>) -> Closed {
        let mut reason = String::new();
        loop {
            for command in self.commands.try_iter() {
                match command {
                    Command::Send(outgoing) => self.queue.push_back(outgoing),
                    Command::Fail => return Closed::FAILED,
                }
            }
            self.send(websocket);
            // After a violation, the Close with the code for it is in the outbox.
            let needs_input = self.receive(websocket, &mut reason);
            let had_room = websocket.has_room(&self.outbox);
            if self.write(stream).is_err() {
                // The server does not read any more. What it has sent may include a Close.
                self.outbox.clear();
                self.messages.clear();
            }
            let Ok(needs_input) = needs_input else {
                self.finish(stream);
                return Closed::FAILED;
            };
            // Also if the server sends all the time.
            let Ok(until) = self.check_closing(websocket) else {
                return Closed::after(websocket, reason);
            };
            if needs_input {
                match self.inbox.read_from(stream) {
                    Ok(1..) => continue,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Ok(0) | Err(_) => {
                        // RFC 6455, section 7.2.1: "If at any point the underlying transport layer
                        // connection is unexpectedly lost, the client MUST Fail the WebSocket
                        // Connection."
                        return match websocket.end_of_input() {
                            Ok(()) => Closed::after(websocket, reason),
                            Err(_) => Closed::FAILED,
                        };
                    }
                }
            }
            if !had_room && websocket.has_room(&self.outbox) {
                continue; // for the queue, or for a pong: the socket may not become writable again
            }
            if self.wait(until).is_err() {
                return Closed::after(websocket, reason);
            }
        }
    }

    /// Checks the deadlines while the connection is closing. Returns when to call it again.
    fn check_closing(&mut self, websocket: &Connection<Client>) -> Result<Option<Duration>, Cause> {
        let deadlines = match websocket.state() {
            State::Open if !matches!(self.queue.back(), Some(Outgoing::Close(_))) => {
                return Ok(None);
            }
            State::Closed => &mut self.transport,
            _ => &mut self.handshakes,
        };
        deadlines.check(now(), Stage::Closing, self.outbox.pending().min(PART))
    }

    /// Moves messages from the queue to the outbox, while it has room.
    fn send(&mut self, websocket: &mut Connection<Client>) {
        while websocket.has_room(&self.outbox)
            && let Some(outgoing) = self.queue.pop_front()
        {
            // Sending fails if the server has sent a Close that the script does not know of. The
            // message is then dropped, and counts as not transmitted.
            match outgoing {
                Outgoing::Message(message) => {
                    if websocket.send(&message, &mut self.outbox).is_ok() {
                        let end = self.written + self.outbox.pending() as u64;
                        self.messages.push_back((end, message.as_bytes().len() as u64));
                    }
                }
                Outgoing::Close(None) => drop(websocket.close_without_code(&mut self.outbox)),
                Outgoing::Close(Some((code, reason))) => {
                    let _ = websocket.close(code, &reason, &mut self.outbox);
                }
            }
        }
    }

    /// Receives all input, and returns true. False if the script must take a task first. It also
    /// receives while the outbox has no room, because the server may not read until then. Pongs do not
    /// exceed the high-water mark.
    fn receive(
        &mut self,
        websocket: &mut Connection<Client>,
        reason: &mut String,
    ) -> Result<bool, Error> {
        while self.deliver() {
            match websocket.receive(&mut self.inbox, &mut self.outbox)? {
                None => return Ok(true),
                Some(Event::Ping(_) | Event::Pong(_)) => {} // not visible to the script
                Some(Event::Close(close)) => {
                    *reason = close.reason().into();
                    self.waiting.push_back(Task::ClosingHandshakeStarted);
                }
                Some(event) => self.waiting.extend(event.to_message().map(Task::Received)),
            }
        }
        Ok(false)
    }

    /// Queues the tasks that wait. Returns whether none waits any more.
    fn deliver(&mut self) -> bool {
        while let Some(task) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(task)) = self.tasks.try_send(task) {
                self.waiting.push_front(task);
                return false;
            }
        }
        true
    }

    /// After a failure: writes the Close and shuts down the output. Then waits for the server to close,
    /// because closing a socket with unread input resets it, and the server may lose the Close.
    fn finish(&mut self, stream: &mut TcpStream) {
        let mut discarded = [0; 4096];
        // The time for what waits in the outbox counts too.
        while let Ok(until) = self.transport.check(now(), Stage::Closing, 0) {
            if self.write(stream).is_err() {
                return;
            }
            if self.outbox.is_empty() {
                let _ = stream.shutdown(Shutdown::Write);
            }
            match stream.read(&mut discarded) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let _ = self.wait(until); // the loop ends at the deadline
                }
                Ok(0) | Err(_) => return,
            }
        }
    }
}

/// The socket.
impl Worker {
    /// Writes until the socket would block.
    fn write(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        while !self.outbox.is_empty() {
            match stream.write(self.outbox.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => {
                    self.outbox.consume(length)?;
                    self.written += length as u64;
                    self.handshakes.on_write(now(), length);
                    self.transport.on_write(now(), length);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        while let Some(&(end, length)) = self.messages.front()
            && end <= self.written
        {
            self.messages.pop_front();
            self.transmitted.fetch_add(length, Ordering::Release);
        }
        Ok(())
    }

    /// Waits for the socket or for the script, up to a deadline.
    fn wait(&mut self, until: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, left(until)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

impl Closed {
    /// How a connection was closed that did not fail. "If the TCP connection is closed after the
    /// WebSocket closing handshake is completed, the WebSocket connection is said to have been closed
    /// cleanly" (RFC 6455, section 7.1.4).
    fn after(websocket: &Connection<Client>, reason: String) -> Self {
        Self {
            failed: false,
            was_clean: matches!(websocket.state(), State::Closed | State::Ended),
            code: websocket.close_code().unwrap_or(1006),
            reason,
        }
    }
}
