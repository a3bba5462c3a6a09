//! Reports of a server to its operator.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes a line to standard error. Ignores an error, such as a closed pipe or a full disk, on which
/// `eprintln!` would panic.
pub(crate) fn report(message: impl Display) {
    let _ = writeln!(io::stderr(), "{message}");
}
