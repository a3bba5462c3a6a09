//! Close frames.

use std::fmt;

use super::text::Utf8Bytes;

/// The code and the reason of a Close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code.
    pub code: CloseCode,
    /// The reason, up to 123 bytes.
    pub reason: Utf8Bytes,
}

/// The code and the reason.
impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// A status code (RFC 6455, section 7.4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CloseCode {
            $($(#[$doc])* $name,)*
            /// 1016 to 2999: not assigned.
            Reserved(u16),
            /// 3000 to 3999: for libraries and frameworks, registered at IANA.
            Iana(u16),
            /// 4000 to 4999: for private use.
            Library(u16),
            /// Any other number.
            Bad(u16),
        }

        impl From<u16> for CloseCode {
            fn from(code: u16) -> Self {
                match code {
                    $($number => Self::$name,)*
                    1016..=2999 => Self::Reserved(code),
                    3000..=3999 => Self::Iana(code),
                    4000..=4999 => Self::Library(code),
                    _ => Self::Bad(code),
                }
            }
        }

        impl From<CloseCode> for u16 {
            fn from(code: CloseCode) -> Self {
                match code {
                    $(CloseCode::$name => $number,)*
                    CloseCode::Reserved(code)
                    | CloseCode::Iana(code)
                    | CloseCode::Library(code)
                    | CloseCode::Bad(code) => code,
                }
            }
        }
    };
}

codes! {
    /// 1000: the purpose of the connection is fulfilled.
    Normal = 1000,
    /// 1001: the server is going down, or the browser has left the page.
    Away = 1001,
    /// 1002: the peer broke the protocol.
    Protocol = 1002,
    /// 1003: this endpoint does not accept this type of data.
    Unsupported = 1003,
    /// 1005: there was no code. It is never sent.
    Status = 1005,
    /// 1006: there was no Close. It is never sent.
    Abnormal = 1006,
    /// 1007: the payload does not match the type of the message.
    Invalid = 1007,
    /// 1008: a message violates the policy of this endpoint.
    Policy = 1008,
    /// 1009: a message is too large.
    Size = 1009,
    /// 1010: the server did not accept an extension that the client requires. Only clients send it.
    Extension = 1010,
    /// 1011: an unexpected condition prevents this endpoint from continuing.
    Error = 1011,
    /// 1012: the service is restarting.
    Restart = 1012,
    /// 1013: the service is overloaded; try again later.
    Again = 1013,
    /// 1015: TLS failed. It is never sent.
    Tls = 1015,
}

impl CloseCode {
    /// Whether a Close may have this code.
    pub const fn is_allowed(self) -> bool {
        !matches!(
            self,
            Self::Bad(_) | Self::Reserved(_) | Self::Status | Self::Abnormal | Self::Tls
        )
    }
}

impl From<&CloseCode> for u16 {
    fn from(code: &CloseCode) -> Self {
        (*code).into()
    }
}

/// The number.
impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        u16::from(self).fmt(f)
    }
}
