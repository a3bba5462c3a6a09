//! The account of what is known to be UTF-8.

use crate::utf8::Validator;

/// What is held is UTF-8 from its start up to `end`; what is held behind that is the start of a
/// character, as in `partial`, or nothing is known of it.
///
/// The account is kept with the bytes and not with the connection: even if the caller passes another
/// inbox, text is delivered without validation only where these very bytes were validated.
#[derive(Clone, Copy)]
pub(crate) struct ValidText {
    end: usize,
    partial: Validator,
}

impl ValidText {
    /// Nothing is known of what is held from here on.
    pub(crate) const fn none_from(start: usize) -> Self {
        Self { end: start, partial: Validator::new() }
    }

    /// Says that the last `length` bytes of those held up to `held` were validated, which took the
    /// validator from one state to the other.
    pub(crate) fn vouch(
        &mut self,
        held: usize,
        length: usize,
        before: Validator,
        after: Validator,
    ) {
        if self.partial == before && self.end + before.partial() + length == held {
            self.partial = after;
            self.end = held - after.partial();
        }
    }

    /// Whether all that is held up to there is known to be UTF-8.
    pub(crate) const fn reaches(&self, end: usize) -> bool {
        self.end == end
    }

    /// What is held now starts at `start`.
    pub(crate) fn start_at(&mut self, start: usize) {
        if self.end != start {
            *self = Self::none_from(start);
        }
    }

    /// What is held has moved to the left.
    pub(crate) fn shift(&mut self, by: usize) {
        self.end -= by;
    }
}
