//! Accepting compression (feature `deflate`).

use super::Accept;
use crate::deflate::{Deflate, Policy};

impl<'a> Accept<'a> {
    /// Accepts compression if the client makes an offer that this policy can accept. Otherwise, the
    /// connection is not compressed.
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Policy::new(deflate), ..self }
    }
}
