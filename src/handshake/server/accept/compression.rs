//! Accepting compression (feature `deflate`).

use super::Accept;
use crate::deflate::{Deflate, Policy};

impl<'a> Accept<'a> {
    /// Accepts compression if the client makes an offer that this policy can accept. Otherwise, the
    /// connection is not compressed.
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Policy::new(deflate), ..self }
    }

    /// As [`extensions`](Self::extensions), for extensions that encode a message after its compression.
    /// They follow `permessage-deflate` in the response.
    pub const fn extensions_after_compression(self, list: &'a str) -> Self {
        Self { later_extensions: list, ..self }
    }
}
