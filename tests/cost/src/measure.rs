//! Counting instructions with callgrind.
//!
//! Callgrind counts only inside [`measured`], and writes the count out each time that it returns.

mod valgrind;

use std::{env, fs, hint::black_box, io, path::Path, process::Command};

use crate::catalogue::{Input, Outcome, Run};

/// The argument with which this program runs under callgrind.
pub(crate) const CHILD: &str = "--all";

/// [`measured`], as callgrind calls it. Of two patterns with wildcards it would follow only one.
const MEASURED: &str = "hybi_cost::measure::measured";

/// A count and what the input came to.
pub(crate) struct Count {
    pub(crate) instructions: u64,
    pub(crate) outcome: Outcome,
}

/// Runs each input, in order, in a way that callgrind can count.
pub(crate) fn run_all(inputs: &[Input]) {
    // To make the inputs would take most of the time.
    valgrind::start_instrumentation();
    for input in inputs {
        // Once before, so that what is found out or allocated only once is not counted.
        let _ = black_box((input.prepare)()());
        let run = (input.prepare)();
        black_box(measured(run));
    }
}

/// How many instructions each input takes. The program is given these words when it runs under
/// callgrind, so that it finds the same inputs.
pub(crate) fn count_all(inputs: &[Input], words: &[String]) -> io::Result<Vec<Count>> {
    eprintln!("counting the instructions of {} inputs", inputs.len());
    let directory = env::temp_dir().join(format!("hybi-cost-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let counts = count_into(&directory.join("callgrind.out"), words);
    fs::remove_dir_all(&directory)?;
    let counts = counts?;
    if counts.len() != inputs.len() {
        let text = format!("callgrind wrote {} counts for {} inputs", counts.len(), inputs.len());
        return Err(io::Error::other(text));
    }
    let outcomes = inputs.iter().map(|input| (input.prepare)()());
    let both = counts.into_iter().zip(outcomes);
    Ok(both.map(|(instructions, outcome)| Count { instructions, outcome }).collect())
}

fn count_into(file: &Path, words: &[String]) -> io::Result<Vec<u64>> {
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--combine-dumps=yes"])
        .arg(format!("--instr-atstart={}", if valgrind::CAN_START { "no" } else { "yes" }))
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(format!("--dump-after={MEASURED}"))
        .arg(format!("--callgrind-out-file={}", file.display()))
        // Callgrind counts each byte that `rep movsb` copies as an instruction; the C library's
        // vector loops count, and cost, what the same copy costs anywhere else.
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM")
        .arg(env::current_exe()?)
        .arg(CHILD)
        .args(words)
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("valgrind: {status}")));
    }
    let text = fs::read_to_string(file)?;
    let mut counts = Vec::new();
    let mut is_count = false;
    for line in text.lines() {
        if let Some(trigger) = line.strip_prefix("desc: Trigger: ") {
            is_count = trigger.starts_with("--dump-after=");
        } else if let Some(total) = line.strip_prefix("totals: ").filter(|_| is_count) {
            counts.push(total.trim().parse().map_err(io::Error::other)?);
        }
    }
    Ok(counts)
}

/// What is counted.
#[inline(never)]
fn measured(run: Run) -> Outcome {
    black_box(run)()
}
