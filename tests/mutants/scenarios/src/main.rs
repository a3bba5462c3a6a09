//! Ordinary use of the crate, in small scenarios, to compare the instructions that it takes with a mutant
//! and without it. `../README.md` describes the method.
//!
//! Without arguments, it prints the names of the scenarios that come by the mutant that is switched on.
//! With their names, it runs each one without and with the change, in a way that callgrind can count.

mod compressed;
mod connections;
#[allow(dead_code)] // `tests/cost` uses more of it
#[path = "../../../cost/src/wire.rs"]
mod cost;
mod handshakes;
mod others;
#[allow(dead_code)] // `run` decides whether it can start
#[path = "../../../cost/src/measure/valgrind.rs"]
mod valgrind;
mod wire;

use std::{env, hint::black_box};

/// What is counted.
type Run = Box<dyn FnMut()>;

/// A name, and a function that makes all that is needed before the count begins.
struct Scenario {
    name: String,
    prepare: Box<dyn Fn() -> Run>,
}

impl Scenario {
    fn new<F: FnMut() + 'static>(name: String, prepare: impl Fn() -> F + 'static) -> Self {
        Self { name, prepare: Box::new(move || Box::new(prepare())) }
    }
}

fn main() {
    let scenarios = [
        connections::scenarios(),
        compressed::scenarios(),
        handshakes::scenarios(),
        others::scenarios(),
    ];
    let names: Vec<String> = env::args().skip(1).collect();
    switch::was_here(); // when the data was made
    // To make the data would take most of the time.
    valgrind::start_instrumentation();
    for Scenario { name, prepare } in scenarios.into_iter().flatten() {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        // Once before, so that what is found out or allocated only once is not counted.
        switch::set_changed(false);
        prepare()();
        if names.is_empty() {
            if switch::was_here() {
                println!("{name}");
            }
            continue;
        }
        // Without the change before and after it, because allocations change the state of the allocator.
        for is_changed in [false, true, false] {
            switch::set_changed(is_changed);
            measured(&mut prepare());
        }
    }
}

/// Callgrind counts inside of it, and writes out the count each time that it returns.
#[inline(never)]
fn measured(run: &mut Run) {
    black_box(run)();
}
