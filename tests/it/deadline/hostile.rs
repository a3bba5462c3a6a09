//! No peer keeps a connection beyond the configured bounds, however it behaves.

use proptest::{collection::vec, prelude::*};

use super::{
    pong,
    simulation::{Limits, Ms, REQUEST, Simulation},
};
use crate::support::wire::{BINARY, CLOSE, FIN, From, PING, frame, header};

/// An action of a peer.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// The next bytes of the request.
    Request(usize),
    Echo(usize),
    Ping,
    /// The beginning of a message that never ends.
    Begin,
    /// Bytes of any kind.
    Bytes(u8, usize),
    RightPong,
    WrongPong,
    Close,
    /// Reads output, as far as there is any.
    Read(usize),
    /// Closes the transport.
    End,
    /// The application sends.
    Send(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (1..200_usize).prop_map(Action::Request),
        4 => (0..300_usize).prop_map(Action::Echo),
        2 => Just(Action::Ping),
        1 => Just(Action::Begin),
        1 => (any::<u8>(), 1..300_usize).prop_map(|(byte, length)| Action::Bytes(byte, length)),
        4 => Just(Action::RightPong),
        2 => Just(Action::WrongPong),
        1 => Just(Action::Close),
        6 => (1..2000_usize).prop_map(Action::Read),
        1 => Just(Action::End),
        3 => (0..3000_usize).prop_map(Action::Send),
    ]
}

pub(super) fn limits() -> impl Strategy<Value = Limits> {
    (1..2000_u64, 1..2000_u64, 1..3000_u64, 1..4000_u64, 1..2000_u64, 1..2000_u64, 1..20_000_u64)
        .prop_map(|(opening, ping, silence, pong, writing, closing, age)| Limits {
            opening,
            ping,
            silence,
            pong,
            writing,
            closing,
            age,
        })
}

fn play(simulation: &mut Simulation, action: Action, request: &mut &[u8]) {
    match action {
        Action::Request(length) if simulation.is_opening() => {
            let (now, rest) = request.split_at(length.min(request.len()));
            *request = rest;
            simulation.input(now);
        }
        Action::Request(_) => simulation.input(b""),
        Action::Echo(length) => {
            simulation.input(&frame(From::Client, FIN | BINARY, &vec![0; length]));
        }
        Action::Ping => simulation.input(&frame(From::Client, FIN | PING, b"ping")),
        Action::Begin => simulation.input(&header(From::Client, BINARY, 1_000_000)),
        Action::Bytes(byte, length) => simulation.input(&vec![byte; length]),
        Action::RightPong => {
            let nonce = simulation.nonce.unwrap_or_default();
            simulation.input(&pong(&nonce));
        }
        Action::WrongPong => simulation.input(&pong(b"no")),
        Action::Close => simulation.input(&frame(From::Client, FIN | CLOSE, b"")),
        Action::Read(length) => simulation.read(length),
        Action::End => simulation.close(),
        Action::Send(length) => simulation.send(length),
    }
}

fn run(limits: Limits, start: Ms, begins_open: bool, actions: &[(Ms, Action)]) {
    let mut simulation = Simulation::new(limits, start);
    let mut request = REQUEST;
    if begins_open {
        simulation.input(request);
        simulation.read(1000);
    }
    let longest = simulation.longest();
    let mut played = 0;
    // Again and again, until the server ends the connection.
    while simulation.end.is_none() {
        for (pause, action) in actions {
            simulation.pass(*pause);
            play(&mut simulation, *action, &mut request);
            played += 1;
        }
        simulation.pass(1);
        let age = simulation.now - start;
        assert!(age < longest, "alive after {age} ms and {played} actions");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    // P-dl-a, P-dl-b, P-dl-c, P-dl-d, P-dl-e, P-dl-f, A-15, G-08
    #[test]
    fn no_peer_exceeds_a_bound(
        limits in limits(),
        start in 0..1_000_000_000_u64,
        begins_open in any::<bool>(),
        actions in vec((0..1500_u64, action()), 0..30),
    ) {
        run(limits, start, begins_open, &actions);
    }
}
