//! The send buffer, as a trait.

use crate::{error::OutboxFull, frame::Header, mask::Mask};

/// A send buffer: it collects the bytes to write to the transport, in order.
///
/// [`GrowingOutbox`](crate::GrowingOutbox) and `Vec<u8>` grow (feature `alloc`), a
/// [`FixedOutbox`](crate::FixedOutbox) does not. The connection appends a frame only if the
/// complete frame fits in the [`room`](Self::room).
pub trait Outbox {
    /// The number of bytes that wait to be written to the transport.
    fn pending(&self) -> usize;

    /// The number of bytes that can be appended, or `usize::MAX` if the outbox grows.
    fn room(&self) -> usize;

    /// Appends these bytes. The caller has checked that there is [`room`](Self::room).
    fn append(&mut self, bytes: &[u8]);

    /// Appends the header and the payload of a frame. Masks the payload if the header has a masking
    /// key. The caller has checked that there is [`room`](Self::room).
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

/// Appends all that `write` writes, or nothing if the outbox has too little room.
pub(crate) fn append_parts<O: Outbox>(
    outbox: &mut O,
    write: impl Fn(&mut Sink<'_, O>),
) -> Result<(), OutboxFull> {
    let room = outbox.room();
    // An outbox that grows always has room.
    let is_counting = room != usize::MAX;
    let mut sink = Sink { outbox, is_counting, needed: 0, staged: [0; _], length: 0 };
    if sink.is_counting {
        write(&mut sink);
        if sink.needed > room {
            return Err(OutboxFull { needed: sink.needed, room });
        }
        sink.is_counting = false;
    }
    write(&mut sink);
    sink.flush();
    Ok(())
}

/// Takes the parts of a head: counts their bytes, or appends them to the outbox. Joins small parts, so
/// that an outbox that grows is usually extended once for a request head or a response head.
pub(crate) struct Sink<'o, O> {
    outbox: &'o mut O,
    is_counting: bool,
    /// The number of bytes counted.
    needed: usize,
    staged: [u8; 256],
    /// The number of staged bytes.
    length: usize,
}

impl<O: Outbox> Sink<'_, O> {
    pub(crate) fn put(&mut self, part: &[u8]) {
        if self.is_counting {
            self.needed = self.needed.saturating_add(part.len());
            return;
        }
        if self.staged.len() - self.length < part.len() {
            self.flush();
        }
        match self.staged.get_mut(self.length..).and_then(|rest| rest.get_mut(..part.len())) {
            Some(place) => {
                place.copy_from_slice(part);
                self.length += part.len();
            }
            // Longer than the staging buffer.
            None => self.outbox.append(part),
        }
    }

    fn flush(&mut self) {
        let staged = self.staged.get(..self.length).unwrap_or_default();
        if !staged.is_empty() {
            self.outbox.append(staged);
            self.length = 0;
        }
    }
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

#[cfg(all(test, feature = "alloc"))]
mod tests {
    extern crate std;
    use std::{vec, vec::Vec};

    use super::*;

    #[test]
    fn parts_of_any_length_are_appended_in_order() {
        let lengths = [0, 1, 200, 55, 1, 0, 256, 257, 10, 1000, 3];
        let parts: Vec<_> =
            (b'a'..).zip(lengths).map(|(byte, length)| vec![byte; length]).collect();
        let mut outbox = b"before".to_vec();
        append_parts(&mut outbox, |sink| parts.iter().for_each(|part| sink.put(part))).unwrap();
        assert_eq!(outbox, [&b"before"[..], &parts.concat()].concat());
    }
}
