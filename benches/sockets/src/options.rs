//! The command line.

use std::{fs, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt as _};

use crate::{
    Failure,
    messages::Kind,
    server::{Processors, Program},
};

pub(crate) const HELP: &str = "\
Measures echo servers over loopback and prints tables.

  --server NAME=COMMAND   measure this server instead of those in the file `servers`; repeatable.
                          {root} (of the repository), {address}, {host} and {port} are replaced
  --servers FILE          read the servers from this file, one NAME=COMMAND in each line
  --only TEXT             only the servers whose names contain this; repeatable
  --measure LIST          traffic, accept, idle
  --kind LIST             binary, text, compressed
  --size LIST             bytes in a message
  --connections LIST      open connections
  --in-flight LIST        messages in flight on each connection
  --idle COUNT            idle connections
  --rounds COUNT          rounds; the result is the median
  --time MILLISECONDS     how long one measurement takes
  --processors LOAD,SERVER
  --quick                 a few rows, one short round
  --append FILE           add the results to this file as tab-separated values
  --table FILE            print the tables of such a file, and measure nothing
  --picture FILE          with `--table`: also draw a chart of the results, as SVG

The default is every row that a comparison needs: see README.md.";

/// What to measure, and how.
pub(crate) struct Options {
    pub(crate) programs: Vec<Program>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) sizes: Vec<usize>,
    pub(crate) connections: Vec<usize>,
    pub(crate) in_flight: Vec<usize>,
    pub(crate) idle: usize,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) processors: Processors,
    pub(crate) append: Option<PathBuf>,
    pub(crate) table: Option<PathBuf>,
    pub(crate) picture: Option<PathBuf>,
}

/// A group of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Traffic,
    Accept,
    Idle,
}

impl Measure {
    pub(crate) const ALL: [Self; 3] = [Self::Traffic, Self::Accept, Self::Idle];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Accept => "accept",
            Self::Idle => "idle",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            programs: Vec::new(),
            measures: Measure::ALL.into(),
            kinds: Kind::ALL.into(),
            sizes: vec![16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024],
            connections: vec![1, 64, 1000],
            in_flight: vec![1, 16],
            idle: 10_000,
            rounds: 5,
            time: Duration::from_millis(300),
            processors: Processors { load: 0, server: 1 },
            append: None,
            table: None,
            picture: None,
        }
    }
}

impl Options {
    /// Parses the arguments of the program. `None` if they ask for help.
    pub(crate) fn parse() -> Result<Option<Self>, Failure> {
        let mut options = Self::default();
        let mut file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/servers"));
        let mut only = Vec::new();
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            let Arg::Long(name) = argument else { return Err(argument.unexpected().into()) };
            match name {
                "server" => {
                    let line = parser.value()?.string()?;
                    options.programs.push(Program::parse(&line).ok_or("NAME=COMMAND is needed")?);
                }
                "servers" => file = parser.value()?.into(),
                "only" => only.push(parser.value()?.string()?),
                "measure" => {
                    options.measures =
                        named(&parser.value()?.string()?, Measure::ALL, Measure::name)?;
                }
                "kind" => options.kinds = named(&parser.value()?.string()?, Kind::ALL, Kind::name)?,
                "size" => options.sizes = numbers(&parser.value()?.string()?)?,
                "connections" => options.connections = numbers(&parser.value()?.string()?)?,
                "in-flight" => options.in_flight = numbers(&parser.value()?.string()?)?,
                "idle" => options.idle = parser.value()?.parse()?,
                "rounds" => options.rounds = parser.value()?.parse()?,
                "time" => options.time = Duration::from_millis(parser.value()?.parse()?),
                "processors" => match numbers(&parser.value()?.string()?)?[..] {
                    [load, server] => options.processors = Processors { load, server },
                    _ => return Err("two processors are needed".into()),
                },
                "quick" => options.shorten(),
                "append" => options.append = Some(parser.value()?.into()),
                "table" => options.table = Some(parser.value()?.into()),
                "picture" => options.picture = Some(parser.value()?.into()),
                "help" => return Ok(None),
                _ => return Err(argument.unexpected().into()),
            }
        }
        if options.programs.is_empty() && options.table.is_none() {
            options.programs = read_programs(&file)?;
        }
        if options.picture.is_some() && options.table.is_none() {
            return Err("a picture is drawn of a file: --table FILE is needed".into());
        }
        if !only.is_empty() {
            options.programs.retain(|program| only.iter().any(|text| program.name.contains(text)));
        }
        Ok(Some(options))
    }

    fn shorten(&mut self) {
        self.kinds = vec![Kind::Binary, Kind::Compressed];
        self.sizes = vec![125, 1024];
        self.connections = vec![64];
        self.in_flight = vec![16];
        self.idle = 100;
        self.rounds = 1;
        self.time = Duration::from_millis(20);
    }
}

/// Reads the servers from a file. Lines that begin with `#` are comments.
fn read_programs(file: &PathBuf) -> Result<Vec<Program>, Failure> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| Program::parse(line).ok_or_else(|| format!("not NAME=COMMAND: {line}").into()))
        .collect()
}

fn named<T: Copy, const N: usize>(
    list: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, Failure> {
    let find = |word: &str| all.into_iter().find(|value| name(*value) == word);
    list.split(',')
        .map(|word| find(word).ok_or_else(|| format!("unknown: {word}").into()))
        .collect()
}

fn numbers(list: &str) -> Result<Vec<usize>, Failure> {
    list.split(',')
        .map(|word| word.parse().map_err(|_| format!("not a number: {word}").into()))
        .collect()
}
