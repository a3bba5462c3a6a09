//! A member of a room that survives the loss of its connection.
//!
//! It sends again what it did not see come back, and asks for the messages after the last one that it
//! has. The first makes sure that its messages arrive, the second that those of others do.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use hybi_tokio::{
    Connect, Stream, WebSocket,
    hybi::{Client as Role, CloseCode, Event, deflate::Deflate},
};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use crate::{Failure, backoff::Backoff};

/// The number of a message, its id and its text.
type Parts<'a> = (u64, &'a str, &'a str);

#[derive(Debug)]
pub(crate) struct Client {
    /// Without `after`.
    pub(crate) url: String,
    pub(crate) compression: bool,
    /// Messages to send, each with its id.
    pub(crate) outgoing: mpsc::UnboundedReceiver<(String, String)>,
    /// Whether to end.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) progress: Arc<Progress>,
    /// Those that were sent and did not come back.
    pub(crate) pending: VecDeque<(String, String)>,
    pub(crate) report: Report,
}

/// What others see of a client while it runs.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) is_open: AtomicBool,
    /// The number of the last message that it has.
    pub(crate) last: AtomicU64,
}

/// What a client has seen.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) last: u64,
    /// A hash of all ids and texts in their order: equal for all members of a room.
    pub(crate) hash: u64,
    /// The ids of all messages, if they are to be collected.
    pub(crate) ids: Option<HashSet<String>>,
    pub(crate) connections: u64,
    /// Messages that it had already.
    pub(crate) duplicates: u64,
    /// The numbers that were missing: before the first, and the first.
    pub(crate) gap: Option<(u64, u64)>,
    /// How often the server closed the connection with 1012 or 1013.
    pub(crate) restarts: u64,
    pub(crate) too_slow: u64,
}

impl Client {
    /// Runs until it is told to stop.
    pub(crate) async fn run(mut self) -> Report {
        let mut backoff = Backoff::default();
        let mut stop = self.stop.clone();
        while !*stop.borrow_and_update() {
            // Any error is a reason to connect again.
            let _ = self.connect(&mut backoff).await;
            self.progress.is_open.store(false, Relaxed);
            tokio::select! {
                () = sleep(backoff.next()) => {}
                _ = stop.changed() => {}
            }
        }
        self.report
    }

    /// Opens a connection and uses it until it ends.
    async fn connect(&mut self, backoff: &mut Backoff) -> Result<(), Failure> {
        let mut connect = Connect::new(format!("{}&after={}", self.url, self.report.last));
        if self.compression {
            connect = connect.compression(Deflate::new());
        }
        let mut websocket = connect.open().await?;
        self.report.connections += 1;
        self.progress.is_open.store(true, Relaxed);
        let result = self.receive(&mut websocket, backoff).await;
        match websocket.connection().close_code() {
            Some(1012) => self.report.restarts += 1,
            Some(1013) => self.report.too_slow += 1,
            _ => {}
        }
        result
    }

    async fn receive(
        &mut self,
        websocket: &mut WebSocket<Stream, Role>,
        backoff: &mut Backoff,
    ) -> Result<(), Failure> {
        for (id, text) in &self.pending {
            websocket.feed_text(&format!("{id} {text}")).await?;
        }
        loop {
            tokio::select! {
                event = websocket.next() => match event? {
                    Some(Event::Text(text)) => {
                        // A server that accepts connections and does not serve them is not one that works.
                        backoff.reset();
                        let message = parse(text).ok_or("a message without a number and an id")?;
                        self.report.take(message);
                        self.progress.last.store(self.report.last, Relaxed);
                        self.pending.retain(|(id, _)| id != message.1);
                    }
                    Some(_) => {}
                    None => return Ok(()),
                },
                Some((id, text)) = self.outgoing.recv() => {
                    let message = format!("{id} {text}");
                    self.pending.push_back((id, text));
                    websocket.send_text(&message).await?;
                }
                () = wait_for(&mut self.stop) => {
                    return Ok(websocket.close(CloseCode::NORMAL, "").await?);
                }
            }
        }
    }
}

impl Report {
    /// Accepts the next message. One that is there already is dropped, and a gap is an error.
    fn take(&mut self, (number, id, text): Parts<'_>) {
        if number <= self.last {
            self.duplicates += 1;
            return;
        }
        if number != self.last + 1 {
            self.gap.get_or_insert((self.last, number));
        }
        self.last = number;
        let mut hasher = DefaultHasher::new();
        (self.hash, number, id, text).hash(&mut hasher);
        self.hash = hasher.finish();
        if let Some(ids) = &mut self.ids {
            ids.insert(id.into());
        }
    }
}

/// Waits until the client is to end.
async fn wait_for(stop: &mut watch::Receiver<bool>) {
    // The value is not kept: it holds a lock.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn parse(message: &str) -> Option<Parts<'_>> {
    let (number, rest) = message.split_once(' ')?;
    let (id, text) = rest.split_once(' ')?;
    Some((number.parse().ok()?, id, text))
}
