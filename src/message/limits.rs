//! The limits on a received message.

use crate::{config::Config, error::LimitExceeded};

/// How messages are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Each message when it is complete.
    Whole,
    /// Messages in parts, as they arrive.
    Chunks,
}

/// All limits on a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'c> {
    pub(crate) config: &'c Config,
    pub(crate) delivery: Delivery,
    /// The most bytes that the inbox can hold.
    pub(crate) capacity: usize,
}

impl Limits<'_> {
    /// The same limits on a message that is delivered complete.
    pub(crate) const fn whole(&self) -> Self {
        Self { delivery: Delivery::Whole, ..*self }
    }

    pub(crate) fn in_chunks(&self) -> bool {
        self.delivery == Delivery::Chunks
    }

    pub(crate) const fn check_fragments(&self, fragments: u32) -> Result<(), LimitExceeded> {
        let limit = self.config.max_fragments;
        if fragments > limit { Err(LimitExceeded::Fragments { limit }) } else { Ok(()) }
    }

    pub(crate) const fn check_frame(&self, size: u64) -> Result<(), LimitExceeded> {
        let limit = self.config.max_frame_size;
        if size > limit { Err(LimitExceeded::FrameSize { size, limit }) } else { Ok(()) }
    }

    pub(crate) const fn check_message(&self, size: u64) -> Result<(), LimitExceeded> {
        let limit = self.config.max_message_size;
        if size > limit { Err(LimitExceeded::MessageSize { size, limit }) } else { Ok(()) }
    }

    /// Checks that a message that is delivered complete fits in the inbox together with `reserved`
    /// bytes for something else.
    pub(crate) fn check_inbox(&self, size: u64, reserved: usize) -> Result<(), LimitExceeded> {
        let limit = self.capacity.saturating_sub(reserved) as u64;
        if !self.in_chunks() && size > limit {
            return Err(LimitExceeded::InboxSize { size, limit });
        }
        Ok(())
    }
}
