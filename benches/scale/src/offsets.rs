//! The cost of an echo by where the outbox is within its page, compared with the inbox.
//!
//! A copy can take much longer if the addresses of source and destination have nearly the same
//! offset in a page.

use std::{
    fmt::{self, Display, Formatter},
    hint::black_box,
    time::{Duration, Instant},
};

use hybi::{Config, Connection, Error, Event, Inbox, Server};

const PAGE: usize = 4096;

/// The distance between two offsets that are measured: a cache line.
const STEP: usize = 64;

/// The most that the slowest offset may take, compared with the fastest.
const TOLERANCE: f64 = 1.3;

/// Sizes of messages that fit into the second-level cache. Above, the physical addresses count.
/// Below, an echo takes less than 60 ns, of which a single load that waits for a store takes ten.
const SIZES: [usize; 5] = [1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16];

/// The rounds of each offset, of which the fastest counts, and the bytes echoed in a round.
const ROUNDS: usize = 40;
const ROUND: usize = 1 << 19;

/// The fastest and the slowest offset of one size.
pub(crate) struct Offsets {
    size: usize,
    fastest: Duration,
    slowest: Duration,
}

impl Offsets {
    pub(crate) fn measure_all() -> Result<Vec<Self>, Error> {
        SIZES.iter().map(|size| Self::measure(*size)).collect()
    }

    fn measure(size: usize) -> Result<Self, Error> {
        let mut echoes = (0..PAGE / STEP).map(|step| Echo::new(size, step * STEP));
        let first = echoes.next().map_or(Ok(Duration::MAX), |mut echo| echo.time())?;
        let (mut fastest, mut slowest) = (first, first);
        for mut echo in echoes {
            let time = echo.time()?;
            fastest = fastest.min(time);
            slowest = slowest.max(time);
        }
        Ok(Self { size, fastest, slowest })
    }

    fn ratio(&self) -> f64 {
        self.slowest.as_secs_f64() / self.fastest.as_secs_f64()
    }

    pub(crate) fn is_even(&self) -> bool {
        self.ratio() <= TOLERANCE
    }
}

impl Display for Offsets {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { size, fastest, slowest } = self;
        let (fastest, slowest) = (fastest.as_nanos(), slowest.as_nanos());
        write!(f, "{size:>8} B {fastest:>8} ns {slowest:>8} ns {:>6.2}", self.ratio())
    }
}

/// The memory of the inbox starts `offset` bytes after the outbox within a page, and the frame that
/// is received half a page after the inbox.
struct Echo {
    memory: Vec<u8>,
    inbox: usize,
    frame: Vec<u8>,
    received: usize,
    outbox: Vec<u8>,
    size: usize,
}

impl Echo {
    fn new(size: usize, offset: usize) -> Self {
        let room = size + 3 * PAGE;
        // A mapped page for each byte, before the first round.
        let mut outbox = vec![1; room];
        outbox.clear();
        let target = outbox.as_ptr().addr() + offset;
        let memory = vec![1; room];
        let inbox = distance(memory.as_ptr().addr(), target);
        let wire = frame_of(size);
        let mut frame = vec![1; room];
        let received = distance(frame.as_ptr().addr(), target + PAGE / 2);
        frame[received..][..wire.len()].copy_from_slice(&wire);
        frame.truncate(received + wire.len());
        Self { memory, inbox, frame, received, outbox, size }
    }

    /// The fastest round, for one message.
    fn time(&mut self) -> Result<Duration, Error> {
        let Self { memory, inbox, frame, received, outbox, size } = self;
        let mut connection = Connection::<Server>::server(Config::new());
        let length = frame.len() - *received + STEP;
        let mut inbox = Inbox::over(&mut memory[*inbox..][..length]);
        let count = (ROUND / *size).max(2);
        let mut fastest = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for _ in 0..count {
                let mut wire = black_box(&frame[*received..]);
                while !wire.is_empty() {
                    wire = &wire[inbox.copy_from(wire)..];
                    while let Some(event) = connection.receive(&mut inbox, outbox)? {
                        if let Event::Binary(payload) = event {
                            connection.send_binary(payload, outbox)?;
                        }
                    }
                }
                black_box(&outbox[..]);
                outbox.clear();
            }
            fastest = fastest.min(start.elapsed());
        }
        Ok(fastest / u32::try_from(count).unwrap_or(u32::MAX))
    }
}

/// The distance from an address to the next one with the same offset in a page as `target`.
fn distance(address: usize, target: usize) -> usize {
    target.wrapping_sub(address) % PAGE
}

/// A masked frame.
fn frame_of(size: usize) -> Vec<u8> {
    let mut frame = vec![0x82];
    if let Ok(length) = u16::try_from(size) {
        frame.push(0xfe);
        frame.extend(length.to_be_bytes());
    } else {
        frame.push(0xff);
        frame.extend((size as u64).to_be_bytes());
    }
    frame.extend([0x37, 0xfa, 0x21, 0x3d]);
    frame.resize(frame.len() + size, 7);
    frame
}
