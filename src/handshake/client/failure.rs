//! What was wrong with a server's answer.

use crate::http1::HeadFault;

/// The rule that a server's answer breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The response is not of the form of HTTP/1.1, or exceeds a limit.
    #[error("the response cannot be read: {0}")]
    Head(HeadFault),
    /// Status 101 in HTTP/1.0, in which nothing can be upgraded.
    #[error("the response is of HTTP/1.0")]
    HttpVersion,
    /// More interim responses than anybody needs.
    #[error("more interim responses than the 8 that are passed over")]
    TooManyInterim,
    /// `Upgrade` is not just `websocket`.
    #[error("the Upgrade field is not websocket (RFC 6455, section 4.1)")]
    Upgrade,
    /// `Connection` does not list `upgrade`.
    #[error("the Connection field does not list upgrade (RFC 6455, section 4.1)")]
    Connection,
    /// `Sec-WebSocket-Accept` is missing, repeated, or does not prove that the request was read.
    #[error("the Sec-WebSocket-Accept field does not answer the key (RFC 6455, section 4.1)")]
    Accept,
    /// `Sec-WebSocket-Extensions` is outside its grammar.
    #[error("the Sec-WebSocket-Extensions field is malformed (RFC 6455, section 9.1)")]
    Extensions,
    /// The server accepted an extension that was not offered.
    #[error("the server accepted an extension that was not offered (RFC 6455, section 9.1)")]
    ExtensionNotOffered,
    /// The server accepted an extension twice.
    #[error("the server accepted an extension twice")]
    ExtensionTwice,
    /// The server's parameters for permessage-deflate do not answer the offer.
    #[error("the answer to permessage-deflate does not fit the offer (RFC 7692, section 7)")]
    Deflate,
    /// The server chose a subprotocol that was not offered, or more than one.
    #[error("the server chose a subprotocol that was not offered (RFC 6455, section 4.1)")]
    Subprotocol,
    /// The server chose no subprotocol, and the client needs one.
    #[error("the server chose none of the subprotocols that were offered")]
    NoSubprotocol,
}
