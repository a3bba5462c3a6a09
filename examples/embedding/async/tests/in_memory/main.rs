//! The embeddings over streams in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests panic

mod cancellation;
mod deadlines;
mod duplex;
mod embedding;
mod peer;
mod tape;

use counting::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
