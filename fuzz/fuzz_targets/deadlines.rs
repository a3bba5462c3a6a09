//! Deadlines with a simulated clock: any peer, any calls, and token buckets.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use hybi::{
    Config, Connection, Inbox, Server,
    deadline::{Bucket, Deadlines, Stage, Timeouts},
};
use libfuzzer_sys::fuzz_target;

/// The server and its stopwatches, which the tests use too.
#[allow(dead_code)] // the tests need more of it
#[path = "../../tests/it/deadline/simulation.rs"]
mod simulation;

use simulation::{Limits, REQUEST, Simulation};

#[derive(Debug, Arbitrary)]
enum Input {
    Peer { limits: [u16; 7], begins_open: bool, actions: Vec<(u16, Action)> },
    Calls { timeouts: [Timeout; 7], calls: Vec<Call> },
    Bucket { capacity: u8, interval: u16, takes: Vec<(u32, u8)> },
}

/// An action of a peer.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Action {
    /// The next bytes of the request.
    Request(u8),
    /// A frame from the client.
    Frame {
        first: u8,
        length: u8,
    },
    Bytes {
        byte: u8,
        length: u8,
    },
    Pong {
        is_right: bool,
    },
    /// Reads output, as far as there is any.
    Read(u16),
    /// Closes the transport.
    End,
    /// The application sends.
    Send(u16),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Timeout {
    Never,
    Short(u16),
    Any(u64),
}

/// A call, or an action between calls.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Call {
    Now(u64),
    Later(u32),
    LatestTime,
    Expire,
    Check {
        stage: u8,
        pending: u16,
    },
    OnRead,
    OnWrite(u16),
    /// Answers the last frame in the outbox, if it is a ping.
    Pong,
    Write(u16),
    Send(u16),
}

fuzz_target!(|input: Input| {
    match input {
        Input::Peer { limits, begins_open, actions } => peer(limits, begins_open, &actions),
        Input::Calls { timeouts, calls } => any_calls(timeouts, &calls),
        Input::Bucket { capacity, interval, takes } => bucket(capacity, interval, &takes),
    }
});

/// No peer exceeds a bound, and each wake-up is necessary: the simulation checks both.
fn peer(limits: [u16; 7], begins_open: bool, actions: &[(u16, Action)]) {
    let limits = limits.map(|limit| u64::from(limit) + 1);
    let limits = Limits {
        opening: limits[0],
        ping: limits[1],
        silence: limits[2],
        pong: limits[3],
        writing: limits[4],
        closing: limits[5],
        age: limits[6],
    };
    let mut simulation = Simulation::new(limits, 1_000_000);
    let mut request = REQUEST;
    if begins_open {
        simulation.input(request);
        simulation.read(1000);
    }
    for (pause, action) in actions {
        simulation.pass(u64::from(*pause));
        act(&mut simulation, *action, &mut request);
    }
    simulation.pass(simulation.longest());
    assert!(simulation.end.is_some(), "still open at {}", simulation.now);
}

fn act(simulation: &mut Simulation, action: Action, request: &mut &[u8]) {
    match action {
        Action::Request(length) => {
            if simulation.is_opening() {
                let (now, rest) = request.split_at(request.len().min(length.into()));
                *request = rest;
                simulation.input(now);
            }
        }
        Action::Frame { first, length } => {
            simulation.input(&frame(first, &vec![0; usize::from(length) % 126]));
        }
        Action::Bytes { byte, length } => simulation.input(&vec![byte; length.into()]),
        Action::Pong { is_right } => {
            let [high, low] = simulation.nonce.unwrap_or_default();
            simulation.input(&frame(0x8a, &[high, if is_right { low } else { !low }]));
        }
        Action::Read(length) => simulation.read(length.into()),
        Action::End => simulation.close(),
        Action::Send(length) => simulation.send(length.into()),
    }
}

/// A frame of fewer than 126 bytes from a client, with a masking key of 0.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    [&[first, length, 0, 0, 0, 0], payload].concat()
}

/// Any calls in any order with any time: nothing overflows, and a deadline is never in the past.
fn any_calls(timeouts: [Timeout; 7], calls: &[Call]) {
    let timeouts = timeouts.map(|timeout| match timeout {
        Timeout::Never => None,
        Timeout::Short(nanos) => Some(Duration::from_nanos(nanos.into())),
        Timeout::Any(nanos) => Some(Duration::from_nanos(nanos)),
    });
    let timeouts = Timeouts::new()
        .opening(timeouts[0].unwrap_or(Duration::MAX))
        .ping(timeouts[1])
        .silence(timeouts[2])
        .pong(timeouts[3])
        .writing(timeouts[4].unwrap_or(Duration::MAX))
        .closing(timeouts[5].unwrap_or(Duration::MAX))
        .age(timeouts[6]);
    let mut now = Duration::ZERO;
    let mut deadlines = Deadlines::new(timeouts, now);
    let mut websocket: Connection<Server> = Connection::server(Config::new());
    let (mut inbox, mut outbox) = (Inbox::with_capacity(256), Vec::new());
    for call in calls {
        let next = match *call {
            Call::Now(nanos) => {
                now = Duration::from_nanos(nanos);
                continue;
            }
            Call::Later(nanos) => {
                now = now.saturating_add(Duration::from_nanos(nanos.into()));
                continue;
            }
            Call::LatestTime => {
                now = Duration::MAX;
                continue;
            }
            Call::Expire => deadlines.expire(now, &mut websocket, &mut outbox),
            Call::Check { stage, pending } => {
                let stages = [Stage::Opening, Stage::Open, Stage::Closing];
                deadlines.check(now, stages[usize::from(stage) % 3], pending.into())
            }
            Call::OnRead => {
                deadlines.on_read(now);
                continue;
            }
            Call::OnWrite(length) => {
                deadlines.on_write(now, length.into());
                continue;
            }
            Call::Pong => {
                if let [.., 0x89, 2, high, low] = outbox[..] {
                    let _ = inbox.copy_from(&frame(0x8a, &[high, low]));
                    while let Ok(Some(_)) = websocket.receive(&mut inbox, &mut outbox) {}
                }
                continue;
            }
            Call::Write(length) => {
                outbox.drain(..outbox.len().min(length.into()));
                continue;
            }
            Call::Send(length) => {
                let _ = websocket.send_binary(&vec![0; length.into()], &mut outbox);
                continue;
            }
        };
        match next {
            Ok(next) => {
                assert!(next.is_none_or(|next| next > now), "{next:?} is not after {now:?}");
                assert_eq!(deadlines.deadline(), next);
            }
            Err(_) => assert!(deadlines.cause().is_some()),
        }
    }
}

/// The same as a bucket of time, which fills up while time passes.
fn bucket(capacity: u8, interval: u16, takes: &[(u32, u8)]) {
    let (interval, mut now) = (u64::from(interval), 0_u64);
    let full = u64::from(capacity) * interval;
    let mut level = full;
    let mut bucket = Bucket::new(capacity.into(), Duration::from_nanos(interval));
    for (pause, count) in takes {
        let (pause, cost) = (u64::from(*pause), u64::from(*count) * interval);
        now += pause;
        level = full.min(level + pause);
        let result = bucket.take(Duration::from_nanos(now), (*count).into());
        let expected = if cost > full {
            Err(None)
        } else if cost > level {
            Err(Some(Duration::from_nanos(now + cost - level)))
        } else {
            level -= cost;
            Ok(())
        };
        assert_eq!(result, expected);
    }
}
