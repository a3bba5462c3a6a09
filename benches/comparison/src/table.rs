//! The tables, in Markdown.

use std::fmt::Write;

use crate::{
    goal::Verdict,
    libraries::LIBRARIES,
    record::{Figures, Record},
    row::Standing,
    traffic::Size,
};

/// The header of the table of times.
pub(crate) fn times_head() -> String {
    head(
        "nanoseconds for each message",
        &columns(&["limits", "hybi / best peer", "place of hybi", "goals"]),
    )
}

/// A row of the table of times.
pub(crate) fn times(record: &Record, verdicts: &[Verdict]) -> String {
    let time = |figures: &Figures| {
        let time = number(figures.nanoseconds);
        match figures.compression {
            Some(share) => format!("{time} ({:.1} %)", share * 100.0),
            None => time,
        }
    };
    let mut line = cells(record, &time);
    let others = record
        .figures
        .iter()
        .filter(|figures| matches!(figures.standing, Standing::Limit | Standing::Baseline));
    let others: Vec<_> =
        others.map(|figures| format!("{} {}", figures.name, time(figures))).collect();
    let (ratio, place) = match (record.best(Standing::Ours), record.best(Standing::Peer)) {
        (Some(ours), Some(peer)) => {
            let ratio = format!("{:.2} {}", ours.nanoseconds / peer.nanoseconds, peer.name);
            let (place, of) = record.place();
            // What is not first is printed in bold.
            if place == 1 {
                (ratio, format!("1 of {of}"))
            } else {
                (format!("**{ratio}**"), format!("**{place} of {of}**"))
            }
        }
        _ => Default::default(),
    };
    let verdicts: Vec<_> = verdicts.iter().map(Verdict::to_string).collect();
    write!(line, " {} | {ratio} | {place} | {} |", others.join(", "), verdicts.join("; ")).unwrap();
    line
}

/// The table of memory.
pub(crate) fn memory(records: &[Record]) -> String {
    others("allocations for each message / peak, KiB", records, &|figures| {
        let peak = figures.peak.div_ceil(1024);
        format!("{} / {peak}", few(figures.allocations))
    })
}

/// The table of reads and writes.
pub(crate) fn calls(records: &[Record]) -> String {
    others("reads / writes for each message", records, &|figures| {
        format!("{} / {}", few(figures.reads), few(figures.writes))
    })
}

/// A table of the rows in which hybi takes part.
fn others(first: &str, records: &[Record], cell: &dyn Fn(&Figures) -> String) -> String {
    let mut table = head(first, &columns(&[]));
    for record in records.iter().filter(|record| record.best(Standing::Ours).is_some()) {
        table += "\n";
        table += &cells(record, cell);
    }
    table
}

/// The cells of hybi and of the peers.
fn cells(record: &Record, cell: &dyn Fn(&Figures) -> String) -> String {
    let mut line = format!("| {:46} |", name(record));
    for library in &LIBRARIES {
        // A candidate that takes part in two ways has two figures in one cell.
        let ways: Vec<_> = record
            .figures
            .iter()
            .filter_map(|figures| match library.way(&figures.name)? {
                "" => Some(cell(figures)),
                way => Some(format!("{way}: {}", cell(figures))),
            })
            .collect();
        write!(line, " {} |", ways.join(", ")).unwrap();
    }
    line
}

fn name(record: &Record) -> String {
    if record.size == 0 {
        record.kind.clone()
    } else {
        format!("{}, {}", record.kind, Size(record.size))
    }
}

/// The names of the libraries, and further columns.
fn columns(further: &[&'static str]) -> Vec<&'static str> {
    let names = LIBRARIES.iter().map(|library| library.name);
    names.chain(further.iter().copied()).collect()
}

/// The header of a table.
fn head(first: &str, columns: &[&str]) -> String {
    let mut head = format!("| {first:46} |");
    let mut line = format!("| {:-<46} |", "");
    for column in columns {
        write!(head, " {column} |").unwrap();
        line += " ---: |";
    }
    format!("{head}\n{line}")
}

/// A number, with one decimal below 100.
pub(crate) fn number(nanoseconds: f64) -> String {
    if nanoseconds < 100.0 { format!("{nanoseconds:.1}") } else { format!("{nanoseconds:.0}") }
}

/// A small count for each message.
fn few(count: f64) -> String {
    match count {
        0.0 => "0".into(),
        some if some < 0.01 => "<0.01".into(),
        some if some < 1.0 => format!("{some:.2}"),
        some => format!("{some:.1}"),
    }
}
