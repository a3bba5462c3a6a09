//! Compression by hand, for a library without it: flate2 on whole messages, with the frames of
//! tungstenite or with a bare walk that checks no rule of the protocol. Text is validated.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};

use super::{Compression, Receives, Sends, limits::Walk, tungstenite::Frames};
use crate::{
    traffic::append_header,
    transport::{Transport, WRITE},
};

const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

pub(crate) struct Flate2<F> {
    takeover: bool,
    frames: F,
    compress: Compress,
    decompress: Decompress,
    /// Compresses a message.
    compressed: Vec<u8>,
    message: Vec<u8>,
    output: Vec<u8>,
    transport: Transport,
}

impl Flate2<Walk> {
    /// On a bare walk over frames, for messages of at most this size.
    pub(crate) fn by_hand(compression: Compression, size: usize, transport: Transport) -> Self {
        Self::new(compression, Walk::new(size, transport.clone()), transport)
    }
}

impl Flate2<Frames> {
    /// On the frames of tungstenite.
    pub(crate) fn with_tungstenite(compression: Compression, transport: Transport) -> Self {
        Self::new(compression, Frames::new(transport.clone()), transport)
    }
}

impl<F> Flate2<F> {
    fn new(compression: Compression, frames: F, transport: Transport) -> Self {
        Self {
            takeover: compression.takeover,
            frames,
            compress: Compress::new(flate2::Compression::new(compression.level), false),
            decompress: Decompress::new(false),
            compressed: Vec::new(),
            message: Vec::new(),
            output: Vec::new(),
            transport,
        }
    }

    fn write(&mut self) {
        self.transport.write_all(&self.output).unwrap();
        self.output.clear();
    }
}

impl<F: Receives> Receives for Flate2<F> {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let Self { takeover, frames, decompress, compressed, message, .. } = self;
        frames.receive(count, |payload| {
            compressed.clear();
            compressed.extend_from_slice(payload);
            compressed.extend_from_slice(&TAIL);
            message.clear();
            let start = decompress.total_in();
            loop {
                let taken = usize::try_from(decompress.total_in() - start).unwrap();
                if taken == compressed.len() && message.len() < message.capacity() {
                    break;
                }
                message.reserve(message.len().max(4096));
                let flush = FlushDecompress::Sync;
                decompress.decompress_vec(&compressed[taken..], message, flush).unwrap();
            }
            if !*takeover {
                decompress.reset(false);
            }
            look(simdutf8::basic::from_utf8(message).unwrap().as_bytes());
        });
    }
}

impl<F> Sends for Flate2<F> {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            let Self { compress, compressed, .. } = self;
            compressed.clear();
            let start = compress.total_in();
            loop {
                let taken = usize::try_from(compress.total_in() - start).unwrap();
                if taken == message.len() && compressed.len() < compressed.capacity() {
                    break;
                }
                compressed.reserve(message.len() / 2);
                compress.compress_vec(&message[taken..], compressed, FlushCompress::Sync).unwrap();
            }
            if !self.takeover {
                self.compress.reset();
            }
            let payload = self.compressed.strip_suffix(&TAIL).unwrap();
            append_header(0xC2, payload.len(), None, &mut self.output);
            self.output.extend_from_slice(payload);
            if self.output.len() >= WRITE {
                self.write();
            }
        }
        self.write();
    }
}
