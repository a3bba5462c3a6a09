//! A rejection that owns its head.

use alloc::{boxed::Box, vec::Vec};

use super::Rejected;
use crate::http1::ReceivedHeaders;

/// A [`Rejected`] response that does not borrow the inbox, such as one in an error.
/// [`Rejected::to_owned`] creates it.
#[derive(Clone)]
pub struct OwnedRejected {
    status: u16,
    lines: Box<[u8]>,
    body: Box<[u8]>,
}

impl OwnedRejected {
    /// The response. Its body is the part that had arrived when the response was copied.
    pub fn as_rejected(&self) -> Rejected<'_> {
        let fields = ReceivedHeaders::of_lines(&self.lines);
        Rejected { status: self.status, fields, body: &self.body }
    }
}

impl Rejected<'_> {
    /// Copies the response.
    #[allow(clippy::wrong_self_convention)] // `ToOwned` would clone the borrow
    pub fn to_owned(&self) -> OwnedRejected {
        let mut lines = Vec::new();
        for (name, value) in self.fields {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                lines.extend_from_slice(part);
            }
        }
        OwnedRejected { status: self.status, lines: lines.into(), body: self.body.into() }
    }
}

/// Shows only the status and the names of the fields: values may contain credentials.
impl core::fmt::Debug for OwnedRejected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_rejected().fmt(f)
    }
}
