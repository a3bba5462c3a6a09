//! Closing: status codes and the body of a Close frame (RFC 6455, sections 5.5.1 and 7.4).
//!
//! This module owns the table of codes: which exist, which may be sent, which may be received. It
//! knows nothing of connections.
//!
//! | code | sent | received | |
//! | --- | --- | --- | --- |
//! | 1000 to 1003 | yes | yes | 1003 for a kind of data that is not accepted |
//! | 1004 to 1006 | no | no | reserved; 1005 and 1006 are reported locally only |
//! | 1007 to 1009 | yes | yes | invalid payload, policy, too big |
//! | 1010 | by a client | yes | an extension was needed |
//! | 1011 to 1014 | yes | yes | internal error, restart, try again, bad gateway |
//! | 1015 | no | no | reported locally only |
//! | 3000 to 4999 | yes | yes | registered at IANA, and private |
//! | all others | no | no | not assigned |

use core::num::NonZeroU16;

use crate::Violation;

/// A status code that may stand in a Close frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self::known(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self::known(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self::known(1002);
    /// 1003: a kind of data arrived that this endpoint does not accept.
    pub const UNSUPPORTED_DATA: Self = Self::known(1003);
    /// 1007: a message does not fit its kind, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self::known(1007);
    /// 1008: a message breaks the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self::known(1008);
    /// 1009: a message is too big.
    pub const MESSAGE_TOO_BIG: Self = Self::known(1009);
    /// 1010: the server did not accept an extension that the client needs. Only clients send it.
    pub const MANDATORY_EXTENSION: Self = Self::known(1010);
    /// 1011: something unexpected keeps this endpoint from going on.
    pub const INTERNAL_ERROR: Self = Self::known(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self::known(1012);
    /// 1013: the service is overloaded; try again later.
    pub const TRY_AGAIN_LATER: Self = Self::known(1013);
    /// 1014: a gateway got an invalid answer from the server behind it.
    pub const BAD_GATEWAY: Self = Self::known(1014);

    /// The code, if it may stand in a Close frame.
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

impl core::fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

impl core::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

/// What a Close frame says: a code and a reason, a code alone, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Close<'a> {
    code: Option<CloseCode>,
    reason: &'a str,
}

impl<'a> Close<'a> {
    /// The longest reason that fits in a Close frame, in bytes.
    pub const MAX_REASON: usize = 123;

    /// The code; `None` if the frame was empty, which counts as 1005 (section 7.1.5).
    pub const fn code(&self) -> Option<CloseCode> {
        self.code
    }

    /// The reason, up to 123 bytes, empty if there is none.
    ///
    /// It is meant for logs: the peer chose the words, so they are not to be shown to a user as
    /// if the application had written them (section 5.5.1).
    pub const fn reason(&self) -> &'a str {
        self.reason
    }

    pub(crate) const fn of(code: Option<CloseCode>, reason: &'a str) -> Self {
        Self { code, reason }
    }

    /// Reads the body of a Close frame.
    ///
    /// # Errors
    ///
    /// What the peer did wrong: one byte alone, a code that may not be sent, a reason that is not
    /// UTF-8.
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
    use super::*;

    /// The decision table of the documentation above, written down a second time.
    fn allowed(code: u16) -> bool {
        (1000..=1003).contains(&code)
            || (1007..=1014).contains(&code)
            || (3000..=4999).contains(&code)
    }

    // P-cl-d, 6455-7.4.1-c, 6455-7.4.1-d, 6455-7.4.2-a, 6455-7.4.2-b, 6455-7.4.2-c,
    // 6455-7.4.2-d, 6455-11.7-a, IANA-close-a
    #[test]
    fn every_code() {
        for code in 0..=u16::MAX {
            let body = code.to_be_bytes();
            let expected = allowed(code);
            assert_eq!(CloseCode::new(code).map(CloseCode::get), expected.then_some(code));
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
