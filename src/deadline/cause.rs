//! The deadlines that can pass, and how each ends the connection.

use crate::close::CloseCode;

/// The deadline that has passed.
///
/// | cause | what is in the outbox |
/// | --- | --- |
/// | `Opening` | a server's response with status 408, from [`expire_opening`](super::Deadlines::expire_opening) |
/// | `Silence`, `Unanswered` | a Close with 3008 |
/// | `Age` | a Close with 1001, which begins the closing handshake |
/// | `Unread`, `Closing` | nothing new: drop the transport, because the peer does not read or does not reply |
///
/// 3008 is the code of IANA's registry for a peer that took too long. 1001 is that of an endpoint
/// that goes away, and lets clients connect again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The opening handshake was not complete in time.
    #[error("the opening handshake took too long")]
    Opening,
    /// Nothing was received for too long, also after a ping.
    #[error("the peer was silent for too long")]
    Silence,
    /// The peer did not answer a ping, although it sent other input.
    #[error("the peer did not answer a ping")]
    Unanswered,
    /// The peer did not read the output in time.
    #[error("the peer did not read the output in time")]
    Unread,
    /// The peer did not complete the closing handshake, or did not close the transport.
    #[error("the peer did not complete the closing handshake in time")]
    Closing,
    /// The connection has reached its maximum age.
    #[error("the connection has reached its maximum age")]
    Age,
}

impl Cause {
    /// The code of the Close that reports it to the peer. `None` if the peer gets no Close.
    pub const fn close_code(self) -> Option<CloseCode> {
        match self {
            Self::Silence | Self::Unanswered => Some(CloseCode::TIMEOUT),
            Self::Age => Some(CloseCode::GOING_AWAY),
            Self::Opening | Self::Unread | Self::Closing => None,
        }
    }

    /// The status of the response that reports it to a client in the opening handshake.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Opening => Some(408),
            _ => None,
        }
    }
}

#[cfg(feature = "std")]
impl From<Cause> for std::io::Error {
    /// Its kind is `TimedOut`.
    fn from(cause: Cause) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, cause)
    }
}
