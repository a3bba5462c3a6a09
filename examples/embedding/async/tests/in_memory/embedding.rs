//! Runs the embeddings one poll at a time.

use std::{
    fmt::Debug,
    pin::pin,
    task::{Context, Poll, Waker},
};

use hybi::Connection;
use hybi_embedding_async::{smol_echo, tokio_echo, tokio_split, tokio_transport::Transport};

use crate::tape::Tape;

/// The capacity of a channel, in messages.
pub(crate) const WAITING: usize = 16;

/// An echo server with an open connection.
pub(crate) trait Embedding {
    /// Polls its future once, and drops it. True after the connection has ended.
    fn turn(&mut self) -> bool;

    /// Sends a message as the application. False if there is no room.
    fn offer(&mut self, message: &str) -> bool;

    /// Whether the channel of the application is empty.
    fn has_taken_all(&self) -> bool;
}

/// The input and the output of an embedding.
#[derive(Default)]
pub(crate) struct Streams {
    pub(crate) input: Tape,
    pub(crate) output: Tape,
}

/// A test of one embedding.
type Test = fn(&mut dyn Embedding, &Streams);

pub(crate) fn tokio(pieces: &'static [usize], test: Test) {
    let timer = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = timer.enter();
    let streams = Streams::default();
    let mut transport = Transport::new(streams.input.source(pieces), streams.output.sink(pieces));
    let websocket = Connection::server(tokio_echo::CONFIG);
    let (sender, messages) = tokio::sync::mpsc::channel(WAITING);
    let session = tokio_echo::Session::new(&mut transport, websocket, messages);
    test(&mut OneTask { session, sender }, &streams);
}

pub(crate) fn smol(pieces: &'static [usize], test: Test) {
    let streams = Streams::default();
    let mut transport =
        smol_echo::Transport::new(streams.input.source(pieces), streams.output.sink(pieces));
    let websocket = Connection::server(smol_echo::CONFIG);
    let (sender, messages) = smol::channel::bounded(WAITING);
    let session = smol_echo::Session::new(&mut transport, websocket, messages);
    test(&mut OneTask { session, sender }, &streams);
}

pub(crate) fn tokio_split(pieces: &'static [usize], test: Test) {
    let timer = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = timer.enter();
    let streams = Streams::default();
    let transport = Transport::new(streams.input.source(pieces), streams.output.sink(pieces));
    let websocket = Connection::server(tokio_echo::CONFIG);
    let (reader, writer) = tokio_split::split(transport, websocket);
    let handle = reader.handle();
    test(&mut TwoTasks { reader: Some(reader), writer: Some(writer), handle }, &streams);
}

struct OneTask<S, M> {
    session: S,
    sender: M,
}

impl<R, W> Embedding
    for OneTask<
        tokio_echo::Session<'_, hybi::Server, R, W, tokio::sync::mpsc::Receiver<String>>,
        tokio::sync::mpsc::Sender<String>,
    >
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin,
{
    fn turn(&mut self) -> bool {
        has_ended(self.session.run(tokio_echo::echo))
    }

    fn offer(&mut self, message: &str) -> bool {
        self.sender.try_send(message.into()).is_ok()
    }

    fn has_taken_all(&self) -> bool {
        self.sender.capacity() == WAITING
    }
}

impl<R, W> Embedding for OneTask<smol_echo::Session<'_, R, W>, smol::channel::Sender<String>>
where
    R: smol::io::AsyncRead + Unpin,
    W: smol::io::AsyncWrite + Unpin,
{
    fn turn(&mut self) -> bool {
        has_ended(self.session.run())
    }

    fn offer(&mut self, message: &str) -> bool {
        self.sender.try_send(message.into()).is_ok()
    }

    fn has_taken_all(&self) -> bool {
        self.sender.is_empty()
    }
}

struct TwoTasks<R, W> {
    /// `None` after it has ended. The same for the writer.
    reader: Option<tokio_split::Reader<R>>,
    writer: Option<tokio_split::Writer<W>>,
    handle: tokio_split::Handle,
}

impl<R, W> Embedding for TwoTasks<R, W>
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin,
{
    fn turn(&mut self) -> bool {
        self.reader.take_if(|reader| has_ended(reader.run()));
        self.writer.take_if(|writer| has_ended(writer.run()));
        self.reader.is_none() && self.writer.is_none()
    }

    fn offer(&mut self, message: &str) -> bool {
        match self.handle.send_text(message) {
            Ok(()) => true,
            Err(hybi::Error::AboveHighWater { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn has_taken_all(&self) -> bool {
        true
    }
}

/// Polls a future once, and drops it.
fn has_ended<E: Debug>(future: impl Future<Output = Result<(), E>>) -> bool {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => {
            ended.unwrap();
            true
        }
        Poll::Pending => false,
    }
}
