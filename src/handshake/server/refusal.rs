//! Why a request was refused, and the response to it.

use super::{ConnectFault, Response};
use crate::http1::HeadFault;

/// Why the server refused a request.
///
/// All variants except [`NotWebSocket`](Self::NotWebSocket) and [`Origin`](Self::Origin) mean that
/// the client is at fault. [`Display`](core::fmt::Display) writes the status and the body of the
/// response, and the version that [`UnsupportedVersion`](Self::UnsupportedVersion) holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The head is not valid HTTP/1.1, or exceeds one of the
    /// [`HeadLimits`](crate::http1::HeadLimits).
    Head(HeadFault),
    /// The request, in HTTP/2 or HTTP/3, is not a valid extended CONNECT for a WebSocket.
    Connect(ConnectFault),
    /// The request has no `Upgrade: websocket`. Call
    /// [`Opening::receive_any`](super::Opening::receive_any) to serve plain HTTP as well.
    NotWebSocket,
    /// The method is not GET.
    Method,
    /// The request asks for a WebSocket in HTTP/1.0, which has no `Upgrade` (RFC 9110, section
    /// 7.8). `receive_any` returns such a request as plain HTTP. [`Request::from_http`](super::Request)
    /// refuses HTTP/2 and HTTP/3 in the same way: call `from_http_connect` for those.
    HttpVersion,
    /// The target is neither a path nor an `http`, `https`, `ws` or `wss` URI.
    Target,
    /// There is not exactly one `Host` field with a valid host.
    Host,
    /// The request has a body: `Transfer-Encoding`, or a `Content-Length` other than `0`.
    Body,
    /// The request has an `Expect` field.
    Expectation,
    /// `Connection` does not list `upgrade`.
    Connection,
    /// `Sec-WebSocket-Version` is missing.
    NoVersion,
    /// `Sec-WebSocket-Version` is not one number from 0 to 255.
    Version,
    /// `Sec-WebSocket-Version` is not 13. 0 to 12 were drafts.
    UnsupportedVersion(u8),
    /// A request of the draft hixie-75: it has `Origin`, but neither a version nor a key.
    Hixie75,
    /// A request of the draft hixie-76 (hybi-00): it has `Sec-WebSocket-Key1`.
    Hixie76,
    /// There is not exactly one `Sec-WebSocket-Key` field with 16 bytes in base64.
    Key,
    /// `Sec-WebSocket-Protocol` is not a list of distinct tokens.
    Subprotocols,
    /// `Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1).
    Extensions,
    /// `Origin` contains bytes outside ASCII.
    OriginSyntax,
    /// The [`Origins`](crate::Origins) policy does not allow the origin, or there is more than one
    /// `Origin` field. If the page is trusted, add its origin to the policy.
    Origin,
    /// The request did not arrive in time. See [`Opening::time_out`](super::Opening::time_out).
    Timeout,
}

impl Refusal {
    /// The status of the response.
    pub const fn status(self) -> u16 {
        match self {
            Self::Head(HeadFault::StartLineTooLong) => 414,
            Self::Head(
                HeadFault::LineTooLong
                | HeadFault::TooManyFields
                | HeadFault::TooManyElements
                | HeadFault::TooLong,
            ) => 431,
            Self::Head(HeadFault::HttpVersion) => 505,
            Self::Connect(fault) => fault.status(),
            Self::NotWebSocket | Self::UnsupportedVersion(_) | Self::Hixie75 | Self::Hixie76 => 426,
            Self::Method => 405,
            Self::Expectation => 417,
            Self::Origin => 403,
            Self::Timeout => 408,
            _ => 400,
        }
    }

    /// The response. It contains nothing from the request.
    pub(super) fn response(self) -> Response<'static> {
        Response::new(self.status()).body(self.text().as_bytes())
    }

    /// The field lines of the response, except those that
    /// [`upgrade_fields`](super::response::upgrade_fields) returns.
    pub(super) const fn fields(self) -> &'static [u8] {
        match self.status() {
            _ if matches!(self, Self::Connect(ConnectFault::UnsupportedVersion(_))) => {
                b"Sec-WebSocket-Version: 13\r\nContent-Type: text/plain\r\n"
            }
            405 => b"Allow: GET\r\nContent-Type: text/plain\r\n",
            _ => b"Content-Type: text/plain\r\n",
        }
    }

    /// The body of the response.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Head(fault) => match fault {
                HeadFault::Tls => "This port accepts plain HTTP, but received a TLS record.",
                HeadFault::StartLine => "The request line is malformed: this is not HTTP/1.1.",
                HeadFault::StartLineTooLong => "The request line is too long.",
                HeadFault::HttpVersion => "The HTTP version is not supported: use HTTP/1.1.",
                HeadFault::Field => {
                    "A header field is malformed: expected `name: value` on one line."
                }
                HeadFault::LineEnd => "A line of the request head does not end with CRLF.",
                HeadFault::ControlCharacter => "The request head contains a control character.",
                HeadFault::LineTooLong => "A header field is too long.",
                HeadFault::TooManyFields => "The request has too many header fields.",
                HeadFault::TooManyElements => "A header field has too many list elements.",
                HeadFault::TooLong => "The request head is too long.",
            },
            Self::Connect(fault) => fault.text(),
            Self::NotWebSocket => {
                "This server accepts only WebSocket connections: send `Upgrade: websocket`."
            }
            Self::Method => "The method of a WebSocket request must be GET.",
            Self::HttpVersion => "The HTTP version of a WebSocket request must be 1.1.",
            Self::Target => "The request target must be a path or an http, https, ws or wss URI.",
            Self::Host => "The request must have exactly one Host field with a valid host.",
            Self::Body => "A WebSocket request must not have a body.",
            Self::Expectation => "The Expect field is not supported in a WebSocket request.",
            Self::Connection => "The Connection field must list `upgrade`.",
            Self::NoVersion => "The Sec-WebSocket-Version field is missing: send 13.",
            Self::Version => "The Sec-WebSocket-Version field must be a single number: send 13.",
            Self::UnsupportedVersion(0..=12) => {
                "Drafts of the WebSocket protocol are not supported: use version 13 (RFC 6455)."
            }
            Self::UnsupportedVersion(_) => {
                "This version of the WebSocket protocol is unknown: use version 13 (RFC 6455)."
            }
            Self::Hixie75 => {
                "This looks like hixie-75, a draft of the WebSocket protocol: use version 13 \
                 (RFC 6455)."
            }
            Self::Hixie76 => {
                "This is hixie-76, a draft of the WebSocket protocol: use version 13 (RFC 6455)."
            }
            Self::Key => {
                "The request must have exactly one Sec-WebSocket-Key field: 16 bytes in base64."
            }
            Self::Subprotocols => "The Sec-WebSocket-Protocol field must list distinct tokens.",
            Self::Extensions => {
                "The Sec-WebSocket-Extensions field is malformed (RFC 6455, section 9.1)."
            }
            Self::OriginSyntax => "The Origin field contains bytes outside ASCII.",
            Self::Origin => "The origin of this request is not allowed, or it has none.",
            Self::Timeout => "The request did not arrive in time.",
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ", self.status())?;
        f.write_str(self.text())?;
        if let Self::UnsupportedVersion(version) = self {
            write!(f, " Received version {version}.")?;
        }
        Ok(())
    }
}

impl core::error::Error for Refusal {}
