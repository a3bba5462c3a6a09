//! The embeddings over a stream in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests panic

mod cancellation;
#[allow(dead_code)] // not all of it is asked for
#[path = "../../../../../tests/counting/mod.rs"]
mod counting;
mod deadlines;
mod duplex;
mod embedding;
mod peer;
mod tape;
