//! Errors.

mod conversions;

pub(super) use conversions::{incomplete, invalid_header};

use std::{io, str, string};

use http::{Response, header::HeaderName};
use hybi::{UriError, Violation, client::Failure, server::Refusal};

use super::message::Message;

/// A result with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of an opening handshake or of an open connection.
///
/// The message is complete: there is no [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection has ended in order. The stream returns `None` instead.
    #[error("the connection is closed")]
    ConnectionClosed,
    /// The stream has ended before.
    #[error("the connection has ended")]
    AlreadyClosed,
    /// The stream failed. The kind is [`TimedOut`](io::ErrorKind::TimedOut) after a deadline.
    #[error("{0}")]
    Io(io::Error),
    /// TLS cannot be used.
    #[error("{0}")]
    Tls(TlsError),
    /// The peer exceeded a limit.
    #[error("{0}")]
    Capacity(CapacityError),
    /// The peer violated the protocol, or the caller misused the connection.
    #[error("{0}")]
    Protocol(ProtocolError),
    /// The message does not fit into
    /// [`max_write_buffer_size`](super::tungstenite::protocol::WebSocketConfig::max_write_buffer_size).
    #[error("the message exceeds max_write_buffer_size")]
    WriteBufferFull(Box<Message>),
    /// Text is not UTF-8.
    #[error("{0}")]
    Utf8(String),
    /// The head of the request or the response exceeds a limit.
    #[error("the head of the peer exceeds a limit")]
    AttackAttempt,
    /// The URI cannot be used.
    #[error("{0}")]
    Url(UrlError),
    /// The server responded with a status other than 101, or the callback of a server rejected the request.
    #[error("the response has status {}", .0.status())]
    Http(Box<Response<Option<Vec<u8>>>>),
    /// The types of the crate `http` cannot hold a value.
    #[error("{0}")]
    HttpFormat(http::Error),
}

/// A limit that the peer exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// A head has too many header fields.
    #[error("the head of the peer has too many header fields")]
    TooManyHeaders,
    /// A message or a frame is too long.
    #[error("a message of at least {size} bytes exceeds the limit, which is {max_size}")]
    MessageTooLong {
        /// The size, as far as it is known.
        size: usize,
        /// The limit.
        max_size: usize,
    },
}

/// A subprotocol that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubProtocolError {
    /// The server selected a subprotocol, but none is offered.
    #[error("the server selected a subprotocol, but none is offered")]
    ServerSentSubProtocolNoneRequested,
    /// The selected subprotocol is not offered.
    #[error("the selected subprotocol is not offered")]
    InvalidSubProtocol,
    /// The server selected none of the subprotocols offered.
    #[error("the server selected none of the subprotocols offered")]
    NoSubProtocol,
}

/// A violation of the peer, or a misuse by the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The method is not GET.
    #[error("the method of the request is not GET")]
    WrongHttpMethod,
    /// The version of HTTP is not 1.1.
    #[error("the version of HTTP is not 1.1")]
    WrongHttpVersion,
    /// `Connection` does not list `upgrade`.
    #[error("the Connection field does not list upgrade")]
    MissingConnectionUpgradeHeader,
    /// `Upgrade` is not `websocket`.
    #[error("the Upgrade field is missing or not websocket")]
    MissingUpgradeWebSocketHeader,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("the Sec-WebSocket-Version field is missing or not 13")]
    MissingSecWebSocketVersionHeader,
    /// `Sec-WebSocket-Key` is missing or invalid.
    #[error("the Sec-WebSocket-Key field is missing or invalid")]
    InvalidSecWebSocketKey,
    /// `Sec-WebSocket-Accept` is missing or wrong.
    #[error("the Sec-WebSocket-Accept field is missing or wrong")]
    SecWebSocketAcceptKeyMismatch,
    /// The subprotocol cannot be used.
    #[error("{0}")]
    SecWebSocketSubProtocolError(SubProtocolError),
    /// The callback rejected the request with a status that accepts.
    #[error("a response that rejects has a 2xx status")]
    CustomResponseSuccessful,
    /// A header field of the caller cannot be sent.
    #[error("the header field {0} cannot be sent")]
    InvalidHeader(Box<HeaderName>),
    /// The input ended during the opening handshake.
    #[error("the input ended during the opening handshake")]
    HandshakeIncomplete,
    /// Nothing can be sent after a Close.
    #[error("nothing can be sent after a Close")]
    SendAfterClosing,
    /// A reserved bit is set.
    #[error("a reserved bit is set that no extension defines")]
    NonZeroReservedBits,
    /// A frame of a client is not masked.
    #[error("a frame of the client is not masked")]
    UnmaskedFrameFromClient,
    /// A frame of a server is masked.
    #[error("a frame of the server is masked")]
    MaskedFrameFromServer,
    /// A control frame is fragmented.
    #[error("a control frame is fragmented")]
    FragmentedControlFrame,
    /// The payload of a control frame has more than 125 bytes.
    #[error("the payload of a control frame has more than 125 bytes")]
    ControlFrameTooBig,
    /// A continuation frame has no message to continue.
    #[error("a continuation frame has no message to continue")]
    UnexpectedContinueFrame,
    /// The connection was lost without a closing handshake.
    #[error("the connection was lost without a closing handshake")]
    ResetWithoutClosingHandshake,
    /// The opcode is reserved.
    #[error("opcode {0:#x} is reserved")]
    InvalidOpcode(u8),
    /// The body of a Close has one byte, or the code of a Close must not be sent.
    #[error("the body or the code of a Close is invalid")]
    InvalidCloseSequence,
    /// Another violation in an open connection.
    #[error("{0}")]
    Violation(Violation),
    /// Another violation in a request.
    #[error("the request is refused: {0}")]
    Request(Refusal),
    /// Another violation in a response.
    #[error("{0}")]
    Response(Failure),
}

/// A URI that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// `wss` needs the feature `rustls`.
    #[error("`wss` needs TLS: enable the feature `rustls`")]
    TlsFeatureNotEnabled,
    /// There is no host.
    #[error("the URI has no host")]
    NoHostName,
    /// The scheme is neither `ws` nor `wss`.
    #[error("the scheme of the URI is neither ws nor wss")]
    UnsupportedUrlScheme,
    /// Another error.
    #[error("{0}")]
    Malformed(UriError),
}

/// TLS cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The name of the host cannot be used in a certificate.
    #[error("the name of the host cannot be used in a certificate")]
    InvalidDnsName,
}

macro_rules! from_causes {
    ($($cause:ty => $variant:ident,)*) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause.into())
            }
        }
    )*};
}

from_causes! {
    io::Error => Io,
    TlsError => Tls,
    CapacityError => Capacity,
    ProtocolError => Protocol,
    UrlError => Url,
    http::Error => HttpFormat,
    http::header::InvalidHeaderName => HttpFormat,
    http::header::InvalidHeaderValue => HttpFormat,
    http::status::InvalidStatusCode => HttpFormat,
    http::uri::InvalidUri => HttpFormat,
}

macro_rules! from_utf8_errors {
    ($($cause:ty,)*) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::Utf8(cause.to_string())
            }
        }
    )*};
}

from_utf8_errors! {
    str::Utf8Error,
    string::FromUtf8Error,
    http::header::ToStrError,
}
