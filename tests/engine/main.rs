//! The engine: frames, messages, control frames and the closing handshake, for both roles.
//!
//! Expected bytes come from RFC 6455 or are worked out by hand in [`wire`], which shares no code
//! with the crate.

#![allow(clippy::unwrap_used, clippy::type_complexity)] // tests panic, and tables have types

mod changes;
mod closing;
mod control;
mod feed;
mod fragments;
mod frames;
mod inboxes;
mod limits;
mod pair;
mod properties;
mod receiving;
mod sending;
mod violations;
mod wire;
