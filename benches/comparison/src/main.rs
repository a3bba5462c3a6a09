//! Compares hybi with its peers, in memory, in one process. The README describes the measurement.

mod allocation;
mod answer;
mod candidates;
mod executor;
mod goal;
mod libraries;
mod measure;
mod picture;
mod plot;
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
use rows::Make;

#[global_allocator]
static ALLOCATOR: allocation::Counting = allocation::Counting;

fn main() -> Result<(), Box<dyn Error>> {
    let mut effort = Effort { rounds: 15, turn: Duration::from_millis(6) };
    let (mut checks, mut filters) = (false, Vec::new());
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--picture" => {
                let path = arguments.next().ok_or("--picture needs a path")?;
                fs::write(path, picture::draw(&record::read()?))?;
                return Ok(());
            }
            "--check" => checks = true,
            "--quick" => effort = Effort { rounds: 7, turn: Duration::from_millis(2) },
            _ => filters.push(argument),
        }
    }
    let rows = chosen(&filters);
    if rows.is_empty() {
        return Err("no row has such a name".into());
    }
    if checks {
        let count = rows.len();
        for make in rows {
            measure::check(&make());
        }
        println!("All entrants of {count} rows deliver and write the right bytes.");
        return Ok(());
    }
    println!("{}\n", libraries::machine());
    let records = compare(rows, effort);
    for table in [table::calls(&records), table::memory(&records), libraries::table()] {
        println!("\n{table}");
    }
    if filters.is_empty() {
        record::write(&records)?;
        println!("\nThe figures are in {}.", record::path()?.display());
    }
    Ok(())
}

/// The rows whose names contain one of these strings, or all rows.
fn chosen(filters: &[String]) -> Vec<Make> {
    let is_chosen = |name: &str| {
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    rows::all().into_iter().filter(|(name, _)| is_chosen(name)).map(|(_, make)| make).collect()
}

/// Measures these rows and prints their times.
fn compare(rows: Vec<Make>, effort: Effort) -> Vec<Record> {
    println!("{}", table::times_head());
    let (mut records, mut missed, mut evaluated) = (Vec::new(), 0, 0);
    for make in rows {
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
    let compared = records.iter().filter(|record| record.best(Standing::Peer).is_some());
    let (first, others): (Vec<_>, Vec<_>) = compared.partition(|record| record.place().0 == 1);
    println!(
        "\nhybi is first in {} of {} rows; the others are bold. \
         {missed} of {evaluated} goals are missed.",
        first.len(),
        first.len() + others.len(),
    );
    records
}

/// If this record is for ASCII text, our time for binary messages of the same size.
fn own_binary(record: &Record, records: &[Record]) -> Option<f64> {
    let kind = format!("{} binary", record.kind.strip_suffix(" ascii")?);
    let binary = records.iter().find(|other| other.kind == kind && other.size == record.size);
    Some(binary?.best(Standing::Ours)?.nanoseconds)
}
