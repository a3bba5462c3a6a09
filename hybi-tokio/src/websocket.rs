//! An open WebSocket.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use hybi::{
    CloseCode, Connection, Event, GrowingOutbox, Inbox, Message, Prepared, Role, Server,
    deadline::Timeouts,
};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    bounds::Bounds, buffers, channel::Channel, error::Error, halves, sender::Sender, tasks::Tasks,
};

/// An open WebSocket over a stream, such as a TCP socket or a TLS session.
///
/// Call [`next`](Self::next) all the time, also if you only send: it answers pings, sends pings of its
/// own, and performs the closing handshake. Call [`close`](Self::close) at the end: a WebSocket that is
/// dropped is a lost connection to its peer. To send and receive in two tasks, [`split`](Self::split) it.
///
/// # Cancel safety
///
/// All methods are cancel safe: drop the future at any time, for example in `tokio::select!`. Nothing
/// that was received is lost, and nothing is sent twice. A message is queued as a whole or not at all.
/// What is queued is written by the next call of any method.
#[derive(Debug)]
pub struct WebSocket<S, R: Role> {
    channel: Channel<S, R>,
    inbox: Inbox,
    subprotocol: Option<Box<str>>,
    /// The tasks that use it as a stream and a sink.
    tasks: Option<Tasks>,
}

impl<S, R: Role> WebSocket<S, R> {
    /// A WebSocket over a stream whose opening handshake was done by other code, such as hyper with
    /// `hybi::server::Accept::finish_http`. Nothing may have been read from
    /// the stream after the handshake.
    pub fn from_connection(stream: S, connection: Connection<R>, timeouts: Timeouts) -> Self {
        let bounds = Bounds::new(timeouts);
        let channel = Channel::new(stream, connection, GrowingOutbox::new(), bounds);
        Self::new(channel, buffers::new_inbox(), None)
    }

    /// A WebSocket whose opening handshake was done by another implementation of HTTP.
    #[cfg(any(feature = "h2", feature = "hyper"))]
    pub(crate) fn after_upgrade(
        stream: S,
        connection: Connection<R>,
        bounds: Bounds,
        subprotocol: Option<Box<str>>,
    ) -> Self {
        let channel = Channel::new(stream, connection, GrowingOutbox::new(), bounds);
        Self::new(channel, buffers::new_inbox(), subprotocol)
    }

    pub(crate) const fn new(
        channel: Channel<S, R>,
        inbox: Inbox,
        subprotocol: Option<Box<str>>,
    ) -> Self {
        Self { channel, inbox, subprotocol, tasks: None }
    }

    /// The subprotocol that was negotiated.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The connection, for its state, its close code, and the compression that was negotiated
    /// ([`Connection::compression`]).
    pub const fn connection(&self) -> &Connection<R> {
        self.channel.connection()
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        self.channel.stream()
    }

    /// The time between the last ping that was answered and its pong.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.channel.deadlines().round_trip()
    }

    /// Returns the stream, the connection, the input that was read but not processed, and the output that
    /// was not written.
    pub fn into_parts(self) -> (S, Connection<R>, Inbox, GrowingOutbox) {
        let (stream, connection, outbox) = self.channel.into_parts();
        (stream, connection, self.inbox, outbox)
    }

    #[cfg(feature = "tungstenite")]
    pub(crate) fn into_channel(self) -> (Channel<S, R>, Inbox) {
        (self.channel, self.inbox)
    }

    /// Splits it into a half that receives and a half that sends, for two tasks.
    pub fn split(self) -> (halves::ReceiveHalf<S, R>, halves::SendHalf<S, R>) {
        halves::split(self.channel, self.inbox)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    /// Waits for the next event. Returns `None` at the end of the connection: the closing handshake is
    /// complete and the stream is shut down.
    ///
    /// The event borrows the WebSocket; [`Event::to_message`] copies it. Pings and a Close are answered
    /// already. What is [fed](Self::feed_text) between two calls is written in one go when nothing more
    /// can be received.
    ///
    /// # Errors
    ///
    /// The connection has ended, and the peer was told why if it can be. Afterwards this returns `None`.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        Ok(if poll_fn(|context| self.poll_advance(context)).await? {
            self.inbox.event()
        } else {
            None
        })
    }

    /// As [`next`](Self::next), together with the sending side. The event borrows the inbox, so a reply
    /// needs no copy:
    ///
    /// ```
    /// # use hybi_tokio::{Error, WebSocket, hybi::{Event, Server}};
    /// # use tokio::net::TcpStream;
    /// async fn echo(mut websocket: WebSocket<TcpStream, Server>) -> Result<(), Error> {
    ///     while let Some((event, mut sender)) = websocket.next_with_sender().await? {
    ///         match event {
    ///             Event::Text(text) => sender.feed_text(text).await?,
    ///             Event::Binary(data) => sender.feed_binary(data).await?,
    ///             Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub async fn next_with_sender(
        &mut self,
    ) -> Result<Option<(Event<'_>, Sender<'_, S, R>)>, Error> {
        if !poll_fn(|context| self.poll_advance(context)).await? {
            return Ok(None);
        }
        let Self { channel, inbox, .. } = self;
        Ok(inbox.event().map(|event| (event, Sender::new(channel))))
    }

    /// See [`Sender::feed_text`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_text(&mut self, text: &str) -> Result<(), Error> {
        self.sender().feed_text(text).await
    }

    /// See [`Sender::feed_binary`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.sender().feed_binary(data).await
    }

    /// See [`Sender::feed`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed(&mut self, message: &Message) -> Result<(), Error> {
        self.sender().feed(message).await
    }

    /// See [`Sender::send_text`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.sender().send_text(text).await
    }

    /// See [`Sender::send_binary`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.sender().send_binary(data).await
    }

    /// See [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.sender().send(message).await
    }

    /// See [`Sender::send_ping`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.sender().send_ping(payload).await
    }

    /// See [`Sender::flush`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.sender().flush().await
    }

    /// Performs the closing handshake, and shuts the stream down. Messages that arrive meanwhile are
    /// discarded. The [deadline for closing](hybi::deadline::Timeouts::closing) bounds it.
    ///
    /// To receive what arrives meanwhile, call [`send_close`](Self::send_close), then
    /// [`next`](Self::next) until it returns `None`.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next). The reason is longer than 123 bytes.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.channel.queue_close(code, reason)?;
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// See [`Sender::send_close`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.sender().send_close(code, reason).await
    }

    const fn sender(&mut self) -> Sender<'_, S, R> {
        Sender::new(&mut self.channel)
    }

    /// Waits until an event can be returned; false at the end.
    pub(crate) fn poll_advance(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        // Both directions wake the same task.
        let waker = context.waker().clone();
        self.channel.poll_advance(&mut self.inbox, context, &mut Context::from_waker(&waker))
    }

    /// The parts that a stream and a sink use.
    pub(crate) fn parts_mut(&mut self) -> (&mut Channel<S, R>, &mut Inbox, &Tasks) {
        (&mut self.channel, &mut self.inbox, self.tasks.get_or_insert_with(Tasks::new))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S, Server> {
    /// See [`Sender::feed_prepared`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.sender().feed_prepared(message).await
    }

    /// See [`Sender::send_prepared`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.sender().send_prepared(message).await
    }
}
