//! Where bytes go that are to be sent.

use crate::{Error, Misuse, frame::Header, mask::Mask};

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

    /// Appends a frame, for which there is room: the header and the payload, masked if the header
    /// has a key.
    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        self.append(&header.encode());
        let Some(key) = header.masking_key() else { return self.append(payload) };
        let (mut mask, mut block) = (Mask::new(key), [0; 256]);
        for bytes in payload.chunks(block.len()) {
            let length = mask.copy(bytes, &mut block);
            self.append(&block[..length]);
        }
    }
}

/// Appends what `write` writes; all of it, or nothing if the outbox has no room.
pub(crate) fn append_parts(
    outbox: &mut impl Outbox,
    write: impl Fn(&mut dyn FnMut(&[u8])),
) -> Result<(), Error> {
    let room = outbox.room();
    // An outbox that grows has room for all.
    if room != usize::MAX {
        let mut needed = 0_usize;
        write(&mut |part| needed = needed.saturating_add(part.len()));
        if needed > room {
            return Err(Error::OutboxFull { needed });
        }
    }
    write(&mut |part| outbox.append(part));
    Ok(())
}

impl<O: Outbox + ?Sized> Outbox for &mut O {
    fn pending(&self) -> usize {
        (**self).pending()
    }

    fn room(&self) -> usize {
        (**self).room()
    }

    fn append(&mut self, bytes: &[u8]) {
        (**self).append(bytes);
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        (**self).append_frame(header, payload);
    }
}

#[cfg(feature = "alloc")]
impl Outbox for alloc::vec::Vec<u8> {
    #[inline]
    fn pending(&self) -> usize {
        self.len()
    }

    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // as for `raw::append_frame`
    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        let bytes = header.encode();
        crate::raw::append_frame(self, bytes.padded(), bytes.len(), header.masking_key(), payload);
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
    /// Where the bytes start that have not been written.
    start: usize,
    /// Where they end: `start <= end <= memory.len()`.
    end: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> FixedOutbox<B> {
    /// An empty outbox over this memory.
    pub const fn over(memory: B) -> Self {
        Self { memory, start: 0, end: 0 }
    }

    /// The bytes to be written to the transport.
    pub fn bytes(&self) -> &[u8] {
        &self.memory.as_ref()[self.start..self.end]
    }

    /// Drops bytes from the front that have been written.
    ///
    /// # Errors
    ///
    /// More than there were; nothing is dropped.
    pub fn consume(&mut self, written: usize) -> Result<(), Misuse> {
        let pending = self.end - self.start;
        if written > pending {
            return Err(Misuse::WrittenTooMuch { written, pending });
        }
        self.start += written;
        if self.start == self.end {
            self.clear();
        }
        Ok(())
    }

    /// Drops all bytes.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// The room for the next bytes. What has not been written moves to the front only when they
    /// would not fit behind it.
    fn take(&mut self, length: usize) -> &mut [u8] {
        let memory = self.memory.as_mut();
        if length > memory.len() - self.end {
            memory.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let start = self.end;
        self.end += length;
        &mut memory[start..self.end]
    }
}

/// Shows how much waits, not what it is.
impl<B> core::fmt::Debug for FixedOutbox<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FixedOutbox({} bytes)", self.end - self.start)
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Outbox for FixedOutbox<B> {
    fn pending(&self) -> usize {
        self.end - self.start
    }

    fn room(&self) -> usize {
        self.memory.as_ref().len() - self.pending()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.take(bytes.len()).copy_from_slice(bytes);
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        self.append(&header.encode());
        match header.masking_key() {
            Some(key) => {
                Mask::new(key).copy(payload, self.take(payload.len()));
            }
            None => self.append(payload),
        }
    }
}
