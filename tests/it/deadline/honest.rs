//! No honest peer is disconnected.

use hybi::deadline::Cause;
use proptest::{collection::vec, prelude::*};

use super::{
    pong,
    simulation::{End, Limits, Ms, REQUEST, Simulation},
};
use crate::support::wire::{BINARY, CLOSE, FIN, From, frame, header};

const LIMITS: Limits = Limits {
    opening: 1000,
    ping: 2000,
    silence: 3000,
    pong: 10_000,
    writing: 3000,
    closing: 1000,
    age: 1_000_000,
};

/// What an honest peer does next. Meanwhile it reads every `READS` milliseconds, and answers a ping
/// `ANSWERS` milliseconds after it has read it, or after the message that it is sending.
#[derive(Clone, Debug)]
enum Deed {
    Idle(Ms),
    /// A message in pieces, with pauses between them.
    Message(Vec<Ms>),
    /// The application sends messages.
    Receive(usize, usize),
}

const READS: Ms = 450;
const ANSWERS: Ms = 450;
/// The longest pause in a message, and the most time for all of it.
const PAUSE: Ms = 2900;
const MESSAGE: Ms = 8000;

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..20_000_u64).prop_map(Deed::Idle),
        vec(0..PAUSE, 0..20).prop_map(Deed::Message),
        (1..10_usize, 0..500_usize).prop_map(|(count, length)| Deed::Receive(count, length)),
    ]
}

struct Peer {
    simulation: Simulation,
    /// The bytes that it reads at a time: a batch within the time for writing.
    appetite: usize,
    next_read: Ms,
    /// When to answer the ping.
    answer: Option<Ms>,
}

impl Peer {
    /// Passes time, reads, and answers pings.
    fn pass(&mut self, time: Ms, may_answer: bool) {
        let until = self.simulation.now + time;
        loop {
            let now = self.simulation.now;
            // The ping is in what it has read.
            let has_ping = self.simulation.nonce.is_some_and(|[high, low]| {
                let ping = [0x89, 2, high, low];
                self.simulation.output.windows(4).any(|bytes| bytes == ping)
            });
            if has_ping && self.answer.is_none() {
                self.answer = Some(now + ANSWERS);
            }
            let answer = self.answer.filter(|_| may_answer);
            let next = self.next_read.min(answer.unwrap_or(u64::MAX)).min(until).max(now);
            self.simulation.pass(next - now);
            if self.next_read <= next {
                self.simulation.read(self.appetite);
                self.next_read = next + READS;
            } else if answer.is_some_and(|at| at <= next) {
                let nonce = self.simulation.nonce.unwrap();
                self.simulation.input(&pong(&nonce));
                self.simulation.output.clear();
                self.answer = None;
            } else if next == until {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    // P-dl-h
    #[test]
    fn no_honest_peer_is_disconnected(
        deeds in vec(deed(), 0..20),
        request in 0..900_u64,
        appetite in 2000..20_000_usize,
    ) {
        let mut peer = Peer {
            simulation: Simulation::new(LIMITS, 1_000_000),
            appetite,
            next_read: 0,
            answer: None,
        };
        peer.simulation.input(&REQUEST[..50]);
        peer.pass(request, true);
        peer.simulation.input(&REQUEST[50..]);
        for deed in deeds {
            match deed {
                Deed::Idle(time) => peer.pass(time, true),
                Deed::Message(pauses) => {
                    let mut left = MESSAGE;
                    peer.simulation.input(&header(From::Client, FIN | BINARY, pauses.len() as u64));
                    for pause in pauses {
                        let pause = pause.min(left);
                        left -= pause;
                        peer.pass(pause, false);
                        peer.simulation.input(b"x");
                    }
                    // A ping that it has read is answered before the next message.
                    peer.pass(READS + ANSWERS, true);
                }
                // In all, less than the peer reads within the time for writing.
                Deed::Receive(count, length) => {
                    for _ in 0..count {
                        peer.simulation.send(length);
                    }
                    peer.pass(READS, true);
                }
            }
            prop_assert_eq!(peer.simulation.cause(), None::<Cause>);
            prop_assert!(peer.simulation.is_open());
        }
        peer.simulation.input(&frame(From::Client, FIN | CLOSE, b""));
        peer.pass(READS, true);
        prop_assert_eq!((peer.simulation.end, peer.simulation.cause()), (None, None));
        peer.simulation.close();
        prop_assert_eq!(peer.simulation.end, Some(End::Closed));
    }
}
