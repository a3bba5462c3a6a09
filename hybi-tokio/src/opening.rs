//! Reading and writing during an opening handshake.

use std::io::{self, ErrorKind};

use hybi::{
    GrowingOutbox, Inbox, Outbox as _,
    deadline::{Cause, Stage},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout_at,
};

use crate::{accept::AcceptError, bounds::Bounds};

/// The most input that is discarded after a response, in bytes.
const DISCARDED: usize = 256 * 1024;

/// A stream with the buffers of its opening handshake. The open connection continues with them.
#[derive(Debug)]
pub(crate) struct Opening<S> {
    pub(crate) stream: S,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: GrowingOutbox,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Opening<S> {
    pub(crate) fn new(stream: S) -> Self {
        let (inbox, outbox) = (crate::buffers::new_inbox(), GrowingOutbox::new());
        Self { stream, inbox, outbox }
    }

    /// Writes the outbox.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            match self.stream.write(self.outbox.bytes()).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                length => self.outbox.consume(length)?,
            }
        }
        self.stream.flush().await
    }

    /// Reads once. The end of the input is an error.
    pub(crate) async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read(self.inbox.spare()?).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            length => Ok(self.inbox.commit(length)?),
        }
    }

    /// Writes the outbox, within the deadlines of a server.
    pub(crate) async fn flush_until(
        &mut self,
        stage: Stage,
        bounds: &mut Bounds,
    ) -> Result<(), AcceptError> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let until = bounds.deadlines.check(bounds.timer.now(), stage, self.outbox.pending());
        let until = until.map_err(AcceptError::Timeout)?;
        let written = match bounds.timer.instant(until) {
            Some(until) => timeout_at(until, self.flush()).await,
            None => Ok(self.flush().await),
        };
        match written {
            Ok(written) => {
                bounds.deadlines.on_write(bounds.timer.now(), usize::MAX);
                Ok(written?)
            }
            Err(_) => Err(AcceptError::Timeout(Cause::Unread)),
        }
    }

    /// Writes the response that ends the connection, shuts down, and reads until the client has closed
    /// as well, within the deadline for closing. Otherwise TCP could reset the connection, and the client
    /// could lose the response.
    pub(crate) async fn finish(&mut self, bounds: &mut Bounds) {
        let until = bounds.deadlines.check(bounds.timer.now(), Stage::Closing, 0);
        let Ok(until) = until else { return };
        let end = async {
            self.flush().await?;
            self.stream.shutdown().await?;
            let mut buffer = [0; 4096];
            let mut left = DISCARDED;
            loop {
                match self.stream.read(&mut buffer).await? {
                    0 => return Ok(()),
                    length => match left.checked_sub(length) {
                        Some(rest) => left = rest,
                        None => return Ok(()),
                    },
                }
            }
        };
        // The response was the result. How the transport ends does not matter.
        let _: Result<io::Result<()>, _> = match bounds.timer.instant(until) {
            Some(until) => timeout_at(until, end).await,
            None => Ok(end.await),
        };
    }
}
