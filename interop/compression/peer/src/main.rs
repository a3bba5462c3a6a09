//! An echo server and client. The query of the URI is the compression policy. The first message reports
//! the negotiated parameters.
//!
//! `serve ADDR` prints the address that it listens on. `connect URI` opens one connection, and exits at
//! its end.

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

/// Any error that ends a connection.
type Failure = Box<dyn Error + Send + Sync>;
