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
pub(crate) fn append_parts(
    outbox: &mut impl Outbox,
    write: impl Fn(&mut dyn FnMut(&[u8])),
) -> Result<(), OutboxFull> {
    let room = outbox.room();
    // An outbox that grows always has room.
    if room != usize::MAX {
        let mut needed = 0_usize;
        write(&mut |part| needed = needed.saturating_add(part.len()));
        if needed > room {
            return Err(OutboxFull { needed, room });
        }
    }
    let mut staged = Staged { bytes: [0; _], length: 0 };
    write(&mut |part| staged.append(part, outbox));
    staged.flush(outbox);
    Ok(())
}

/// Joins small parts, so that an outbox that grows is usually extended once for a request head or a
/// response head.
struct Staged {
    bytes: [u8; 256],
    length: usize,
}

impl Staged {
    fn append(&mut self, part: &[u8], outbox: &mut impl Outbox) {
        if self.bytes.len() - self.length < part.len() {
            self.flush(outbox);
        }
        match self.bytes.get_mut(self.length..self.length + part.len()) {
            Some(place) => {
                place.copy_from_slice(part);
                self.length += part.len();
            }
            // Longer than the staging buffer.
            None => outbox.append(part),
        }
    }

    fn flush(&mut self, outbox: &mut impl Outbox) {
        if self.length > 0 {
            outbox.append(&self.bytes[..self.length]);
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
        append_parts(&mut outbox, |sink| parts.iter().for_each(|part| sink(part))).unwrap();
        assert_eq!(outbox, [&b"before"[..], &parts.concat()].concat());
    }
}
