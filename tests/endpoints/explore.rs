//! Visits every state, breadth first, and prints the shortest path to a violation.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

use super::{
    automaton::Automaton,
    network::{Action, Network, State},
    setup::Setup,
};

/// The size of what was explored.
pub(crate) struct Explored {
    name: &'static str,
    states: usize,
    transitions: u64,
    depth: u32,
    endpoint_states: [usize; 2],
    /// The states of each connection.
    pub(crate) phases: [HashSet<hybi::State>; 2],
    checked: usize,
    time: Duration,
}

struct Visited {
    state: State,
    /// The state before, and what happened there. The first state is its own predecessor.
    from: (u32, Action),
    depth: u32,
}

struct Explorer {
    network: Network,
    visited: Vec<Visited>,
    indices: HashMap<State, u32>,
    transitions: u64,
    /// What happens without the choice of an application, from one state to another.
    duties: Vec<(u32, u32)>,
}

/// Visits every state within the bounds of a setup. Panics if one violates a property.
pub(crate) fn explore(setup: &Setup) -> Explored {
    let begun = Instant::now();
    let start = Visited { state: Network::start(), from: (0, Action::TimePasses), depth: 0 };
    let mut explorer = Explorer {
        network: Network::new(setup),
        indices: HashMap::from([(start.state, 0)]),
        visited: vec![start],
        transitions: 0,
        duties: Vec::new(),
    };
    let mut index = 0;
    while (index as usize) < explorer.visited.len() {
        explorer.leave(index);
        index += 1;
    }
    explorer.check_ends();
    let endpoints = explorer.network.endpoints();
    Explored {
        name: setup.name,
        states: explorer.visited.len(),
        transitions: explorer.transitions,
        depth: explorer.visited.last().map_or(0, |last| last.depth),
        endpoint_states: endpoints.each_ref().map(|endpoint| endpoint.statuses().len()),
        phases: endpoints
            .each_ref()
            .map(|endpoint| endpoint.statuses().map(|status| status.state).collect()),
        checked: endpoints.iter().map(Automaton::check_merged_states).sum(),
        time: begun.elapsed(),
    }
}

impl Explorer {
    /// Does in a state all that may happen there.
    fn leave(&mut self, index: u32) {
        let state = self.visited[index as usize].state;
        for action in self.network.choices(state) {
            self.follow(index, action);
        }
        let mut rests = true;
        for action in self.network.duties(state) {
            rests &= !self.follow_duty(index, action);
        }
        if rests {
            let checked = catch_unwind(AssertUnwindSafe(|| self.network.check_rest(state)));
            match checked {
                Ok(None) => {}
                Ok(Some(action)) => {
                    self.follow_duty(index, action);
                }
                Err(violation) => {
                    self.print(index);
                    resume_unwind(violation);
                }
            }
        }
    }

    /// Returns whether the action changes the state.
    fn follow_duty(&mut self, from: u32, action: Action) -> bool {
        let to = self.follow(from, action);
        if to != from {
            self.duties.push((from, to));
        }
        to != from
    }

    /// Returns the index of the state after the action.
    fn follow(&mut self, from: u32, action: Action) -> u32 {
        let Visited { state, depth, .. } = self.visited[from as usize];
        let after = catch_unwind(AssertUnwindSafe(|| self.network.after(state, action)));
        let after = after.unwrap_or_else(|violation| {
            self.print(from);
            println!("  then {action:?} violates a property");
            resume_unwind(violation)
        });
        self.transitions += 1;
        let count = u32::try_from(self.visited.len()).unwrap();
        let index = *self.indices.entry(after).or_insert(count);
        if index == count {
            self.visited.push(Visited { state: after, from: (from, action), depth: depth + 1 });
        }
        index
    }

    /// Checks that the duties lead to a state of rest in every order: no cycle consists of them.
    fn check_ends(&mut self) {
        self.duties.sort_unstable();
        let mut incoming = vec![0_u32; self.visited.len()];
        for (_, to) in &self.duties {
            incoming[*to as usize] += 1;
        }
        let is_free = |index: &u32| incoming[*index as usize] == 0;
        let count = u32::try_from(self.visited.len()).unwrap();
        let mut free: Vec<u32> = (0..count).filter(is_free).collect();
        let mut removed = 0;
        while let Some(index) = free.pop() {
            removed += 1;
            let first = self.duties.partition_point(|(from, _)| *from < index);
            for (_, to) in self.duties[first..].iter().take_while(|(from, _)| *from == index) {
                incoming[*to as usize] -= 1;
                if incoming[*to as usize] == 0 {
                    free.push(*to);
                }
            }
        }
        if removed < count {
            let on_cycle = incoming.iter().position(|count| *count > 0).unwrap();
            self.print(u32::try_from(on_cycle).unwrap());
            panic!("the endpoints go on forever, although the applications do nothing");
        }
    }

    /// Prints the shortest path to a state.
    fn print(&self, mut index: u32) {
        let mut lines = Vec::new();
        while index != 0 {
            let Visited { state, from, .. } = &self.visited[index as usize];
            lines.push(format!("  {:?}: {}", from.1, self.network.describe(*state)));
            index = from.0;
        }
        println!("the shortest path to the violation:");
        for line in lines.iter().rev() {
            println!("{line}");
        }
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, states, transitions, depth, endpoint_states, checked, time, .. } = self;
        let [client, server] = endpoint_states;
        write!(
            f,
            "{name}: {states} states, {transitions} transitions, depth {depth}; {client} states of the \
             client, {server} of the server, {checked} inputs compared on a second path; {time:.1?}"
        )
    }
}
