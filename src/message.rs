//! Messages: the reassembly of fragments (RFC 6455, sections 5.4, 5.6 and 8.1).
//!
//! This module owns the limits on frames and messages, the validity of text, and what is known of
//! the message in progress. It knows nothing of control frames and of the closing handshake.
//!
//! ```text
//!                 text or binary frame, FIN clear
//!        ┌──────┐ ─────────────────────────────► ┌─────────────────┐ ◄─┐ continuation,
//!  ┌───► │ Idle │                                │ Plain, or       │   │ FIN clear
//!  │     └──────┘ ◄───────────────────────────── │ Inflating (RSV1)│ ──┘
//!  │        │             continuation, FIN set  └─────────────────┘
//!  └────────┘
//!   text or binary frame, FIN set                 control frames change nothing
//!
//!   a continuation in Idle, a text or binary frame in the others: a violation
//! ```

mod incoming;
#[cfg(feature = "deflate")]
mod inflating;
#[cfg(not(feature = "deflate"))]
#[path = "message/no_inflating.rs"]
mod inflating;
mod limits;
#[cfg(feature = "alloc")]
mod owned;
mod partial;
mod plain;
#[cfg(feature = "alloc")]
mod prepared;

pub(crate) use incoming::{Incoming, Step};
pub(crate) use limits::{Delivery, Limits};
#[cfg(feature = "alloc")]
pub use owned::Message;
#[cfg(feature = "alloc")]
pub use prepared::Prepared;
