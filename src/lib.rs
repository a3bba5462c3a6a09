//! The WebSocket protocol (RFC 6455) as a sans-I/O state machine. Bytes go in, events and bytes come
//! out: there is no socket, no clock and no runtime in this crate.
//!
//! A connection consists of three values, which you own:
//!
//! | value | what it is |
//! | --- | --- |
//! | [`Connection`] | the state of the protocol, as a [`Server`] or as a [`Client`] |
//! | [`Inbox`] | the receive buffer, in which messages are also reassembled; events borrow it |
//! | an [`Outbox`] | the bytes to write: a `Vec<u8>`, a [`GrowingOutbox`] or a [`FixedOutbox`] |
//!
//! The loop is the same over every transport: receive until there is nothing more, write, read.
//!
//! ```
//! use hybi::{Connection, Event, Inbox, Server};
//! use std::io::{self, Read, Write};
//!
//! fn echo(
//!     mut websocket: Connection<Server>,
//!     mut inbox: Inbox,
//!     mut stream: impl Read + Write,
//! ) -> io::Result<()> {
//!     let mut outbox = Vec::new();
//!     loop {
//!         while let Some(event) = websocket.receive(&mut inbox, &mut outbox)? {
//!             match event {
//!                 Event::Text(text) => websocket.send_text(text, &mut outbox)?,
//!                 Event::Binary(data) => websocket.send_binary(data, &mut outbox)?,
//!                 Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
//!             }
//!         }
//!         stream.write_all(&outbox)?;
//!         outbox.clear();
//!         if websocket.should_close_transport() {
//!             return Ok(());
//!         }
//!         if inbox.read_from(&mut stream)? == 0 {
//!             return Ok(websocket.end_of_input()?);
//!         }
//!     }
//! }
//! ```
//!
//! # Where to go from here
//!
//! - [`server::Opening`] and [`client::Request`] perform the opening handshake over HTTP/1.1 and
//!   return the connection. [`Uri`] reads `ws` and `wss` URIs; [`Origins`] is a server's policy for
//!   browsers.
//! - [`server::Request::from_connect`] and [`client::Request::send_fields`] do the same in HTTP/2 and
//!   HTTP/3.
//! - [`blocking::WebSocket`] is the whole of it over any `Read + Write`: a client in five lines.
//! - The [guide] puts the crate on a transport step by step: backpressure, deadlines, closing, several
//!   tasks, no allocator. The repository has programs over tokio, mio, rustls, `io_uring`, smoltcp,
//!   embassy and others.
//! - [`Config`] has the limits on what is received. Each has a default that is safe on the open
//!   Internet.
//!
//! # Modules
//!
//! | module | purpose |
//! | --- | --- |
//! | [`server`], [`client`] | the opening handshakes |
//! | [`proxy`] | a tunnel through an HTTP proxy (CONNECT) |
//! | [`http1`] | limits on the head of an HTTP/1.1 message, and its header fields |
//! | [`http2`] | the fields of a message in HTTP/2 and HTTP/3 |
//! | [`blocking`] | a WebSocket over a blocking stream |
//! | [`deadline`] | deadlines for slow and silent peers, and rate limits |
//! | [`deflate`] | compression (permessage-deflate, RFC 7692) |
//! | [`extension`] | extensions of your own, and the grammar of `Sec-WebSocket-Extensions` |
//! | [`relay`] | a gateway that passes frames on without buffering them |
//! | [`inspect`] | both directions of a connection as a timeline, with violations and culprits |
//! | [`frame`] | single frames: for tools, tests and protocols on top |
//! | [`mask`], [`utf8`] | masking and incremental validation of UTF-8, by themselves |
//! | [`random`] | the source of masking keys and nonces |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `std` | yes | [`Inbox::read_from`], [`blocking`], I/O slices; enables `alloc` and `getrandom` |
//! | `alloc` | with `std` | inboxes and outboxes that grow, [`Message`], [`Prepared`], [`UriBuf`], redirects |
//! | `simd` | yes | the widest vector instructions of the processor; text without a second validation pass |
//! | `deflate` | yes | compression; enables `std` |
//! | `getrandom` | with `std` | masking keys and nonces seeded by the operating system |
//! | `counters` | no | `Connection::counters`: messages, frames and bytes in each direction |
//! | `tracing`, `defmt` | no | events for logs: each frame, and how a connection ends; no payloads |
//! | `inspect` | yes | [`inspect`]; enables `deflate` |
//! | `http` | no | requests and responses in the types of the `http` crate; enables `std` |
//!
//! Without `simd`, the crate contains no unsafe code (`#![forbid(unsafe_code)]`).
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod blocking;
mod buffer;
mod close;
mod config;
mod connection;
#[cfg(feature = "counters")]
mod counters;
#[cfg(not(feature = "counters"))]
#[path = "counters/off.rs"]
mod counters;
pub mod deadline;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate/off.rs"]
mod deflate;
mod error;
#[cfg(any(feature = "tracing", all(feature = "defmt", target_os = "none")))]
mod events;
#[cfg(not(any(feature = "tracing", all(feature = "defmt", target_os = "none"))))]
#[path = "events/off.rs"]
mod events;
pub mod extension;
pub mod frame;
mod handshake;
pub mod http1;
pub mod http2;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod mask;
mod message;
mod observer;
pub mod proxy;
pub mod random;
mod raw;
pub mod relay;
pub mod utf8;

pub use buffer::{Fixed, FixedInbox, FixedOutbox, Inbox, Outbox, Storage};
#[cfg(feature = "alloc")]
pub use buffer::{Growing, GrowingOutbox};
pub use close::{Close, CloseCode, InvalidCloseCode};
pub use config::{CloseReply, Config, Pongs};
pub use connection::{
    BinaryFragments, ChunkEvent, Client, Connection, Event, ExtendedEvent, Fragment, Role, Server,
    State, TextFragments,
};
#[cfg(feature = "counters")]
pub use counters::{Counters, Traffic};
pub use error::{Error, InboxFull, LimitExceeded, Misuse, OutboxFull, Overrun, Violation};
#[cfg(feature = "alloc")]
pub use handshake::UriBuf;
pub use handshake::{
    Authority, Host, OriginError, OriginFault, Origins, ResourceName, Uri, UriError, client, server,
};
#[cfg(feature = "alloc")]
pub use message::{Message, Prepared};

/// The guide: how to put the crate on a transport, step by step.
#[cfg(all(feature = "std", feature = "deflate", any(doc, doctest)))]
#[doc = include_str!("../docs/embedding.md")]
pub mod guide {}

/// The README, so that its code is compiled and run.
#[cfg(all(feature = "std", feature = "deflate", doctest))]
#[doc = include_str!("../README.md")]
mod readme {}
