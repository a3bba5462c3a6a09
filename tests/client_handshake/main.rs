//! The client's side of the opening handshake: what it asks, which answers it accepts.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers too

#[path = "../handshake_support"]
mod handshake_support {
    pub(crate) mod client;
    pub(crate) mod cut;
    pub(crate) mod head;
    pub(crate) mod proof;
}

mod asking;
mod failures;
mod hostile;
mod opening;
mod refusals;
mod round_trips;
mod traffic;
