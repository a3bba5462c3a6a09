//! The memory of an inbox, and when a buffer frees the memory of a large message.

/// The memory of an inbox, either [`Growing`] or [`Fixed`].
pub trait Storage: sealed::Sealed {}

pub(crate) mod sealed {
    /// Memory that may grow.
    pub trait Sealed {
        /// Whether reads return what was written. A type of the caller's may break this.
        const IS_FAITHFUL: bool;
        /// The whole memory.
        fn bytes(&self) -> &[u8];
        /// The whole memory, for writing.
        fn bytes_mut(&mut self) -> &mut [u8];
        /// The capacity that it begins with and shrinks to, in bytes.
        fn initial(&self) -> usize;
        /// The largest capacity that it can grow to, in bytes.
        fn max_capacity(&self) -> usize;
        /// Grows to `capacity` bytes, if it can.
        fn grow(&mut self, capacity: usize);
        /// Called when the inbox is empty, with the most bytes in use since the previous call.
        fn on_empty(&mut self, used: usize);
        /// Frees its memory, if it can. Called when the inbox is empty.
        fn release(&mut self);
    }
}

/// Memory of a fixed size, such as a slice or an array. Any `AsRef<[u8]> + AsMut<[u8]>`.
#[derive(Clone)]
pub struct Fixed<B>(pub(crate) B);

impl<B: AsRef<[u8]> + AsMut<[u8]>> Storage for Fixed<B> {}

impl<B: AsRef<[u8]> + AsMut<[u8]>> sealed::Sealed for Fixed<B> {
    const IS_FAITHFUL: bool = false;

    fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut()
    }

    fn initial(&self) -> usize {
        self.bytes().len()
    }

    fn max_capacity(&self) -> usize {
        self.bytes().len()
    }

    fn grow(&mut self, _: usize) {}

    fn on_empty(&mut self, _: usize) {}

    fn release(&mut self) {}
}

#[cfg(feature = "alloc")]
pub use growing::Growing;
#[cfg(feature = "alloc")]
pub(super) use growing::Shrinking;

#[cfg(feature = "alloc")]
mod growing {
    use alloc::vec::Vec;
    use core::ops::Range;

    use super::{Storage, sealed::Sealed};
    use crate::config::MAX_MESSAGE;

    /// The memory of a large message is freed when a buffer has become empty this many times in a
    /// row without needing more than its usual capacity.
    const SHRINK_AFTER: u8 = 64;

    /// Decides when to free the memory of a large message. A buffer that shrank after each message
    /// would grow again for the next one.
    #[derive(Clone, Default)]
    pub(in super::super) struct Shrinking {
        /// How many times in a row the buffer has become empty without needing more than its usual
        /// capacity.
        small_uses: u8,
    }

    impl Shrinking {
        pub(in super::super) const fn new() -> Self {
            Self { small_uses: 0 }
        }

        /// Call this when the buffer has become empty, with the most bytes in use since the
        /// previous call. Shrinks the memory to `usual` bytes if it is time to.
        pub(in super::super) fn on_empty(
            &mut self,
            bytes: &mut Vec<u8>,
            used: usize,
            usual: usize,
        ) {
            if used > usual || bytes.capacity() <= usual {
                self.small_uses = 0;
                return;
            }
            self.small_uses += 1;
            if self.small_uses == SHRINK_AFTER {
                self.small_uses = 0;
                let length = bytes.len().min(usual);
                // Freed first, because nothing in it is needed.
                *bytes = Vec::new();
                bytes.reserve_exact(usual);
                bytes.resize(length, 0);
            }
        }
    }

    /// Memory from the allocator.
    ///
    /// It allocates the initial capacity on the first read, grows for a message that needs more,
    /// and shrinks to the initial capacity when no message has needed more for a while.
    #[derive(Clone)]
    pub struct Growing {
        bytes: Vec<u8>,
        /// The capacity that it begins with and shrinks to, at least 1.
        initial: usize,
        shrinking: Shrinking,
    }

    impl Growing {
        pub(in super::super) const fn with_capacity(initial: usize) -> Self {
            let initial = if initial == 0 { 1 } else { initial };
            Self { bytes: Vec::new(), initial, shrinking: Shrinking::new() }
        }

        /// New memory that contains just these two ranges, with the same initial capacity.
        pub(in super::super) fn with_contents(&self, parts: [Range<usize>; 2]) -> Self {
            let mut bytes = Vec::with_capacity(parts.iter().map(ExactSizeIterator::len).sum());
            for part in parts {
                bytes.extend_from_slice(self.bytes.get(part).unwrap_or_default());
            }
            Self { bytes, initial: self.initial, shrinking: Shrinking::new() }
        }
    }

    impl Storage for Growing {}

    impl Sealed for Growing {
        const IS_FAITHFUL: bool = true;

        fn bytes(&self) -> &[u8] {
            &self.bytes
        }

        fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.bytes
        }

        fn initial(&self) -> usize {
            self.initial
        }

        fn max_capacity(&self) -> usize {
            MAX_MESSAGE
        }

        fn grow(&mut self, capacity: usize) {
            let capacity = capacity.max(self.initial).min(MAX_MESSAGE + 1);
            if let Some(more) = capacity.checked_sub(self.bytes.len()) {
                self.bytes.reserve_exact(more);
                self.bytes.resize(capacity, 0);
            }
        }

        fn on_empty(&mut self, used: usize) {
            self.shrinking.on_empty(&mut self.bytes, used, self.initial);
        }

        fn release(&mut self) {
            self.bytes = Vec::new();
            self.shrinking = Shrinking::new();
        }
    }
}
