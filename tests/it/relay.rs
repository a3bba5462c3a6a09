//! The relay: frames in both directions, violations by either side, and every way to end.
//!
//! Expected bytes come from RFC 6455 or are constructed by hand in [`wire`], which shares no code
//! with the crate.

mod closing;
mod endings;
pub(crate) mod link;
mod opening;
mod pair;
mod passing;
mod properties;
mod violations;
pub(crate) mod wire;
