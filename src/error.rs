//! The errors of an open connection and of its buffers, sorted by who is at fault.
//!
//! This module owns the errors, and the status code with which each closes a connection. It knows
//! nothing of how they are detected. The opening handshakes have errors of their own, in
//! [`server`](crate::server) and [`client`](crate::client).

mod buffer;
mod limit;
mod misuse;
mod violation;

pub use buffer::{InboxFull, OutboxFull, Overrun};
pub use limit::LimitExceeded;
pub use misuse::Misuse;
pub use violation::Violation;

use crate::{close::CloseCode, random::EntropyError};

/// What can go wrong with an open connection.
///
/// The message is complete: there is no [`source`](core::error::Error::source), so that a chain of
/// errors does not repeat itself. Match on the variants to get the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol. A Close frame with [`Violation::close_code`] is in the outbox, and
    /// nothing more will be received. Write out the outbox, then close the transport.
    #[error("the peer broke the protocol: {0}")]
    Protocol(Violation),

    /// The peer exceeded a limit of this endpoint. As for [`Protocol`](Self::Protocol), a Close frame
    /// is in the outbox.
    #[error("the peer exceeded a limit: {0}")]
    Limit(LimitExceeded),

    /// The transport ended without a closing handshake; the close code is 1006.
    #[error("the connection was lost: the transport ended without a closing handshake")]
    ConnectionLost,

    /// The caller made a mistake. Nothing was sent and nothing changed.
    #[error("{0}")]
    Misuse(Misuse),

    /// The outbox is at or above its high-water mark,
    /// [`Config::outbox_high_water`](crate::Config::outbox_high_water). Nothing was sent and nothing
    /// changed. Write out the outbox, then try again.
    #[error(
        "the outbox holds {pending} bytes and Config::outbox_high_water is {high_water}: \
         write it out, then try again"
    )]
    AboveHighWater {
        /// How many bytes the outbox holds.
        pending: usize,
        /// The high-water mark, in bytes.
        high_water: usize,
    },

    /// An outbox of a fixed size has no room. Nothing was sent and nothing changed.
    #[error("{0}")]
    OutboxFull(OutboxFull),

    /// The source of randomness failed. Nothing was sent.
    #[error("{0}")]
    Entropy(EntropyError),
}

impl Error {
    /// The status code with which this endpoint closed the connection, if the error closed it.
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Protocol(violation) => Some(violation.close_code()),
            Self::Limit(limit) => Some(limit.close_code()),
            _ => None,
        }
    }
}

macro_rules! from_cause {
    ($($variant:ident($cause:ty),)*) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause)
            }
        }
    )*};
}

from_cause! {
    Protocol(Violation),
    Limit(LimitExceeded),
    Misuse(Misuse),
    OutboxFull(OutboxFull),
    Entropy(EntropyError),
}

impl From<InboxFull> for Error {
    fn from(cause: InboxFull) -> Self {
        Self::Misuse(Misuse::InboxFull(cause))
    }
}

impl From<Overrun> for Error {
    fn from(cause: Overrun) -> Self {
        Self::Misuse(Misuse::Overrun(cause))
    }
}

#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    /// The kind says who is at fault: `InvalidData` the peer, `ConnectionAborted` the transport,
    /// `InvalidInput` the caller, `WouldBlock` an outbox that must be written out first.
    fn from(error: Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error {
            Error::Protocol(_) | Error::Limit(_) => ErrorKind::InvalidData,
            Error::ConnectionLost => ErrorKind::ConnectionAborted,
            Error::AboveHighWater { .. } | Error::OutboxFull { .. } => ErrorKind::WouldBlock,
            Error::Misuse(_) => ErrorKind::InvalidInput,
            _ => ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
