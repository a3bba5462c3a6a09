//! The errors of hybi in the terms of tungstenite.

use std::io;

use http::header::HeaderName;
use hybi::{
    LimitExceeded, Misuse, UriError, Violation,
    client::{self, Failure},
    http1::{FieldError, HeadFault},
    server::{self, Refusal},
};

use super::{CapacityError, Error, ProtocolError, SubProtocolError, UrlError};
use crate::accept::AcceptError;

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Connection(error) => error.into(),
            crate::Error::Timeout(cause) => Self::Io(cause.into()),
            crate::Error::Io(error) => Self::Io(error),
        }
    }
}

impl From<hybi::Error> for Error {
    fn from(error: hybi::Error) -> Self {
        match error {
            hybi::Error::Protocol(violation) => violation.into(),
            hybi::Error::Limit(
                LimitExceeded::FrameSize { size, limit }
                | LimitExceeded::MessageSize { size, limit }
                | LimitExceeded::InboxSize { size, limit },
            ) => {
                let number = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
                let (size, max_size) = (number(size), number(limit));
                CapacityError::MessageTooLong { size, max_size }.into()
            }
            hybi::Error::ConnectionLost => ProtocolError::ResetWithoutClosingHandshake.into(),
            hybi::Error::Misuse(Misuse::NotOpen) => ProtocolError::SendAfterClosing.into(),
            hybi::Error::Misuse(Misuse::ControlTooLong(_) | Misuse::ReasonTooLong(_)) => {
                ProtocolError::ControlFrameTooBig.into()
            }
            hybi::Error::Misuse(Misuse::MandatoryExtensionByServer) => {
                ProtocolError::InvalidCloseSequence.into()
            }
            other => Self::Io(other.into()),
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Protocol(match violation {
            Violation::TextNotUtf8 | Violation::CloseReasonNotUtf8 => {
                return Self::Utf8(violation.to_string());
            }
            Violation::ReservedBits => ProtocolError::NonZeroReservedBits,
            Violation::ReservedOpcode(opcode) => ProtocolError::InvalidOpcode(opcode),
            Violation::FragmentedControl => ProtocolError::FragmentedControlFrame,
            Violation::ControlTooLong => ProtocolError::ControlFrameTooBig,
            Violation::NotMasked => ProtocolError::UnmaskedFrameFromClient,
            Violation::Masked => ProtocolError::MaskedFrameFromServer,
            Violation::NothingToContinue => ProtocolError::UnexpectedContinueFrame,
            Violation::CloseBodyTooShort => ProtocolError::InvalidCloseSequence,
            other => ProtocolError::Violation(other),
        })
    }
}

impl From<UriError> for Error {
    fn from(error: UriError) -> Self {
        Self::Url(match error {
            UriError::Scheme => UrlError::UnsupportedUrlScheme,
            UriError::NoHost => UrlError::NoHostName,
            other => UrlError::Malformed(other),
        })
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        match error {
            client::Error::Failed(failure) => failure.into(),
            client::Error::Uri(error) => error.into(),
            client::Error::SubprotocolSyntax { .. }
            | client::Error::SubprotocolTwice { .. }
            | client::Error::TooManySubprotocols(_) => {
                invalid_header(http::header::SEC_WEBSOCKET_PROTOCOL)
            }
            client::Error::Origin(_) => invalid_header(http::header::ORIGIN),
            client::Error::HeaderField(FieldError::Reserved { name, .. }) => reserved(name),
            other => Self::Io(other.into()),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Protocol(match failure {
            Failure::Head(fault) => return head(fault, ProtocolError::Response(failure)),
            Failure::HttpVersion => ProtocolError::WrongHttpVersion,
            Failure::Upgrade => ProtocolError::MissingUpgradeWebSocketHeader,
            Failure::Connection => ProtocolError::MissingConnectionUpgradeHeader,
            Failure::Accept => ProtocolError::SecWebSocketAcceptKeyMismatch,
            Failure::Subprotocol => {
                ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::InvalidSubProtocol)
            }
            Failure::NoSubprotocol => {
                ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol)
            }
            other => ProtocolError::Response(other),
        })
    }
}

impl From<AcceptError> for Error {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Io(error) => incomplete(error),
            AcceptError::Server(server::Error::Refused(refusal)) => refusal.into(),
            AcceptError::Server(server::Error::SubprotocolNotOffered(_)) => Self::Protocol(
                ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::InvalidSubProtocol),
            ),
            AcceptError::Server(server::Error::HeaderField(FieldError::Reserved {
                name, ..
            })) => reserved(name),
            other => Self::Io(other.into()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Protocol(match refusal {
            Refusal::Head(fault) => return head(fault, ProtocolError::Request(refusal)),
            Refusal::Method => ProtocolError::WrongHttpMethod,
            Refusal::HttpVersion => ProtocolError::WrongHttpVersion,
            Refusal::NotWebSocket => ProtocolError::MissingUpgradeWebSocketHeader,
            Refusal::Connection => ProtocolError::MissingConnectionUpgradeHeader,
            Refusal::NoVersion
            | Refusal::Version
            | Refusal::UnsupportedVersion(_)
            | Refusal::Hixie75
            | Refusal::Hixie76 => ProtocolError::MissingSecWebSocketVersionHeader,
            Refusal::Key => ProtocolError::InvalidSecWebSocketKey,
            other => ProtocolError::Request(other),
        })
    }
}

/// An I/O error during an opening handshake.
pub(in super::super) fn incomplete(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ProtocolError::HandshakeIncomplete.into(),
        _ => Error::Io(error),
    }
}

fn head(fault: HeadFault, other: ProtocolError) -> Error {
    match fault {
        HeadFault::TooManyFields | HeadFault::TooManyElements => {
            CapacityError::TooManyHeaders.into()
        }
        HeadFault::StartLineTooLong | HeadFault::LineTooLong | HeadFault::TooLong => {
            Error::AttackAttempt
        }
        HeadFault::HttpVersion => ProtocolError::WrongHttpVersion.into(),
        _ => Error::Protocol(other),
    }
}

pub(in super::super) fn invalid_header(name: HeaderName) -> Error {
    Error::Protocol(ProtocolError::InvalidHeader(Box::new(name)))
}

/// A header field that hybi writes, or whose name begins with a reserved prefix such as `Proxy-`.
fn reserved(name: &str) -> Error {
    match HeaderName::try_from(name) {
        Ok(name) => invalid_header(name),
        Err(error) => error.into(),
    }
}
