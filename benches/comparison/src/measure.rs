//! Measures a row: the entrants take turns, and the medians count.

use std::time::{Duration, Instant};

use crate::{
    allocation,
    record::Figures,
    row::{Row, Run},
    transport::Transport,
};

/// The effort of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// The duration of a turn in one round.
    pub(crate) turn: Duration,
}

pub(crate) fn measure(row: &Row, effort: Effort) -> Vec<Figures> {
    let messages = float(row.messages);
    let mut figures = Vec::new();
    let mut turns = Vec::new();
    for entrant in &row.entrants {
        allocation::reset_peak();
        let (mut run, _) = allocation::count(|| (entrant.make)());
        // The first pass allocates the buffers. The second counts the allocations of every pass.
        allocation::count(|| run.pass());
        let calls = |run: &dyn Run| run.transport().map(Transport::calls).unwrap_or_default();
        let before = calls(&*run);
        let ((), allocations) = allocation::count(|| run.pass());
        let after = calls(&*run);
        let peak = allocation::peak();
        run.check();
        figures.push(Figures {
            name: entrant.name.into(),
            standing: entrant.standing,
            nanoseconds: 0.0,
            allocations: float(allocations) / messages,
            peak,
            reads: float(after.0 - before.0) / messages,
            writes: float(after.1 - before.1) / messages,
            compression: run.compression(),
        });
        turns.push(Turns::new(run, effort));
    }
    for _ in 0..effort.rounds {
        turns.iter_mut().for_each(Turns::take);
    }
    for (figures, turns) in figures.iter_mut().zip(turns) {
        figures.nanoseconds = turns.median() / messages;
    }
    figures
}

/// Checks that each entrant delivers or writes the right bytes.
pub(crate) fn check(row: &Row) {
    for entrant in &row.entrants {
        (entrant.make)().check();
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// An entrant and the times of its passes.
struct Turns {
    run: Box<dyn Run>,
    /// The number of passes in a turn.
    passes: u32,
    /// The time of a pass in nanoseconds, for each turn.
    times: Vec<f64>,
}

impl Turns {
    fn new(mut run: Box<dyn Run>, effort: Effort) -> Self {
        let mut passes = 1;
        loop {
            let start = Instant::now();
            (0..passes).for_each(|_| run.pass());
            let elapsed = start.elapsed();
            if elapsed * 2 >= effort.turn {
                let turns = effort.turn.as_secs_f64() / elapsed.as_secs_f64();
                let passes = (f64::from(passes) * turns).ceil().clamp(1.0, f64::from(u32::MAX));
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                return Self { run, passes: passes as u32, times: Vec::new() };
            }
            passes *= 2;
        }
    }

    fn take(&mut self) {
        let start = Instant::now();
        (0..self.passes).for_each(|_| self.run.pass());
        self.times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(self.passes));
    }

    fn median(mut self) -> f64 {
        self.times.sort_unstable_by(f64::total_cmp);
        self.times[self.times.len() / 2]
    }
}
