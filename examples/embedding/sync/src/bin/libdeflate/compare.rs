//! Compares libdeflate with the codec of the crate, zlib-rs, in memory.

use std::{
    error::Error,
    fmt::Write,
    time::{Duration, Instant},
};

use hybi::{
    Client, Config, Connection, Event, ExtendedEvent, Inbox, Role, Server,
    deflate::{Deflate, Direction, Negotiated},
    random::OsEntropy,
};

use crate::{
    codec::{Codec, Encoder},
    extension::{Session, decompress},
};

/// The length of all messages of a round, in bytes.
const BYTES: usize = 512 * 1024;

const ROUNDS: usize = 15;

/// A server with compression, without context takeover.
enum Endpoint {
    Zlib(Connection<Server>),
    Libdeflate(Session, Codec),
}

/// What an endpoint took for the messages of a round.
#[derive(Default)]
struct Figures {
    sending: Vec<Duration>,
    receiving: Vec<Duration>,
    /// The length of what was sent, in bytes.
    sent: usize,
}

/// Prints the size of a message on the wire, and the median times to send and to receive it.
pub(crate) fn compare() -> Result<(), Box<dyn Error>> {
    println!("| JSON text | codec | size | to send | to receive |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for length in [1024, 64 * 1024] {
        let messages = json(BYTES / length, length)?;
        let received = received(&messages)?;
        let mut all = Vec::new();
        for level in [1, 2] {
            let websocket = with_zlib(Connection::server(Config::new()), level);
            all.push((format!("zlib-rs, level {level}"), Endpoint::Zlib(websocket)));
        }
        for level in [1, 6] {
            let mut codec = Codec::new().ok_or("no memory")?;
            codec.encoder = Encoder::new(level);
            let session = Session::compressing(Connection::server(Config::new()))?;
            all.push((format!("libdeflate, level {level}"), Endpoint::Libdeflate(session, codec)));
        }
        let mut all: Vec<_> =
            all.into_iter().map(|(name, endpoint)| (name, endpoint, Figures::default())).collect();
        for _ in 0..ROUNDS {
            for (_, endpoint, figures) in &mut all {
                run(endpoint, &messages, &received, figures)?;
            }
        }
        for (name, _, mut figures) in all {
            let each = |times: &mut Vec<Duration>| {
                times.sort_unstable();
                times[times.len() / 2] / u32::try_from(messages.len()).unwrap_or(u32::MAX)
            };
            println!(
                "| {} KiB | {name} | {} % | {:.2?} | {:.2?} |",
                length / 1024,
                figures.sent * 100 / (messages.len() * length),
                each(&mut figures.sending),
                each(&mut figures.receiving),
            );
        }
    }
    Ok(())
}

/// One round.
fn run(
    endpoint: &mut Endpoint,
    messages: &[String],
    received: &[u8],
    figures: &mut Figures,
) -> Result<(), Box<dyn Error>> {
    let mut outbox = Vec::with_capacity(BYTES);
    let start = Instant::now();
    for message in messages {
        endpoint.send(message, &mut outbox)?;
    }
    figures.sending.push(start.elapsed());
    figures.sent = outbox.len();

    let mut inbox = Inbox::with_capacity(received.len());
    let _ = inbox.copy_from(received); // it has room for all
    let start = Instant::now();
    let length = endpoint.receive(&mut inbox)?;
    figures.receiving.push(start.elapsed());
    if length != messages.iter().map(String::len).sum() {
        return Err("not all messages were received".into());
    }
    Ok(())
}

impl Endpoint {
    fn send(&mut self, text: &str, outbox: &mut Vec<u8>) -> Result<(), hybi::Error> {
        match self {
            Self::Zlib(websocket) => websocket.send_text(text, outbox),
            Self::Libdeflate(session, codec) => {
                session.send(Event::Text(text), &mut codec.encoder, outbox)
            }
        }
    }

    /// Receives the messages in the inbox. Returns the sum of their lengths.
    fn receive(&mut self, inbox: &mut Inbox) -> Result<usize, Box<dyn Error>> {
        let (mut length, mut outbox) = (0, Vec::new());
        match self {
            Self::Zlib(websocket) => {
                while let Some(Event::Text(text)) = websocket.receive(inbox, &mut outbox)? {
                    length += text.len();
                }
            }
            Self::Libdeflate(session, codec) => {
                while let Some(event) = session.websocket.receive_extended(inbox, &mut outbox)? {
                    let ExtendedEvent::Message(message) = event else { break };
                    if let Event::Text(text) = decompress(message, &mut codec.decoder)
                        .map_err(|(code, reason)| format!("{code}: {reason}"))?
                    {
                        length += text.len();
                    }
                }
            }
        }
        Ok(length)
    }
}

/// The frames of a client. All endpoints receive the same.
fn received(messages: &[String]) -> Result<Vec<u8>, hybi::Error> {
    let mut client: Connection<Client> =
        with_zlib(Connection::client(Config::new(), OsEntropy::new()), 2);
    let mut frames = Vec::new();
    for message in messages {
        client.send_text(message, &mut frames)?;
    }
    Ok(frames)
}

fn with_zlib<R: Role>(websocket: Connection<R>, level: u8) -> Connection<R> {
    match Direction::new(15, false) {
        Some(direction) => websocket
            .with_deflate(&Deflate::new().level(level), Negotiated::new(direction, direction)),
        None => websocket,
    }
}

/// Messages of this length, all different: the start of an array of records.
fn json(count: usize, length: usize) -> Result<Vec<String>, std::fmt::Error> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |end: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 32) % end
    };
    (0..count)
        .map(|_| {
            let mut text = String::from("[");
            while text.len() < length {
                let id = below(1_000_000);
                write!(
                    text,
                    "{{\"id\":{id},\"name\":\"item-{}\",\"price\":{}.{:02},\"stock\":{},\"tags\":[\"a{}\",\"new\"]}},",
                    id % 977,
                    below(1000),
                    below(100),
                    below(50),
                    below(7),
                )?;
            }
            text.truncate(length);
            Ok(text)
        })
        .collect()
}
