//! Header fields that the application adds to a request or a response.
//!
//! Nothing can be injected through them: names are tokens, values hold no control characters, and
//! fields that the engine writes itself, or that would change where the message ends, are refused.

use super::{Excerpt, token::is_token};

/// A name and a value.
pub type HeaderField<'a> = (&'a str, &'a str);

const RESERVED: [&str; 6] =
    ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Expect"];
const RESERVED_PREFIXES: [&str; 2] = ["Proxy-", "Sec-WebSocket-"];

/// How many fields can be added one by one.
const MAX_SINGLE: usize = 16;

/// Why a header field cannot be sent. Nothing was written.
///
/// Fields are counted from 0, in the order of the calls that add them one by one; those of one slice
/// come before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The name is not a token.
    #[error("the name of header field {index}, {name}, is not a token (RFC 9110, section 5.6.2)")]
    Name {
        /// Which field, counted from 0.
        index: usize,
        /// Its name.
        name: Excerpt,
    },
    /// The value contains a control character.
    #[error("the value of header field {index}, {name}, contains a control character")]
    Value {
        /// Which field, counted from 0.
        index: usize,
        /// The name of the field.
        name: Excerpt,
    },
    /// The field is one that this crate writes itself, or that would change where the message ends.
    #[error("header field {index}, {name}, is written by hybi or not allowed: leave it out")]
    Reserved {
        /// Which field, counted from 0.
        index: usize,
        /// The reserved name, or the reserved start of a name.
        name: &'static str,
    },
    /// More than 16 fields are added one by one.
    #[error("more than {MAX_SINGLE} header fields are added one by one: pass them to `headers`")]
    TooMany,
}

/// The application's fields: a slice of them, then those that it adds one by one.
#[derive(Clone, Copy)]
pub(crate) struct OwnFields<'a> {
    slice: &'a [HeaderField<'a>],
    single: [Option<HeaderField<'a>>; MAX_SINGLE],
    /// How many were added one by one, those without room included.
    count: usize,
}

impl<'a> OwnFields<'a> {
    /// No fields.
    pub(crate) const fn none() -> Self {
        Self { slice: &[], single: [None; MAX_SINGLE], count: 0 }
    }

    /// With this slice in place of the one before.
    pub(crate) const fn with_slice(mut self, slice: &'a [HeaderField<'a>]) -> Self {
        self.slice = slice;
        self
    }

    /// With one more field; [`check`] fails if there is no room for it.
    pub(crate) const fn with_field(mut self, name: &'a str, value: &'a str) -> Self {
        if self.count < MAX_SINGLE {
            self.single[self.count] = Some((name, value));
        }
        self.count = self.count.saturating_add(1);
        self
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = HeaderField<'a>> {
        self.slice.iter().copied().chain(self.single.iter().map_while(|field| *field))
    }
}

/// Shows the names alone: values may be credentials.
impl core::fmt::Debug for OwnFields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Checks fields before a byte is written.
pub(crate) fn check(fields: &OwnFields<'_>) -> Result<(), FieldError> {
    for (index, (name, value)) in fields.iter().enumerate() {
        if !is_token(name.as_bytes()) {
            return Err(FieldError::Name { index, name: Excerpt::from(name) });
        }
        let has_prefix = |prefix: &&str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let is_name = |reserved: &&str| name.eq_ignore_ascii_case(reserved);
        let reserved = RESERVED.into_iter().find(is_name);
        if let Some(name) = reserved.or_else(|| RESERVED_PREFIXES.into_iter().find(has_prefix)) {
            return Err(FieldError::Reserved { index, name });
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(FieldError::Value { index, name: Excerpt::from(name) });
        }
    }
    if fields.count <= MAX_SINGLE { Ok(()) } else { Err(FieldError::TooMany) }
}

/// Writes checked fields, each with its end of line.
pub(crate) fn write(fields: &OwnFields<'_>, sink: &mut dyn FnMut(&[u8])) {
    fields.iter().for_each(|field| write_field(field, sink));
}

/// Writes one checked field with its end of line.
pub(crate) fn write_field((name, value): HeaderField<'_>, sink: &mut dyn FnMut(&[u8])) {
    for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        sink(part);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn single(count: usize) -> OwnFields<'static> {
        (0..count).fold(OwnFields::none(), |fields, _| fields.with_field("X", "y"))
    }

    #[test]
    fn fields_are_written_in_order_those_of_the_slice_first() {
        let slice = [("A", "1"), ("B", "2")];
        let fields = OwnFields::none().with_field("C", "3").with_slice(&slice).with_field("D", "4");
        let mut written = Vec::new();
        write(&fields, &mut |part| written.extend_from_slice(part));
        assert_eq!(written, b"A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n");
    }

    #[test]
    fn so_many_fields_can_be_added_one_by_one() {
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
        let with = |name, value| OwnFields::none().with_slice(&slice).with_field(name, value);
        let name = Excerpt::from("B C");
        assert_eq!(check(&with("B C", "")), Err(FieldError::Name { index: 1, name }));
        let name = Excerpt::from("B");
        assert_eq!(check(&with("B", "\n")), Err(FieldError::Value { index: 1, name }));
        assert_eq!(check(&with("host", "")), Err(FieldError::Reserved { index: 1, name: "Host" }));
    }
}
