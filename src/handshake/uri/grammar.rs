//! The bytes that each part of a URI may contain (RFC 3986, sections 2 and 3).

use super::UriError;

/// A registered name: `*( unreserved / pct-encoded / sub-delims )`.
pub(super) fn check_name(name: &str) -> Result<(), UriError> {
    if are_all(name, IN_NAME)? { Ok(()) } else { Err(UriError::Host) }
}

/// Path and query: `*( pchar / "/" / "?" )`.
pub(super) fn check_resource(resource: &str, at: usize) -> Result<(), UriError> {
    if are_all(resource, IN_RESOURCE)? {
        return Ok(());
    }
    let is_allowed = |byte| CLASSES[usize::from(byte)] & IN_RESOURCE == IN_RESOURCE;
    let position = resource.bytes().position(|byte| !is_allowed(byte)).unwrap_or_default();
    Err(UriError::Byte { offset: at + position })
}

/// Whether all bytes are in a class. Percent-encoding is checked first.
fn are_all(text: &str, class: u8) -> Result<bool, UriError> {
    let (mut all, mut any) = (class, 0);
    for byte in text.bytes() {
        let classes = CLASSES[usize::from(byte)];
        all &= classes;
        any |= classes;
    }
    if any & PERCENT == PERCENT {
        check_percent(text)?;
    }
    Ok(all == class)
}

/// RFC 3986, section 2.1: two hexadecimal digits follow each percent sign.
fn check_percent(text: &str) -> Result<(), UriError> {
    let is_hex = |byte: u8| CLASSES[usize::from(byte)] == HEX;
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) if is_hex(*high) && is_hex(*low) => after,
            (b'%', _) => return Err(UriError::PercentEncoding),
            _ => after,
        };
    }
    Ok(())
}

// Each class has the bits of those that it is a part of.
const IN_RESOURCE: u8 = 0b0001;
const IN_NAME: u8 = 0b0011;
const PERCENT: u8 = 0b0111;
const HEX: u8 = 0b1011;

/// The smallest class of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut index = 0;
    while index < classes.len() {
        let byte = index.to_le_bytes()[0];
        classes[index] = match byte {
            b'%' => PERCENT,
            b':' | b'@' | b'/' | b'?' => IN_RESOURCE,
            _ if byte.is_ascii_hexdigit() => HEX,
            _ if is_unreserved(byte) || is_sub_delim(byte) => IN_NAME,
            _ => 0,
        };
        index += 1;
    }
    classes
};

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn is_sub_delim(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}
