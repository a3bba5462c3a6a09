//! The methods of a connection for compression (feature `deflate`).

use super::{Connection, Role};
use crate::deflate::{Deflate, Negotiated, Session};

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
}
