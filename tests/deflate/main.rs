//! permessage-deflate (RFC 7692): negotiation, receiving and sending, for both roles.
//!
//! Compressed data comes from the RFC or is put together by hand out of stored blocks; what the
//! crate compresses is read by [`inflate`] too, which shares no code with it and holds it to its
//! window.

#![allow(clippy::unwrap_used, clippy::panic, clippy::type_complexity)] // in helpers and tables

mod answers;
#[path = "../engine/changes.rs"]
mod changes;
mod endings;
mod endpoint;
#[path = "../engine/feed.rs"]
#[allow(dead_code)] // more of it is used elsewhere
mod feed;
mod hostile;
mod inboxes;
mod inflate;
mod limits;
mod offers;
mod pongs;
mod receiving;
mod round_trips;
mod sending;
#[path = "../handshake_support"]
#[allow(dead_code)] // as above
mod support {
    pub(crate) mod client;
    pub(crate) mod cut;
    pub(crate) mod head;
    pub(crate) mod http;
    #[cfg(feature = "http")]
    pub(crate) mod others;
    pub(crate) mod proof;
    pub(crate) mod server;
}
mod windows;
#[path = "../engine/wire.rs"]
#[allow(dead_code)] // as above
mod wire;
