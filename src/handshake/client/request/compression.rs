//! Offering compression (feature `deflate`).

use super::Request;
use crate::deflate::{Deflate, Policy};

impl<'a> Request<'a> {
    /// Offers compression (permessage-deflate) with this policy.
    pub const fn deflate(self, deflate: &'a Deflate) -> Self {
        Self { deflate: Policy::new(deflate), ..self }
    }
}
