//! Helpers for both roles of the opening handshake, and for messages that arrive in pieces.

pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod cut;
pub(crate) mod head;
pub(crate) mod http;
#[cfg(feature = "http")]
pub(crate) mod others;
pub(crate) mod proof;
pub(crate) mod server;
