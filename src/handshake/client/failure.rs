//! Why a client refuses a response.

use crate::{handshake::awaited::AwaitedFault, http1::HeadFault, http2::SectionFault};

/// The rule that the server's response violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The response head is not valid HTTP/1.1, or exceeds one of the
    /// [`HeadLimits`](crate::http1::HeadLimits).
    #[error("the response head cannot be read: {0}")]
    Head(HeadFault),
    /// The fields of the response, in HTTP/2 or HTTP/3, are malformed. This is a stream error.
    #[error("the response is malformed: {0}")]
    Section(SectionFault),
    /// The response has status 101 in HTTP/2 or HTTP/3, which do not have it (RFC 9113, section 8.6).
    #[error("the response has status 101, which does not exist in HTTP/2 and HTTP/3")]
    SwitchingProtocols,
    /// The response has status 101 in HTTP/1.0, which has no `Upgrade` (RFC 9110, section 7.8).
    #[error("the response has status 101, but its version is HTTP/1.0")]
    HttpVersion,
    /// The server sent more than 8 interim responses (1xx).
    #[error("the server sent more than 8 interim responses (1xx)")]
    TooManyInterim,
    /// `Upgrade` is not exactly one `websocket`.
    #[error("the Upgrade field is missing or not websocket (RFC 6455, section 4.1)")]
    Upgrade,
    /// `Connection` does not list `upgrade`.
    #[error("the Connection field does not list upgrade (RFC 6455, section 4.1)")]
    Connection,
    /// `Sec-WebSocket-Accept` is missing, repeated, or does not match the key of the request.
    #[error("the Sec-WebSocket-Accept field is missing or wrong (RFC 6455, section 4.1)")]
    Accept,
    /// `Sec-WebSocket-Extensions` is malformed.
    #[error("the Sec-WebSocket-Extensions field is malformed (RFC 6455, section 9.1)")]
    Extensions,
    /// The server accepted an extension that was not offered.
    #[error("the server accepted an extension that was not offered (RFC 6455, section 9.1)")]
    ExtensionNotOffered,
    /// The server accepted the same extension more than once.
    #[error("the server accepted the same extension twice")]
    ExtensionTwice,
    /// The parameters for permessage-deflate in the response do not match the offer.
    #[error("the permessage-deflate parameters do not match the offer (RFC 7692, section 7)")]
    Deflate,
    /// The server selected a subprotocol that was not offered, or more than one.
    #[error("the server selected a subprotocol that was not offered (RFC 6455, section 4.1)")]
    Subprotocol,
    /// The server selected no subprotocol, but
    /// [`Request::require_subprotocol`](super::Request::require_subprotocol) was called.
    #[error("the server selected none of the subprotocols offered, but one is required")]
    NoSubprotocol,
}

impl From<AwaitedFault> for Failure {
    fn from(fault: AwaitedFault) -> Self {
        match fault {
            AwaitedFault::Head(fault) => Self::Head(fault),
            AwaitedFault::TooManyInterim => Self::TooManyInterim,
        }
    }
}
