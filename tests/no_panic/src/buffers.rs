//! The memory that the functions are proved over, and a source of masking keys.

use core::fmt::Display;

use hybi::random::{Entropy, EntropyError};

#[cfg(not(feature = "alloc"))]
pub(crate) type In<'a> = hybi::FixedInbox<&'a mut [u8]>;
#[cfg(not(feature = "alloc"))]
pub(crate) type Out<'a> = hybi::FixedOutbox<&'a mut [u8]>;

#[cfg(feature = "alloc")]
pub(crate) type In<'a> = hybi::Inbox;
#[cfg(all(feature = "alloc", not(feature = "growing-outbox")))]
pub(crate) type Out<'a> = Vec<u8>;
#[cfg(feature = "growing-outbox")]
pub(crate) type Out<'a> = hybi::GrowingOutbox;

/// A generator that may fail. Not for masking keys in earnest.
pub(crate) struct Numbers(pub(crate) u64);

impl Entropy for Numbers {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            *byte = self.0.to_be_bytes()[0];
        }
        if self.0 == 0 { Err(EntropyError) } else { Ok(()) }
    }
}

/// Takes every item of an iterator.
pub(crate) fn drain<T>(items: impl IntoIterator<Item = T>) {
    for item in items {
        std::hint::black_box(&item);
    }
}

/// Takes a field of HTTP/2 or HTTP/3, and does not format it.
pub(crate) fn ignore_field(name: &dyn Display, value: &dyn Display) {
    std::hint::black_box((&raw const *name, &raw const *value));
}
