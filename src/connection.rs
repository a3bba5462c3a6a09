//! The connection: an endpoint that combines frames, messages and the closing handshake.
//!
//! This is the only module that knows all of them. It owns the state of the connection (see
//! [`State`] for the diagram) and the automatic replies, at most one pong and one Close, which are
//! stored inline. It knows nothing of HTTP.

mod closing;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(feature = "counters")]
mod counting;
mod event;
mod extended;
mod fragment;
mod frames;
mod keepalive;
mod receive;
mod role;
mod send;

pub use closing::State;
pub(crate) use closing::Step;
pub use event::{ChunkEvent, Event};
pub use extended::ExtendedEvent;
pub use fragment::{BinaryFragments, Fragment, TextFragments};
pub use role::{Client, Role, Server};

use core::num::{NonZeroU8, NonZeroU16};

use crate::{
    close::CloseCode,
    config::{CloseReply, Config},
    deflate::Session,
    error::{Error, Violation},
    events,
    extension::Claims,
    frame::{Kind, MAX_CONTROL, Reserved},
    message::Incoming,
    observer::Observer,
    random::Entropy,
};

/// An open WebSocket connection, as a server or as a client.
///
/// It owns no buffer and no socket. An idle connection takes a few hundred bytes and no heap
/// allocation.
///
/// # Methods
///
/// - **Receiving**: [`receive`](Self::receive) delivers complete messages, and
///   [`receive_chunk`](Self::receive_chunk) delivers messages in parts. Call one of them until it
///   returns `None`, then read from the transport. Report the end of the input with
///   [`end_of_input`](Self::end_of_input).
/// - **Sending**: [`send_text`](Self::send_text), [`send_binary`](Self::send_binary),
///   [`send_ping`](Self::send_ping) and [`send_pong`](Self::send_pong), and for messages in
///   fragments [`send_text_fragment`](Self::send_text_fragment) and
///   [`send_binary_fragment`](Self::send_binary_fragment).
/// - **Sending without a copy**: a server frames a payload with [`frame_text`](Self::frame_text),
///   [`frame_binary`](Self::frame_binary) and [`frame_prepared`](Self::frame_prepared). A client
///   masks its own buffer in place with [`mask_text`](Self::mask_text) and
///   [`mask_binary`](Self::mask_binary).
/// - **Extensions of your own**: [`with_claims`](Self::with_claims),
///   [`receive_extended`](Self::receive_extended), [`send_extended`](Self::send_extended) and
///   [`send_extension_frame`](Self::send_extension_frame).
/// - **Closing**: [`close`](Self::close) and [`close_without_code`](Self::close_without_code).
/// - **State**: [`should_close_transport`](Self::should_close_transport),
///   [`is_closing`](Self::is_closing), [`state`](Self::state) and [`close_code`](Self::close_code).
///
/// # Example
///
/// ```
/// use hybi::{Connection, Error, Event, Inbox, Server};
/// use std::io::{Read, Write};
///
/// fn echo(
///     mut websocket: Connection<Server>,
///     mut inbox: Inbox,
///     mut stream: impl Read + Write,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let mut outbox = Vec::new();
///     loop {
///         while let Some(event) = websocket.receive(&mut inbox, &mut outbox)? {
///             match event {
///                 Event::Text(text) => websocket.send_text(text, &mut outbox)?,
///                 Event::Binary(data) => websocket.send_binary(data, &mut outbox)?,
///                 Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
///             }
///         }
///         stream.write_all(&outbox)?;
///         outbox.clear();
///         if websocket.should_close_transport() {
///             return Ok(());
///         }
///         if inbox.read_from(&mut stream)? == 0 {
///             return Ok(websocket.end_of_input()?);
///         }
///     }
/// }
/// ```
///
/// When `receive` fails the connection, the outbox contains the Close frame with the reason. Write
/// the outbox before you close the transport.
#[derive(Debug)]
pub struct Connection<R: Role> {
    role: R,
    config: Config,
    state: State,
    incoming: Incoming,
    /// The status of the Close that the peer has sent.
    peer_close: Option<Status>,
    /// The status of the Close that is sent as soon as the outbox has room.
    pending_close: Option<Status>,
    pending_pong: PendingPong,
    /// The payload of the pong that answers the latest keepalive ping.
    awaited_pong: Option<NonZeroU16>,
    /// The message that is being sent in fragments.
    outgoing: Option<Outgoing>,
    /// Whether the input has ended while the caller owes the reply to a Close.
    input_ended: bool,
    compression: Session,
    claims: Claims,
    observer: Observer,
}

impl Connection<Server> {
    /// The server endpoint of a connection whose opening handshake is complete.
    pub const fn server(config: Config) -> Self {
        Self::new(Server::new(), config)
    }
}

impl<E: Entropy> Connection<Client<E>> {
    /// The client endpoint of a connection whose opening handshake is complete. `entropy` is the
    /// source of its masking keys.
    pub const fn client(config: Config, entropy: E) -> Self {
        Self::new(Client { entropy }, config)
    }
}

impl<R: Role> Connection<R> {
    const fn new(role: R, config: Config) -> Self {
        Self {
            role,
            config,
            state: State::Open,
            incoming: Incoming::Idle,
            peer_close: None,
            pending_close: None,
            pending_pong: PendingPong::NONE,
            awaited_pong: None,
            outgoing: None,
            input_ended: false,
            compression: Session::NONE,
            claims: Claims::NONE,
            observer: Observer::new(),
        }
    }

    /// Puts compression into use, as a handshake negotiated it.
    pub(crate) fn with_session(self, compression: Session) -> Self {
        Self { compression, ..self }
    }

    /// The state of the connection.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether to close the transport after the outbox has been written.
    ///
    /// A server closes the transport as soon as both Close frames have been exchanged. A client
    /// waits for the server to do so, and closes its side when the input ends (section 7.1.1).
    /// After a failure, both close it at once.
    ///
    /// This is false while our Close waits for room in the outbox, even after the end of the input.
    /// Write the outbox and call [`receive`](Self::receive) again. After an I/O error nothing more
    /// can be sent, so close the transport in any case.
    pub const fn should_close_transport(&self) -> bool {
        match self.state {
            State::Open | State::CloseSent | State::CloseReceived => false,
            State::Closed => R::IS_SERVER,
            State::Failed | State::Ended => self.pending_close.is_none(),
            State::Lost => true,
        }
    }

    /// Whether the connection is closing and waits for the peer. Bound the time for this (ten seconds
    /// are common), such as with [`Deadlines`](crate::deadline::Deadlines).
    ///
    /// The connection is closing while it waits for the peer's Close, while our Close waits for
    /// room in the outbox, and on a client until the server closes the transport. A connection is
    /// always either open, or closing, or [ready to close the
    /// transport](Self::should_close_transport).
    ///
    /// This does not cover a peer that stops reading. Also bound the time for writing the outbox.
    pub const fn is_closing(&self) -> bool {
        !matches!(self.state, State::Open) && !self.should_close_transport()
    }

    /// The close code of the connection (section 7.1.5), or `None` while it is not known.
    ///
    /// It is the code of the peer's Close, 1005 if that had no code, or 1006 if the connection
    /// failed or was lost before the peer's Close.
    ///
    /// The connection does not see the transport. After an I/O error, call
    /// [`end_of_input`](Self::end_of_input) first.
    pub const fn close_code(&self) -> Option<u16> {
        match (self.peer_close, self.state) {
            (Some(Status(Some(code))), _) => Some(code.get()),
            (Some(Status(None)), _) => Some(1005),
            (None, State::Failed | State::Lost) => Some(1006),
            (None, _) => None,
        }
    }

    /// Reports the end of the input to the connection. Also call this after an I/O error of the
    /// transport.
    ///
    /// Some peers reset the transport after both Close frames have been exchanged. In
    /// [`State::Closed`], a reset is a clean end too. If our Close waits for room in the outbox, it
    /// can still be sent, because the peer may have closed only its sending direction.
    /// [`should_close_transport`](Self::should_close_transport) is false until then.
    ///
    /// # Errors
    ///
    /// [`ConnectionLost`](Error::ConnectionLost) if the peer had not sent a Close and the
    /// connection had not failed. A second call returns `Ok`.
    pub fn end_of_input(&mut self) -> Result<(), Error> {
        let before = self.state;
        // The caller can still send the reply that it owes.
        if before == State::CloseReceived && self.config.close_reply == CloseReply::Manual {
            self.input_ended = true;
        } else {
            self.state = before.after(Step::EndOfInput);
        }
        self.pending_pong = PendingPong::NONE;
        match before {
            State::Open | State::CloseSent => {
                events::lose();
                Err(Error::ConnectionLost)
            }
            _ => Ok(()),
        }
    }
}

/// The inbox is over memory of the caller, whose contents changed: text that was valid no longer
/// is.
const UNFAITHFUL: Error = Error::Protocol(Violation::TextNotUtf8);

/// The status code of a Close frame, which may have none.
#[derive(Clone, Copy, Debug)]
struct Status(Option<CloseCode>);

/// A message that is being sent in fragments.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    kind: Kind,
    /// The claimed reserved bits of its first frame.
    reserved: Reserved,
    is_compressed: bool,
}

/// The next automatic pong, if any: the payload of the latest ping that has not been answered.
struct PendingPong {
    payload: [u8; MAX_CONTROL],
    /// The length plus 1, at most `MAX_CONTROL` + 1. `None` if no pong is pending.
    length: Option<NonZeroU8>,
}

impl PendingPong {
    const NONE: Self = Self { payload: [0; MAX_CONTROL], length: None };

    fn set(&mut self, payload: &[u8]) {
        let length = payload.len().min(MAX_CONTROL);
        self.payload[..length].copy_from_slice(&payload[..length]);
        self.length = u8::try_from(length + 1).ok().and_then(NonZeroU8::new);
    }

    fn get(&self) -> Option<&[u8]> {
        self.payload.get(..self.len()?)
    }

    fn len(&self) -> Option<usize> {
        Some(usize::from(self.length?.get() - 1))
    }

    fn clear(&mut self) {
        self.length = None;
    }
}

/// Shows the length, not the payload.
impl core::fmt::Debug for PendingPong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PendingPong({:?} bytes)", self.len())
    }
}
