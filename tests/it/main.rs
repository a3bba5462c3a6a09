//! The tests of the public API: bytes in, events and bytes out, in one binary.
//!
//! Each module tests the module of the crate that has its name. What they share is in [`support`].

#![allow(clippy::unwrap_used, clippy::panic, clippy::type_complexity)] // tests panic, tables have types

mod advisories;
mod blocking;
mod client_handshake;
mod connection;
#[cfg(feature = "counters")]
mod counters;
mod custom_extensions;
mod deadline;
mod debug;
#[cfg(feature = "deflate")]
mod deflate;
mod error;
#[cfg(feature = "tracing")]
mod events;
mod extended_connect;
mod extension;
#[cfg(feature = "inspect")]
mod inspect;
mod model;
mod origin;
mod proxy;
mod relay;
mod server_handshake;
mod support;
mod uri;
