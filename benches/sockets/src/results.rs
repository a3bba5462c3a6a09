//! Results: a file of tab-separated values, and tables in Markdown.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{Failure, messages::Kind, options::Measure};

/// What one row measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) measure: Measure,
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
}

impl Row {
    pub(crate) const fn accept(connections: usize) -> Self {
        Self { measure: Measure::Accept, kind: Kind::Binary, size: 0, connections, in_flight: 0 }
    }

    pub(crate) const fn idle(connections: usize) -> Self {
        Self { measure: Measure::Idle, kind: Kind::Binary, size: 125, connections, in_flight: 1 }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, kind, size, connections, in_flight } = self;
        match measure {
            Measure::Traffic => {
                let kind = kind.name();
                write!(f, "{size} B {kind}, {connections} connections, {in_flight} in flight")
            }
            Measure::Accept => write!(f, "{connections} opening handshakes"),
            Measure::Idle => write!(f, "{connections} idle connections"),
        }
    }
}

/// What was measured of one server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Values {
    pub(crate) cpu_nanos: Option<f64>,
    pub(crate) syscalls: Option<f64>,
    pub(crate) per_second: Option<f64>,
    /// Of an echo, with its header, or the memory of an idle connection.
    pub(crate) bytes: Option<f64>,
}

impl Values {
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let median = |value: fn(&Self) -> Option<f64>| {
            let mut values: Vec<_> = rounds.iter().filter_map(value).collect();
            values.sort_unstable_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        Self {
            cpu_nanos: median(|values| values.cpu_nanos),
            syscalls: median(|values| values.syscalls),
            per_second: median(|values| values.per_second),
            bytes: median(|values| values.bytes),
        }
    }
}

/// All results so far.
#[derive(Default)]
pub(crate) struct Results {
    records: Vec<(Row, String, Values)>,
    file: Option<PathBuf>,
}

const HEADING: &str = "measure\tkind\tsize\tconnections\tin flight\tserver\tCPU ns\tsystem calls\t\
                       per second\tbytes";

impl Results {
    /// Results that are also appended to this file.
    pub(crate) fn new(file: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(file) = file.as_ref().filter(|file| !file.exists()) {
            fs::write(file, format!("{HEADING}\n"))?;
        }
        Ok(Self { records: Vec::new(), file })
    }

    pub(crate) fn add(&mut self, row: &Row, server: &str, values: &Values) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            let Row { measure, kind, size, connections, in_flight } = row;
            let (measure, kind) = (measure.name(), kind.name());
            let number =
                |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.3}"));
            let numbers =
                [values.cpu_nanos, values.syscalls, values.per_second, values.bytes].map(number);
            let numbers = numbers.join("\t");
            let mut file = OpenOptions::new().append(true).open(file)?;
            writeln!(
                file,
                "{measure}\t{kind}\t{size}\t{connections}\t{in_flight}\t{server}\t{numbers}"
            )?;
        }
        self.records.push((*row, server.into(), *values));
        Ok(())
    }

    /// Reads a file to which results were appended.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(file)?;
        let mut results = Self::default();
        for line in text.lines().skip(1) {
            let record = parse(line).ok_or_else(|| format!("not a result: {line}"))?;
            results.records.push(record);
        }
        Ok(results)
    }

    /// Prints tables in Markdown.
    pub(crate) fn print(&self) {
        for kind in Kind::ALL {
            for connections in self.distinct(|row| row.connections) {
                for in_flight in self.distinct(|row| row.in_flight) {
                    self.print_traffic(kind, connections, in_flight);
                }
            }
        }
        self.print_accept();
        self.print_idle();
    }

    fn print_traffic(&self, kind: Kind, connections: usize, in_flight: usize) {
        let row = |size| Row { measure: Measure::Traffic, kind, size, connections, in_flight };
        let mut sizes = self.distinct(|row| row.size);
        sizes.retain(|size| self.records.iter().any(|(each, ..)| *each == row(*size)));
        if sizes.is_empty() {
            return;
        }
        println!("\n{}, {connections} connections, {in_flight} in flight:", kind.name());
        let is_compressed = kind == Kind::Compressed;
        let bytes = if is_compressed { ", bytes of an echo" } else { "" };
        println!("CPU ns per message (system calls per message){bytes}\n");
        let headings: Vec<_> = sizes.iter().map(|size| format!("{size} B")).collect();
        println!("| server | {} |", headings.join(" | "));
        println!("| ---{} |", " | ---:".repeat(sizes.len()));
        for server in self.servers() {
            let cell = |size: &usize| {
                self.find(&row(*size), server).map_or(String::new(), |values| {
                    let calls =
                        values.syscalls.map_or(String::new(), |calls| format!(" ({calls:.2})"));
                    let bytes = values.bytes.filter(|_| is_compressed);
                    let bytes = bytes.map_or(String::new(), |bytes| format!(", {bytes:.0} B"));
                    format!("{:.0}{calls}{bytes}", values.cpu_nanos.unwrap_or_default())
                })
            };
            let cells: Vec<_> = sizes.iter().map(cell).collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                println!("| {server} | {} |", cells.join(" | "));
            }
        }
    }

    fn print_accept(&self) {
        let found: Vec<_> = self.of(Measure::Accept).collect();
        if found.is_empty() {
            return;
        }
        println!("\nOpening handshakes:\n");
        println!("| server | CPU µs | per second |\n| --- | ---: | ---: |");
        for (server, values) in found {
            let micros = values.cpu_nanos.unwrap_or_default() / 1000.;
            println!("| {server} | {micros:.1} | {:.0} |", values.per_second.unwrap_or_default());
        }
    }

    fn print_idle(&self) {
        let found: Vec<_> = self.of(Measure::Idle).collect();
        if found.is_empty() {
            return;
        }
        println!("\nMemory of an idle connection:\n");
        println!("| server | bytes |\n| --- | ---: |");
        for (server, values) in found {
            println!("| {server} | {:.0} |", values.bytes.unwrap_or_default());
        }
    }

    fn of(&self, measure: Measure) -> impl Iterator<Item = (&str, &Values)> {
        let records = self.records.iter().filter(move |(row, ..)| row.measure == measure);
        records.map(|(_, server, values)| (server.as_str(), values))
    }

    pub(crate) fn find(&self, row: &Row, server: &str) -> Option<&Values> {
        let found = self.records.iter().rfind(|(each, name, _)| each == row && name == server);
        found.map(|(.., values)| values)
    }

    /// The servers, in the order in which they were measured.
    pub(crate) fn servers(&self) -> Vec<&str> {
        let mut servers = Vec::new();
        for (_, server, _) in &self.records {
            if !servers.contains(&server.as_str()) {
                servers.push(server);
            }
        }
        servers
    }

    pub(crate) fn distinct(&self, value: impl Fn(&Row) -> usize) -> Vec<usize> {
        let values: BTreeSet<_> = self.records.iter().map(|(row, ..)| value(row)).collect();
        values.into_iter().collect()
    }
}

fn parse(line: &str) -> Option<(Row, String, Values)> {
    let fields: Vec<_> = line.split('\t').collect();
    let [measure, kind, size, connections, in_flight, server, numbers @ ..] = &fields[..] else {
        return None;
    };
    let row = Row {
        measure: Measure::ALL.into_iter().find(|each| each.name() == *measure)?,
        kind: Kind::ALL.into_iter().find(|each| each.name() == *kind)?,
        size: size.parse().ok()?,
        connections: connections.parse().ok()?,
        in_flight: in_flight.parse().ok()?,
    };
    let number = |index: usize| numbers.get(index).and_then(|text| text.parse().ok());
    let values = Values {
        cpu_nanos: number(0),
        syscalls: number(1),
        per_second: number(2),
        bytes: number(3),
    };
    Some((row, (*server).into(), values))
}
