//! A hub: each message goes to all members.
//!
//! It shows how to:
//!
//! - frame a message once for all members, and write that frame without copying it,
//! - limit the output that waits for a slow member: it gets a Close, and is dropped if it does not read
//!   that either,
//! - limit the turn of a member that sends all the time.
//!
//! The hub itself is in `hub.rs`, and works on any non-blocking socket.
//!
//! `cargo run --bin hub -- 127.0.0.1:9001` serves (`listen.rs`).
//!
//! `cargo run --release --bin hub` measures the cost of 10,000 connections in memory.

#[path = "../../../../../shared/clock.rs"]
mod clock;
mod hub;
mod listen;
#[path = "../../../../../shared/report.rs"]
mod report;

use std::{
    error::Error,
    fs,
    io::{self, ErrorKind, Read, Write},
    time::{Duration, Instant},
};

use clock::{TIMEOUTS, now};
use hub::{CONFIG, Hub, QUEUE, Socket};
use hybi::{Connection, Inbox, Prepared, deadline::Deadlines, random::OsEntropy};

const MEMBERS: u32 = 10_000;
const ROUNDS: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(address) = std::env::args().nth(1) {
        return listen::serve(&address);
    }
    println!("{MEMBERS} connections; times exclude the sockets");
    let before = resident()?;
    let mut hub = hub(true)?;
    println!("idle: {} bytes each", each(before)?);
    for length in [16, 125, 1024, 16 * 1024] {
        let text = "~".repeat(length);
        let start = Instant::now();
        for _ in 0..ROUNDS {
            hub.broadcast(Prepared::text(&text), now());
        }
        let time = start.elapsed() / ROUNDS;
        println!("{length} bytes to all: {time:.0?}, {:.0?} each", time / MEMBERS);
    }
    let start = Instant::now();
    for number in (0..MEMBERS as usize).step_by(10) {
        hub.ready(number, now());
    }
    println!("every tenth member sends a message to all: {:.1?}", start.elapsed());
    println!("idle again: {} bytes each", each(before)?);
    drop(hub);

    let mut hub = self::hub(false)?;
    for _ in 0..=QUEUE {
        hub.broadcast(Prepared::text(&"~".repeat(1024)), now());
    }
    println!("{} KiB wait for each member: {} bytes each", QUEUE + 1, each(before)?);
    hub.broadcast(Prepared::text("one too many"), now());
    let later = now() + Duration::from_secs(60);
    for number in hub.due(later).collect::<Vec<_>>() {
        hub.ready(number, later);
    }
    println!("after one more message, {} are left", hub.len());
    Ok(())
}

fn hub(peers_read: bool) -> Result<Hub<Wire>, hybi::Error> {
    let mut hub = Hub::new();
    for number in 0..MEMBERS as usize {
        let mut greeting = Vec::new();
        let mut client = Connection::client(CONFIG, OsEntropy::new());
        client.send_text("Hello", &mut greeting)?;
        let wire = Wire { peer_reads: peers_read, from_peer: greeting };
        let (websocket, inbox) = (Connection::server(CONFIG), Inbox::with_capacity(1024));
        hub.join(number, wire, websocket, inbox, Deadlines::new(TIMEOUTS, now()));
    }
    Ok(hub)
}

/// A socket in memory.
struct Wire {
    peer_reads: bool,
    from_peer: Vec<u8>,
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.peer_reads { Ok(bytes.len()) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.from_peer.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.from_peer.as_slice().read(bytes)?;
        self.from_peer.drain(..length);
        Ok(length)
    }
}

impl Socket for Wire {
    fn end_output(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The resident memory of the process, in bytes, from Linux.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.unwrap_or("0").trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// The growth of the resident memory, for each member.
fn each(before: u64) -> Result<u64, Box<dyn Error>> {
    Ok(resident()?.saturating_sub(before) / u64::from(MEMBERS))
}
