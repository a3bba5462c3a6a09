//! The bytes of a frame in two parts, for a vectored write.

use super::HeaderBytes;

/// The bytes of a frame in two parts: a header, and a payload that is not copied.
///
/// Write the outbox first, then both parts in order, with one vectored write or two writes.
#[derive(Clone, Copy)]
#[must_use = "the connection counts this frame as sent"]
pub struct FrameParts<'a> {
    header: HeaderBytes,
    payload: &'a [u8],
}

impl<'a> FrameParts<'a> {
    #[inline]
    pub(crate) const fn new(header: HeaderBytes, payload: &'a [u8]) -> Self {
        Self { header, payload }
    }

    /// The header, up to 14 bytes. From [`Relay::pass`](crate::relay::Relay::pass) it is empty,
    /// unless the header of the first frame arrived in two parts.
    #[inline]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The payload as it is sent, masked or not. From [`Relay::pass`](crate::relay::Relay::pass),
    /// it contains all that follows the header: payloads and further frames.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The length of both parts together, in bytes.
    pub fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Both parts in order. Either may be empty.
    #[inline]
    pub fn slices(&self) -> [&[u8]; 2] {
        [&self.header, self.payload]
    }

    /// Both parts in order, for [`write_vectored`](std::io::Write::write_vectored).
    #[cfg(feature = "std")]
    #[inline]
    pub fn io_slices(&self) -> [std::io::IoSlice<'_>; 2] {
        self.slices().map(std::io::IoSlice::new)
    }
}

/// Omits the bytes.
impl core::fmt::Debug for FrameParts<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [header, payload] = self.slices().map(<[u8]>::len);
        write!(f, "FrameParts({header} and {payload} bytes)")
    }
}
