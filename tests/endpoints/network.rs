//! Two endpoints and the network between them: the states, and what may happen in each.

use std::{collections::HashMap, fmt::Write as _};

use hybi::State as Phase;

use super::{
    automaton::Automaton,
    endpoint::{Call, Input, Status},
    setup::{Clock, Setup},
    wire::{self, FAULTS, Fault, Item, Side},
};

/// Something that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Call(Side, Call),
    /// The endpoint receives the next piece in flight: the header of a frame, or its payload.
    Arrive(Side),
    EndOfInput(Side),
    /// The application closes the transport.
    CloseTransport(Side),
    /// The bytes in flight to the endpoint are lost, and its input ends.
    Lose(Side),
    /// The bytes in flight to the endpoint are lost, and so are all later ones.
    FallSilent(Side),
    /// The endpoint sends a frame that violates the protocol.
    Violate(Side, Fault),
    TimePasses,
}

/// The state of both endpoints and of the network, as indices of their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    endpoints: [u32; 2],
    /// Whether each application has closed its transport.
    gone: [bool; 2],
    /// What is in flight to each endpoint.
    flights: [u32; 2],
    now: u8,
}

/// One direction of the transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Flight {
    /// Headers and payloads of frames. Part of the first one may have arrived.
    pieces: Vec<Vec<u8>>,
    /// What was sent and is not received: in the outbox, in flight or in the inbox.
    unreceived: Vec<Item>,
    /// No more bytes come after those in flight.
    is_ended: bool,
    /// All bytes are lost.
    is_silent: bool,
    /// A frame that violates the protocol has been sent.
    is_violated: bool,
}

pub(crate) struct Network {
    setup: Setup,
    endpoints: [Automaton; 2],
    flights: Vec<Flight>,
    flight_keys: HashMap<Flight, u32>,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl Network {
    pub(crate) fn new(setup: &Setup) -> Self {
        let flight = Flight::default();
        Self {
            setup: setup.clone(),
            endpoints: SIDES.map(|side| Automaton::new(side, setup)),
            flight_keys: HashMap::from([(flight.clone(), 0)]),
            flights: vec![flight],
        }
    }

    pub(crate) const fn start() -> State {
        State { endpoints: [0; 2], gone: [false; 2], flights: [0; 2], now: 0 }
    }

    pub(crate) fn endpoints(&self) -> &[Automaton; 2] {
        &self.endpoints
    }

    /// What an application, a faulty endpoint, the network or the clock may do, but need not.
    pub(crate) fn choices(&self, state: State) -> Vec<Action> {
        let mut actions = Vec::new();
        for side in SIDES.into_iter().filter(|side| !state.gone[*side as usize]) {
            let calls = &self.status(state, side).offers;
            actions.extend(calls.iter().map(|call| Action::Call(side, *call)));
            let incoming = self.flight(state, side);
            if self.setup.losses && !incoming.is_ended {
                actions.push(Action::Lose(side));
            }
            if self.setup.silence && !incoming.is_ended && !incoming.is_silent {
                actions.push(Action::FallSilent(side));
            }
            let outgoing = self.flight(state, side.peer());
            let is_between_frames = !self.status(state, side).has_output;
            let is_faulty = self.setup.violations && !outgoing.is_violated;
            if is_faulty && is_between_frames && !outgoing.is_ended && !outgoing.is_silent {
                actions.extend(FAULTS.map(|fault| Action::Violate(side, fault)));
            }
        }
        if let Clock::Any(ticks) = self.setup.clock
            && state.now < ticks
        {
            actions.push(Action::TimePasses);
        }
        actions
    }

    /// What happens at some time, whether the applications go on or not: what the loops of the
    /// applications do, and what the network does.
    pub(crate) fn duties(&self, state: State) -> Vec<Action> {
        let mut actions = Vec::new();
        for side in SIDES.into_iter().filter(|side| !state.gone[*side as usize]) {
            let status = self.status(state, side);
            actions.push(Action::Call(side, Call::Receive));
            if self.has_deadlines() {
                actions.push(Action::Call(side, Call::Expire));
            }
            if status.has_output {
                actions.push(Action::Call(side, Call::Write));
            }
            if status.leaves {
                actions.push(Action::CloseTransport(side));
            }
            let incoming = self.flight(state, side);
            if !incoming.pieces.is_empty() {
                actions.push(Action::Arrive(side));
            } else if incoming.is_ended && !status.input_ended {
                actions.push(Action::EndOfInput(side));
            }
        }
        actions
    }

    /// Checks a state in which nothing happens until an application or the clock acts. Returns the
    /// passing of time if that happens then.
    pub(crate) fn check_rest(&self, state: State) -> Option<Action> {
        let is_open = |side| {
            let status = self.status(state, side);
            status.state == Phase::Open && !status.input_ended && !state.gone[side as usize]
        };
        let is_idle = SIDES.into_iter().all(is_open) && !self.is_silent(state);
        if is_idle {
            let is_received = |side| self.flight(state, side).unreceived.is_empty();
            assert!(SIDES.into_iter().all(is_received), "something is lost without a loss");
            let Clock::AtRest(ticks) = self.setup.clock else { return None };
            return (state.now < ticks).then_some(Action::TimePasses);
        }
        if state.gone == [true; 2] {
            return None;
        }
        assert!(self.has_deadlines(), "both endpoints wait forever");
        assert!(state.now < 12, "the deadlines end nothing");
        Some(Action::TimePasses)
    }

    /// The state after an action. Panics if it violates a property.
    pub(crate) fn after(&mut self, state: State, action: Action) -> State {
        let mut next = state;
        match action {
            Action::Call(side, call) => self.call(&mut next, side, Input::Call(call)),
            Action::EndOfInput(side) => self.call(&mut next, side, Input::End),
            Action::Arrive(side) => {
                let piece = self.flight(state, side).pieces[0].clone();
                self.call(&mut next, side, Input::Arrive(piece));
            }
            Action::CloseTransport(side) => {
                next.gone[side as usize] = true;
                self.change(&mut next, side, |flight| {
                    *flight = Flight { is_ended: true, ..Flight::default() };
                });
                self.change(&mut next, side.peer(), |flight| flight.is_ended = !flight.is_silent);
            }
            Action::Lose(side) => self.change(&mut next, side, |flight| {
                flight.pieces.clear();
                flight.is_ended = true;
            }),
            Action::FallSilent(side) => self.change(&mut next, side, |flight| {
                flight.pieces.clear();
                flight.is_silent = true;
            }),
            Action::Violate(side, fault) => {
                let peer_receives = self.receives(state, side.peer());
                self.change(&mut next, side.peer(), |flight| {
                    flight.is_violated = true;
                    flight.pieces.extend(wire::cut(&wire::encode(side, fault)));
                    if peer_receives {
                        flight.unreceived.push(Item::Violation);
                    }
                });
            }
            Action::TimePasses => next.now += 1,
        }
        next
    }

    /// Describes a state for a trace.
    pub(crate) fn describe(&self, state: State) -> String {
        let mut text = String::new();
        for side in SIDES {
            let (status, flight) = (self.status(state, side), self.flight(state, side));
            let gone = if state.gone[side as usize] { ", transport closed" } else { "" };
            let end = if flight.is_ended { " and the end" } else { "" };
            let (phase, bytes) = (status.state, flight.pieces.concat());
            write!(text, "{side:?} {phase:?}{gone}, in flight to it {bytes:02x?}{end}; ").unwrap();
        }
        write!(text, "time {}", state.now).unwrap();
        text
    }

    /// An endpoint takes an input. What it sends is compared with what its peer receives.
    fn call(&mut self, state: &mut State, side: Side, input: Input) {
        let endpoint = &mut state.endpoints[side as usize];
        let (next, outcome) = self.endpoints[side as usize].take(*endpoint, input, state.now);
        *endpoint = next;
        if !outcome.sent.is_empty() || !outcome.written.is_empty() {
            let peer_is_gone = state.gone[side.peer() as usize];
            let peer_receives = self.receives(*state, side.peer());
            self.change(state, side.peer(), |flight| {
                if peer_is_gone || flight.is_ended || flight.is_silent {
                    return;
                }
                if peer_receives {
                    flight.unreceived.extend(outcome.sent.iter().cloned());
                }
                flight.pieces.extend(wire::cut(&outcome.written));
            });
        }
        if outcome.taken > 0 {
            self.change(state, side, |flight| {
                flight.pieces[0].drain(..outcome.taken);
                flight.pieces.retain(|piece| !piece.is_empty());
            });
        }
        if let Some(item) = &outcome.received {
            let drops = self.status(*state, side).close_sent;
            self.change(state, side, |flight| {
                // Messages that arrive after the endpoint's own Close are dropped. Nothing else is.
                let is_dropped = |sent: &Item| drops && matches!(sent, Item::Message(_));
                let sent = &mut flight.unreceived;
                let position = sent.iter().position(|sent| sent == item || !is_dropped(sent));
                let next = position.map(|position| sent.drain(..=position).next_back().unwrap());
                assert_eq!(Some(item), next.as_ref(), "received, but sent");
            });
        }
        if !self.receives(*state, side) {
            self.change(state, side, |flight| flight.unreceived.clear());
        }
    }

    /// Whether the endpoint may still receive something: before the peer's Close, a failure and the end
    /// of the input.
    fn receives(&self, state: State, side: Side) -> bool {
        matches!(self.status(state, side).state, Phase::Open | Phase::CloseSent)
    }

    const fn has_deadlines(&self) -> bool {
        !matches!(self.setup.clock, Clock::None)
    }

    fn is_silent(&self, state: State) -> bool {
        SIDES.into_iter().any(|side| self.flight(state, side).is_silent)
    }

    fn status(&self, state: State, side: Side) -> &Status {
        self.endpoints[side as usize].status(state.endpoints[side as usize])
    }

    fn flight(&self, state: State, to: Side) -> &Flight {
        &self.flights[state.flights[to as usize] as usize]
    }

    fn change(&mut self, state: &mut State, to: Side, change: impl FnOnce(&mut Flight)) {
        let mut flight = self.flight(*state, to).clone();
        change(&mut flight);
        let count = u32::try_from(self.flights.len()).unwrap();
        state.flights[to as usize] = *self.flight_keys.entry(flight.clone()).or_insert_with(|| {
            self.flights.push(flight);
            count
        });
    }
}
