//! The counterpart of `counters` without the feature. It counts nothing.
#![allow(clippy::unused_self, clippy::needless_pass_by_ref_mut)]

use crate::frame::{Header, Kind};

/// No counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally;

impl Tally {
    pub(crate) const NONE: Self = Self;

    #[inline(always)]
    pub(crate) const fn receive_single(&mut self, _: Kind, _: usize, _: usize) {}

    #[inline(always)]
    pub(crate) const fn receive_frame(&mut self, _: &Header) {}

    #[inline(always)]
    pub(crate) const fn receive_extension_frame(&mut self, _: &Header) {}

    #[inline(always)]
    pub(crate) const fn receive_message(&mut self, _: Kind, _: usize, _: bool) {}

    #[inline(always)]
    pub(crate) const fn send_frame(&mut self, _: &Header) {}

    #[inline(always)]
    pub(crate) const fn send_extension_frame(&mut self, _: &Header) {}

    #[inline(always)]
    pub(crate) const fn send_message(&mut self, _: Kind, _: usize, _: bool) {}

    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(crate) const fn send_prepared(&mut self, _: Kind, _: usize, _: &[u8]) {}

    #[inline(always)]
    pub(crate) const fn coalesce_pong(&mut self) {}
}
