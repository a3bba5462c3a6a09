//! The tables, in Markdown.

use std::fmt::Write;

use crate::{
    goal::Verdict,
    record::{Figures, Record},
    row::Standing,
    traffic::Size,
};

const PEERS: [&str; 8] = [
    "tungstenite",
    "fastwebsockets",
    "soketto",
    "tokio-websockets",
    "yawc",
    "sockudo-ws",
    "web-socket",
    "wtx",
];

/// The header of the table of times.
pub(crate) fn times_head() -> String {
    let columns = [&["hybi"][..], &PEERS, &["limits", "hybi / best peer", "goals"]].concat();
    head("nanoseconds for each message", &columns)
}

/// A row of the table of times.
pub(crate) fn times(record: &Record, verdicts: &[Verdict]) -> String {
    let mut line = cells(record, &|figures| number(figures.nanoseconds));
    let others = record
        .figures
        .iter()
        .filter(|figures| matches!(figures.standing, Standing::Limit | Standing::Baseline));
    let others: Vec<_> =
        others.map(|figures| format!("{} {}", figures.name, number(figures.nanoseconds))).collect();
    let ratio = match (record.best(Standing::Ours), record.best(Standing::Peer)) {
        (Some(ours), Some(peer)) => format!("{:.2}", ours / peer),
        _ => String::new(),
    };
    let verdicts: Vec<_> = verdicts.iter().map(Verdict::to_string).collect();
    write!(line, " {} | {ratio} | {} |", others.join(", "), verdicts.join("; ")).unwrap();
    line
}

/// The table of memory.
pub(crate) fn memory(records: &[Record]) -> String {
    let columns = [&["hybi"][..], &PEERS].concat();
    let mut table = head("allocations for each message / peak, KiB", &columns);
    for record in records.iter().filter(|record| record.best(Standing::Ours).is_some()) {
        let cell = |figures: &Figures| {
            let allocations = match figures.allocations {
                0.0 => "0".into(),
                some if some < 0.1 => "<0.1".into(),
                some => format!("{some:.1}"),
            };
            format!("{allocations} / {}", figures.peak.div_ceil(1024))
        };
        writeln!(table).unwrap();
        table += &cells(record, &cell);
    }
    table
}

/// The cells of hybi and of the peers.
fn cells(record: &Record, cell: &dyn Fn(&Figures) -> String) -> String {
    let mut line = format!("| {:46} |", name(record));
    for column in [&["hybi"][..], &PEERS].concat() {
        // A candidate that takes part in two ways has two figures in one cell.
        let ways: Vec<_> = record
            .figures
            .iter()
            .filter_map(|figures| match figures.name.strip_prefix(column)? {
                "" => Some(cell(figures)),
                way => Some(format!("{}: {}", way.strip_prefix(", ")?, cell(figures))),
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

fn head(first: &str, columns: &[&str]) -> String {
    let mut head = format!("| {first:46} |");
    let mut line = format!("| {:-<46} |", "");
    for column in columns {
        write!(head, " {column} |").unwrap();
        line += " ---: |";
    }
    format!("{head}\n{line}")
}

/// A number with at least three digits.
pub(crate) fn number(nanoseconds: f64) -> String {
    if nanoseconds < 100.0 { format!("{nanoseconds:.1}") } else { format!("{nanoseconds:.0}") }
}
