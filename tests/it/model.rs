//! Compares the connection with a [model](rules) of RFC 6455, in every order of frames and calls:
//! for both roles, with an outbox that grows and one that is full at first, and for a client
//! without masking keys.
//!
//! ```sh
//! cargo test --test it model:: -- --nocapture
//! ```

mod endpoint;
mod explore;
mod rules;
mod terms;
mod wire;
