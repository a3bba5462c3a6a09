//! Compression without the feature `deflate`: never in use. It has the interface that the rest of the
//! crate calls.
#![allow(clippy::unused_self, clippy::needless_pass_by_ref_mut)]

use crate::frame::Reserved;

/// The extension is not in use.
#[derive(Debug)]
pub(crate) struct Session;

impl Session {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn reserved(&self) -> Reserved {
        Reserved::NONE
    }

    pub(crate) const fn suits(&self, _: Option<usize>) -> bool {
        false
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn takes_prepared(&self, _: u8) -> bool {
        false
    }

    pub(crate) const fn compress(&mut self, _: &[u8], _: bool) -> Option<&[u8]> {
        None
    }

    pub(crate) const fn on_sent(&mut self) {}

    pub(crate) const fn reset_sending(&mut self) {}

    pub(crate) const fn on_failure(&mut self) {}

    pub(crate) const fn end_receiving(&mut self) {}

    pub(crate) const fn end_sending(&mut self) {}
}
