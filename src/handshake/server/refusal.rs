//! Why a request was refused, and the answer it gets.

use super::Response;
use crate::http1::HeadFault;

/// Why a server refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request is not of the form of HTTP/1.1, or exceeds a limit.
    Head(HeadFault),
    /// It asks for no WebSocket, and this server has nothing else.
    NotWebSocket,
    /// The method is not GET.
    Method,
    /// It asks for a WebSocket in HTTP/1.0, in which nothing can be upgraded, and this server has
    /// nothing else. `receive_any` hands it out as plain HTTP. A request that another server has
    /// parsed is refused like this in HTTP/2 and HTTP/3, where `Upgrade` does not exist.
    HttpVersion,
    /// The target is neither a path nor an `http`, `https`, `ws` or `wss` URL.
    Target,
    /// There is not exactly one valid `Host`.
    Host,
    /// The request has a body.
    Body,
    /// It expects an interim answer.
    Expectation,
    /// `Connection` does not list `upgrade`.
    Connection,
    /// `Sec-WebSocket-Version` is missing.
    NoVersion,
    /// `Sec-WebSocket-Version` is not one number from 0 to 255.
    Version,
    /// Another version than 13; 0 to 12 were drafts.
    UnsupportedVersion(u8),
    /// A request of the draft known as hixie-75.
    Hixie75,
    /// A request of the draft known as hixie-76, or hybi-00.
    Hixie76,
    /// There is not exactly one `Sec-WebSocket-Key` of 16 bytes in base64.
    Key,
    /// `Sec-WebSocket-Protocol` is not a list of distinct tokens.
    Subprotocols,
    /// `Sec-WebSocket-Extensions` is outside its grammar.
    Extensions,
    /// `Origin` is not ASCII.
    OriginSyntax,
    /// The origin is not one that is let in.
    Origin,
}

impl Refusal {
    /// The status of the answer.
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
            Self::NotWebSocket | Self::UnsupportedVersion(_) | Self::Hixie75 | Self::Hixie76 => 426,
            Self::Method => 405,
            Self::Expectation => 417,
            Self::Origin => 403,
            _ => 400,
        }
    }

    /// The answer: it repeats nothing of the request.
    pub(super) fn response(self) -> Response<'static> {
        Response::new(self.status()).body(self.text().as_bytes())
    }

    /// The fields that go with the answer, without those that its status demands.
    pub(super) const fn fields(self) -> &'static [u8] {
        match self.status() {
            405 => b"Allow: GET\r\nContent-Type: text/plain\r\n",
            _ => b"Content-Type: text/plain\r\n",
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Head(fault) => match fault {
                HeadFault::Tls => "This is a TLS record, and the port speaks plain HTTP.",
                HeadFault::StartLine => "This is not HTTP/1.1: the request line is malformed.",
                HeadFault::StartLineTooLong => "The request line is too long.",
                HeadFault::HttpVersion => "The HTTP version is not 1.1.",
                HeadFault::Field => "A header field is malformed.",
                HeadFault::LineEnd => "A line of the request does not end with CR LF.",
                HeadFault::ControlCharacter => "There is a control character in the request.",
                HeadFault::LineTooLong => "A header field is too long.",
                HeadFault::TooManyFields => "There are too many header fields.",
                HeadFault::TooManyElements => "A list has too many elements.",
                HeadFault::TooLong => "The header section is too long.",
            },
            Self::NotWebSocket => "This is a WebSocket server: the request must ask to upgrade.",
            Self::Method => "A WebSocket is asked for with GET.",
            Self::HttpVersion => "A WebSocket needs HTTP/1.1.",
            Self::Target => {
                "The request target is neither a path nor an http, https, ws or wss URL."
            }
            Self::Host => "The request needs exactly one valid Host field.",
            Self::Body => "A request for a WebSocket has no body.",
            Self::Expectation => "Expect is not supported here.",
            Self::Connection => "The Connection field must list upgrade.",
            Self::NoVersion => "The Sec-WebSocket-Version field is missing.",
            Self::Version => "The Sec-WebSocket-Version field is malformed.",
            Self::UnsupportedVersion(0..=12) => {
                "This is a draft of the WebSocket protocol; use version 13 (RFC 6455)."
            }
            Self::UnsupportedVersion(_) => {
                "This version of the WebSocket protocol is not known; use 13 (RFC 6455)."
            }
            Self::Hixie75 => {
                "This looks like hixie-75, a draft of the WebSocket protocol; use version 13 \
                 (RFC 6455)."
            }
            Self::Hixie76 => {
                "This is hixie-76, a draft of the WebSocket protocol; use version 13 (RFC 6455)."
            }
            Self::Key => "The Sec-WebSocket-Key field is missing or malformed.",
            Self::Subprotocols => "The Sec-WebSocket-Protocol field is malformed.",
            Self::Extensions => "The Sec-WebSocket-Extensions field is malformed.",
            Self::OriginSyntax => "The Origin field is malformed.",
            Self::Origin => "Pages of this origin are not let in.",
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ", self.status())?;
        f.write_str(self.text())
    }
}

impl core::error::Error for Refusal {}
