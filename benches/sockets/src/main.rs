//! Echo servers over loopback, each in a process of its own: CPU time and system calls of the server per
//! message, its opening handshakes, and its memory per idle connection. See `README.md`.

mod dial;
mod echoes;
mod load;
mod measure;
mod messages;
mod options;
mod picture;
#[path = "../../comparison/src/plot.rs"]
mod plot;
mod results;
mod server;
mod syscalls;

use std::{error::Error, process::ExitCode};

use options::{HELP, Options};
use results::Results;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let Some(options) = Options::parse()? else {
        println!("{HELP}");
        return Ok(());
    };
    if let Some(file) = &options.table {
        let results = Results::read(file)?;
        results.print();
        if let Some(picture) = &options.picture {
            std::fs::write(picture, picture::draw(&results))?;
        }
        return Ok(());
    }
    // As many files as are allowed, here and in the servers.
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    println!("Processor: {}", server::processor_name()?);
    let mut results = Results::new(options.append.clone())?;
    let measured = measure::measure(&options, &mut results);
    results.print();
    measured
}
