//! The sending side of a WebSocket, borrowed.

use std::future::poll_fn;

use hybi::{CloseCode, Connection, Message, Prepared, Role, Server};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{channel::Channel, direct::Direct, error::Error};

/// The sending side of a [`WebSocket`](crate::WebSocket), beside an event that borrows its inbox. See
/// [`WebSocket::next_with_sender`](crate::WebSocket::next_with_sender).
#[derive(Debug)]
pub struct Sender<'a, S, R: Role> {
    channel: &'a mut Channel<S, R>,
}

impl<'a, S, R: Role> Sender<'a, S, R> {
    pub(crate) const fn new(channel: &'a mut Channel<S, R>) -> Self {
        Self { channel }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Sender<'_, S, R> {
    /// Waits until the outbox has room, and queues a text message. It is written by the next call of any
    /// other method. A server writes a message of 32 KiB or more at once, without copying it, as far as the
    /// stream takes it.
    ///
    /// In a loop that answers messages, this is faster than [`send_text`](Self::send_text): what was
    /// received together is answered with one write.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_text`], and how the connection ended.
    pub async fn feed_text(&mut self, text: &str) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_text(text, outbox)).await
    }

    /// As [`feed_text`](Self::feed_text), for a binary message.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn feed_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_binary(data, outbox)).await
    }

    /// As [`feed_text`](Self::feed_text), for a message of either kind.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn feed(&mut self, message: &Message) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send(message, outbox)).await
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
        self.feed(message).await?;
        self.flush().await
    }

    /// Sends a ping with up to 125 bytes. Its pong is an [`Event::Pong`](hybi::Event::Pong).
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_ping`], and how the connection ended.
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
        poll_fn(|context| self.channel.poll_flush(context)).await
    }

    /// Begins the closing handshake, or replies to the peer's Close under
    /// [`CloseReply::Manual`](hybi::CloseReply::Manual). If it has begun, this does nothing.
    ///
    /// # Errors
    ///
    /// The reason is longer than 123 bytes, or how the connection ended.
    pub async fn send_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.channel.queue_close(code, reason)?;
        self.flush().await
    }

    async fn feed_with(
        &mut self,
        send: impl FnOnce(&mut Connection<R>, &mut Direct<'_, '_, S>) -> Result<(), hybi::Error>,
    ) -> Result<(), Error> {
        let mut send = Some(send);
        poll_fn(|context| self.channel.poll_queue(&mut send, context)).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<'_, S, Server> {
    /// As [`feed_text`](Self::feed_text), for a message that is framed once for many connections.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.feed_with(|connection, outbox| connection.send_prepared(message, outbox)).await
    }

    /// Sends a message that is framed once for many connections: queues it and waits until it is written.
    ///
    /// # Errors
    ///
    /// As for [`feed_text`](Self::feed_text).
    pub async fn send_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        self.feed_prepared(message).await?;
        self.flush().await
    }
}
