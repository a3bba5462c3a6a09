//! A refused request, for logs.

use super::http_request::host;
use crate::{
    handshake::Authority,
    http1::{ReceivedHeaders, start_line::RequestLine},
};

/// A refused request, while the inbox holds its head; see
/// [`Opening::refused`](super::Opening::refused).
///
/// Only the HTTP/1.1 grammar of the head was checked.
#[derive(Clone, Copy)]
pub struct RefusedRequest<'i> {
    line: RequestLine<'i>,
    headers: ReceivedHeaders<'i>,
}

impl<'i> RefusedRequest<'i> {
    pub(super) const fn new(line: RequestLine<'i>, headers: ReceivedHeaders<'i>) -> Self {
        Self { line, headers }
    }

    /// The method, such as `GET`.
    pub const fn method(&self) -> &'i str {
        self.line.method
    }

    /// The request target as it was sent.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The host and port that [`Origins::same_host`](crate::Origins::same_host) compares the origin
    /// with: those of an absolute target, otherwise those of the `Host` field. `None` if they are
    /// not valid.
    pub fn host(&self) -> Option<Authority<'i>> {
        host(self.line.target, self.headers)
    }

    /// The value of the first `Origin` field, which [`Origins`](crate::Origins) checks.
    pub fn origin(&self) -> Option<&'i [u8]> {
        self.headers.get("Origin")
    }

    /// All header fields; empty if one of them is malformed.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }
}

/// Shows the method and the names of the fields. The target and the values may contain credentials.
impl core::fmt::Debug for RefusedRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RefusedRequest")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
