//! What goes on to the other side.

use crate::frame::HeaderBytes;

/// What a relay passes on of its input, in two pieces, to be sent one right after the other: by a
/// vectored write, or by two.
#[derive(Clone, Copy)]
#[must_use = "what was passed is to be sent to the other side"]
pub struct Passed<'a> {
    /// A header of which a part came with the input before.
    completed: Option<HeaderBytes>,
    in_place: &'a [u8],
}

impl<'a> Passed<'a> {
    pub(super) const fn new(completed: Option<HeaderBytes>, in_place: &'a [u8]) -> Self {
        Self { completed, in_place }
    }

    /// Whether there is nothing to be sent.
    pub const fn is_empty(&self) -> bool {
        self.completed.is_none() && self.in_place.is_empty()
    }

    /// Both pieces, in order; either may be empty.
    pub fn slices(&self) -> [&[u8]; 2] {
        [self.completed.as_deref().unwrap_or_default(), self.in_place]
    }

    /// Both pieces, in order, for [`write_vectored`](std::io::Write::write_vectored).
    #[cfg(feature = "std")]
    pub fn io_slices(&self) -> [std::io::IoSlice<'_>; 2] {
        self.slices().map(std::io::IoSlice::new)
    }
}

/// Shows how much it is, not what.
impl core::fmt::Debug for Passed<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [completed, in_place] = self.slices().map(<[u8]>::len);
        write!(f, "Passed({completed} and {in_place} bytes)")
    }
}
