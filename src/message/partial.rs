//! What is known of a message in progress, compressed or not.

use super::limits::Limits;
use crate::{
    error::LimitExceeded,
    frame::{Header, Kind},
    mask::Mask,
    utf8::Validator,
};

/// A message in progress.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) kind: Kind,
    /// How many fragments have begun, empty ones included.
    fragments: u32,
    /// How far the validation of a text has come.
    pub(super) utf8: Validator,
    /// Whether a part of it was delivered, so that the rest is delivered in parts as well.
    pub(super) in_chunks: bool,
    /// `None` between two fragments.
    pub(super) frame: Option<Frame>,
}

/// A data frame in progress.
#[derive(Debug)]
pub(super) struct Frame {
    /// Whether it is the last of its message.
    pub(super) fin: bool,
    /// How many bytes of its payload have not been processed.
    pub(super) remaining: u64,
    /// `None` if the peer is a server.
    pub(super) mask: Option<Mask>,
    /// Whether compressed payload that was unmasked waits in the inbox, which knows how much.
    pub(super) has_unmasked: bool,
}

impl Partial {
    /// A message of which no frame has begun.
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, fragments: 0, utf8: Validator::new(), in_chunks: false, frame: None }
    }

    /// Begins the next frame, within the limits that do not depend on the frames before.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        limits: &Limits<'_>,
    ) -> Result<(), LimitExceeded> {
        // Empty fragments count: they cost work, though no memory.
        self.fragments = self.fragments.saturating_add(1);
        limits.check_fragments(self.fragments)?;
        limits.check_frame(header.payload_len())?;
        let mask = header.masking_key().map(Mask::new);
        let (fin, remaining) = (header.fin(), header.payload_len());
        self.frame = Some(Frame { fin, remaining, mask, has_unmasked: false });
        self.in_chunks |= limits.in_chunks();
        Ok(())
    }

    /// How many bytes of the frame in progress have not been processed.
    pub(super) fn remaining(&self) -> u64 {
        self.frame.as_ref().map_or(0, |frame| frame.remaining)
    }

    /// Whether compressed payload that was unmasked waits in the inbox.
    pub(super) fn has_unmasked(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.has_unmasked)
    }

    /// Whether the frame in progress is the last of its message.
    pub(super) fn is_last(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.fin)
    }
}

impl Frame {
    /// How many of the `available` bytes belong to this frame.
    pub(super) fn limit(&self, available: usize) -> usize {
        usize::try_from(self.remaining).map_or(available, |remaining| remaining.min(available))
    }
}
