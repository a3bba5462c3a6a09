//! Splits the input into pieces, as a transport might.

use arbitrary::Arbitrary;
use hybi::{Inbox, Storage};

/// The lengths of the pieces, repeated. Without lengths, there is one piece.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub struct Cuts<'a> {
    lengths: &'a [u8],
}

impl Cuts<'_> {
    /// One piece.
    pub const NONE: Self = Self { lengths: &[] };
    /// Pieces of one byte.
    pub const EVERYWHERE: Self = Self { lengths: &[1] };

    /// The pieces of `bytes`. None is empty.
    pub fn of(self, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = bytes;
        let mut lengths = self.lengths.iter().cycle();
        core::iter::from_fn(move || {
            let length = lengths.next().map_or(rest.len(), |&length| usize::from(length).max(1));
            let (piece, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// Copies all bytes into an inbox, as much as it has room for at a time. After each copy, calls
    /// `drain` with the number of bytes so far, which must receive all events.
    ///
    /// # Errors
    ///
    /// The first error of `drain`. The rest of the bytes is not copied.
    pub fn feed<S: Storage, E>(
        self,
        bytes: &[u8],
        inbox: &mut Inbox<S>,
        mut drain: impl FnMut(&mut Inbox<S>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut received = 0;
        for piece in self.of(bytes) {
            let mut rest = piece;
            while !rest.is_empty() {
                let taken = inbox.copy_from(rest);
                assert!(taken > 0, "the inbox has no room after all events were received");
                received += taken;
                rest = &rest[taken..];
                drain(inbox, received)?;
            }
        }
        Ok(())
    }
}
