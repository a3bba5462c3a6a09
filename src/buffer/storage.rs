//! What an inbox keeps its bytes in.

/// The memory of an inbox: [`Growing`], or [`Fixed`] over a slice or an array.
pub trait Storage: sealed::Sealed {}

pub(crate) mod sealed {
    /// Memory that may grow.
    pub trait Sealed {
        /// Whether it returns what was written; a type of the caller's may not.
        const IS_FAITHFUL: bool;
        /// All of it.
        fn bytes(&self) -> &[u8];
        /// All of it, to be written.
        fn bytes_mut(&mut self) -> &mut [u8];
        /// The capacity it begins with and shrinks to, in bytes.
        fn initial(&self) -> usize;
        /// How much there can ever be, in bytes.
        fn max_capacity(&self) -> usize;
        /// Grows to `capacity` bytes, if it can.
        fn grow(&mut self, capacity: usize);
        /// Called when the inbox is empty, with the most bytes in use since the previous call.
        fn on_empty(&mut self, used: usize);
        /// Frees its memory, if it can. Nothing is held.
        fn release(&mut self);
    }
}

/// Memory of a fixed size: a slice, an array, anything that is one.
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
mod growing {
    use alloc::vec::Vec;
    use core::ops::Range;

    use super::{Storage, sealed::Sealed};

    /// How often in a row the inbox must have been empty, and have needed no more than its initial
    /// capacity, before the memory of a large message is freed.
    const CALM: u8 = 64;

    /// Memory from the allocator: nothing until the first byte is expected, then the initial
    /// capacity, more for a message that needs it, and the initial capacity again when no message
    /// has needed more for a while.
    #[derive(Clone)]
    pub struct Growing {
        bytes: Vec<u8>,
        /// The capacity it begins with and shrinks to, at least 1.
        initial: usize,
        /// How often in a row the inbox was empty and had needed no more than `initial`.
        calm: u8,
    }

    impl Growing {
        pub(in super::super) const fn with_capacity(initial: usize) -> Self {
            let initial = if initial == 0 { 1 } else { initial };
            Self { bytes: Vec::new(), initial, calm: 0 }
        }

        /// Memory of the same kind with just these parts of the contents, one after the other.
        pub(in super::super) fn with_contents(&self, parts: [Range<usize>; 2]) -> Self {
            let bytes = parts.map(|part| &self.bytes[part]).concat();
            Self { bytes, initial: self.initial, calm: 0 }
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
            usize::MAX
        }

        fn grow(&mut self, capacity: usize) {
            let capacity = capacity.max(self.initial);
            if let Some(more) = capacity.checked_sub(self.bytes.len()) {
                self.bytes.reserve_exact(more);
                self.bytes.resize(capacity, 0);
            }
        }

        fn on_empty(&mut self, used: usize) {
            if used > self.initial || self.bytes.len() <= self.initial {
                self.calm = 0;
                return;
            }
            self.calm += 1;
            if self.calm == CALM {
                self.calm = 0;
                self.bytes.truncate(self.initial);
                self.bytes.shrink_to_fit();
            }
        }

        fn release(&mut self) {
            self.bytes = Vec::new();
            self.calm = 0;
        }
    }
}
