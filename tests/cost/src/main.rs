//! What hostile input costs, in instructions, against ordinary input.
//!
//! This program runs itself under callgrind, reads how many instructions each input took, and
//! prints a table. With an argument it does so only for entries whose name contains that.
//! `README.md` describes the method.

mod catalogue;
mod compressed;
mod deflate;
mod frames;
mod heads;
mod inspected;
mod measure;
mod table;
mod texts;
mod wire;

use std::{env, io, process::ExitCode};

use catalogue::Catalogue;

/// The exit status if the check cannot run.
const CANNOT_RUN: u8 = 2;

// P-se-h, L-02
fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("tests/cost: {error}");
        ExitCode::from(CANNOT_RUN)
    })
}

fn run() -> io::Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let (is_child, words) = match words.split_first() {
        Some((first, rest)) if first == measure::CHILD => (true, rest),
        _ => (false, &words[..]),
    };
    let entries = [
        heads::entries(),
        frames::entries(),
        texts::entries(),
        compressed::entries(),
        inspected::entries(),
    ];
    let mut entries: Vec<_> = entries.into_iter().flatten().collect();
    entries.retain(|entry| words.iter().all(|word| entry.name.contains(word)));
    if entries.is_empty() {
        return Err(io::Error::other("no entry has these words in its name"));
    }
    let catalogue = Catalogue::new(entries);
    if is_child {
        measure::run_all(&catalogue.inputs);
        return Ok(ExitCode::SUCCESS);
    }
    let counts = measure::count_all(&catalogue.inputs, words)?;
    let all_passed = table::print(&catalogue, &counts);
    Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
