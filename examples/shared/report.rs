//! What a server reports to its operator.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes a line to standard error. If that fails, because its pipe is closed or the disk is full,
/// the server goes on, while `eprintln!` would panic.
pub(crate) fn report(message: impl Display) {
    let _ = writeln!(io::stderr(), "{message}");
}
