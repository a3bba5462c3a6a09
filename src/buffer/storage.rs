//! What an inbox keeps its bytes in.

/// The memory of an inbox: [`Growing`], or [`Fixed`] over a slice or an array.
pub trait Storage: sealed::Sealed {}

pub(crate) mod sealed {
    /// Memory that may grow.
    pub trait Sealed {
        /// Whether bytes that were written are read again as they were: nobody can promise it for
        /// a type of the caller's.
        const IS_FAITHFUL: bool;
        /// All of it.
        fn bytes(&self) -> &[u8];
        /// All of it, to be written.
        fn bytes_mut(&mut self) -> &mut [u8];
        /// How much there usually is, in bytes.
        fn usual(&self) -> usize;
        /// How much there can ever be, in bytes.
        fn max_capacity(&self) -> usize;
        /// Grows to `capacity` bytes, if it can.
        fn grow(&mut self, capacity: usize);
        /// Is told that nothing is held, and how much was in use since it was told the last time.
        fn idle(&mut self, used: usize);
        /// Gives all memory back that it can. Nothing is held.
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

    fn usual(&self) -> usize {
        self.bytes().len()
    }

    fn max_capacity(&self) -> usize {
        self.bytes().len()
    }

    fn grow(&mut self, _: usize) {}

    fn idle(&mut self, _: usize) {}

    fn release(&mut self) {}
}

#[cfg(feature = "alloc")]
pub use growing::Growing;

#[cfg(feature = "alloc")]
mod growing {
    use alloc::vec::Vec;

    use super::{Storage, sealed::Sealed};

    /// How often in a row the inbox must have been empty, without having needed more than its
    /// usual size, before the memory of a large message is given back.
    const CALM: u8 = 64;

    /// Memory from the allocator: nothing until the first byte is expected, then its usual size,
    /// more for a message that needs it, and back to the usual size when no message has needed
    /// more for a while.
    #[derive(Clone)]
    pub struct Growing {
        bytes: Vec<u8>,
        /// The usual size, at least 1.
        usual: usize,
        /// How often the inbox was empty since it needed more than its usual size.
        calm: u8,
    }

    impl Growing {
        pub(in super::super) const fn with_capacity(usual: usize) -> Self {
            let usual = if usual == 0 { 1 } else { usual };
            Self { bytes: Vec::new(), usual, calm: 0 }
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

        fn usual(&self) -> usize {
            self.usual
        }

        fn max_capacity(&self) -> usize {
            usize::MAX
        }

        fn grow(&mut self, capacity: usize) {
            let capacity = capacity.max(self.usual);
            if let Some(more) = capacity.checked_sub(self.bytes.len()) {
                self.bytes.reserve_exact(more);
                self.bytes.resize(capacity, 0);
            }
        }

        fn idle(&mut self, used: usize) {
            if used > self.usual || self.bytes.len() <= self.usual {
                self.calm = 0;
                return;
            }
            self.calm += 1;
            if self.calm == CALM {
                self.calm = 0;
                self.bytes.truncate(self.usual);
                self.bytes.shrink_to_fit();
            }
        }

        fn release(&mut self) {
            self.bytes = Vec::new();
            self.calm = 0;
        }
    }
}
