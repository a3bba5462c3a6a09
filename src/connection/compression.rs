//! Compression, as the caller sees it (feature `deflate`).

use super::{Connection, Role};
use crate::deflate::{Deflate, Negotiated, Session};

impl<R: Role> Connection<R> {
    /// Puts compression into use on a connection whose opening handshake negotiated it elsewhere;
    /// the handshakes of this crate do so themselves.
    #[must_use]
    pub fn with_deflate(mut self, deflate: &Deflate, negotiated: Negotiated) -> Self {
        self.compression = Session::new(deflate, negotiated, R::IS_SERVER);
        self
    }

    /// What was negotiated for compression, if it is in use.
    pub fn compression(&self) -> Option<Negotiated> {
        self.compression.negotiated()
    }

    /// Chooses whether messages that are sent from now on are compressed, if compression is in use;
    /// by default they are.
    ///
    /// The length of a compressed message reveals something of its content. Where a message joins a
    /// secret with data that somebody else chose, send it uncompressed. Where the two are in
    /// different messages, the same holds under context takeover.
    ///
    /// A message in fragments is compressed or not as was chosen when its first fragment was sent.
    /// While a compressed one is being sent, automatic pongs wait: see [`Pongs`](crate::Pongs).
    pub fn set_compression(&mut self, compress: bool) {
        self.compression.set_enabled(compress);
    }
}
