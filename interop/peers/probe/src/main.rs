//! The hybi side of the matrix, as a server and as a client.
//!
//! - `serve ADDR` prints the address that it listens on, and a line for each connection that it checked.
//!   With `--same-host`, it refuses the pages of other hosts.
//! - `connect URI CHECK` runs one check and prints its result.
//! - `echo URI` is the peer of a check.
//!
//! With `--http2`, the first two use HTTP/2 with prior knowledge.

mod checks;
mod connect;
mod echo;
mod http2;
mod link;
mod policy;
mod serve;

use std::{error::Error, process::ExitCode};

use hybi::Origins;

const USAGE: &str = "usage: hybi-peers-probe serve [--same-host] [--http2] ADDR | connect [--http2] URI \
    CHECK | echo URI";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |option| words.iter().any(|word| word == option);
    let version = if has("--http2") { Version::Http2 } else { Version::Http11 };
    let origins =
        if has("--same-host") { Origins::same_host().or_no_browser() } else { Origins::any() };
    let words = words.iter().map(String::as_str).filter(|word| !word.starts_with("--"));
    let ended = match words.collect::<Vec<_>>()[..] {
        ["serve", address] => serve::run(address, version, &origins),
        ["connect", uri, check] => {
            println!("{}", checks::line(connect::run(uri, version, check)));
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

/// The version of HTTP for the opening handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http11,
    Http2,
}

/// Any error that ends a connection.
type Failure = Box<dyn Error + Send + Sync>;
