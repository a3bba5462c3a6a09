//! The compressed form of a prepared message.

use super::{Prepared, encode};
use crate::{
    deflate::Deflate,
    frame::{Header, Reserved},
};

impl Prepared {
    /// Also prepares a compressed frame, for connections that negotiated compression with the send
    /// window of `deflate` or a larger one. There is none if it would not be shorter.
    #[must_use]
    pub fn compressed(self, deflate: &Deflate) -> Self {
        let payload = &self.frame[self.header_len..];
        let compressed = deflate.compress_alone(payload).and_then(|(payload, window_bits)| {
            let header = Header::data(self.kind.opcode(), true, &payload);
            let frame = encode(header.with_reserved(Reserved::RSV1), &payload);
            (frame.len() < self.frame.len()).then_some((frame, window_bits))
        });
        Self { compressed, ..self }
    }
}
