//! A WebSocket in two halves, for two tasks.
//!
//! The halves share the [`Channel`] behind a lock that is held while one of them is polled, never
//! across an `await`.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use hybi::{CloseCode, Connection, Event, Inbox, Message, Prepared, Role, Server};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{channel::Channel, direct::Direct, error::Error, tasks::Tasks};

/// The half of a [`WebSocket`](crate::WebSocket) that receives.
///
/// Call [`next`](Self::next) until it returns `None`, also after the other half was dropped: it answers
/// pings, watches the deadlines, and performs the closing handshake.
#[derive(Debug)]
pub struct ReceiveHalf<S, R: Role> {
    shared: Arc<Shared<S, R>>,
    inbox: Inbox,
}

/// The half of a [`WebSocket`](crate::WebSocket) that sends.
#[derive(Debug)]
pub struct SendHalf<S, R: Role> {
    shared: Arc<Shared<S, R>>,
}

#[derive(Debug)]
struct Shared<S, R: Role> {
    channel: Mutex<Channel<S, R>>,
    tasks: Tasks,
}

pub(crate) fn split<S, R: Role>(
    channel: Channel<S, R>,
    inbox: Inbox,
) -> (ReceiveHalf<S, R>, SendHalf<S, R>) {
    let shared = Arc::new(Shared { channel: Mutex::new(channel), tasks: Tasks::new() });
    (ReceiveHalf { shared: Arc::clone(&shared), inbox }, SendHalf { shared })
}

impl<S, R: Role> Shared<S, R> {
    /// A poisoned lock is taken all the same: the channel is in order between its methods.
    fn lock(&self) -> MutexGuard<'_, Channel<S, R>> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> ReceiveHalf<S, R> {
    /// Waits for the next event; see [`WebSocket::next`](crate::WebSocket::next).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        Ok(if poll_fn(|context| self.poll_advance(context)).await? {
            self.inbox.event()
        } else {
            None
        })
    }

    /// Looks at the connection.
    pub fn with_connection<T>(&self, look: impl FnOnce(&Connection<R>) -> T) -> T {
        look(self.shared.lock().connection())
    }

    pub(crate) fn poll_advance(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        let mut writing = self.shared.tasks.receive(context);
        let mut channel = self.shared.lock();
        channel.poll_advance(&mut self.inbox, context, &mut writing)
    }

    pub(crate) const fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> SendHalf<S, R> {
    /// See [`WebSocket::feed_text`](crate::WebSocket::feed_text). The next call of any method of either
    /// half writes it.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_text(&mut self, text: &str) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_text(text, outbox)).await
    }

    /// As [`feed_text`](Self::feed_text), for a binary message.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_binary(data, outbox)).await
    }

    /// Sends a text message: queues it and waits until it is written.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.feed_text(text).await?;
        self.flush().await
    }

    /// Sends a binary message: queues it and waits until it is written.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.feed_binary(data).await?;
        self.flush().await
    }

    /// Sends a message: queues it and waits until it is written.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send(message, outbox)).await?;
        self.flush().await
    }

    /// Sends a ping with up to 125 bytes. The other half receives its pong.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_ping(payload, outbox)).await?;
        self.flush().await
    }

    /// Waits until everything that is queued is written.
    ///
    /// # Errors
    ///
    /// How the connection ended.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_flush(context)).await
    }

    /// Begins the closing handshake, which the other half completes. If it has begun, this does nothing.
    ///
    /// # Errors
    ///
    /// The reason is longer than 123 bytes, or how the connection ended.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.shared.lock().queue_close(code, reason)?;
        self.flush().await
    }

    async fn feed_with(
        &mut self,
        send: impl FnOnce(&mut Connection<R>, &mut Direct<'_, '_, S>) -> Result<(), hybi::Error>,
    ) -> Result<(), Error> {
        let mut send = Some(send);
        poll_fn(|context| {
            self.poll(context, |channel, writing| channel.poll_queue(&mut send, writing))
        })
        .await
    }

    pub(crate) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll(context, Channel::poll_room)
    }

    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll(context, Channel::poll_flush)
    }

    pub(crate) fn queue(&mut self, message: &Message) -> Result<(), Error> {
        self.shared.lock().queue(|connection, outbox| connection.send(message, outbox))
    }

    pub(crate) fn queue_close(&mut self) -> Result<(), Error> {
        self.shared.lock().queue_close(CloseCode::NORMAL, "")
    }

    fn poll(
        &self,
        context: &Context<'_>,
        poll: impl FnOnce(&mut Channel<S, R>, &mut Context<'_>) -> Poll<Result<(), Error>>,
    ) -> Poll<Result<(), Error>> {
        let mut writing = self.shared.tasks.send(context);
        poll(&mut self.shared.lock(), &mut writing)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> SendHalf<S, Server> {
    /// See [`Sender::feed_prepared`](crate::Sender::feed_prepared). The next call of any method of either
    /// half writes it.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_prepared(message, outbox)).await
    }

    /// See [`Sender::send_prepared`](crate::Sender::send_prepared).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.feed_prepared(message).await?;
        self.flush().await
    }
}
