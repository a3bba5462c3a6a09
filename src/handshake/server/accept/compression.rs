//! Accepting compression (feature `deflate`).

use super::Accept;
use crate::deflate::{Deflate, Policy};

impl<'a> Accept<'a> {
    /// Accepts compression, if the client offers what this policy can accept.
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Policy::new(deflate), ..self }
    }
}
