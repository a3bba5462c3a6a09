//! The part of a `WebSocket` that runs in parallel with the script: a thread that connects, performs
//! the opening handshake, and transfers data. It queues tasks for the event loop of the script.
//!
//! ```text
//!                commands                        bytes
//! WebSocket ─────────────────────► thread ◄────────────────► server
//!           ◄─────────────────────
//!                  tasks
//! ```

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use hybi::{
    CloseCode, Config, GrowingOutbox, Message, UriBuf,
    client::{self, Request},
    deflate::Deflate,
};
use mio::Waker;

use crate::worker::Worker;

/// Beyond the mark, messages of the script wait in the queue of the thread, so that a pong does not wait
/// for all of them. Messages of up to 16 MiB are received.
const CONFIG: Config = Config::new().outbox_high_water(64 * 1024);

/// Compression as browsers offer it.
static DEFLATE: LazyLock<Deflate> =
    LazyLock::new(|| Deflate::new().send_context_takeover(true).receive_context_takeover(true));

/// A step of the script that concerns the network.
pub(crate) enum Command {
    /// Send this after all that precedes it.
    Send(Outgoing),
    /// Fail the connection.
    Fail,
}

/// What the script sends.
pub(crate) enum Outgoing {
    /// A message.
    Message(Message),
    /// A Close with this code and reason, if any. It starts the closing handshake.
    Close(Option<(CloseCode, String)>),
}

/// A task for the event loop of the script.
#[derive(Debug)]
pub(crate) enum Task {
    /// The opening handshake is complete.
    Established { protocol: String, extensions: String },
    /// A message has arrived.
    Received(Message),
    /// The server has sent a Close.
    ClosingHandshakeStarted,
    /// The last task.
    Closed(Closed),
}

/// How the connection was closed.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Whether the user agent was required to fail the connection.
    pub(crate) failed: bool,
    pub(crate) was_clean: bool,
    pub(crate) code: u16,
    pub(crate) reason: String,
}

impl Closed {
    /// The connection failed: the code is the same for every cause (RFC 6455, section 7.1.5).
    pub(crate) const FAILED: Self =
        Self { failed: true, was_clean: false, code: 1006, reason: String::new() };
}

/// The end of the thread that the script has. When it is dropped, the connection is closed without a
/// code, as if it were garbage collected.
pub(crate) struct Network {
    commands: Sender<Command>,
    tasks: Receiver<Task>,
    /// `None` if the thread could not be started.
    waker: Option<Waker>,
    transmitted: Arc<AtomicU64>,
}

impl Network {
    /// Begins to connect. Fails only if the subprotocols cannot be offered.
    pub(crate) fn start(url: UriBuf, protocols: &[&str]) -> Result<Self, client::Error> {
        let mut outbox = GrowingOutbox::new();
        let uri = url.as_uri();
        let mut request =
            Request::new(&uri).subprotocols(protocols).config(CONFIG).deflate(&DEFLATE);
        if !protocols.is_empty() {
            // "If protocols is not the empty list and extracting header list values given
            // `Sec-WebSocket-Protocol` … results in null …, then fail the WebSocket connection."
            request = request.require_subprotocol();
        }
        let opening = request.send(&mut outbox)?.into_owned();
        let (commands, to_obey) = mpsc::channel();
        // One task waits in the channel and one in the thread, which then stops reading.
        let (to_queue, tasks) = mpsc::sync_channel(1);
        let transmitted = Arc::default();
        let worker = Worker::new(to_obey, to_queue.clone(), Arc::clone(&transmitted), outbox);
        let waker = worker.and_then(|(worker, waker)| {
            thread::Builder::new().spawn(move || worker.run(&url, opening))?;
            Ok(waker)
        });
        if waker.is_err() {
            let _ = to_queue.try_send(Task::Closed(Closed::FAILED));
        }
        Ok(Self { commands, tasks, waker: waker.ok(), transmitted })
    }

    /// Passes a command to the thread.
    pub(crate) fn command(&self, command: Command) {
        let _ = self.commands.send(command); // fails after the end of the connection
        self.wake();
    }

    /// Waits for the next task. `None` after the timeout.
    pub(crate) fn next_task(&self, timeout: Duration) -> Option<Task> {
        match self.tasks.recv_timeout(timeout) {
            Ok(task) => {
                self.wake(); // there is room for another
                Some(task)
            }
            Err(RecvTimeoutError::Timeout) => None,
            // Only a panic ends the thread without its last task.
            Err(RecvTimeoutError::Disconnected) => Some(Task::Closed(Closed::FAILED)),
        }
    }

    /// The bytes of messages that were written to the socket.
    pub(crate) fn transmitted(&self) -> u64 {
        self.transmitted.load(Ordering::Acquire)
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            let _ = waker.wake();
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // "If a WebSocket object is garbage collected while its connection is still open, the user agent
        // must start the WebSocket closing handshake, with no status code for the Close message."
        self.command(Command::Send(Outgoing::Close(None)));
    }
}
