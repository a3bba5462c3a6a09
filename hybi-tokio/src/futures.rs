//! [`Stream`] and [`Sink`] of messages.
//!
//! A stream copies each message, because it cannot lend. It yields no pings, pongs and Close frames.
//!
//! `StreamExt::split` also splits a WebSocket. Its halves may be in two tasks, as those of
//! [`WebSocket::split`] may.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_sink::Sink;
use hybi::{CloseCode, Event, Message, Role};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    error::Error,
    halves::{ReceiveHalf, SendHalf},
    websocket::WebSocket,
};

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role + Unpin> Stream for WebSocket<S, R> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (channel, inbox, tasks) = self.parts_mut();
        let mut writing = tasks.receive(context);
        while ready!(channel.poll_advance(inbox, context, &mut writing))? {
            if let Some(message) = inbox.event().as_ref().and_then(Event::to_message) {
                return Poll::Ready(Some(Ok(message)));
            }
        }
        Poll::Ready(None)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role + Unpin> Sink<Message> for WebSocket<S, R> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (channel, _, tasks) = self.parts_mut();
        channel.poll_room(&mut tasks.send(context))
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.parts_mut().0.queue(|connection, outbox| connection.send(&message, outbox))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (channel, _, tasks) = self.parts_mut();
        channel.poll_flush(&mut tasks.send(context))
    }

    /// Performs the closing handshake with code 1000, and shuts the stream down. Messages that arrive
    /// meanwhile are discarded.
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (channel, inbox, tasks) = self.parts_mut();
        channel.queue_close(CloseCode::NORMAL, "")?;
        let mut writing = tasks.send(context);
        while ready!(channel.poll_advance(inbox, context, &mut writing))? {}
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role + Unpin> Stream for ReceiveHalf<S, R> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while ready!(self.poll_advance(context))? {
            if let Some(message) = self.inbox().event().as_ref().and_then(Event::to_message) {
                return Poll::Ready(Some(Ok(message)));
            }
        }
        Poll::Ready(None)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role + Unpin> Sink<Message> for SendHalf<S, R> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_room(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.queue(&message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        SendHalf::poll_flush(&mut self, context)
    }

    /// Sends a Close with code 1000. The other half completes the closing handshake.
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.queue_close()?;
        SendHalf::poll_flush(&mut self, context)
    }
}
