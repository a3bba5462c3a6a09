//! Two connections and a network that delays, splits and loses: every state within bounds.
//!
//! ```sh
//! cargo test --test endpoints -- --nocapture
//! cargo test --release --test endpoints -- --nocapture --ignored
//! ```
//!
//! `docs/verification/endpoints.md` describes what is modelled, and what is not.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod automaton;
mod endpoint;
mod explore;
mod network;
mod setup;
mod wire;

use std::collections::HashSet;

use explore::explore;
use setup::{Clock, Setup};

/// Explores each setup. All states of a connection occur in one of them.
fn explore_all(setups: &[Setup]) {
    let mut phases: [HashSet<hybi::State>; 2] = [HashSet::new(), HashSet::new()];
    for setup in setups {
        let explored = explore(setup);
        println!("{explored}");
        for (all, new) in phases.iter_mut().zip(&explored.phases) {
            all.extend(new);
        }
    }
    assert_eq!(phases.each_ref().map(HashSet::len), [7, 7], "{phases:?}");
}

// 6455-5.1-a, 6455-5.1-b, 6455-5.1-c, 6455-5.1-d, 6455-5.5.1-a, 6455-5.5.1-f, 6455-5.5.1-h,
// 6455-5.5.1-i, 6455-5.5.1-j, 6455-5.5.1-k, 6455-5.5.2-a, 6455-5.5.3-a, 6455-7.1.5-a, 6455-7.1.7-e,
// P-cl-c, P-cl-e, P-cl-g, P-cl-j, P-dl-e
#[test]
#[cfg_attr(miri, ignore)] // too many states
fn every_state() {
    explore_all(&[
        Setup { closes_without_code: true, losses: true, ..Setup::new("closing") },
        Setup { messages: 1, pings: 1, ..Setup::new("messages and pings") },
        Setup { messages: 1, fragments: true, losses: true, ..Setup::new("fragments, losses") },
        Setup { messages: 1, pings: 1, outbox: 8, inbox: 10, ..Setup::new("small buffers") },
        Setup { pings: 1, outbox: 8, losses: true, ..Setup::new("pending Close, losses") },
        Setup { pings: 1, outbox: 8, violations: true, ..Setup::new("pending Close, violations") },
        Setup { messages: 1, violations: true, ..Setup::new("violations") },
        Setup { clock: Clock::Any(1), silence: true, ..Setup::new("deadlines") },
        Setup { clock: Clock::AtRest(2), ..Setup::new("keepalive") },
    ]);
}

#[test]
#[ignore = "takes minutes, in release mode"]
fn every_state_in_larger_bounds() {
    explore_all(&[
        Setup { messages: 2, fragments: true, ..Setup::new("fragments") },
        Setup { messages: 2, pings: 1, ..Setup::new("messages and pings") },
        Setup { messages: 1, fragments: true, pings: 1, outbox: 8, ..Setup::new("small outboxes") },
        Setup { messages: 2, pings: 1, outbox: 8, inbox: 10, ..Setup::new("small buffers") },
        Setup { messages: 1, pings: 1, losses: true, ..Setup::new("pings, losses") },
        Setup {
            pings: 1,
            outbox: 8,
            losses: true,
            violations: true,
            ..Setup::new("pending Close")
        },
        Setup { clock: Clock::Any(2), silence: true, ..Setup::new("deadlines") },
        Setup { messages: 1, clock: Clock::AtRest(3), ..Setup::new("keepalive") },
        Setup { messages: 1, fragments: true, violations: true, ..Setup::new("violations") },
        Setup { messages: 2, losses: true, ..Setup::new("messages, losses") },
    ]);
}
