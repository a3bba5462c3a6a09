//! The compressor (RFC 7692, section 7.2.1).

use std::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::Settings;

/// The last four bytes of a flush, which are removed at the end of a message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The maximum size of the output buffer that is kept between messages, in bytes.
const KEPT: usize = 64 * 1024;

/// What follows a part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another part of it.
    Part,
    /// A message that may refer to this one.
    Message,
    /// A message with an empty window.
    EmptyWindow,
}

/// Compresses the messages of one direction.
pub(crate) struct Compressor {
    deflate: Deflate,
    window_bits: u8,
    /// Whether nothing can refer to what was compressed before.
    is_empty: bool,
    /// The output so far is `output[..length]`. The rest is room for more.
    output: Vec<u8>,
    length: usize,
}

impl Compressor {
    /// A compressor with a window of 2^`window_bits` bytes, from 9 to 15.
    pub(crate) fn new(settings: &Settings, window_bits: u8) -> Self {
        let config = DeflateConfig {
            level: i32::from(settings.level),
            window_bits: -i32::from(window_bits),
            mem_level: i32::from(settings.memory_level),
            ..DeflateConfig::default()
        };
        let deflate = Deflate::new_with_config(config);
        Self { deflate, window_bits, is_empty: true, output: Vec::new(), length: 0 }
    }

    pub(crate) const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Clears the window.
    pub(crate) fn reset(&mut self) {
        if !self.is_empty {
            self.deflate.reset();
            self.is_empty = true;
        }
        self.shrink();
    }

    /// Frees the output buffer of a large message. Its output has been copied.
    pub(crate) fn shrink(&mut self) {
        self.output.truncate(KEPT);
        self.output.shrink_to(KEPT);
    }

    /// Compresses the next part of a message and flushes it. `None` if the codec fails, which is
    /// not expected.
    pub(crate) fn compress(&mut self, part: &[u8], next: Next) -> Option<&[u8]> {
        // A full flush writes the same bytes as a sync flush and then clears the window, in less time
        // than a reset.
        let flush = match next {
            Next::Part | Next::Message => DeflateFlush::SyncFlush,
            Next::EmptyWindow => DeflateFlush::FullFlush,
        };
        self.is_empty = false;
        self.length = 0;
        let mut rest = part;
        loop {
            if self.length == self.output.len() {
                // Half, because most messages compress to less.
                let more = (rest.len() / 2).max(256);
                self.output.resize(self.length + more, 0);
            }
            let (total_in, total_out) = (self.deflate.total_in(), self.deflate.total_out());
            let room = &mut self.output[self.length..];
            self.deflate.compress(rest, room, flush).ok()?;
            let consumed = usize::try_from(self.deflate.total_in() - total_in).ok()?;
            let produced = usize::try_from(self.deflate.total_out() - total_out).ok()?;
            rest = rest.get(consumed..)?;
            self.length += produced;
            // If room is left, the flush is complete. Once it is, another call adds nothing.
            if rest.is_empty() && self.length < self.output.len() {
                break;
            }
        }
        self.is_empty = next == Next::EmptyWindow;
        let last = next != Next::Part;
        let output = &self.output[..self.length];
        Some(match output.strip_suffix(&TAIL) {
            Some(stripped) if last => stripped,
            // Nothing was added since the last flush. Section 7.2.3.6: send an empty block.
            None if last => &[0x00],
            _ => output,
        })
    }
}

impl core::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Compressor(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::Deflate;

    #[test]
    fn room_is_made_for_half_of_a_part_and_no_less_than_256_bytes() {
        for (length, room) in [(1, 256), (512, 256), (514, 257), (10_000, 5000)] {
            let mut compressor = Deflate::new().compressor(15);
            assert!(compressor.compress(&std::vec![0; length], Next::Message).is_some());
            assert_eq!(compressor.output.len(), room, "zeros need much less");
        }
    }

    /// RFC 7692, section 7.2.3.1: a message that refers to no other one.
    const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

    #[test]
    fn no_message_refers_to_one_before_its_window() {
        for level in 1..=9 {
            let mut compressor = Deflate::new().level(level).compressor(15);
            let mut hello = |next| compressor.compress(b"Hello", next).map(Vec::from).unwrap();
            assert_eq!(hello(Next::EmptyWindow), HELLO, "level {level}");
            assert_eq!(hello(Next::EmptyWindow), HELLO, "level {level}");
            assert_eq!(hello(Next::Message), HELLO, "level {level}");
            // Section 7.2.3.2: this one does, so it is shorter.
            assert!(hello(Next::EmptyWindow).len() < HELLO.len(), "level {level}");
            assert_eq!(hello(Next::Message), HELLO, "level {level}");
            compressor.reset();
            // A message that is not continued.
            assert!(compressor.compress(b"Hello", Next::Part).is_some());
            compressor.reset();
            assert_eq!(compressor.compress(b"Hello", Next::EmptyWindow), Some(HELLO));
            // Section 7.2.3.6: an empty message, which leaves the window empty.
            assert_eq!(compressor.compress(b"", Next::EmptyWindow), Some(&[0x00][..]));
            assert_eq!(compressor.compress(b"Hello", Next::EmptyWindow), Some(HELLO));
        }
    }
}
