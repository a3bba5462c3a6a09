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

    /// The bytes to write to the transport. Empty if the memory is a type of yours that has become
    /// shorter.
    pub fn bytes(&self) -> &[u8] {
        self.memory.as_ref().get(self.start..self.end).unwrap_or_default()
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
    /// room follows them. `None` if there is too little room.
    fn take(&mut self, length: usize) -> Option<&mut [u8]> {
        let memory = self.memory.as_mut();
        if length > memory.len().saturating_sub(self.end) {
            let pending = self.start..self.end;
            memory.get(pending.clone())?;
            memory.copy_within(pending, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = memory.get_mut(self.end..)?.get_mut(..length)?;
        self.end += length;
        Some(room)
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
        if let Some(room) = self.take(bytes.len()) {
            raw::copy(bytes, room);
        }
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        let encoded = header.encode();
        // Room for both at once: a type of the caller's may become shorter in between.
        let length = encoded.len().saturating_add(payload.len());
        let room = self.take(length).and_then(|room| room.split_at_mut_checked(encoded.len()));
        let Some((front, rest)) = room else { return };
        raw::copy(&encoded, front);
        match header.masking_key() {
            Some(key) => {
                Mask::new(key).copy(payload, rest);
            }
            None => raw::copy(payload, rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::frame::Opcode;

    /// Memory that is empty after it has been borrowed this many times.
    struct Vanishing {
        bytes: [u8; 16],
        left: Cell<usize>,
    }

    impl Vanishing {
        fn length(&self) -> usize {
            let left = self.left.get();
            self.left.set(left.saturating_sub(1));
            if left > 0 { self.bytes.len() } else { 0 }
        }
    }

    impl AsRef<[u8]> for Vanishing {
        fn as_ref(&self) -> &[u8] {
            &self.bytes[..self.length()]
        }
    }

    impl AsMut<[u8]> for Vanishing {
        fn as_mut(&mut self) -> &mut [u8] {
            let length = self.length();
            &mut self.bytes[..length]
        }
    }

    #[test]
    fn a_frame_is_appended_completely_or_not_at_all() {
        let header = Header::new(Opcode::Text, true, 5).unwrap();
        for header in [header, header.with_mask([1, 2, 3, 4])] {
            let complete = header.encode().len() + 5;
            let pending = [0, 1, 2].map(|borrows| {
                let memory = Vanishing { bytes: [0; 16], left: Cell::new(borrows) };
                let mut outbox = FixedOutbox::over(memory);
                outbox.append_frame(&header, b"Hello");
                outbox.pending()
            });
            assert_eq!(pending, [0, complete, complete]);
        }
    }
}
