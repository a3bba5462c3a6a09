//! Takes the steps in every order, with the connection and with the model.

use std::{collections::HashSet, env, fmt::Debug, thread, time::Instant};

use hybi::{Client, Config, Connection, Server};

use super::{
    endpoint::{Endpoint, Keys, OUTBOX},
    rules::Model,
    terms::{Body, Fin, Frame, Kind, Role, State, Step},
};

/// The number of steps that are taken in every order, without merging equal states.
/// `HYBI_MODEL_DEPTH` overrides it. 5 steps take about a minute.
const UNMERGED: usize = 4;

/// The number of steps that are taken in every order if equal states are merged.
const MERGED: usize = 5;

/// If the number of steps is unlimited, no frame arrives while this many are in the inbox.
const WAITING: usize = 1;

/// Nor does a continuation other than the last once a message has this many frames.
const FRAGMENTS: usize = 2;

/// All steps.
const STEPS: [Step; 26] = [
    Step::Arrives(Frame::First(Kind::Text, Fin::Last)),
    Step::Arrives(Frame::First(Kind::Text, Fin::More)),
    Step::Arrives(Frame::First(Kind::Binary, Fin::Last)),
    Step::Arrives(Frame::First(Kind::Binary, Fin::More)),
    Step::Arrives(Frame::Continuation(Fin::Last)),
    Step::Arrives(Frame::Continuation(Fin::More)),
    Step::Arrives(Frame::Ping),
    Step::Arrives(Frame::Pong),
    Step::Arrives(Frame::Close(Body::Code)),
    Step::Arrives(Frame::Close(Body::Empty)),
    Step::Arrives(Frame::Close(Body::Invalid)),
    Step::Arrives(Frame::Broken),
    Step::EndOfInput,
    Step::Receive,
    Step::ReceiveChunk,
    Step::Send(Kind::Text),
    Step::Send(Kind::Binary),
    Step::SendFragment(Kind::Text, Fin::More),
    Step::SendFragment(Kind::Text, Fin::Last),
    Step::SendFragment(Kind::Binary, Fin::More),
    Step::SendFragment(Kind::Binary, Fin::Last),
    Step::SendPing,
    Step::SendPong,
    Step::Close,
    Step::CloseWithoutCode,
    Step::Drain,
];

/// A kind of endpoint.
struct Setup<R: hybi::Role> {
    name: &'static str,
    role: Role,
    has_keys: bool,
    grows: bool,
    connect: fn(Config, Keys) -> Connection<R>,
}

const fn server(name: &'static str, grows: bool) -> Setup<Server> {
    let connect = |config, _| Connection::server(config);
    Setup { name, role: Role::Server, has_keys: true, grows, connect }
}

const fn client(name: &'static str, grows: bool, has_keys: bool) -> Setup<Client<Keys>> {
    Setup { name, role: Role::Client, has_keys, grows, connect: Connection::client }
}

impl<R: hybi::Role + Debug> Setup<R> {
    fn model(&self) -> Model {
        Model::new(self.role, self.has_keys, (!self.grows).then_some(OUTBOX))
    }

    /// A new endpoint that has taken these steps.
    fn endpoint(&self, path: &[Step]) -> Endpoint<R> {
        let websocket = (self.connect)(Config::new(), Keys { exist: self.has_keys });
        let mut endpoint = Endpoint::new(self.role, websocket, self.grows);
        for step in path {
            let _ = endpoint.act(*step);
        }
        endpoint
    }

    /// Takes one more step, with the endpoint and the model.
    fn take(&self, path: &[Step], model: &mut Model, step: Step) -> Endpoint<R> {
        let mut endpoint = self.endpoint(path);
        let expected = model.step(step);
        let found = endpoint.observe(step);
        assert!(
            found == expected,
            "{}: after {path:?}, {step:?} gives\n    {found:?}, but RFC 6455 requires\n    {expected:?}",
            self.name,
        );
        let status = found.status;
        let phases =
            [status.state == State::Open, status.is_closing, status.should_close_transport];
        let phases = phases.iter().filter(|holds| **holds).count();
        assert_eq!(
            phases, 1,
            "not exactly one of open, closing, done: after {path:?}, {step:?}: {status:?}"
        );
        endpoint
    }

    /// Takes `depth` steps in every order, and returns the number of orders.
    fn every_order(&self, path: &mut Vec<Step>, model: &Model, depth: usize) -> u64 {
        let mut count = 0;
        for step in STEPS {
            let mut next = model.clone();
            let mut endpoint = self.take(path, &mut next, step);
            if endpoint.should_close_transport() {
                assert_eq!(
                    endpoint.unsent(),
                    b"",
                    "done after {path:?}, {step:?}, but a frame is unsent"
                );
            }
            drop(endpoint);
            if depth == 1 {
                count += 1;
                continue;
            }
            path.push(step);
            count += self.every_order(path, &next, depth - 1);
            path.pop();
        }
        count
    }

    /// Takes every step in every state within `depth` steps. Returns the number of states and the
    /// length of the longest path to one. A state with a [key](Endpoint::key) that was seen before
    /// is not explored again.
    fn every_state(&self, depth: usize, skips: fn(&Model, Step) -> bool) -> (usize, usize) {
        let mut ways = vec![(Vec::new(), self.model())];
        let mut seen = HashSet::from([(self.endpoint(&[]).key(), self.model())]);
        let mut length = 0;
        while !ways.is_empty() && length < depth {
            length += 1;
            let mut further = Vec::new();
            for (path, model) in &ways {
                for step in STEPS.into_iter().filter(|step| !skips(model, *step)) {
                    let mut next = model.clone();
                    let endpoint = self.take(path, &mut next, step);
                    if length < depth && seen.insert((endpoint.key(), next.clone())) {
                        further.push(([&path[..], &[step]].concat(), next));
                    }
                }
            }
            ways = further;
        }
        (seen.len(), length)
    }
}

/// Whether a step exceeds the bounds that make the number of states finite.
fn is_beyond(model: &Model, step: Step) -> bool {
    match step {
        Step::Arrives(Frame::Continuation(Fin::More)) => {
            model.unread() >= WAITING || model.fragments() >= FRAGMENTS
        }
        Step::Arrives(_) => model.unread() >= WAITING,
        _ => false,
    }
}

/// Runs all kinds of endpoints in parallel.
macro_rules! each {
    (|$setup:ident| $run:expr) => {
        thread::scope(|scope| {
            let servers = [server("server", true), server("server, full outbox", false)];
            let clients = [
                client("client", true, true),
                client("client, full outbox", false, true),
                client("client without keys", true, false),
            ];
            for $setup in servers {
                scope.spawn(move || $run);
            }
            for $setup in clients {
                scope.spawn(move || $run);
            }
        });
    };
}

// 6455-5.4-d, 6455-5.4-i, 6455-5.4-j, 6455-5.4-l, 6455-5.5.1-f, 6455-5.5.1-h, 6455-5.5.1-i,
// 6455-5.5.1-j, 6455-5.5.1-k, 6455-5.5.2-a, 6455-7.1.3-a, 6455-7.1.4-a, 6455-7.1.5-a,
// 6455-7.1.7-b, 6455-7.1.7-e, P-cl-a, P-cl-b, P-cl-c, P-cl-e, P-cl-g, P-cl-j
#[test]
#[cfg_attr(miri, ignore)] // too many steps
fn every_order_of_frames_and_calls() {
    let depth = env::var("HYBI_MODEL_DEPTH").map_or(UNMERGED, |depth| depth.parse().unwrap());
    each!(|setup| {
        let begun = Instant::now();
        let count = setup.every_order(&mut Vec::new(), &setup.model(), depth);
        println!("{}: {count} orders of {depth} steps, {:.1?}", setup.name, begun.elapsed());
    });
}

// P-cl-j, 6455-5.5.1-f
#[test]
#[cfg_attr(miri, ignore)] // too many steps
fn every_order_of_more_frames_and_calls_with_states_merged() {
    each!(|setup| {
        let begun = Instant::now();
        let (states, depth) = setup.every_state(MERGED, |_, _| false);
        let count = STEPS.len().pow(u32::try_from(depth).unwrap());
        println!(
            "{}: {count} orders of {depth} steps, over {states} states, {:.1?}",
            setup.name,
            begun.elapsed()
        );
    });
}

// P-cl-j, 6455-5.5.1-f
#[test]
#[cfg_attr(miri, ignore)] // too many steps
fn every_reachable_state() {
    each!(|setup| {
        let begun = Instant::now();
        let (states, length) = setup.every_state(usize::MAX, is_beyond);
        println!(
            "{}: all of {states} states, over up to {length} steps, {:.1?}",
            setup.name,
            begun.elapsed()
        );
    });
}
