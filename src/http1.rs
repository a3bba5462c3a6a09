//! The part of HTTP/1.1 that an opening handshake needs (RFC 9110, RFC 9112).
//!
//! This module owns the head of a message: where it ends, its limits, its start line, its fields,
//! and how a head is written. It knows nothing about WebSockets.

pub(crate) mod authorization;
pub(crate) mod body;
mod excerpt;
mod head;
pub(crate) mod known;
mod received;
mod repeats;
pub(crate) mod scanner;
pub(crate) mod start_line;
pub(crate) mod to_send;
pub(crate) mod token;
pub(crate) mod write;

pub use excerpt::Excerpt;
pub(crate) use head::Head;
pub use head::{HeadFault, HeadLimits};
pub use received::{ReceivedHeaders, ReceivedHeadersIter};
pub use to_send::{FieldError, HeaderField};
