//! Shared code of the fuzz targets: splitting the input, generators of streams and heads that are mostly
//! valid, and a simple reference implementation of the protocol.
//!
//! The reference uses only the result types of the crate, not its code, so that they do not share bugs.

pub mod accept;
pub mod cuts;
pub mod event;
pub mod http;
pub mod keys;
pub mod memory;
pub mod reference;
pub mod stream;
