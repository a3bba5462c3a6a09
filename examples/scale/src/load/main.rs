//! Clients that check that each of them gets every message of its room exactly once and in order.
//!
//! `load URL --clients 3000 --rooms 10 --rate 200 --seconds 40`
//!
//! It prints `connected` when all clients are, then sends, and prints what it found. Half of the clients
//! offer compression.

mod backoff;
mod client;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io::Write as _,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use crate::client::{Client, Progress, Report};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long the clients may take to connect, and to get the last messages.
const PATIENCE: Duration = Duration::from_secs(45);

/// One of so many messages is sent twice.
const TWICE: u32 = 50;

struct Options {
    url: String,
    clients: usize,
    rooms: usize,
    /// Messages per second, in all rooms together.
    rate: u32,
    seconds: u32,
}

/// A client that runs.
struct Running {
    room: usize,
    outgoing: mpsc::UnboundedSender<(String, String)>,
    progress: Arc<Progress>,
    task: JoinHandle<Report>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::parse()?;
    let (stop, stopped) = watch::channel(false);
    let mut clients = Vec::new();
    for index in 0..options.clients {
        clients.push(start(&options, index, stopped.clone()));
        sleep(Duration::from_millis(1)).await;
    }
    wait_for("to connect", &clients, |client| client.progress.is_open.load(Relaxed)).await;
    println!("connected");
    std::io::stdout().flush()?;
    let sent = send(&options, &clients).await;
    let is_complete =
        |client: &Running| client.progress.last.load(Relaxed) >= sent[client.room].len() as u64;
    wait_for("to get all messages", &clients, is_complete).await;
    // Messages that arrive more than once would arrive now.
    sleep(Duration::from_millis(500)).await;
    stop.send_replace(true);
    check(clients, &sent).await
}

fn start(options: &Options, index: usize, stop: watch::Receiver<bool>) -> Running {
    let (sender, outgoing) = mpsc::unbounded_channel();
    let room = index % options.rooms;
    let progress = Arc::new(Progress::default());
    let client = Client {
        url: format!("{}?room=room-{room}", options.url),
        compression: (index / options.rooms).is_multiple_of(2),
        outgoing,
        stop,
        progress: Arc::clone(&progress),
        pending: VecDeque::new(),
        report: Report { ids: (index < options.rooms).then(HashSet::new), ..Report::default() },
    };
    Running { room, outgoing: sender, progress, task: tokio::spawn(client.run()) }
}

/// Waits until this holds for all clients, or the time is up: then the checks fail.
async fn wait_for(what: &str, clients: &[Running], condition: impl Fn(&Running) -> bool) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if clients.iter().all(&condition) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let late = clients.iter().filter(|client| !condition(client)).count();
    println!("{late} clients took longer than {} s {what}", PATIENCE.as_secs());
}

/// Sends messages at a constant rate, from all clients in turn. Returns the ids that each room got.
async fn send(options: &Options, clients: &[Running]) -> Vec<HashSet<String>> {
    let mut sent = vec![HashSet::new(); options.rooms];
    let mut ticks = interval(Duration::from_secs(1) / options.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for (number, client) in (0..options.rate * options.seconds).zip(clients.iter().cycle()) {
        ticks.tick().await;
        let id = format!("m{number}");
        let text = format!(
            "The kettle in kitchen {} boils. If you want tea, come to kitchen {} now, \
             because the kettle is small and the tea is strong. Message {number}.",
            client.room, client.room
        );
        sent[client.room].insert(id.clone());
        // Some are sent twice, as by a client that lost its connection before its message came back.
        for _ in 0..if number % TWICE == 0 { 2 } else { 1 } {
            // It fails only if the task of the client has failed, which the checks find.
            let _ = client.outgoing.send((id.clone(), text.clone()));
        }
    }
    sent
}

/// Compares what the clients have got with what was sent.
async fn check(clients: Vec<Running>, sent: &[HashSet<String>]) -> Result<(), Failure> {
    let (mut failures, mut received, mut total) = (0, 0, Report::default());
    let mut hashes = HashMap::new();
    for (index, Running { room, task, .. }) in clients.into_iter().enumerate() {
        let report = task.await?;
        let mut fail = |what: String| {
            failures += 1;
            if failures <= 10 {
                println!("client {index} in room {room}: {what}");
            }
        };
        if let Some((before, after)) = report.gap {
            fail(format!("got {after} after {before}"));
        }
        if report.last != sent[room].len() as u64 {
            fail(format!("got {} of {} messages", report.last, sent[room].len()));
        }
        if *hashes.entry(room).or_insert(report.hash) != report.hash {
            fail("got other messages than another member".into());
        }
        if report.ids.as_ref().is_some_and(|ids| *ids != sent[room]) {
            fail("got other messages than were sent".into());
        }
        received += report.last;
        total.connections += report.connections;
        total.duplicates += report.duplicates;
        total.restarts += report.restarts;
        total.too_slow += report.too_slow;
    }
    println!(
        "{} messages sent, {received} received, {} duplicates dropped",
        sent.iter().map(HashSet::len).sum::<usize>(),
        total.duplicates
    );
    println!(
        "{} connections, {} closed with 1012, {} with 1013",
        total.connections, total.restarts, total.too_slow
    );
    if failures > 0 { Err(format!("{failures} failures").into()) } else { Ok(()) }
}

impl Options {
    fn parse() -> Result<Self, Failure> {
        let mut options =
            Self { url: String::new(), clients: 100, rooms: 10, rate: 100, seconds: 10 };
        let mut arguments = std::env::args().skip(1);
        options.url = arguments.next().ok_or("usage: load URL [--clients N] …")?;
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or("an option needs a value")?;
            match &*name {
                "--clients" => options.clients = value.parse()?,
                "--rooms" => options.rooms = value.parse()?,
                "--rate" => options.rate = value.parse()?,
                "--seconds" => options.seconds = value.parse()?,
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        if options.clients < options.rooms || options.rooms == 0 || options.rate == 0 {
            return Err("each room needs a client, and the rate is not zero".into());
        }
        Ok(options)
    }
}
