//! Bytes of frames in two parts.

use super::HeaderBytes;

/// Bytes of frames in two parts, to be sent one right after the other, by a vectored write or by two
/// writes: a header, and a payload that stays where it is.
///
/// Write the bytes of the outbox first.
#[derive(Clone, Copy)]
#[must_use = "a frame that was made is to be sent"]
pub struct FrameParts<'a> {
    header: HeaderBytes,
    payload: &'a [u8],
}

impl<'a> FrameParts<'a> {
    #[inline]
    pub(crate) const fn new(header: HeaderBytes, payload: &'a [u8]) -> Self {
        Self { header, payload }
    }

    /// The header, up to 14 bytes. It is empty if [`Relay::pass`](crate::relay::Relay::pass) could
    /// leave every header where it was.
    #[inline]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The payload as it goes over the wire; what [`Relay::pass`](crate::relay::Relay::pass) returns
    /// has whole frames in it.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// How many bytes both parts have.
    pub fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Both parts, in order; either may be empty.
    #[inline]
    pub fn slices(&self) -> [&[u8]; 2] {
        [&self.header, self.payload]
    }

    /// Both parts, in order, for [`write_vectored`](std::io::Write::write_vectored).
    #[cfg(feature = "std")]
    #[inline]
    pub fn io_slices(&self) -> [std::io::IoSlice<'_>; 2] {
        self.slices().map(std::io::IoSlice::new)
    }
}

/// Shows the lengths only.
impl core::fmt::Debug for FrameParts<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [header, payload] = self.slices().map(<[u8]>::len);
        write!(f, "FrameParts({header} and {payload} bytes)")
    }
}
