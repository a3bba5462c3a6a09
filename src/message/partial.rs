//! The state of a message in progress, compressed or not.

use super::limits::Limits;
use crate::{
    buffer::{Content, Found},
    error::LimitExceeded,
    frame::{Header, Kind, Reserved},
    mask::Mask,
    utf8::Validator,
};

/// A message in progress.
#[derive(Debug)]
pub(super) struct Partial {
    /// Binary for an extended message: its payload is text only after its extension has decoded it.
    pub(super) kind: Kind,
    /// The kind and the claimed reserved bits of an extended message.
    extended: Option<(Kind, Reserved)>,
    /// The number of fragments so far, including empty ones.
    fragments: u32,
    /// The state of the validation of a text.
    pub(super) utf8: Validator,
    /// Whether the message is delivered in parts. It stays so after the first part.
    pub(super) in_chunks: bool,
    /// The frame in progress, or `None` between two fragments.
    pub(super) frame: Option<Frame>,
}

/// A data frame in progress.
#[derive(Debug)]
pub(super) struct Frame {
    /// Whether it is the last frame of its message.
    pub(super) fin: bool,
    /// The number of payload bytes that have not been processed.
    pub(super) remaining: u64,
    /// `None` if the frame is not masked, because the peer is a server.
    pub(super) mask: Option<Mask>,
}

impl Partial {
    /// A message without any frame so far.
    pub(super) const fn new(kind: Kind) -> Self {
        let utf8 = Validator::new();
        Self { kind, extended: None, fragments: 0, utf8, in_chunks: false, frame: None }
    }

    /// The same for a message with these claimed reserved bits. It is extended if there are any.
    pub(super) const fn with_claimed(self, reserved: Reserved) -> Self {
        if reserved.is_empty() {
            return self;
        }
        Self { kind: Kind::Binary, extended: Some((self.kind, reserved)), ..self }
    }

    /// Whether the message has claimed reserved bits. It is then delivered complete.
    pub(super) const fn is_extended(&self) -> bool {
        self.extended.is_some()
    }

    /// The complete message.
    pub(super) const fn found(&self, content: Content) -> Found {
        match self.extended {
            None => Found::Message(content),
            Some((kind, reserved)) => Found::Extended(content, kind, reserved),
        }
    }

    /// Begins the next frame. Checks the limits on fragments and on the frame.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        limits: &Limits<'_>,
    ) -> Result<(), LimitExceeded> {
        // Empty fragments count, because they cost work, although no memory.
        self.fragments = self.fragments.saturating_add(1);
        limits.check_fragments(self.fragments)?;
        limits.check_frame(header.payload_len())?;
        let mask = header.masking_key().map(Mask::new);
        let (fin, remaining) = (header.fin(), header.payload_len());
        self.frame = Some(Frame { fin, remaining, mask });
        self.in_chunks |= limits.in_chunks();
        Ok(())
    }

    /// The number of payload bytes of the frame in progress that have not been processed.
    pub(super) fn remaining(&self) -> u64 {
        self.frame.as_ref().map_or(0, |frame| frame.remaining)
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
