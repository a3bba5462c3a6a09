//! The rows of the table.

mod compression;
mod echo;
mod handshake;
mod limits;
mod receive;
mod send;

use crate::row::Row;

const SIZES: [usize; 6] = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// Makes a row. This is done only when the row is measured, because some hold megabytes.
pub(crate) type Make = Box<dyn Fn() -> Row>;

/// All rows by name, in order.
pub(crate) fn all() -> Vec<(String, Make)> {
    let mut rows = Vec::new();
    receive::add(&mut rows);
    send::add(&mut rows);
    echo::add(&mut rows);
    compression::add(&mut rows);
    handshake::add(&mut rows);
    limits::add(&mut rows);
    rows
}
