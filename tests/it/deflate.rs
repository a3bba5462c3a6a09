//! permessage-deflate (RFC 7692): negotiation, receiving and sending, for both roles.
//!
//! Compressed data comes from the RFC or is constructed by hand from stored blocks. The output of
//! the crate's compressor is also decompressed by [`inflate`], which shares no code with the crate
//! and enforces the window.

mod answers;
mod endings;
pub(crate) mod endpoint;
mod hostile;
mod inboxes;
pub(crate) mod inflate;
mod limits;
mod offers;
mod pongs;
mod receiving;
mod round_trips;
mod sending;
mod windows;
