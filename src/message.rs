//! Messages: the reassembly of fragments (RFC 6455, sections 5.4, 5.6 and 8.1).
//!
//! This module owns the limits on frames and messages, the validation of text, and the state of the
//! message in progress. It knows nothing of control frames or the closing handshake.
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
//! a violation: a continuation in Idle, a text or binary frame in the other states
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
