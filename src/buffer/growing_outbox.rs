//! An outbox that grows, for partial writes.

use alloc::vec::Vec;

use super::{Outbox, storage::Shrinking};
use crate::{
    error::Overrun,
    frame::{FrameParts, Header},
};

/// The capacity that is always kept, in bytes.
const KEPT: usize = 64 * 1024;

/// An outbox that grows, for transports whose writes may be partial.
///
/// Drop the bytes that have been written with [`consume`](Self::consume), which does not move the
/// others. A `Vec<u8>` is enough if you always write all bytes at once.
///
/// The memory of a large message is reused for the next one. Memory in excess of 64 KiB is freed when
/// the outbox has become empty 64 times in a row without needing it. To free the memory of
/// an idle connection, replace its outbox with a [new](Self::new) one.
///
/// ```
/// use hybi::GrowingOutbox;
/// # use hybi::{Config, Connection};
/// # use std::io::Write;
/// # let mut stream = &mut [0; 3][..]; // takes 3 bytes
/// # let mut websocket = Connection::server(Config::new());
///
/// let mut outbox = GrowingOutbox::new();
/// websocket.send_text("Hello", &mut outbox)?;
/// while !outbox.is_empty() {
///     match stream.write(outbox.bytes())? {
///         0 => break, // wait until the stream is writable
///         written => outbox.consume(written)?,
///     }
/// }
/// # assert_eq!(outbox.bytes(), b"ello");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The connection limits the number of pending bytes, by
/// [`Config::outbox_high_water`](crate::Config::outbox_high_water).
#[derive(Clone, Default)]
pub struct GrowingOutbox {
    bytes: Vec<u8>,
    /// How many bytes at the front have been written.
    written: usize,
    /// The most bytes in use since the outbox was empty, before any were removed from the front.
    peak: usize,
    shrinking: Shrinking,
}

impl GrowingOutbox {
    /// An empty outbox. It allocates when the first bytes are appended.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), written: 0, peak: 0, shrinking: Shrinking::new() }
    }

    /// The bytes to write to the transport.
    pub fn bytes(&self) -> &[u8] {
        let bytes = self.bytes.get(self.written..);
        debug_assert!(bytes.is_some());
        bytes.unwrap_or_default()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// The size of the memory, in bytes.
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Drops the first `length` bytes, which have been written.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if there are fewer bytes. Nothing is dropped.
    pub fn consume(&mut self, length: usize) -> Result<(), Overrun> {
        let available = self.bytes().len();
        if length > available {
            return Err(Overrun { count: length, available });
        }
        self.written += length;
        if self.is_empty() {
            self.clear();
        }
        Ok(())
    }

    /// Drops all bytes. Keeps the memory, as [`consume`](Self::consume) does.
    pub fn clear(&mut self) {
        let used = self.peak.max(self.bytes.len());
        if used == 0 {
            return;
        }
        self.bytes.clear();
        self.shrinking.on_empty(&mut self.bytes, used, KEPT);
        self.written = 0;
        self.peak = 0;
    }

    /// The pending bytes followed by a frame that is not in the outbox, for
    /// [`write_vectored`](std::io::Write::write_vectored). Report the number of bytes written with
    /// [`consume_with`](Self::consume_with).
    ///
    /// ```
    /// # use hybi::{Config, Connection, GrowingOutbox};
    /// # use std::io::Write;
    /// # let mut stream = Vec::new();
    /// # let mut websocket = Connection::server(Config::new());
    /// # let mut outbox = GrowingOutbox::new();
    /// websocket.send_text("first", &mut outbox)?;
    /// let frame = websocket.frame_binary(&[7; 100_000])?; // not copied
    /// let written = stream.write_vectored(&outbox.io_slices(&frame))?;
    /// outbox.consume_with(written, &frame)?; // copies the part that was not written
    /// # assert!(outbox.is_empty() && stream.len() == 7 + 10 + 100_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn io_slices<'a>(&'a self, frame: &'a FrameParts<'_>) -> [std::io::IoSlice<'a>; 3] {
        let [header, payload] = frame.slices();
        [self.bytes(), header, payload].map(std::io::IoSlice::new)
    }

    /// Drops the first `length` bytes of the outbox and the frame after it, which have been
    /// written. Appends the rest of the frame to the outbox.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if there are fewer bytes. Nothing changes.
    pub fn consume_with(&mut self, length: usize, frame: &FrameParts<'_>) -> Result<(), Overrun> {
        let waiting = self.bytes().len();
        let available = waiting + frame.len();
        if length > available {
            return Err(Overrun { count: length, available });
        }
        let mut of_frame = length.saturating_sub(waiting);
        self.consume(length.min(waiting))?;
        for part in frame.slices() {
            let skipped = of_frame.min(part.len());
            self.append(&part[skipped..]);
            of_frame -= skipped;
        }
        Ok(())
    }

    /// Removes the written bytes if they are at least as many as the pending ones, so that the cost
    /// of moving is bounded by the bytes written before.
    fn compact(&mut self) {
        if let Some(pending) = self.bytes.len().checked_sub(self.written)
            && self.written >= pending
        {
            self.peak = self.peak.max(self.bytes.len());
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }
}

impl Outbox for GrowingOutbox {
    fn pending(&self) -> usize {
        self.bytes().len()
    }

    fn room(&self) -> usize {
        usize::MAX
    }

    fn append(&mut self, bytes: &[u8]) {
        self.compact();
        self.bytes.extend_from_slice(bytes);
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        self.compact();
        self.bytes.append_frame(header, payload);
    }
}

/// Shows the number of pending bytes, not their contents.
impl core::fmt::Debug for GrowingOutbox {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "GrowingOutbox({} bytes)", self.bytes().len())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::frame::Opcode;

    /// Appends and consumes different numbers of bytes, and compares with a queue.
    #[test]
    fn bytes_are_written_in_order_across_partial_writes() {
        for (appended, consumed) in [(1, 1), (3, 1), (1, 3), (7, 5), (100, 99), (100, 1)] {
            let (mut outbox, mut expected) = (GrowingOutbox::new(), Vec::new());
            for round in 0..if cfg!(miri) { 10 } else { 200_u8 } {
                let bytes = std::vec![round; appended];
                outbox.append(&bytes);
                expected.extend(bytes);
                let length = consumed.min(outbox.pending());
                outbox.consume(length).unwrap();
                expected.drain(..length);
                assert_eq!(outbox.bytes(), expected);
                assert!(outbox.written <= outbox.bytes.len());
            }
        }
    }

    /// Written bytes take no more memory than the pending bytes and the next ones together.
    #[test]
    fn memory_is_bounded_by_the_pending_bytes() {
        for pending in [1, 1000] {
            let mut outbox = GrowingOutbox::new();
            outbox.append(&std::vec![1; pending]);
            for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
                outbox.append(&[2; 100]);
                outbox.consume(100).unwrap();
            }
            assert!(outbox.bytes.len() <= 2 * pending + 200, "{}", outbox.bytes.len());
        }
    }

    /// So the cost of moving is proportional to the bytes that are written.
    #[test]
    fn pending_bytes_are_moved_only_if_as_many_were_written() {
        let mut outbox = GrowingOutbox::new();
        outbox.append(&[1; 100]);
        outbox.consume(49).unwrap();
        outbox.append(&[2]);
        assert_eq!((outbox.written, outbox.bytes().len()), (49, 52));
        outbox.consume(2).unwrap();
        outbox.append(&[3]);
        assert_eq!((outbox.written, outbox.bytes().len()), (0, 51));
    }

    #[test]
    fn memory_of_a_large_message_is_kept_for_the_next_and_freed_after_small_ones() {
        let mut outbox = GrowingOutbox::new();
        let mut send = |size| {
            outbox.append(&std::vec![3; size]);
            outbox.consume(size).unwrap();
            outbox.bytes.capacity()
        };
        for _ in 0..10 {
            assert!(send(10 * KEPT) >= 10 * KEPT);
            for _ in 0..63 {
                assert!(send(1) >= 10 * KEPT);
            }
        }
        assert!(send(1) <= KEPT);
        assert!(send(1) <= KEPT);
        // One that fits in what is kept is small.
        assert!(send(10 * KEPT) >= 10 * KEPT);
        assert!((0..64).map(|_| send(KEPT)).last() <= Some(KEPT));
    }

    #[test]
    fn a_large_message_counts_although_its_written_part_was_removed() {
        let mut outbox = GrowingOutbox::new();
        for _ in 0..100 {
            outbox.append(&std::vec![3; 10 * KEPT]);
            outbox.consume(10 * KEPT - 1).unwrap();
            outbox.append(b"x");
            outbox.consume(2).unwrap();
            assert!(outbox.capacity() >= 10 * KEPT);
        }
    }

    #[test]
    fn an_outbox_that_is_empty_already_does_not_become_empty() {
        let mut outbox = GrowingOutbox::new();
        outbox.append(&std::vec![3; 10 * KEPT]);
        outbox.clear();
        for _ in 0..100 {
            outbox.consume(0).unwrap();
            outbox.clear();
        }
        assert!(outbox.capacity() >= 10 * KEPT);
    }

    #[test]
    fn consuming_more_than_is_pending_is_an_error() {
        let mut outbox = GrowingOutbox::new();
        outbox.append(b"abc");
        let refused = Err(Overrun { count: 4, available: 3 });
        assert_eq!(outbox.consume(4), refused);
        assert_eq!(outbox.bytes(), b"abc");
    }

    #[test]
    fn a_frame_beside_the_outbox_follows_it_after_any_partial_write() {
        let header = Header::new(Opcode::Binary, true, 5).unwrap().encode();
        let frame = FrameParts::new(header, b"Hello");
        let whole = *b"ab\x82\x05Hello";
        for written in 0..=whole.len() {
            let mut outbox = GrowingOutbox::new();
            outbox.append(b"ab");
            outbox.consume_with(written, &frame).unwrap();
            assert_eq!(outbox.bytes(), &whole[written..]);
        }
        let mut outbox = GrowingOutbox::new();
        outbox.append(b"ab");
        let refused = Err(Overrun { count: 10, available: 9 });
        assert_eq!(outbox.consume_with(10, &frame), refused);
        assert_eq!(outbox.bytes(), b"ab");
    }
}
