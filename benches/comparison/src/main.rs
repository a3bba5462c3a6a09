//! Compares hybi with its peers, in memory, in one process. The README describes the measurement.

mod allocation;
mod answer;
mod candidates;
mod executor;
mod goal;
mod measure;
mod picture;
mod record;
mod row;
mod rows;
mod table;
mod traffic;
mod transport;

use std::{env, error::Error, fs, time::Duration};

use measure::Effort;
use record::Record;
use row::Standing;

#[global_allocator]
static ALLOCATOR: allocation::Counting = allocation::Counting;

fn main() -> Result<(), Box<dyn Error>> {
    let mut effort = Effort { rounds: 15, turn: Duration::from_millis(6) };
    let mut filters = Vec::new();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--picture" => {
                let path = arguments.next().ok_or("--picture needs a path")?;
                fs::write(path, picture::draw(&record::read()?))?;
                return Ok(());
            }
            "--quick" => effort = Effort { rounds: 7, turn: Duration::from_millis(2) },
            _ => filters.push(argument),
        }
    }
    let records = compare(effort, &filters);
    println!("\n{}", table::memory(&records));
    if filters.is_empty() {
        record::write(&records)?;
        println!("\nThe figures are in {}.", record::path()?.display());
    }
    Ok(())
}

/// Measures the rows whose names contain one of these strings, or all rows, and prints their times.
fn compare(effort: Effort, filters: &[String]) -> Vec<Record> {
    println!("{}", table::times_head());
    let (mut records, mut missed, mut evaluated) = (Vec::new(), 0, 0);
    for (name, make) in rows::all() {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let row = make();
        let figures = measure::measure(&row, effort);
        let record = Record { kind: row.kind, size: row.size, figures };
        let own_binary = own_binary(&record, &records);
        let verdicts: Vec<_> =
            row.goals.iter().map(|goal| goal.evaluate(&record, own_binary)).collect();
        missed += verdicts.iter().filter(|verdict| verdict.is_missed()).count();
        evaluated += verdicts.len();
        println!("{}", table::times(&record, &verdicts));
        records.push(record);
    }
    println!("\n{missed} of {evaluated} goals are missed.");
    records
}

/// If this record is for ASCII text, our time for binary messages of the same size.
fn own_binary(record: &Record, records: &[Record]) -> Option<f64> {
    let kind = format!("{} binary", record.kind.strip_suffix(" ascii")?);
    let binary = records.iter().find(|other| other.kind == kind && other.size == record.size);
    binary?.best(Standing::Ours)
}
