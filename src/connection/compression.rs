//! The methods of a connection for compression (feature `deflate`).

use std::vec::Vec;

use super::{Connection, Role};
use crate::{
    deflate::{Deflate, Negotiated, Session},
    error::Error,
};

impl<R: Role> Connection<R> {
    /// Enables compression on a connection whose opening handshake was performed elsewhere. The
    /// handshakes of this crate do this themselves.
    #[must_use]
    pub fn with_deflate(mut self, deflate: &Deflate, negotiated: Negotiated) -> Self {
        self.compression = Session::new(deflate, negotiated, R::IS_SERVER);
        self
    }

    /// The negotiated parameters of the compression. `None` if it was not negotiated.
    pub fn compression(&self) -> Option<Negotiated> {
        self.compression.negotiated()
    }

    /// Sets whether to compress the messages that are sent from now on. True by default. It has no
    /// effect if compression was not negotiated.
    ///
    /// The length of a compressed message reveals something about its content. If a message
    /// contains both a secret and data that an attacker may have chosen, send it uncompressed.
    /// Under context takeover, do the same if the two are in different messages.
    ///
    /// For a message in fragments, the setting at the first fragment applies. Automatic pongs wait
    /// while a compressed message is being sent in fragments (see [`Pongs`](crate::Pongs)).
    pub fn set_compression(&mut self, compress: bool) {
        self.compression.set_enabled(compress);
    }

    /// Compresses a message for a custom extension that encodes it [after
    /// compression](crate::extension::Claims::per_message_after_compression). Encode the result, and
    /// pass it to [`send_extended`](Self::send_extended) with RSV1 among the bits, before anything else
    /// is compressed. If it is not sent, the next message does not refer to it.
    ///
    /// `None` if compression was not negotiated, is [switched off](Self::set_compression), or needs a
    /// window that the compressor does not support, or if a message is being sent in fragments. Then
    /// encode the message uncompressed and send it without RSV1.
    pub fn compress(&mut self, message: &[u8]) -> Option<&[u8]> {
        // The message in fragments may be compressed, and more follows in its context.
        if self.outgoing.is_some() {
            return None;
        }
        self.compression.compress_apart(message)
    }

    /// Decompresses a message that a custom extension has decoded, because it was encoded [after
    /// compression](crate::extension::Claims::per_message_after_compression) and has RSV1. Call it for
    /// each such message before the next event is received, because later messages may refer to it. A
    /// text must then be UTF-8, which the caller checks.
    ///
    /// # Errors
    ///
    /// [`Protocol`](Error::Protocol) if the data is not valid, and [`Limit`](Error::Limit) if it exceeds
    /// [`Config::max_message_size`](crate::Config::max_message_size). Then call
    /// [`close`](Self::close) with the [code of the error](Error::close_code), and receive no more.
    pub fn decompress(&mut self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        self.compression.decompress_apart(payload, self.config.max_message_size)
    }
}
