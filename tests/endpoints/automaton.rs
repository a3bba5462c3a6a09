//! All states of one endpoint, as far as they were reached.
//!
//! A [`Connection`](hybi::Connection) cannot be cloned, so a state is the inputs that lead to it, and a
//! new endpoint takes them again. Each input is taken only once in each state.

use std::{collections::HashMap, rc::Rc};

use super::{
    endpoint::{self, Drive, Input, Outcome, Status},
    setup::Setup,
    wire::Side,
};

/// An input and the time at which it is taken.
type Taken = (Input, u8);

pub(crate) struct Automaton {
    side: Side,
    setup: Setup,
    states: Vec<Known>,
    /// The index of the state with this [key](Drive::key).
    keys: HashMap<String, u32>,
    steps: HashMap<(u32, Input, u8), (u32, Rc<Outcome>)>,
}

struct Known {
    path: Vec<Taken>,
    /// Another path to an equal state.
    other: Option<Vec<Taken>>,
    status: Status,
}

impl Automaton {
    /// The state of a new endpoint is state 0.
    pub(crate) fn new(side: Side, setup: &Setup) -> Self {
        let endpoint = endpoint::connect(side, setup);
        let first = Known { path: Vec::new(), other: None, status: endpoint.status() };
        Self {
            side,
            setup: setup.clone(),
            states: vec![first],
            keys: HashMap::from([(endpoint.key(), 0)]),
            steps: HashMap::new(),
        }
    }

    pub(crate) fn status(&self, state: u32) -> &Status {
        &self.states[state as usize].status
    }

    pub(crate) fn statuses(&self) -> impl ExactSizeIterator<Item = &Status> {
        self.states.iter().map(|known| &known.status)
    }

    /// Takes an input in a state, and returns the next state.
    pub(crate) fn take(&mut self, state: u32, input: Input, now: u8) -> (u32, Rc<Outcome>) {
        let step = (state, input, now);
        if let Some((next, outcome)) = self.steps.get(&step) {
            return (*next, Rc::clone(outcome));
        }
        let (_, input, _) = &step;
        let path = &self.states[state as usize].path;
        let mut endpoint = self.replay(path);
        let outcome = Rc::new(endpoint.take(input, now));
        let path = [&path[..], &[(input.clone(), now)]].concat();
        let count = u32::try_from(self.states.len()).unwrap();
        let next = *self.keys.entry(endpoint.key()).or_insert(count);
        match self.states.get_mut(next as usize) {
            None => self.states.push(Known { path, other: None, status: endpoint.status() }),
            Some(known) if next != state => known.other = Some(path),
            Some(_) => {}
        }
        self.steps.insert(step, (next, Rc::clone(&outcome)));
        (next, outcome)
    }

    /// Checks that equal states behave the same: takes each input again, on another path to the
    /// state. Returns the number of inputs.
    pub(crate) fn check_merged_states(&self) -> usize {
        let mut checked = 0;
        for ((state, input, now), (next, outcome)) in &self.steps {
            let Some(other) = &self.states[*state as usize].other else { continue };
            let mut endpoint = self.replay(other);
            assert_eq!(endpoint.take(input, *now), **outcome, "{input:?} after {other:?}");
            assert_eq!(self.keys.get(&endpoint.key()), Some(next), "{input:?} after {other:?}");
            checked += 1;
        }
        checked
    }

    fn replay(&self, path: &[Taken]) -> Box<dyn Drive> {
        let mut endpoint = endpoint::connect(self.side, &self.setup);
        for (input, now) in path {
            let _ = endpoint.take(input, *now);
        }
        endpoint
    }
}
