//! An outbox over memory of a fixed size.

use super::Outbox;
use crate::{error::Overrun, frame::Header, mask::Mask, raw};

/// An outbox over memory of a fixed size, such as `&mut [u8]` or `[u8; N]`. It never allocates.
///
/// ```
/// use hybi::FixedOutbox;
/// # struct Stream;
/// # impl Stream { fn write(&mut self, bytes: &[u8]) -> usize { bytes.len() } }
/// # let mut stream = Stream;
///
/// let mut outbox = FixedOutbox::over([0; 512]);
/// // … send something …
/// let written = stream.write(outbox.bytes());
/// outbox.consume(written)?;
/// # Ok::<(), hybi::Error>(())
/// ```
#[derive(Clone)]
pub struct FixedOutbox<B> {
    memory: B,
    /// Start of the pending bytes.
    start: usize,
    /// Their end: `start <= end <= memory.len()`.
    end: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> FixedOutbox<B> {
    /// An empty outbox over this memory.
    pub const fn over(memory: B) -> Self {
        Self { memory, start: 0, end: 0 }
    }

    /// The bytes to write to the transport.
    pub fn bytes(&self) -> &[u8] {
        &self.memory.as_ref()[self.start..self.end]
    }

    /// Drops the first `written` bytes, which have been written to the transport.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if there are fewer bytes. Nothing is dropped.
    pub fn consume(&mut self, written: usize) -> Result<(), Overrun> {
        let pending = self.end - self.start;
        if written > pending {
            return Err(Overrun { count: written, available: pending });
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

    /// Takes room for the next `length` bytes. Pending bytes move to the front only if too little
    /// room follows them.
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

/// Shows the number of pending bytes, not their contents.
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
        raw::copy(bytes, self.take(bytes.len()));
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
