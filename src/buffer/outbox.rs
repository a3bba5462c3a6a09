//! Where bytes go that are to be sent.

use crate::{error::OutboxFull, frame::Header, mask::Mask};

/// Takes the bytes to be sent, in order.
///
/// [`GrowingOutbox`](crate::GrowingOutbox) and `Vec<u8>` grow (feature `alloc`), a
/// [`FixedOutbox`](crate::FixedOutbox) does not. The connection appends a frame only if all of it fits
/// in the [`room`](Self::room).
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
) -> Result<(), OutboxFull> {
    let room = outbox.room();
    // An outbox that grows has room for all.
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
