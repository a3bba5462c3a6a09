//! Support for the tests of several modules.

pub(crate) mod changes;
pub(crate) mod feed;
pub(crate) mod handshake;
pub(crate) mod wire;
