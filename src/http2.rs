//! The field sections of HTTP/2 and HTTP/3 (RFC 9113, section 8; RFC 9114, section 4).
//!
//! This module owns the rules for pseudo-header fields, names, values, and fields that exist only in
//! HTTP/1.1. The rules are the same in both versions. Frames and streams belong to the HTTP/2 or HTTP/3
//! implementation. The module knows nothing about WebSockets.

pub(crate) mod to_send;

use crate::http1::{
    ReceivedHeaders,
    token::{is_token, trim},
};

/// The name and the value of a field, decoded by an HTTP/2 or HTTP/3 implementation. The name of a
/// pseudo-header field begins with a colon.
pub type Field<'a> = (&'a [u8], &'a [u8]);

/// Why a field section is malformed.
///
/// This is a stream error (RFC 9113, section 8.1.1; RFC 9114, section 4.1.2): reset the stream with
/// `PROTOCOL_ERROR` in HTTP/2, or `H3_MESSAGE_ERROR` in HTTP/3. A server may send a response first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SectionFault {
    /// A pseudo-header field is missing, repeated, unknown, empty, or follows a regular field.
    #[error("a pseudo-header field is missing, repeated, unknown, or misplaced")]
    PseudoHeader,
    /// The name of a field is not a token, or not in lower case.
    #[error("the name of a header field is not a token, or not in lower case")]
    FieldName,
    /// The value of a field contains a control character, or has whitespace around it.
    #[error("the value of a header field contains a control character or has whitespace around it")]
    FieldValue,
    /// A field exists only in HTTP/1.1: `Connection`, `Upgrade`, `Transfer-Encoding`,
    /// `Keep-Alive`, `Proxy-Connection`, or a `TE` other than `trailers`.
    #[error("a header field exists only in HTTP/1.1, such as Connection or Upgrade")]
    ConnectionSpecific,
}

/// The field section of a request.
#[derive(Clone, Copy)]
pub(crate) struct RequestSection<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) protocol: Option<&'a [u8]>,
    pub(crate) scheme: Option<&'a [u8]>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) authority: Option<&'a [u8]>,
    pub(crate) headers: ReceivedHeaders<'a>,
}

impl<'a> RequestSection<'a> {
    /// Checks all fields.
    pub(crate) fn parse(fields: &'a [Field<'a>]) -> Result<Self, SectionFault> {
        let names = [":method", ":protocol", ":scheme", ":path", ":authority"];
        let ([method, protocol, scheme, path, authority], headers) = parse(fields, names)?;
        let method = method.ok_or(SectionFault::PseudoHeader)?;
        Ok(Self { method, protocol, scheme, path, authority, headers })
    }
}

/// The field section of a response.
#[derive(Clone, Copy)]
pub(crate) struct ResponseSection<'a> {
    /// 100 to 599.
    pub(crate) status: u16,
    pub(crate) headers: ReceivedHeaders<'a>,
}

impl<'a> ResponseSection<'a> {
    /// Checks all fields.
    pub(crate) fn parse(fields: &'a [Field<'a>]) -> Result<Self, SectionFault> {
        let ([status], headers) = parse(fields, [":status"])?;
        let status = status.and_then(parse_status).ok_or(SectionFault::PseudoHeader)?;
        Ok(Self { status, headers })
    }
}

/// Three digits (RFC 9113, section 8.3.2; RFC 9110, section 15).
fn parse_status(value: &[u8]) -> Option<u16> {
    match value {
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => core::str::from_utf8(value).ok()?.parse().ok(),
        _ => None,
    }
}

/// The values of pseudo-header fields.
type Pseudo<'a, const N: usize> = [Option<&'a [u8]>; N];

/// Separates the values of these pseudo-header fields from the regular fields, and checks both.
fn parse<'a, const N: usize>(
    fields: &'a [Field<'a>],
    names: [&str; N],
) -> Result<(Pseudo<'a, N>, ReceivedHeaders<'a>), SectionFault> {
    let is_pseudo = |(name, _): &&Field<'_>| name.starts_with(b":");
    let count = fields.iter().take_while(is_pseudo).count();
    let (pseudo, regular) = fields.split_at_checked(count).unwrap_or((fields, &[]));
    let mut values = [None; N];
    for (name, value) in pseudo {
        // RFC 9113, section 8.3: others are malformed.
        let mut places = names.iter().zip(&mut values);
        let place = places.find(|(known, _)| known.as_bytes() == *name);
        let (_, place) = place.ok_or(SectionFault::PseudoHeader)?;
        // None of these may be empty.
        if value.is_empty() || place.replace(*value).is_some() {
            return Err(SectionFault::PseudoHeader);
        }
        check_value(value)?;
    }
    for (name, value) in regular {
        if name.starts_with(b":") {
            return Err(SectionFault::PseudoHeader);
        }
        // Section 8.2.
        if !is_token(name) || name.iter().any(u8::is_ascii_uppercase) {
            return Err(SectionFault::FieldName);
        }
        check_value(value)?;
        check_connection_specific(name, value)?;
    }
    Ok((values, ReceivedHeaders::of_pairs(regular)))
}

/// RFC 9113, section 8.2.1, and RFC 9110, section 5.5, which forbids all control characters but HTAB.
fn check_value(value: &[u8]) -> Result<(), SectionFault> {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let is_valid = trim(value).len() == value.len() && !value.iter().any(is_control);
    if is_valid { Ok(()) } else { Err(SectionFault::FieldValue) }
}

/// Checks fields whose grammar another HTTP implementation has checked.
#[cfg(feature = "http")]
pub(crate) fn check_fields(headers: ReceivedHeaders<'_>) -> Result<(), SectionFault> {
    headers.iter().try_for_each(|(name, value)| check_connection_specific(name.as_bytes(), value))
}

/// RFC 9113, section 8.2.2; RFC 9114, section 4.2.
fn check_connection_specific(name: &[u8], value: &[u8]) -> Result<(), SectionFault> {
    let is_specific = match name {
        b"connection" | b"upgrade" | b"transfer-encoding" | b"keep-alive" | b"proxy-connection" => {
            true
        }
        b"te" => !value.eq_ignore_ascii_case(b"trailers"),
        _ => false,
    };
    if is_specific { Err(SectionFault::ConnectionSpecific) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn request(fields: &[Field<'_>]) -> Result<usize, SectionFault> {
        RequestSection::parse(fields).map(|section| section.headers.iter().count())
    }

    // 8441-5-g, 9114-4.3-a
    #[test]
    fn pseudo_header_fields_come_first_and_once() {
        let valid: [Field<'_>; 3] = [(b":path", b"/"), (b":method", b"GET"), (b"a", b"b")];
        assert_eq!(request(&valid), Ok(1));
        let swapped: Vec<_> = valid.iter().rev().copied().collect();
        assert_eq!(request(&swapped), Err(SectionFault::PseudoHeader));
        let twice: Vec<_> = [&valid[..1], &valid].concat();
        assert_eq!(request(&twice), Err(SectionFault::PseudoHeader));
        for name in [":status", ":Method", ":", ":foo", "::path", ":path "] {
            let unknown: Vec<_> = [&[(name.as_bytes(), &b"1"[..])], &valid[..]].concat();
            assert_eq!(request(&unknown), Err(SectionFault::PseudoHeader), "{name}");
        }
        assert_eq!(request(&[]), Err(SectionFault::PseudoHeader));
        assert_eq!(request(&[(b":method", b"")]), Err(SectionFault::PseudoHeader));
    }

    // 8441-5-c, 8441-5-g, 9114-4.2-a
    #[test]
    fn each_byte_of_a_name_and_a_value_is_checked() {
        let method: Field<'_> = (b":method", b"GET");
        let names = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
        for byte in 0..=u8::MAX {
            let name = [b'x', byte];
            let expected =
                if names.as_bytes().contains(&byte) { Ok(1) } else { Err(SectionFault::FieldName) };
            assert_eq!(request(&[method, (&name, b"")]), expected, "{byte:#x}");
            let inside = [b'x', byte, b'y'];
            let is_control = matches!(byte, 0..=8 | 10..=31 | 127);
            let expected = if is_control { Err(SectionFault::FieldValue) } else { Ok(1) };
            assert_eq!(request(&[method, (b"x", &inside)]), expected, "{byte:#x}");
            let is_refused = is_control || matches!(byte, b' ' | b'\t');
            let expected = if is_refused { Err(SectionFault::FieldValue) } else { Ok(1) };
            for value in [&inside[..2], &inside[1..]] {
                assert_eq!(request(&[method, (b"x", value)]), expected, "{byte:#x}");
            }
        }
        assert_eq!(request(&[method, (b"", b"")]), Err(SectionFault::FieldName));
    }

    // 8441-5-h
    #[test]
    fn a_status_has_three_digits() {
        let status = |value: &str| {
            let fields: [Field<'_>; 1] = [(b":status", value.as_bytes())];
            ResponseSection::parse(&fields).map(|section| section.status)
        };
        for (value, expected) in [("100", 100), ("200", 200), ("599", 599)] {
            assert_eq!(status(value), Ok(expected));
        }
        for value in ["", "99", "099", "600", "2000", "+20", "20 ", "2x0", "\u{b2}00"] {
            assert!(status(value).is_err(), "{value}");
        }
    }
}
