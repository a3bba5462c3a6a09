//! Custom extensions, with the public API only.
//!
//! Three of them can be copied: [`checksum`] transforms messages and works before and after
//! compression, [`run_length`] is a codec in place of permessage-deflate, and [`multiplexer`] has
//! frames of its own. The other modules test what they need from the crate.

mod checksum;
mod checksums;
mod claims;
mod codec;
#[cfg(feature = "deflate")]
mod compressed;
mod endpoint;
mod fixed;
mod hostile;
mod multiplexer;
mod negotiation;
mod properties;
mod relayed;
mod run_length;
mod streams;
