//! The counterpart of `events` where there are none. It reports nothing.

use crate::{close::CloseCode, error::Error, frame::Header};

#[inline(always)]
pub(crate) const fn receive_frame(_: &Header) {}

#[inline(always)]
pub(crate) const fn send_frame(_: &Header) {}

#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) const fn send_prepared(_: &[u8]) {}

#[inline(always)]
pub(crate) const fn receive_close(_: Option<CloseCode>) {}

#[inline(always)]
pub(crate) const fn fail(_: &Error) {}

#[inline(always)]
pub(crate) const fn lose() {}
