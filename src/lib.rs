#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod buffer;
mod close;
mod config;
mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate/off.rs"]
mod deflate;
mod error;
pub mod extension;
pub mod frame;
mod handshake;
pub mod http1;
pub mod mask;
mod message;
pub mod random;
mod raw;
pub mod relay;
pub mod utf8;

pub use buffer::{
    Fixed, FixedInbox, FixedOutbox, Inbox, InboxFull, Outbox, OutboxFull, Overrun, Storage,
};
#[cfg(feature = "alloc")]
pub use buffer::{Growing, GrowingOutbox};
pub use close::{Close, CloseCode, InvalidCloseCode};
pub use config::{CloseReply, Config, Pongs};
pub use connection::{
    BinaryFragments, ChunkEvent, Client, Connection, Event, Fragment, Role, Server, State,
    TextFragments,
};
pub use error::{Error, LimitExceeded, Misuse, Violation};
#[cfg(feature = "alloc")]
pub use handshake::UriBuf;
pub use handshake::{
    Authority, Host, OriginError, OriginFault, Origins, ResourceName, Uri, UriError, client, server,
};
#[cfg(feature = "alloc")]
pub use message::{Message, Prepared};

/// The guide, so that its code is compiled and run.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../docs/embedding.md")]
mod embedding {}
