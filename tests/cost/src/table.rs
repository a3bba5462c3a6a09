//! The table, and the verdict.

use crate::catalogue::{Catalogue, Entry, GROWTH, Point};
use crate::measure::Count;

/// Prints a row for each entry at each length, what failed, and how many passed; returns whether
/// all did.
pub(crate) fn print(catalogue: &Catalogue, counts: &[Count]) -> bool {
    println!(
        "| input | length | outcome | instructions | relative to | instructions | factor | limit | growth |"
    );
    println!("| --- | --: | --- | --: | --- | --: | --: | --: | --: |");
    let checked = catalogue.entries.iter().map(|entry| (entry, check(entry, catalogue, counts)));
    let checked: Vec<_> = checked.collect();
    let failures = || checked.iter().filter(|(_, faults)| !faults.is_empty());
    println!();
    for (entry, faults) in failures() {
        println!("FAIL {}: {}", entry.name, faults.join("; "));
    }
    let failed = failures().count();
    println!("{} passed, {failed} failed", checked.len() - failed);
    failed == 0
}

/// Prints the row of an entry, at the length at which it costs most relative to ordinary input,
/// and returns what is wrong with it.
fn check(entry: &Entry, catalogue: &Catalogue, counts: &[Count]) -> Vec<String> {
    let mut faults = Vec::new();
    for input in entry.points.iter().flat_map(|point| point.ordinary.iter().chain([&point.hostile]))
    {
        let outcome = counts[catalogue.index(input)].outcome;
        if outcome != input.expected {
            let (outcome, expected) = (outcome.text(), input.expected.text());
            let name = &input.name;
            faults.push(format!("{name}: the outcome is \"{outcome}\", expected \"{expected}\""));
        }
    }
    let mut worst: Option<(f64, String)> = None;
    let (mut least, mut growth) = (f64::INFINITY, 0.0_f64);
    for point in &entry.points {
        let Count { instructions, outcome } = &counts[catalogue.index(&point.hostile)];
        let length = point.hostile.length;
        let reference = reference(point, catalogue, counts);
        let factor = *instructions as f64 / reference as f64;
        if factor > entry.limit {
            faults.push(format!("a factor of {factor:.1} at {length}"));
        }
        growth = *instructions as f64 / length as f64 / least;
        least = least.min(*instructions as f64 / length as f64);
        if worst.as_ref().is_none_or(|(other, _)| factor > *other) {
            let outcome = outcome.text();
            let cells = format!(
                "{length} | {outcome} | {instructions} | {} | {reference} | {factor:.2} | {}",
                entry.reference, entry.limit
            );
            worst = Some((factor, cells));
        }
    }
    if growth > GROWTH {
        faults.push(format!("a growth of {growth:.2}"));
    }
    let verdict = if faults.is_empty() { "" } else { " **fails**" };
    let cells = worst.map(|(_, cells)| cells).unwrap_or_default();
    // With one length, there is nothing to compare.
    let growth = if growth > 0.0 { format!("{growth:.2}") } else { String::new() };
    println!("| {} | {cells} | {growth}{verdict} |", entry.name);
    faults
}

/// What the most expensive of the ordinary inputs costs at the length of the hostile one.
fn reference(point: &Point, catalogue: &Catalogue, counts: &[Count]) -> u64 {
    let scaled = point.ordinary.iter().map(|input| {
        let count = counts[catalogue.index(input)].instructions;
        (u128::from(count) * point.hostile.length as u128 / input.length.max(1) as u128) as u64
    });
    scaled.max().unwrap_or_default()
}
