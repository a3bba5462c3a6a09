//! The rows of the table.

mod compression;
mod echo;
mod handshake;
mod limits;
mod receive;
mod send;

use crate::{candidates::ReadBuffers, row::Row};

/// The end of the kinds in which all read buffers have the same size.
pub(crate) const EQUAL_BUFFERS: &str = ", equal buffers";

const SIZES: [usize; 6] = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// Makes a row. This is done only when the row is measured, because some hold megabytes.
pub(crate) type Make = Box<dyn Fn() -> Row>;

/// The kind of a row, with the read buffers unless they are the recommended ones.
fn kind(kind: &str, buffers: ReadBuffers) -> String {
    match buffers {
        ReadBuffers::Recommended => kind.into(),
        ReadBuffers::Equal => format!("{kind}{EQUAL_BUFFERS}"),
    }
}

/// All rows by name, in order.
pub(crate) fn all() -> Vec<(String, Make)> {
    use ReadBuffers::{Equal, Recommended};
    let mut rows = Vec::new();
    receive::add(&mut rows, Recommended);
    send::add(&mut rows);
    echo::add(&mut rows, Recommended);
    compression::add(&mut rows, Recommended);
    handshake::add(&mut rows);
    receive::add(&mut rows, Equal);
    echo::add(&mut rows, Equal);
    compression::add(&mut rows, Equal);
    limits::add(&mut rows);
    rows
}
