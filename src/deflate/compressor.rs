//! Compressing messages (RFC 7692, section 7.2.1).

use std::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

use super::Settings;

/// What ends a flush, and is left out at the end of a message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The room for output that is kept between messages, in bytes.
const KEPT: usize = 64 * 1024;

/// Compresses the messages of one direction.
pub(crate) struct Compressor {
    deflate: Deflate,
    window_bits: u8,
    /// The output so far is `output[..length]`; what is behind is room.
    output: Vec<u8>,
    length: usize,
}

impl Compressor {
    /// With a window of 2^`window_bits` bytes, 9 to 15.
    pub(crate) fn new(settings: &Settings, window_bits: u8) -> Self {
        let config = DeflateConfig {
            level: i32::from(settings.level),
            window_bits: -i32::from(window_bits),
            mem_level: i32::from(settings.memory_level),
            ..DeflateConfig::default()
        };
        let deflate = Deflate::new_with_config(config);
        Self { deflate, window_bits, output: Vec::new(), length: 0 }
    }

    pub(crate) const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Forgets the window.
    pub(crate) fn reset(&mut self) {
        self.deflate.reset();
        self.shrink();
    }

    /// Gives back the room that a large message needed; its output has been used.
    pub(crate) fn shrink(&mut self) {
        self.output.truncate(KEPT);
        self.output.shrink_to(KEPT);
    }

    /// Compresses the next part of a message, to the last byte of it; `None` if the codec fails,
    /// which it has no reason to.
    pub(crate) fn compress(&mut self, part: &[u8], last: bool) -> Option<&[u8]> {
        self.length = 0;
        let mut rest = part;
        loop {
            if self.length == self.output.len() {
                let more = (rest.len() / 2).max(256);
                self.output.resize(self.length + more, 0);
            }
            let (total_in, total_out) = (self.deflate.total_in(), self.deflate.total_out());
            let room = &mut self.output[self.length..];
            let status = self.deflate.compress(rest, room, DeflateFlush::SyncFlush).ok()?;
            let taken = usize::try_from(self.deflate.total_in() - total_in).ok()?;
            let made = usize::try_from(self.deflate.total_out() - total_out).ok()?;
            rest = rest.get(taken..)?;
            self.length += made;
            // With room to spare, all that there is has been flushed.
            if rest.is_empty() && (self.length < self.output.len() || status == Status::BufError) {
                break;
            }
        }
        let output = &self.output[..self.length];
        Some(match output.strip_suffix(&TAIL) {
            Some(stripped) if last => stripped,
            // Nothing was new since the last flush: section 7.2.3.6 has the empty block for that.
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
