//! The hybi side of the matrix, as a server and as a client.
//!
//! - `serve ADDR` prints the address that it listens on, and a line for each connection that it checked.
//!   With `--same-host` before the address, it refuses the pages of other hosts.
//! - `connect URI CHECK` runs one check and prints its result.
//! - `echo URI` is the peer of a check.

mod checks;
mod connect;
mod echo;
mod link;
mod policy;
mod serve;

use std::{error::Error, process::ExitCode};

use hybi::Origins;

const USAGE: &str =
    "usage: hybi-peers-probe serve [--same-host] ADDR | connect URI CHECK | echo URI";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["serve", address] => serve::run(address, &Origins::any()),
        ["serve", "--same-host", address] => {
            serve::run(address, &Origins::same_host().or_no_browser())
        }
        ["connect", uri, check] => {
            println!("{}", checks::line(connect::run(uri, check)));
            Ok(())
        }
        ["echo", uri] => connect::echo(uri),
        _ => Err(USAGE.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Any error that ends a connection.
type Failure = Box<dyn Error + Send + Sync>;
