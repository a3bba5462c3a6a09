//! Benches of the crate's parts, in one binary.
//!
//! ```sh
//! cargo bench                # all of them
//! cargo bench -- receive/    # those whose name contains this
//! ```

#![allow(clippy::unwrap_used)] // a bench that fails is to stop

#[cfg(feature = "deflate")]
mod deflate;
mod frame;
mod handshake;
mod mask;
mod receive;
mod send;
mod support;
mod utf8;

use criterion::Criterion;

/// What `criterion_main!` does, for benches that depend on a feature as well.
fn main() {
    mask::benches();
    utf8::benches();
    frame::benches();
    receive::benches();
    send::benches();
    handshake::benches();
    #[cfg(feature = "deflate")]
    deflate::benches();
    Criterion::default().configure_from_args().final_summary();
}
