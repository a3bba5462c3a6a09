//! An open connection: frames, messages, control frames and the closing handshake, for both roles.
//!
//! Expected bytes come from RFC 6455 or are constructed by hand in [`wire`](crate::support::wire),
//! which shares no code with the crate.

mod buffers;
mod closing;
mod control;
mod fragments;
mod frames;
mod inboxes;
mod limits;
mod looking;
mod pair;
mod properties;
mod receiving;
mod sending;
mod violations;
