//! Prints what a WebSocket client and server send each other, or writes it as HAR.
//!
//! `inspect LISTEN TARGET` passes connections on; `inspect --pcap FILE` reads captured packets.
//! `docs/inspect.md` describes the options.

mod arguments;
mod capture;
mod flows;
mod har;
mod packet;
mod proxy;
mod session;

use std::process::ExitCode;

use arguments::{Arguments, Source};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let result = arguments.output().and_then(|output| match &arguments.source {
        Source::Proxy { listen, target } => proxy::run(listen, target, &output),
        Source::Capture(path) => flows::read(path, &output),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inspect: {error}");
            ExitCode::FAILURE
        }
    }
}
