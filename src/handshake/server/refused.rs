//! A request that was refused, for logs.

use super::http_request::host;
use crate::{
    handshake::Authority,
    http1::{ReceivedHeaders, start_line::RequestLine},
};

/// A request that was refused, as long as the inbox holds its head; see
/// [`Opening::refused`](super::Opening::refused).
///
/// Nothing in it has been judged but the grammar of HTTP/1.1.
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

    /// The target as it was sent.
    pub const fn target(&self) -> &'i str {
        self.line.target
    }

    /// The host that the request names, with which [`Origins::same_host`](crate::Origins::same_host)
    /// compares the origin: that of an absolute target, otherwise that of the `Host` field. `None` if
    /// it is not valid.
    pub fn host(&self) -> Option<Authority<'i>> {
        host(self.line.target, self.headers)
    }

    /// The value of the first `Origin` field, which [`Origins`](crate::Origins) judges.
    pub fn origin(&self) -> Option<&'i [u8]> {
        self.headers.get("Origin")
    }

    /// All header fields; none if one of them is malformed.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }
}

/// Shows the method and the fields' names: the target and the values of fields may hold credentials.
impl core::fmt::Debug for RefusedRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RefusedRequest")
            .field("line", &self.line)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
