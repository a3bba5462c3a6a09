//! The embeddings as processes. The bytes of the peer are from the RFC or from another implementation.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod ahead;
mod backpressure;
mod client;
mod ending;
mod idle;
#[allow(dead_code)] // not all of it is used here
#[path = "../in_memory/peer.rs"]
mod peer;
mod plain;
mod server;
mod typed;

const TOKIO: &str = env!("CARGO_BIN_EXE_tokio");
const TOKIO_SPLIT: &str = env!("CARGO_BIN_EXE_tokio_split");
const SMOL: &str = env!("CARGO_BIN_EXE_smol");
const IO_URING: &str = env!("CARGO_BIN_EXE_io_uring");
const HYPER: &str = env!("CARGO_BIN_EXE_hyper");

const MIB: usize = 1024 * 1024;
