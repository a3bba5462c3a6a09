//! Accepting custom extensions.

use core::fmt::{Display, Formatter, Result as FmtResult};

use super::Accept;
use crate::{
    deflate::Element,
    extension::{parse, parsed},
    handshake::server::Error,
    http1::Excerpt,
};

impl<'a> Accept<'a> {
    /// Accepts custom extensions, in the form of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1):
    /// elements of the client's offer with the parameters that you choose. After the handshake, pass
    /// their reserved bits to [`Connection::with_claims`](crate::Connection::with_claims).
    ///
    /// Extensions apply in the order of the response: these encode a message first, then compression
    /// does.
    ///
    /// ```
    /// use hybi::{Connection, Server, extension::Claims, frame::Reserved, server};
    ///
    /// const NAME: &str = "x-checksum";
    ///
    /// fn accept(
    ///     request: server::Request<'_>,
    ///     outbox: &mut Vec<u8>,
    /// ) -> Result<Connection<Server>, Box<dyn std::error::Error>> {
    ///     if !request.extensions().any(|offer| offer.name() == NAME) {
    ///         return Ok(request.accept().finish(outbox)?);
    ///     }
    ///     let websocket = request.accept().extensions(NAME).finish(outbox)?;
    ///     Ok(websocket.with_claims(Claims::new().per_message(Reserved::RSV2))?)
    /// }
    /// ```
    pub const fn extensions(self, list: &'a str) -> Self {
        Self { extensions: list, ..self }
    }

    /// Checks that the custom extensions can be accepted.
    pub(super) fn check_extensions(&self) -> Result<(), Error> {
        if self.extensions.is_empty() && self.later_extensions.is_empty() {
            return Ok(());
        }
        let lists = [self.extensions, self.later_extensions];
        for list in lists {
            if !list.is_empty() && parse(list.as_bytes()).is_err() {
                return Err(Error::Extensions(list.into()));
            }
        }
        let chosen = || lists.iter().flat_map(|list| parsed(list.as_bytes()));
        for (index, extension) in chosen().enumerate() {
            let name = extension.name();
            // Section 4.2.2: the client must have offered it.
            if !self.request.extensions().any(|offer| offer.name() == name) {
                return Err(Error::ExtensionNotOffered(Excerpt::from(name)));
            }
            // Section 9.1: each at most once.
            let mut earlier = chosen().take(index);
            if self.deflate.offer().is_of(name) || earlier.any(|other| other.name() == name) {
                return Err(Error::ExtensionTwice(Excerpt::from(name)));
            }
        }
        Ok(())
    }

    /// The value of `Sec-WebSocket-Extensions` with this element for compression. `None` if no
    /// extension is accepted.
    pub(in crate::handshake::server) fn accepted_extensions(
        &self,
        compression: Option<Element>,
    ) -> Option<List<'a>> {
        let (before, after) = (self.extensions, self.later_extensions);
        let has_any = !before.is_empty() || !after.is_empty() || compression.is_some();
        has_any.then_some(List { before, compression, after })
    }
}

/// The accepted extensions, in the order in which they encode a message.
pub(in crate::handshake::server) struct List<'a> {
    before: &'a str,
    compression: Option<Element>,
    after: &'a str,
}

impl List<'_> {
    pub(in crate::handshake::server) fn write(&self, sink: &mut impl FnMut(&str)) {
        let mut separator = "";
        for extension in parsed(self.before.as_bytes()) {
            sink(core::mem::replace(&mut separator, ", "));
            extension.write(sink);
        }
        if let Some(compression) = &self.compression {
            sink(core::mem::replace(&mut separator, ", "));
            compression.write(sink);
        }
        for extension in parsed(self.after.as_bytes()) {
            sink(core::mem::replace(&mut separator, ", "));
            extension.write(sink);
        }
    }
}

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let mut result = Ok(());
        self.write(&mut |part| result = result.and_then(|()| f.write_str(part)));
        result
    }
}
