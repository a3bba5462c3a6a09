//! Microbenchmarks of the parts of the crate, in one binary.
//!
//! ```sh
//! cargo bench                # all
//! cargo bench -- receive/    # those whose name contains `receive/`
//! ```

#![allow(clippy::unwrap_used)] // a failing bench must stop

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

/// Replaces `criterion_main!`, because some benches depend on a feature.
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
