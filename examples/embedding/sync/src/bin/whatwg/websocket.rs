//! The interface `WebSocket` of the WHATWG WebSockets Standard.
//!
//! The standard describes two parties. This file is the one that runs the script: an event loop with a
//! queue of tasks, and the states that a script sees. `network.rs` is the one that runs "in parallel".
//! Each step of the standard is quoted at the code that follows it.
//!
//! `binaryType` is missing: it chooses between two JavaScript objects for the same bytes.

use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

use hybi::{Close, CloseCode, Message, UriBuf};

use crate::network::{Closed, Command, Network, Outgoing, Task};

/// Beyond this many bytes that wait to be sent, the WebSocket is flagged as full.
const BUFFER: u64 = 256 * 1024 * 1024;

/// `readyState`, with the numbers of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadyState {
    /// The opening handshake is not complete.
    Connecting = 0,
    /// Messages can be sent and received.
    Open = 1,
    /// The closing handshake has begun, or `close` was called.
    Closing = 2,
    /// The connection is closed, or could not be opened.
    Closed = 3,
}

/// An event that is fired at the WebSocket.
#[derive(Debug)]
pub(crate) enum Event {
    /// `open`
    Open,
    /// `message`
    Message(Message),
    /// `error`, which has no details: a script must not learn why a connection failed.
    Error,
    /// `close`, the last event.
    Close(Closed),
}

/// A `DOMException`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exception {
    /// The URL, a subprotocol or a reason is malformed.
    Syntax,
    /// The connection is not open yet.
    InvalidState,
    /// The close code is not one that a script may use.
    InvalidAccess,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "SyntaxError",
            Self::InvalidState => "InvalidStateError",
            Self::InvalidAccess => "InvalidAccessError",
        })
    }
}

/// A WebSocket as a script has it.
pub(crate) struct WebSocket {
    url: UriBuf,
    ready_state: ReadyState,
    protocol: String,
    extensions: String,
    /// The bytes of all messages that were passed to `send`.
    queued: u64,
    /// The bytes of them that were transmitted when the event loop last took a task.
    transmitted: u64,
    network: Network,
    /// Events of the current task that were not fired yet.
    events: VecDeque<Event>,
}

impl WebSocket {
    /// `new WebSocket(url, protocols)`: begins to connect, and does not wait for it.
    ///
    /// There is no base URL, so `url` must be absolute.
    pub(crate) fn new(url: &str, protocols: &[&str]) -> Result<Self, Exception> {
        // "If urlRecord's scheme is "http", then set urlRecord's scheme to "ws". Otherwise, if
        // urlRecord's scheme is "https", set urlRecord's scheme to "wss"."
        let is_http = url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        let parsed = if is_http { UriBuf::parse_http(url) } else { UriBuf::parse(url) };
        // "If urlRecord is failure", if the scheme is another one, or "if urlRecord's fragment is
        // non-null, then throw a "SyntaxError" DOMException."
        let url = parsed.map_err(|_| Exception::Syntax)?;
        // "If any of the values in protocols occur more than once or otherwise fail to match the
        // requirements …, then throw a "SyntaxError" DOMException." More than 128 also cause it.
        let network = Network::start(url.clone(), protocols).map_err(|_| Exception::Syntax)?;
        Ok(Self {
            url,
            ready_state: ReadyState::Connecting,
            protocol: String::new(),
            extensions: String::new(),
            queued: 0,
            transmitted: 0,
            network,
            events: VecDeque::new(),
        })
    }

    /// `url`
    pub(crate) fn url(&self) -> String {
        self.url.to_string()
    }

    /// `readyState`
    pub(crate) const fn ready_state(&self) -> ReadyState {
        self.ready_state
    }

    /// `bufferedAmount`: "the number of bytes of application data … that have been queued using
    /// `send()` but that, as of the last time the event loop reached step 1, had not yet been
    /// transmitted to the network."
    pub(crate) const fn buffered_amount(&self) -> u64 {
        self.queued - self.transmitted
    }

    /// `protocol`: the subprotocol that the server selected, or the empty string.
    pub(crate) fn protocol(&self) -> &str {
        &self.protocol
    }

    /// `extensions`: the value of `Sec-WebSocket-Extensions` in the response, or the empty string.
    pub(crate) fn extensions(&self) -> &str {
        &self.extensions
    }

    /// `send(data)`
    pub(crate) fn send(&mut self, data: Message) -> Result<(), Exception> {
        // "If this's ready state is CONNECTING, then throw an "InvalidStateError" DOMException."
        if self.ready_state == ReadyState::Connecting {
            return Err(Exception::InvalidState);
        }
        // "Any invocation of this method … that does not throw an exception must increase the
        // bufferedAmount attribute by the number of bytes".
        self.queued += data.as_bytes().len() as u64;
        // "If the WebSocket connection is established and the WebSocket closing handshake has not yet
        // started, then the user agent must send a WebSocket Message". Otherwise, it is dropped.
        if self.ready_state == ReadyState::Open {
            let is_full = self.buffered_amount() > BUFFER;
            // "If the data cannot be sent, e.g. because it would need to be buffered but the buffer is
            // full, the user agent must flag the WebSocket as full and then close the WebSocket
            // connection."
            self.network.command(if is_full {
                Command::Fail
            } else {
                Command::Send(Outgoing::Message(data))
            });
        }
        Ok(())
    }

    /// `close(code, reason)`
    pub(crate) fn close(
        &mut self,
        code: Option<u16>,
        reason: Option<&str>,
    ) -> Result<(), Exception> {
        // "If code is present, but is neither an integer equal to 1000 nor an integer in the range 3000
        // to 4999, inclusive, throw an "InvalidAccessError" DOMException."
        let code = match code {
            None => None,
            Some(code @ (1000 | 3000..=4999)) => CloseCode::new(code),
            Some(_) => return Err(Exception::InvalidAccess),
        };
        // "If reasonBytes is longer than 123 bytes, then throw a "SyntaxError" DOMException."
        let reason = reason.unwrap_or_default();
        if reason.len() > Close::MAX_REASON {
            return Err(Exception::Syntax);
        }
        let command = match self.ready_state {
            // "Do nothing."
            ReadyState::Closing | ReadyState::Closed => return Ok(()),
            // "If the WebSocket connection is not yet established: Fail the WebSocket connection". It
            // may be established already, in parallel. What counts is what the script knows.
            ReadyState::Connecting => Command::Fail,
            // "Start the WebSocket closing handshake …. If neither code nor reason is present, the
            // WebSocket Close message must not have a body." A reason cannot be sent without a code.
            ReadyState::Open => {
                let code = code.or_else(|| (!reason.is_empty()).then_some(CloseCode::NORMAL));
                Command::Send(Outgoing::Close(code.map(|code| (code, reason.into()))))
            }
        };
        self.network.command(command);
        // "Set this's ready state to CLOSING (2)."
        self.ready_state = ReadyState::Closing;
        Ok(())
    }

    /// The event loop: waits for the next event, up to the timeout. `None` after a timeout, and after
    /// the `close` event.
    pub(crate) fn next_event(&mut self, timeout: Duration) -> Option<Event> {
        let end = Instant::now() + timeout;
        while self.events.is_empty() && self.ready_state != ReadyState::Closed {
            let task = self.network.next_task(end.saturating_duration_since(Instant::now()));
            self.transmitted = self.network.transmitted();
            self.run(task?);
        }
        self.events.pop_front()
    }

    /// Whether another event will be fired: all do before the `close` event.
    pub(crate) fn has_events(&self) -> bool {
        self.ready_state != ReadyState::Closed || !self.events.is_empty()
    }

    /// Runs a task of the section "Feedback from the protocol".
    fn run(&mut self, task: Task) {
        match task {
            // "When the WebSocket connection is established": unless `close` was called before.
            Task::Established { protocol, extensions } => {
                if self.ready_state == ReadyState::Connecting {
                    // "Change the ready state to OPEN (1). Change the extensions attribute's value to
                    // the extensions in use …. Change the protocol attribute's value to the
                    // subprotocol in use …. Fire an event named open".
                    self.ready_state = ReadyState::Open;
                    self.extensions = extensions;
                    self.protocol = protocol;
                    self.events.push_back(Event::Open);
                }
            }
            // "When a WebSocket message has been received": "If ready state is not OPEN (1), then
            // return. … Fire an event named message".
            Task::Received(message) => {
                if self.ready_state == ReadyState::Open {
                    self.events.push_back(Event::Message(message));
                }
            }
            // "When the WebSocket closing handshake is started, … change the ready state to CLOSING."
            Task::ClosingHandshakeStarted => self.ready_state = ReadyState::Closing,
            // "When the WebSocket connection is closed, possibly cleanly": "Change the ready state to
            // CLOSED (3). If the user agent was required to fail the WebSocket connection, or … after
            // being flagged as full, fire an event named error …. Fire an event named close".
            Task::Closed(closed) => {
                self.ready_state = ReadyState::Closed;
                if closed.failed {
                    self.events.push_back(Event::Error);
                }
                self.events.push_back(Event::Close(closed));
            }
        }
    }
}
