//! permessage-deflate (RFC 7692): negotiation, receiving and sending, for both roles.
//!
//! Compressed data comes from the RFC or is put together by hand out of stored blocks; what the
//! crate compresses is read by [`inflate`] too, which shares no code with it and holds it to its
//! window.

mod answers;
mod endings;
mod endpoint;
mod hostile;
mod inboxes;
mod inflate;
mod limits;
mod offers;
mod pongs;
mod receiving;
mod round_trips;
mod sending;
mod windows;
