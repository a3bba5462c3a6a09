//! The body of a Close frame: status code and reason (RFC 6455, sections 5.5.1 and 7.4).
//!
//! This module owns the table of codes: which exist, and which may be sent and received. It knows
//! nothing of connections.
//!
//! | code | sent | received | |
//! | --- | --- | --- | --- |
//! | 0 to 999 | no | no | not used |
//! | 1000 to 1003 | yes | yes | |
//! | 1004 to 1006 | no | no | 1004 is reserved; 1005 and 1006 are only reported locally |
//! | 1007 to 1009 | yes | yes | |
//! | 1010 | by a client | yes | |
//! | 1011 to 1014 | yes | yes | 1012 to 1014 were registered after RFC 6455 |
//! | 1015 | no | no | only reported locally |
//! | 1016 to 2999 | no | no | not assigned |
//! | 3000 to 3999 | yes | yes | for libraries and frameworks, registered at IANA |
//! | 4000 to 4999 | yes | yes | for private use |
//! | 5000 to 65535 | no | no | not assigned |

use core::num::NonZeroU16;

use crate::error::Violation;

/// A status code that may appear in a Close frame (RFC 6455, section 7.4).
///
/// It displays as the number and, for a registered code, what it means:
///
/// ```
/// # use hybi::CloseCode;
/// assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001 (going away)");
/// assert_eq!(CloseCode::try_from(4000)?.to_string(), "4000");
/// # Ok::<(), hybi::InvalidCloseCode>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

/// The number is not a status code that may appear in a Close frame (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a status code that may appear in a Close frame (RFC 6455, section 7.4)")]
pub struct InvalidCloseCode(pub u16);

/// The codes that are registered at IANA and may appear in a Close frame.
macro_rules! registered {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $meaning:literal;)*) => {
        impl CloseCode {
            $($(#[$doc])* pub const $name: Self = Self::known($number);)*

            /// The name of the constant, and the meaning; `None` if the code is not registered.
            const fn registered(self) -> Option<(&'static str, &'static str)> {
                match self.get() {
                    $($number => Some((stringify!($name), $meaning)),)*
                    _ => None,
                }
            }
        }
    };
}

registered! {
    /// 1000: the purpose of the connection is fulfilled.
    NORMAL = 1000, "normal closure";
    /// 1001: the server is going down, or the browser has left the page.
    GOING_AWAY = 1001, "going away";
    /// 1002: the peer broke the protocol.
    PROTOCOL_ERROR = 1002, "protocol error";
    /// 1003: this endpoint does not accept this type of data.
    UNSUPPORTED_DATA = 1003, "unsupported data";
    /// 1007: the payload does not match the type of the message, such as text that is not UTF-8.
    INVALID_PAYLOAD = 1007, "invalid frame payload data";
    /// 1008: a message violates the policy of this endpoint.
    POLICY_VIOLATION = 1008, "policy violation";
    /// 1009: a message is too large.
    MESSAGE_TOO_BIG = 1009, "message too big";
    /// 1010: the server did not accept an extension that the client requires. Only clients send it.
    MANDATORY_EXTENSION = 1010, "mandatory extension";
    /// 1011: an unexpected condition prevents this endpoint from continuing.
    INTERNAL_ERROR = 1011, "internal error";
    /// 1012: the service is restarting.
    SERVICE_RESTART = 1012, "service restart";
    /// 1013: the service is overloaded; try again later.
    TRY_AGAIN_LATER = 1013, "try again later";
    /// 1014: a gateway received an invalid response from the server behind it.
    BAD_GATEWAY = 1014, "bad gateway";
    /// 3000: the client must authenticate first, like 401 in HTTP.
    UNAUTHORIZED = 3000, "unauthorized";
    /// 3003: the client has no permission, like 403 in HTTP.
    FORBIDDEN = 3003, "forbidden";
    /// 3008: the peer took too long, like 408 in HTTP.
    TIMEOUT = 3008, "timeout";
}

impl CloseCode {
    /// Returns the code with this number; `None` if it must not appear in a Close frame.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            // Sections 7.4.1 and 7.4.2, and IANA's registry.
            1000..=1003 | 1007..=1014 | 3000..=4999 => match NonZeroU16::new(code) {
                Some(code) => Some(Self(code)),
                None => None,
            },
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    const fn known(code: u16) -> Self {
        match Self::new(code) {
            Some(code) => code,
            #[allow(clippy::panic)] // while compiling, never while running
            None => panic!("not a code that may be sent"),
        }
    }
}

/// Shows the number and the name of the constant: `CloseCode(1000 NORMAL)`, `CloseCode(4000)`.
impl core::fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.registered() {
            Some((name, _)) => write!(f, "CloseCode({} {name})", self.0),
            None => write!(f, "CloseCode({})", self.0),
        }
    }
}

impl core::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.registered() {
            Some((_, meaning)) => write!(f, "{} ({meaning})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        Self::new(code).ok_or(InvalidCloseCode(code))
    }
}

/// The body of a Close frame: a code and a reason, a code alone, or nothing (RFC 6455, section
/// 5.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Close<'a> {
    code: Option<CloseCode>,
    reason: &'a str,
}

impl<'a> Close<'a> {
    /// The longest reason that fits in a Close frame, in bytes.
    pub const MAX_REASON: usize = 123;

    /// The code; `None` if the body is empty, which is reported as 1005 (section 7.1.5).
    pub const fn code(&self) -> Option<CloseCode> {
        self.code
    }

    /// The reason, up to 123 bytes; empty if there is none.
    ///
    /// It is for logs and debugging. The peer chooses it, so do not show it to users as if the
    /// application had written it (section 5.5.1).
    pub const fn reason(&self) -> &'a str {
        self.reason
    }

    pub(crate) const fn of(code: Option<CloseCode>, reason: &'a str) -> Self {
        Self { code, reason }
    }

    /// Parses the body of a Close frame.
    ///
    /// # Errors
    ///
    /// - [`Violation::CloseBodyTooShort`]: the body is one byte long.
    /// - [`Violation::CloseCode`]: the code must not be sent.
    /// - [`Violation::CloseReasonNotUtf8`].
    pub fn parse(body: &'a [u8]) -> Result<Self, Violation> {
        match body {
            [] => Ok(Self::default()),
            // Section 5.5.1: if there is a body, its first two bytes are the code.
            [_] => Err(Violation::CloseBodyTooShort),
            [high, low, reason @ ..] => {
                let number = u16::from_be_bytes([*high, *low]);
                let code = CloseCode::new(number).ok_or(Violation::CloseCode(number))?;
                let reason = crate::raw::utf8::text(reason).ok_or(Violation::CloseReasonNotUtf8)?;
                Ok(Self { code: Some(code), reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    /// The decision table of the documentation above, written down a second time.
    fn allowed(code: u16) -> bool {
        (1000..=1003).contains(&code)
            || (1007..=1014).contains(&code)
            || (3000..=4999).contains(&code)
    }

    // 6455-7.4.2-c, IANA-close-a: the names are those of the registry.
    #[test]
    fn codes_are_shown_with_their_names() {
        for (code, debug, display) in [
            (1000, "CloseCode(1000 NORMAL)", "1000 (normal closure)"),
            (1007, "CloseCode(1007 INVALID_PAYLOAD)", "1007 (invalid frame payload data)"),
            (1014, "CloseCode(1014 BAD_GATEWAY)", "1014 (bad gateway)"),
            (3000, "CloseCode(3000 UNAUTHORIZED)", "3000 (unauthorized)"),
            (3003, "CloseCode(3003 FORBIDDEN)", "3003 (forbidden)"),
            (3008, "CloseCode(3008 TIMEOUT)", "3008 (timeout)"),
            (3001, "CloseCode(3001)", "3001"),
            (4999, "CloseCode(4999)", "4999"),
        ] {
            let code = CloseCode::try_from(code).unwrap();
            assert_eq!((&*format!("{code:?}"), &*format!("{code}")), (debug, display));
        }
    }

    #[test]
    fn all_assigned_codes_below_3000_have_names() {
        for code in (0..3000).filter_map(CloseCode::new) {
            assert!(code.registered().is_some(), "{code}");
        }
    }

    // P-cl-d, 6455-7.4.1-c, 6455-7.4.1-d, 6455-7.4.2-a, 6455-7.4.2-b, 6455-7.4.2-c,
    // 6455-7.4.2-d, 6455-11.7-a, IANA-close-a
    #[test]
    fn every_code() {
        for code in (0..=u16::MAX).step_by(if cfg!(miri) { 61 } else { 1 }) {
            let body = code.to_be_bytes();
            let expected = allowed(code);
            assert_eq!(CloseCode::new(code).map(CloseCode::get), expected.then_some(code));
            let converted = CloseCode::try_from(code);
            assert_eq!(
                converted.map(u16::from),
                expected.then_some(code).ok_or(InvalidCloseCode(code))
            );
            match Close::parse(&body) {
                Ok(close) => assert!(expected && close.code().map(CloseCode::get) == Some(code)),
                Err(violation) => {
                    assert!(!expected);
                    assert_eq!(violation, Violation::CloseCode(code));
                    assert_eq!(violation.close_code(), CloseCode::PROTOCOL_ERROR);
                }
            }
        }
    }

    // 6455-5.5.1-c, D-06, D-07
    #[test]
    fn bodies_of_every_length() {
        assert_eq!(Close::parse(b""), Ok(Close::default()));
        assert_eq!(Close::parse(b"\x03"), Err(Violation::CloseBodyTooShort));
        let mut body = [b'x'; 125];
        body[..2].copy_from_slice(&1000_u16.to_be_bytes());
        for length in 2..=125 {
            let close = Close::parse(&body[..length]).unwrap();
            assert_eq!(close.code(), Some(CloseCode::NORMAL));
            assert_eq!(close.reason().len(), length - 2);
        }
    }

    // 6455-5.5.1-b
    #[test]
    fn a_reason_is_utf8() {
        for reason in [&b"\x03\xe8\xff"[..], b"\x03\xe8ab\xc3", b"\x03\xe8\xed\xa0\x80"] {
            let violation = Close::parse(reason).unwrap_err();
            assert_eq!(violation, Violation::CloseReasonNotUtf8);
            assert_eq!(violation.close_code(), CloseCode::INVALID_PAYLOAD);
        }
        assert_eq!(
            Close::parse("\u{3}\u{0}é".as_bytes()).map(|_| ()),
            Err(Violation::CloseCode(768))
        );
        assert_eq!(Close::parse(b"\x03\xe8\xc3\xa9").unwrap().reason(), "é");
    }
}
