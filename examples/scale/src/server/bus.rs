//! The order of the messages of a room: a stream of `JetStream`, or the room itself.
//!
//! With several processes, each room is a stream. NATS assigns the numbers, so they are the same in all
//! processes, and a message that it has acknowledged survives the process that published it. A message
//! that a client sends again, because it did not see the first one come back, has the same id, and the
//! stream drops it.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    self, consumer, context,
    message::PublishMessage,
    stream::{self, DiscardPolicy, StorageType},
};
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

use crate::{
    Failure,
    room::{RING, Room},
};

/// How long a process may take to read the ring of a room.
const FILLING: Duration = Duration::from_secs(5);
/// How long to wait before a stream is read again after an error.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the stream remembers the ids of messages.
const DUPLICATES: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) enum Bus {
    /// This is the only process.
    Local,
    /// The processes that are connected to the same NATS share the rooms.
    Nats(Box<jetstream::Context>),
}

impl Bus {
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let client = async_nats::connect(url).await?;
        let context = context::ContextBuilder::new().timeout(Duration::from_secs(5));
        Ok(Self::Nats(Box::new(context.build(client))))
    }

    /// Opens a room, with the latest messages.
    pub(crate) async fn open(&self, name: &str) -> Result<Arc<Room>, Failure> {
        let Self::Nats(context) = self else {
            return Ok(Arc::new(Room::new(name, 1)));
        };
        let mut stream = context.get_or_create_stream(stream_config(name)).await?;
        let state = stream.info().await?.state.clone();
        let room = Arc::new(Room::new(name, state.first_sequence.max(1)));
        let mut last = room.subscribe();
        tokio::spawn(follow(context.client(), stream, Arc::clone(&room)));
        timeout(FILLING, last.wait_for(|last| *last >= state.last_sequence)).await??;
        Ok(room)
    }

    /// Adds a message to a room. Returns when it cannot be lost any more.
    pub(crate) async fn publish(&self, room: &Room, id: &str, text: &str) -> Result<(), Failure> {
        match self {
            Self::Local => room.append_new(id, text),
            Self::Nats(context) => {
                let message =
                    PublishMessage::build().payload(format!("{id} {text}").into()).message_id(id);
                context.send_publish(subject(room.name()), message).await?.await?;
            }
        }
        Ok(())
    }
}

fn subject(room: &str) -> String {
    format!("room.{room}")
}

fn stream_config(room: &str) -> stream::Config {
    stream::Config {
        name: format!("ROOM_{room}"),
        subjects: vec![subject(room)],
        max_messages: i64::try_from(RING).unwrap_or(i64::MAX),
        discard: DiscardPolicy::Old,
        // With a cluster of NATS, use `File` and three replicas.
        storage: StorageType::Memory,
        num_replicas: 1,
        duplicate_window: DUPLICATES,
        ..stream::Config::default()
    }
}

/// Copies a stream into its room, as long as the process runs.
async fn follow(client: async_nats::Client, stream: stream::Stream, room: Arc<Room>) {
    loop {
        if let Err(failure) = copy(client.new_inbox(), &stream, &room).await {
            eprintln!("room {}: {failure}", room.name());
        }
        sleep(PAUSE).await;
    }
}

/// Copies the messages after the last one of the room. The consumer is an ordered one: it begins again
/// by itself after the first message that it misses.
async fn copy(inbox: String, stream: &stream::Stream, room: &Room) -> Result<(), Failure> {
    let config = consumer::push::OrderedConfig {
        deliver_subject: inbox,
        deliver_policy: consumer::DeliverPolicy::ByStartSequence {
            start_sequence: room.last() + 1,
        },
        ..Default::default()
    };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let number = message.info()?.stream_sequence;
        let body = std::str::from_utf8(&message.payload)?;
        let (id, text) = body.split_once(' ').ok_or("a message without an id")?;
        room.insert(number, id, text);
    }
    Err("the stream ended".into())
}
