//! The connection: frames, messages and the closing handshake joined into one endpoint.
//!
//! This module is the only one that knows them all. It owns the life of a connection (the table of
//! transitions is drawn with [`State`]) and what leaves by itself: at most one pong and one Close,
//! kept inline. It knows nothing of HTTP.

mod closing;
#[cfg(feature = "deflate")]
mod compression;
mod event;
mod fragment;
mod frames;
mod receive;
mod role;
mod send;

pub use closing::State;
pub(crate) use closing::Step;
pub use event::{ChunkEvent, Event};
pub use fragment::{BinaryFragments, Fragment, TextFragments};
pub use role::{Client, Role, Server};

use crate::{
    close::CloseCode,
    config::{CloseReply, Config},
    deflate::Session,
    error::Error,
    frame::{Kind, MAX_CONTROL},
    message::Incoming,
    random::Entropy,
};

/// An open WebSocket connection, as a server or as a client.
///
/// It owns no buffer and no socket. An idle one is a few hundred bytes without anything on the
/// heap.
///
/// # Methods, by family
///
/// - **Receiving**: [`receive`](Self::receive) delivers whole messages,
///   [`receive_chunk`](Self::receive_chunk) messages in parts; call one of them until it has
///   nothing more, then read on. [`end_of_input`](Self::end_of_input) says that the transport ended.
/// - **Sending**: [`send_text`](Self::send_text), [`send_binary`](Self::send_binary), fragment by
///   fragment [`send_text_fragment`](Self::send_text_fragment),
///   [`send_binary_fragment`](Self::send_binary_fragment), and
///   [`send_ping`](Self::send_ping), [`send_pong`](Self::send_pong). A server frames without
///   copying: [`frame_text`](Self::frame_text), [`frame_binary`](Self::frame_binary),
///   [`frame_prepared`](Self::frame_prepared). A client masks its own buffer in place:
///   [`mask_text`](Self::mask_text), [`mask_binary`](Self::mask_binary).
/// - **Closing**: [`close`](Self::close), [`close_without_code`](Self::close_without_code).
/// - **Asking**: [`should_close_transport`](Self::should_close_transport), [`is_closing`](Self::is_closing),
///   [`state`](Self::state), [`close_code`](Self::close_code).
///
/// # The loop
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
/// When `receive` fails, the Close frame that tells the peer why is in the outbox: write it out
/// before you close the transport.
#[derive(Debug)]
pub struct Connection<R: Role> {
    role: R,
    config: Config,
    state: State,
    incoming: Incoming,
    /// The code of the peer's Close.
    peer_close: Option<Status>,
    /// The code of the Close that is to be sent as soon as the outbox has room.
    pending_close: Option<Status>,
    pending_pong: PendingPong,
    /// The message that is being sent fragment by fragment.
    outgoing: Option<Outgoing>,
    compression: Session,
}

impl Connection<Server> {
    /// The server's end of a connection whose opening handshake is complete.
    pub const fn server(config: Config) -> Self {
        Self::new(Server::new(), config)
    }
}

impl<E: Entropy> Connection<Client<E>> {
    /// The client's end of a connection whose opening handshake is complete, with the source of
    /// its masking keys.
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
            outgoing: None,
            compression: Session::NONE,
        }
    }

    /// Puts compression into use, as a handshake negotiated it.
    pub(crate) fn with_session(self, compression: Session) -> Self {
        Self { compression, ..self }
    }

    /// Where the connection stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether the transport is to be closed, once the outbox is written out.
    ///
    /// A server closes it as soon as both Close frames were exchanged; a client leaves that to
    /// the server and is done when the input ends (section 7.1.1). After a failure both close it
    /// at once.
    ///
    /// It is false as long as a Close of ours waits for room in the outbox, even after the end of
    /// the input: write out the outbox and call [`receive`](Self::receive) again. After an I/O
    /// error nothing can be sent any more: close the transport regardless of this.
    pub const fn should_close_transport(&self) -> bool {
        match self.state {
            State::Open | State::CloseSent | State::CloseReceived => false,
            State::Closed => R::IS_SERVER,
            State::Failed | State::Ended => self.pending_close.is_none(),
            State::Lost => true,
        }
    }

    /// Whether the connection is closing and the rest depends on the peer: start a timer (ten
    /// seconds are usual) and close the transport when it runs out.
    ///
    /// This holds while the peer's Close is awaited, while a Close of ours waits for room in the
    /// outbox, and for a client also while the server has not closed the transport. So a
    /// connection is either open, or closing, or [done](Self::should_close_transport). Once it is done, give the
    /// writing of the outbox a time limit too: the peer may have stopped reading.
    pub const fn is_closing(&self) -> bool {
        !matches!(self.state, State::Open) && !self.should_close_transport()
    }

    /// The close code of the connection (section 7.1.5): that of the peer's Close, 1005 if it had
    /// none, 1006 if the connection failed or was lost without one; `None` as long as none of this
    /// is known.
    ///
    /// The connection does not see the transport: after an I/O error, call
    /// [`end_of_input`](Self::end_of_input) first.
    pub const fn close_code(&self) -> Option<u16> {
        match (self.peer_close, self.state) {
            (Some(Status(Some(code))), _) => Some(code.get()),
            (Some(Status(None)), _) => Some(1005),
            (None, State::Failed | State::Lost) => Some(1006),
            (None, _) => None,
        }
    }

    /// Reports that the input has ended: the peer sends nothing more. Report an I/O error of the
    /// transport in the same way.
    ///
    /// Some peers reset the transport once both Close frames were exchanged; in
    /// [`State::Closed`], that is an end like any other. A Close of ours that waits for room in the
    /// outbox can still be sent, because the peer may have closed only its sending direction:
    /// [`should_close_transport`](Self::should_close_transport) is false until then.
    ///
    /// # Errors
    ///
    /// [`ConnectionLost`](Error::ConnectionLost) if the peer sent no Close before, and the
    /// connection had not failed already. A second call says nothing new.
    pub fn end_of_input(&mut self) -> Result<(), Error> {
        let before = self.state;
        // A reply that the caller owes can still be sent.
        if before != State::CloseReceived || self.config.close_reply == CloseReply::Automatic {
            self.state = before.after(Step::EndOfInput);
        }
        self.pending_pong = PendingPong::NONE;
        match before {
            State::Open | State::CloseSent => Err(Error::ConnectionLost),
            _ => Ok(()),
        }
    }
}

/// The status code of a Close frame, which may have none.
#[derive(Clone, Copy, Debug)]
struct Status(Option<CloseCode>);

/// A message that is being sent fragment by fragment.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    kind: Kind,
    is_compressed: bool,
}

/// The pong that is to be sent next, if any: the payload of the latest ping not answered.
struct PendingPong {
    payload: [u8; MAX_CONTROL],
    /// At most `MAX_CONTROL`; `None` if no pong is to be sent.
    length: Option<u8>,
}

impl PendingPong {
    const NONE: Self = Self { payload: [0; MAX_CONTROL], length: None };

    fn set(&mut self, payload: &[u8]) {
        let length = payload.len().min(MAX_CONTROL);
        self.payload[..length].copy_from_slice(&payload[..length]);
        self.length = u8::try_from(length).ok();
    }

    fn get(&self) -> Option<&[u8]> {
        self.payload.get(..usize::from(self.length?))
    }

    fn clear(&mut self) {
        self.length = None;
    }
}

/// Shows whether there is one, not what it says.
impl core::fmt::Debug for PendingPong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PendingPong({:?} bytes)", self.length)
    }
}
