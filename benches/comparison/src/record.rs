//! The measurements as a file of tab-separated values in the target directory.

use std::{env, fmt::Write, fs, io, path::PathBuf};

use crate::{
    libraries::{LIBRARIES, Library, OURS},
    row::Standing,
};

/// The figures of one row.
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) size: usize,
    pub(crate) figures: Vec<Figures>,
}

/// The cost of one candidate in one row, for each message.
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// The median.
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
    /// The peak of the allocated memory, in bytes and not for each message.
    pub(crate) peak: usize,
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    /// The size of the compressed messages divided by that of the messages, if they are compressed.
    pub(crate) compression: Option<f64>,
}

const COLUMNS: &str =
    "kind\tsize\tname\tstanding\tnanoseconds\tallocations\tpeak\treads\twrites\tcompression";

const STANDINGS: [(Standing, &str); 4] = [
    (Standing::Ours, "ours"),
    (Standing::Peer, "peer"),
    (Standing::Baseline, "baseline"),
    (Standing::Limit, "limit"),
];

impl Record {
    /// The fastest of the entrants with this standing.
    pub(crate) fn best(&self, standing: Standing) -> Option<&Figures> {
        let of = self.figures.iter().filter(|figures| figures.standing == standing);
        of.min_by(|one, other| one.nanoseconds.total_cmp(&other.nanoseconds))
    }

    /// The place of hybi among the libraries that take part, and their number. The faster way
    /// counts for a library that takes part in two ways.
    pub(crate) fn place(&self) -> (usize, usize) {
        let time = |library: &Library| {
            let of = self.figures.iter().filter(|figures| library.way(&figures.name).is_some());
            of.map(|figures| figures.nanoseconds).min_by(f64::total_cmp)
        };
        let times: Vec<_> = LIBRARIES.iter().filter_map(time).collect();
        let faster = times.iter().filter(|some| time(OURS).is_some_and(|ours| **some < ours));
        (1 + faster.count(), times.len())
    }
}

/// The path of the file.
pub(crate) fn path() -> io::Result<PathBuf> {
    let mut path = env::current_exe()?;
    // The binary is in a folder named for its profile.
    path.pop();
    path.set_file_name("comparison.tsv");
    Ok(path)
}

pub(crate) fn write(records: &[Record]) -> io::Result<()> {
    let mut text = format!("{COLUMNS}\n");
    for Record { kind, size, figures } in records {
        for figures in figures {
            let Figures { name, nanoseconds, allocations, peak, reads, writes, .. } = figures;
            let standing = STANDINGS.iter().find(|(one, _)| *one == figures.standing).unwrap().1;
            let compression =
                figures.compression.map(|some| format!("{some:.4}")).unwrap_or_default();
            writeln!(
                text,
                "{kind}\t{size}\t{name}\t{standing}\t{nanoseconds:.3}\t{allocations:.3}\t{peak}\t\
                 {reads:.4}\t{writes:.4}\t{compression}"
            )
            .unwrap();
        }
    }
    fs::write(path()?, text)
}

pub(crate) fn read() -> io::Result<Vec<Record>> {
    let text = fs::read_to_string(path()?)?;
    let mut records: Vec<Record> = Vec::new();
    for line in text.lines().skip(1) {
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, line.to_owned());
        let (kind, size, figures) = parse(line).ok_or_else(invalid)?;
        match records.last_mut() {
            Some(last) if last.kind == kind && last.size == size => last.figures.push(figures),
            _ => records.push(Record { kind, size, figures: vec![figures] }),
        }
    }
    Ok(records)
}

fn parse(line: &str) -> Option<(String, usize, Figures)> {
    let mut values = line.split('\t');
    let mut next = || values.next();
    let (kind, size, name) = (next()?.to_owned(), next()?.parse().ok()?, next()?.to_owned());
    let standing = next()?;
    let (standing, _) = *STANDINGS.iter().find(|(_, name)| *name == standing)?;
    let figures = Figures {
        name,
        standing,
        nanoseconds: next()?.parse().ok()?,
        allocations: next()?.parse().ok()?,
        peak: next()?.parse().ok()?,
        reads: next()?.parse().ok()?,
        writes: next()?.parse().ok()?,
        compression: next()?.parse().ok(),
    };
    Some((kind, size, figures))
}
