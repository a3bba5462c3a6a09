//! What the fuzz targets share: how an input is cut, streams and heads that are almost valid, and a
//! second implementation of the protocol, as plain as can be, to hold the crate against.
//!
//! Nothing here uses the crate's own code but the types that name results, so that a fault cannot
//! be on both sides.

pub mod accept;
pub mod cuts;
pub mod event;
pub mod http;
pub mod keys;
pub mod memory;
pub mod reference;
pub mod stream;
