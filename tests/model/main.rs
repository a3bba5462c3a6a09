//! The life of a connection, held against a [`model`] of RFC 6455 in every order of frames and
//! calls: both roles, an outbox that grows and one that is full at first, a client without masking
//! keys.
//!
//! ```sh
//! cargo test --test model -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod endpoint;
mod explore;
mod model;
mod terms;
mod wire;
