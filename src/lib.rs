#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod block;
pub mod buffer;
pub mod close;
pub mod connection;
mod error;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod message;
pub mod random;
pub mod relay;
#[cfg(feature = "simd")]
mod simd;
pub mod utf8;

pub use buffer::{FixedInbox, FixedOutbox, Inbox, Outbox};
pub use close::{Close, CloseCode};
pub use connection::{
    ChunkEvent, Client, Config, Connection, Event, Fragment, Framed, Pongs, Role, Server, State,
};
pub use error::{Error, LimitExceeded, Misuse, Violation};
pub use handshake::{Host, Origins, Uri, client, server};
#[cfg(feature = "alloc")]
pub use message::Prepared;

/// The guide, so that its code is compiled and run.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../docs/embedding.md")]
mod embedding {}
