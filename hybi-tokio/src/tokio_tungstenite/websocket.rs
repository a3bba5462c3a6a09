//! An open WebSocket of either role, as a stream and a sink.
//!
//! A program may split it with `StreamExt::split` and poll the halves in two tasks.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{Stream, stream::FusedStream};
use futures_sink::Sink;
use hybi::{
    Client, CloseCode, Connection, Event, GrowingOutbox, Inbox, Misuse, Server, random::OsEntropy,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    close::CloseFrame,
    config::{Role, WebSocketConfig},
    error::{Error, ProtocolError, Result},
    message::Message,
};
use crate::{bounds::Bounds, buffers::new_inbox, channel::Channel, tasks::Tasks};

/// An open WebSocket: a stream and a sink of [`Message`]s.
///
/// Poll the stream until it ends, also if you only send: it answers pings and performs the closing
/// handshake.
#[derive(Debug)]
pub struct WebSocketStream<S> {
    side: Side<S>,
    inbox: Inbox,
    config: WebSocketConfig,
    tasks: Tasks,
    has_ended: bool,
}

/// The channel of either role.
#[derive(Debug)]
pub(super) enum Side<S> {
    Client(Channel<S, Client>),
    Server(Channel<S, Server>),
}

macro_rules! with {
    ($side:expr, $channel:ident => $call:expr) => {
        match $side {
            Side::Client($channel) => $call,
            Side::Server($channel) => $call,
        }
    };
}

impl<S> WebSocketStream<S> {
    pub(super) fn new(side: Side<S>, inbox: Inbox, config: WebSocketConfig) -> Self {
        Self { side, inbox, config, tasks: Tasks::new(), has_ended: false }
    }

    /// A WebSocket over a stream whose opening handshake is complete. It is not compressed.
    #[allow(clippy::unused_async)] // as in tokio-tungstenite
    pub async fn from_raw_socket(stream: S, role: Role, config: Option<WebSocketConfig>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Self::raw(stream, &[], role, config)
    }

    /// As [`from_raw_socket`](Self::from_raw_socket). `part` was read from the stream before.
    #[allow(clippy::unused_async)] // as in tokio-tungstenite
    pub async fn from_partially_read(
        stream: S,
        part: Vec<u8>,
        role: Role,
        config: Option<WebSocketConfig>,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Self::raw(stream, &part, role, config)
    }

    fn raw(stream: S, part: &[u8], role: Role, config: Option<WebSocketConfig>) -> Self {
        let config = config.unwrap_or_default();
        let mut inbox = new_inbox();
        if !part.is_empty() {
            inbox = Inbox::with_capacity(part.len());
            let _ = inbox.copy_from(part); // it has room for all
        }
        let (bounds, outbox) = (Bounds::new(config.timeouts), GrowingOutbox::new());
        let side = match role {
            Role::Client => {
                let connection = Connection::client(config.to_hybi(), OsEntropy::new());
                Side::Client(Channel::new(stream, connection, outbox, bounds))
            }
            Role::Server => {
                let connection = Connection::server(config.to_hybi());
                Side::Server(Channel::new(stream, connection, outbox, bounds))
            }
        };
        Self::new(side, inbox, config)
    }

    /// Returns the stream. What was read but not returned, and what was not written, is dropped.
    pub fn into_inner(self) -> S {
        with!(self.side, channel => channel.into_parts().0)
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        with!(&self.side, channel => channel.stream())
    }

    /// The stream. Do not read from it or write to it.
    pub const fn get_mut(&mut self) -> &mut S {
        with!(&mut self.side, channel => channel.stream_mut())
    }

    /// The settings.
    pub const fn get_config(&self) -> &WebSocketConfig {
        &self.config
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketStream<S> {
    /// Sends a Close. Poll the stream until it ends, to complete the closing handshake.
    ///
    /// # Errors
    ///
    /// The code must not be sent, the reason is too long, a Close was sent or received before, or the
    /// connection has ended.
    pub async fn close(&mut self, close: Option<CloseFrame>) -> Result<()> {
        poll_fn(|context| Pin::new(&mut *self).poll_ready(context)).await?;
        Pin::new(&mut *self).start_send(Message::Close(close))?;
        poll_fn(|context| Pin::new(&mut *self).poll_flush(context)).await
    }

    fn poll_below(&mut self, bytes: usize, context: &Context<'_>) -> Poll<Result<()>> {
        let Self { side, tasks, .. } = self;
        let context = &mut tasks.send(context);
        with!(side, channel => channel.poll_below(bytes, context)).map_err(Into::into)
    }

    fn queue(&mut self, message: &Message) -> Result<()> {
        macro_rules! queue {
            ($connection:ident, $outbox:ident => $call:expr) => {
                with!(&mut self.side, channel => channel.queue(|$connection, $outbox| $call))
            };
        }
        let queued = match message {
            Message::Text(text) => queue!(connection, outbox => connection.send_text(text, outbox)),
            Message::Binary(data) => {
                queue!(connection, outbox => connection.send_binary(data, outbox))
            }
            Message::Ping(data) => queue!(connection, outbox => connection.send_ping(data, outbox)),
            Message::Pong(data) => queue!(connection, outbox => connection.send_pong(data, outbox)),
            Message::Close(None) => {
                queue!(connection, outbox => connection.close_without_code(outbox))
            }
            Message::Close(Some(CloseFrame { code, reason })) => {
                let Some(code) = CloseCode::new(code.into()) else {
                    return Err(ProtocolError::InvalidCloseSequence.into());
                };
                queue!(connection, outbox => connection.close(code, reason, outbox))
            }
            Message::Frame(frame) => frame.never(),
        };
        match queued {
            Err(crate::Error::Connection(hybi::Error::Misuse(Misuse::NotOpen)))
                if self.has_ended =>
            {
                Err(Error::AlreadyClosed)
            }
            queued => Ok(queued?),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocketStream<S> {
    type Item = Result<Message>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { side, inbox, tasks, has_ended, .. } = self.get_mut();
        if *has_ended {
            return Poll::Ready(None);
        }
        let writing = &mut tasks.receive(context);
        let advanced = with!(side, channel => channel.poll_advance(inbox, context, writing));
        let event = match ready!(advanced) {
            Ok(true) => {
                let event = inbox.event();
                if let Some(Event::Close(_)) = event {
                    // Many programs do not poll again after the Close. An error is that of the next poll.
                    let _ = with!(side, channel => channel.poll_flush(writing));
                }
                event.map(|event| Ok(event.into()))
            }
            Ok(false) => None,
            Err(error) => {
                *has_ended = true;
                Some(Err(error.into()))
            }
        };
        *has_ended |= event.is_none();
        Poll::Ready(event)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FusedStream for WebSocketStream<S> {
    fn is_terminated(&self) -> bool {
        self.has_ended
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocketStream<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let bytes = self.config.write_buffer_size.max(1);
        self.poll_below(bytes, context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<()> {
        let pending = with!(&self.side, channel => channel.pending());
        if message.len().saturating_add(pending) > self.config.max_write_buffer_size {
            return Err(Error::WriteBufferFull(Box::new(message)));
        }
        self.queue(&message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self { side, tasks, .. } = &mut *self;
        let context = &mut tasks.send(context);
        with!(side, channel => channel.poll_flush(context)).map_err(Into::into)
    }

    /// Sends a Close without a code, unless one was sent before.
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.queue(&Message::Close(None)) {
            Ok(())
            | Err(Error::AlreadyClosed | Error::Protocol(ProtocolError::SendAfterClosing)) => {
                self.poll_flush(context)
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
