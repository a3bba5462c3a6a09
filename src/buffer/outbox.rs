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
