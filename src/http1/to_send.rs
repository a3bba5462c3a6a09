//! Header fields that the caller adds to a request or a response.
//!
//! They cannot inject anything: names are tokens and values have no control characters. Fields that
//! this crate writes itself, or that change the message framing, are refused.

use super::{Excerpt, token::is_token};

/// The name and the value of a header field to send.
pub type HeaderField<'a> = (&'a str, &'a str);

const RESERVED: [&str; 6] =
    ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Expect"];
const RESERVED_PREFIXES: [&str; 2] = ["Proxy-", "Sec-WebSocket-"];

/// The names, and the starts of names, of fields that are for the server and not sent to a proxy.
const RESERVED_FOR_SERVER: [&str; 2] = ["Authorization", "Cookie"];
const RESERVED_PREFIXES_FOR_SERVER: [&str; 1] = ["Sec-WebSocket-"];

/// The maximum number of fields added one by one.
const MAX_SINGLE: usize = 16;

/// Why a header field of the caller cannot be sent. Nothing is written.
///
/// The index of a field counts from 0: first the fields of the slice, then those added one by one,
/// in the order of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The name is not a token (RFC 9110, section 5.6.2).
    #[error("the name of header field {index}, {name}, is not a token (RFC 9110, section 5.6.2)")]
    Name {
        /// The index of the field, from 0.
        index: usize,
        /// The name.
        name: Excerpt,
    },
    /// The value contains a control character.
    #[error("the value of header field {index}, {name}, contains a control character")]
    Value {
        /// The index of the field, from 0.
        index: usize,
        /// The name of the field.
        name: Excerpt,
    },
    /// This crate writes the field itself, a method sets it, or it would change the message
    /// framing.
    #[error("header field {index}, {name}, is set by hybi or not allowed: leave it out")]
    Reserved {
        /// The index of the field, from 0.
        index: usize,
        /// The reserved name or prefix.
        name: &'static str,
    },
    /// More than 16 fields were added one by one.
    #[error(
        "more than {MAX_SINGLE} header fields were added one by one: pass a slice to `headers`"
    )]
    TooMany,
}

/// The caller's fields: a slice, and the fields added one by one after it.
#[derive(Clone, Copy)]
pub(crate) struct CallerFields<'a> {
    slice: &'a [HeaderField<'a>],
    single: [Option<HeaderField<'a>>; MAX_SINGLE],
    /// The number of fields added one by one, including those that did not fit.
    count: usize,
}

impl<'a> CallerFields<'a> {
    /// No fields.
    pub(crate) const fn none() -> Self {
        Self { slice: &[], single: [None; MAX_SINGLE], count: 0 }
    }

    /// Sets the slice, replacing the previous one.
    pub(crate) const fn with_slice(mut self, slice: &'a [HeaderField<'a>]) -> Self {
        self.slice = slice;
        self
    }

    /// Adds a field. If there is no room for it, [`check`] fails.
    pub(crate) const fn with_field(mut self, name: &'a str, value: &'a str) -> Self {
        if self.count < MAX_SINGLE {
            self.single[self.count] = Some((name, value));
        }
        self.count = self.count.saturating_add(1);
        self
    }

    /// All fields, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = HeaderField<'a>> {
        self.slice.iter().copied().chain(self.single.iter().map_while(|field| *field))
    }
}

/// Shows only the names: values may contain credentials.
impl core::fmt::Debug for CallerFields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Checks all fields for a client or a server before anything is written.
pub(crate) fn check(fields: &CallerFields<'_>) -> Result<(), FieldError> {
    check_except(fields, &[], &RESERVED_PREFIXES)
}

/// The same for a proxy: refuses fields that are for the server.
pub(crate) fn check_for_proxy(fields: &CallerFields<'_>) -> Result<(), FieldError> {
    check_except(fields, &RESERVED_FOR_SERVER, &RESERVED_PREFIXES_FOR_SERVER)
}

/// Also refuses these names, and names that begin with these prefixes.
fn check_except(
    fields: &CallerFields<'_>,
    names: &[&'static str],
    prefixes: &[&'static str],
) -> Result<(), FieldError> {
    for (index, (name, value)) in fields.iter().enumerate() {
        if !is_token(name.as_bytes()) {
            return Err(FieldError::Name { index, name: Excerpt::from(name) });
        }
        let has_prefix = |prefix: &&&str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let is_name = |reserved: &&&str| name.eq_ignore_ascii_case(reserved);
        let reserved = RESERVED.iter().chain(names).find(is_name);
        if let Some(&name) = reserved.or_else(|| prefixes.iter().find(has_prefix)) {
            return Err(FieldError::Reserved { index, name });
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(FieldError::Value { index, name: Excerpt::from(name) });
        }
    }
    if fields.count <= MAX_SINGLE { Ok(()) } else { Err(FieldError::TooMany) }
}

/// Writes checked fields, each with its CRLF.
pub(crate) fn write(fields: &CallerFields<'_>, sink: &mut impl FnMut(&[u8])) {
    fields.iter().for_each(|field| write_field(field, sink));
}

/// Writes one checked field with its CRLF.
pub(crate) fn write_field((name, value): HeaderField<'_>, sink: &mut impl FnMut(&[u8])) {
    for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        sink(part);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn single(count: usize) -> CallerFields<'static> {
        (0..count).fold(CallerFields::none(), |fields, _| fields.with_field("X", "y"))
    }

    #[test]
    fn fields_are_written_in_order_after_those_of_the_slice() {
        let slice = [("A", "1"), ("B", "2")];
        let fields =
            CallerFields::none().with_field("C", "3").with_slice(&slice).with_field("D", "4");
        let mut written = Vec::new();
        write(&fields, &mut |part| written.extend_from_slice(part));
        assert_eq!(written, b"A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n");
    }

    #[test]
    fn up_to_16_fields_can_be_added_one_by_one() {
        for count in 0..=MAX_SINGLE {
            assert_eq!(check(&single(count)), Ok(()));
            assert_eq!(single(count).iter().count(), count);
        }
        for count in [MAX_SINGLE + 1, 100] {
            assert_eq!(check(&single(count)), Err(FieldError::TooMany));
        }
    }

    // P-sh-g, I-04
    #[test]
    fn an_error_says_which_field_is_wrong() {
        let slice = [("A", "1")];
        let with = |name, value| CallerFields::none().with_slice(&slice).with_field(name, value);
        let name = Excerpt::from("B C");
        assert_eq!(check(&with("B C", "")), Err(FieldError::Name { index: 1, name }));
        let name = Excerpt::from("B");
        assert_eq!(check(&with("B", "\n")), Err(FieldError::Value { index: 1, name }));
        assert_eq!(check(&with("host", "")), Err(FieldError::Reserved { index: 1, name: "Host" }));
    }
}
