//! The counterpart of `inflated` without the feature `deflate`. It has no memory.

use core::ops::Range;

use super::text::TextRange;

/// Always empty, because no message is decompressed.
#[derive(Clone)]
pub(crate) struct Inflated;

impl Inflated {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn is_empty(&self) -> bool {
        true
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn len(&self) -> usize {
        0
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn capacity(&self) -> usize {
        0
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn on_empty(&mut self) {}

    #[allow(clippy::unused_self)]
    pub(crate) const fn release(&mut self) {}

    #[cfg(feature = "alloc")]
    #[allow(clippy::unused_self)]
    pub(crate) const fn take(&mut self) -> Self {
        Self
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn text(&self, _: &TextRange) -> Option<&str> {
        None
    }

    #[allow(clippy::unused_self)]
    pub(crate) const fn bytes(&self, _: &Range<usize>) -> &[u8] {
        &[]
    }
}
