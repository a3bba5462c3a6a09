//! Where bytes go that are to be sent.

use crate::{Misuse, frame::HeaderBytes, mask::Mask};

/// Takes the bytes to be sent, in order.
///
/// Implemented for `Vec<u8>` (feature `alloc`) and [`FixedOutbox`]. The engine appends a frame only
/// if [`room`](Self::room) says that all of it fits.
pub trait Outbox {
    /// How many bytes wait to be written to the transport.
    fn pending(&self) -> usize;

    /// How many more bytes it takes; `usize::MAX` if it grows.
    fn room(&self) -> usize;

    /// Appends these bytes, for which there is room.
    fn append(&mut self, bytes: &[u8]);

    /// Appends a header, for which there is room.
    fn append_header(&mut self, header: &HeaderBytes) {
        self.append(header);
    }

    /// Appends these bytes masked; there is room for them.
    fn append_masked(&mut self, bytes: &[u8], mask: &mut Mask) {
        let mut block = [0; 256];
        for bytes in bytes.chunks(block.len()) {
            let length = mask.copy(bytes, &mut block);
            self.append(&block[..length]);
        }
    }

    /// Takes back what was appended after `pending` was this.
    fn truncate(&mut self, pending: usize);
}

impl<O: Outbox> Outbox for &mut O {
    fn pending(&self) -> usize {
        (**self).pending()
    }

    fn room(&self) -> usize {
        (**self).room()
    }

    fn append(&mut self, bytes: &[u8]) {
        (**self).append(bytes);
    }

    fn append_header(&mut self, header: &HeaderBytes) {
        (**self).append_header(header);
    }

    fn append_masked(&mut self, bytes: &[u8], mask: &mut Mask) {
        (**self).append_masked(bytes, mask);
    }

    fn truncate(&mut self, pending: usize) {
        (**self).truncate(pending);
    }
}

#[cfg(feature = "alloc")]
impl Outbox for alloc::vec::Vec<u8> {
    fn pending(&self) -> usize {
        self.len()
    }

    fn room(&self) -> usize {
        usize::MAX
    }

    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn append_header(&mut self, header: &HeaderBytes) {
        // A copy of fixed length is a few instructions, one of any length is a call.
        let end = self.len() + header.len();
        self.extend_from_slice(header.padded());
        self.truncate(end);
    }

    fn append_masked(&mut self, bytes: &[u8], mask: &mut Mask) {
        /// Copied, then masked while it is in the nearest cache.
        const PIECE: usize = 8 * 1024;
        self.reserve(bytes.len());
        for piece in bytes.chunks(PIECE) {
            let start = self.len();
            self.extend_from_slice(piece);
            mask.apply(&mut self[start..]);
        }
    }

    fn truncate(&mut self, pending: usize) {
        Self::truncate(self, pending);
    }
}

/// An outbox over memory of a fixed size: `&mut [u8]`, `[u8; N]`.
///
/// ```
/// use hybi::FixedOutbox;
/// # struct Stream;
/// # impl Stream { fn write(&mut self, bytes: &[u8]) -> usize { bytes.len() } }
/// # let mut stream = Stream;
///
/// let mut outbox = FixedOutbox::over([0; 512]);
/// // … something is sent …
/// let written = stream.write(outbox.bytes());
/// outbox.consume(written)?;
/// # Ok::<(), hybi::Error>(())
/// ```
#[derive(Clone)]
pub struct FixedOutbox<B> {
    memory: B,
    /// At most the length of `memory`.
    length: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> FixedOutbox<B> {
    /// An empty outbox over this memory.
    pub const fn over(memory: B) -> Self {
        Self { memory, length: 0 }
    }

    /// The bytes to be written to the transport.
    pub fn bytes(&self) -> &[u8] {
        &self.memory.as_ref()[..self.length]
    }

    /// Drops bytes from the front that have been written.
    ///
    /// # Errors
    ///
    /// More than there were; nothing is dropped.
    pub fn consume(&mut self, written: usize) -> Result<(), Misuse> {
        let Some(left) = self.length.checked_sub(written) else {
            return Err(Misuse::WrittenTooMuch { written, pending: self.length });
        };
        self.memory.as_mut().copy_within(written..self.length, 0);
        self.length = left;
        Ok(())
    }

    /// Drops all bytes.
    pub fn clear(&mut self) {
        self.length = 0;
    }
}

/// Shows how much waits, not what it is.
impl<B> core::fmt::Debug for FixedOutbox<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FixedOutbox({} bytes)", self.length)
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Outbox for FixedOutbox<B> {
    fn pending(&self) -> usize {
        self.length
    }

    fn room(&self) -> usize {
        self.memory.as_ref().len() - self.length
    }

    fn append(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.memory.as_mut()[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }

    fn append_masked(&mut self, bytes: &[u8], mask: &mut Mask) {
        let end = self.length + bytes.len();
        mask.copy(bytes, &mut self.memory.as_mut()[self.length..end]);
        self.length = end;
    }

    fn truncate(&mut self, pending: usize) {
        self.length = self.length.min(pending);
    }
}
