//! The server's side of the opening handshake: what it accepts, how it answers, what it refuses.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers too

#[path = "../handshake_support"]
mod handshake_support {
    pub(crate) mod cut;
    pub(crate) mod head;
    pub(crate) mod http;
    #[cfg(feature = "http")]
    pub(crate) mod others;
    pub(crate) mod proof;
    pub(crate) mod server;
}

mod accepting;
mod hostile;
mod limits;
mod refusals;
mod rejecting;
mod secrets;
mod smuggling;
mod traffic;
