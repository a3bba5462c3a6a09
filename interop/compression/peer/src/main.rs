//! An echo in both roles. The query of the URI is the policy for compression, and the first message
//! says what was agreed on.
//!
//! `serve ADDR` prints the address that it listens on. `connect URI` opens one connection, and
//! ends with it.

mod connect;
mod echo;
mod policy;
mod serve;

use std::{error::Error, process::ExitCode};

const USAGE: &str = "usage: hybi-compression-peer serve ADDR | connect URI";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["serve", address] => serve::run(address),
        ["connect", uri] => connect::run(uri),
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

/// Whatever ends a connection.
type Failure = Box<dyn Error + Send + Sync>;
