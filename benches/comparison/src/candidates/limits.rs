//! Lower bounds of the cost: a copy, the XOR, validation, and a walk over the frames.

use std::io::Read;

use bytes::Bytes;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

use super::{Compression, Receives, Sends};
use crate::{
    traffic::append_header,
    transport::{Transport, WRITE},
};

/// Only appends the payloads to a buffer.
pub(crate) struct Copy {
    buffer: Vec<u8>,
    /// Whether each is written after a server's header, and so at another alignment than its
    /// source.
    behind_header: bool,
}

impl Copy {
    pub(crate) fn new() -> Self {
        Self { buffer: Vec::new(), behind_header: false }
    }

    pub(crate) fn behind_header() -> Self {
        Self { buffer: Vec::new(), behind_header: true }
    }
}

impl Sends for Copy {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            if self.behind_header {
                append_header(0x82, message.len(), None, &mut self.buffer);
            }
            self.buffer.extend_from_slice(message);
            if self.buffer.len() >= WRITE {
                std::hint::black_box(&self.buffer);
                self.buffer.clear();
            }
        }
        std::hint::black_box(&self.buffer);
        self.buffer.clear();
    }
}

/// Only masks payloads in place.
pub(crate) struct Xor {
    payload: Vec<u8>,
    mask: fn([u8; 4], &mut [u8]),
}

impl Xor {
    /// With a loop that the compiler vectorizes.
    pub(crate) fn safe() -> Self {
        Self { payload: Vec::new(), mask: mask_safely }
    }

    /// With the widest vector instructions of the processor.
    pub(crate) fn widest() -> Self {
        Self { payload: Vec::new(), mask: widest_mask() }
    }
}

impl Sends for Xor {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            self.payload.resize(message.len(), 0);
            (self.mask)([0x12, 0x34, 0x56, 0x78], &mut self.payload);
            std::hint::black_box(&self.payload);
        }
    }
}

/// Only validates text.
pub(crate) struct Utf8;

impl Sends for Utf8 {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            std::hint::black_box(simdutf8::basic::from_utf8(message).unwrap());
        }
    }
}

/// Only compresses the payloads.
pub(crate) struct Compress {
    deflate: Deflate,
    takeover: bool,
    output: Vec<u8>,
}

impl Compress {
    pub(crate) fn new(compression: Compression) -> Self {
        let deflate = Deflate::new(compression.level.cast_signed(), false, 15);
        Self { deflate, takeover: compression.takeover, output: vec![0; 128 * 1024] }
    }

    /// The compressed payload, as in a frame.
    pub(crate) fn compress(&mut self, message: &[u8]) -> &[u8] {
        let before = self.deflate.total_out();
        self.deflate.compress(message, &mut self.output, DeflateFlush::SyncFlush).unwrap();
        let length = usize::try_from(self.deflate.total_out() - before).unwrap();
        if !self.takeover {
            self.deflate.reset();
        }
        self.output[..length].strip_suffix(&[0x00, 0x00, 0xFF, 0xFF]).unwrap()
    }
}

impl Sends for Compress {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            std::hint::black_box(self.compress(message));
        }
    }
}

/// Only decompresses payloads, without validating text.
pub(crate) struct Decompress {
    inflate: Inflate,
    takeover: bool,
    output: Vec<u8>,
}

impl Decompress {
    pub(crate) fn new(takeover: bool) -> Self {
        Self { inflate: Inflate::new(false, 15), takeover, output: vec![0; 128 * 1024] }
    }

    /// The message, from the payload of a frame and the four bytes that the sender removed.
    pub(crate) fn decompress(&mut self, compressed: &[u8]) -> &[u8] {
        let before = self.inflate.total_out();
        let flush = InflateFlush::SyncFlush;
        self.inflate.decompress(compressed, &mut self.output, flush).unwrap();
        let length = usize::try_from(self.inflate.total_out() - before).unwrap();
        if !self.takeover {
            self.inflate.reset(false);
        }
        &self.output[..length]
    }
}

impl Sends for Decompress {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            std::hint::black_box(self.decompress(message));
        }
    }
}

/// Only reads, parses headers and unmasks in place, without checking any rule of the protocol.
pub(crate) struct Walk {
    buffer: Vec<u8>,
    /// The range of the unprocessed bytes.
    from: usize,
    to: usize,
    mask: fn([u8; 4], &mut [u8]),
    transport: Transport,
}

impl Walk {
    /// For messages of at most this size. A larger buffer would be slower, because it does not fit
    /// in L1.
    pub(crate) fn new(size: usize, transport: Transport) -> Self {
        let buffer = vec![0; (size + 14).max(16 * 1024)];
        Self { buffer, from: 0, to: 0, mask: widest_mask(), transport }
    }

    /// The payload of the next frame, if it is complete.
    fn next(&mut self) -> Option<&mut [u8]> {
        let (length, is_masked, rest) = match self.buffer.get(self.from..self.to)? {
            [_, second, rest @ ..] if second & 0x7F < 126 => {
                (usize::from(second & 0x7F), second >> 7 != 0, rest)
            }
            [_, second, a, b, rest @ ..] if second & 0x7F == 126 => {
                (usize::from(u16::from_be_bytes([*a, *b])), second >> 7 != 0, rest)
            }
            [_, second, rest @ ..] => {
                let (length, rest) = rest.split_first_chunk()?;
                let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
                (length, second >> 7 != 0, rest)
            }
            _ => return None,
        };
        let key = if is_masked { Some(*rest.first_chunk()?) } else { None };
        let start = self.to - rest.len() + if is_masked { 4 } else { 0 };
        let end = start + length;
        if end > self.to {
            return None;
        }
        self.from = end;
        let payload = &mut self.buffer[start..end];
        if let Some(key) = key {
            (self.mask)(key, payload);
        }
        Some(payload)
    }
}

impl Receives for Walk {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let mut received = 0;
        while received < count {
            self.buffer.copy_within(self.from..self.to, 0);
            self.to -= self.from;
            self.from = 0;
            let read = self.transport.read(&mut self.buffer[self.to..]).unwrap();
            assert_ne!(read, 0);
            self.to += read;
            while let Some(payload) = self.next() {
                look(payload);
                received += 1;
            }
        }
    }
}

pub(super) fn mask_safely(key: [u8; 4], data: &mut [u8]) {
    let word = u32::from_ne_bytes(key);
    let (blocks, rest) = data.as_chunks_mut::<64>();
    for block in blocks {
        for bytes in block.as_chunks_mut::<4>().0 {
            *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
        }
    }
    mask_rest(key, rest);
}

fn mask_rest(key: [u8; 4], data: &mut [u8]) {
    let word = u32::from_ne_bytes(key);
    let (words, rest) = data.as_chunks_mut::<4>();
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// Masks up to the first address that is aligned for vectors of this many bytes. Returns the rest
/// and the key rotated for it.
fn mask_to_border(mut key: [u8; 4], data: &mut [u8], align: usize) -> ([u8; 4], &mut [u8]) {
    let (start, rest) = data.split_at_mut(data.as_ptr().align_offset(align).min(data.len()));
    mask_rest(key, start);
    key.rotate_left(start.len() % 4);
    (key, rest)
}

#[cfg(not(target_arch = "x86_64"))]
fn widest_mask() -> fn([u8; 4], &mut [u8]) {
    mask_safely
}

#[cfg(target_arch = "x86_64")]
fn widest_mask() -> fn([u8; 4], &mut [u8]) {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has the instructions.
        |key, data| unsafe { mask_avx512(key, data) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        |key, data| unsafe { mask_avx2(key, data) }
    } else {
        mask_safely
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn mask_avx512(key: [u8; 4], data: &mut [u8]) {
    use std::arch::x86_64::{
        _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512, _mm512_xor_si512,
    };
    let (key, data) = mask_to_border(key, data, 64);
    let keys = _mm512_set1_epi32(i32::from_ne_bytes(key));
    let (blocks, rest) = data.as_chunks_mut::<64>();
    for block in blocks {
        let at = block.as_mut_ptr().cast();
        // SAFETY: a block is 64 bytes.
        unsafe { _mm512_storeu_si512(at, _mm512_xor_si512(_mm512_loadu_si512(at), keys)) };
    }
    mask_rest(key, rest);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mask_avx2(key: [u8; 4], data: &mut [u8]) {
    use std::arch::x86_64::{
        _mm256_loadu_si256, _mm256_set1_epi32, _mm256_storeu_si256, _mm256_xor_si256,
    };
    let (key, data) = mask_to_border(key, data, 32);
    let keys = _mm256_set1_epi32(i32::from_ne_bytes(key));
    let (blocks, rest) = data.as_chunks_mut::<32>();
    for block in blocks {
        let at = block.as_mut_ptr().cast();
        // SAFETY: a block is 32 bytes.
        unsafe { _mm256_storeu_si256(at, _mm256_xor_si256(_mm256_loadu_si256(at), keys)) };
    }
    mask_rest(key, rest);
}
