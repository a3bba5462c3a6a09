//! How an input is cut into pieces, as a transport might.

use arbitrary::Arbitrary;
use hybi::{Inbox, Storage};

/// The lengths of the pieces, over and over; nothing is cut if there are none.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub struct Cuts<'a> {
    lengths: &'a [u8],
}

impl Cuts<'_> {
    /// All in one piece.
    pub const NONE: Self = Self { lengths: &[] };
    /// Byte by byte.
    pub const EVERYWHERE: Self = Self { lengths: &[1] };

    /// The pieces; none is empty.
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

    /// Hands all of it to an inbox, as it has room; `drain` receives what has come, and is told how
    /// many bytes came until then.
    ///
    /// # Errors
    ///
    /// The first that `drain` reports; what is left is not handed over.
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
                assert!(taken > 0, "no room, though all was received");
                received += taken;
                rest = &rest[taken..];
                drain(inbox, received)?;
            }
        }
        Ok(())
    }
}
