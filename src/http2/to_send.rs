//! The fields that are sent in HTTP/2 and HTTP/3.

use core::fmt::{Display, Formatter, Result as FmtResult, Write};

use crate::http1::{FieldError, to_send::CallerFields};

/// Receives the fields of a message one by one: a name in lower case, and a value. Both are formatted by
/// the receiver, so no allocator is needed.
pub(crate) type FieldSink<'s> = dyn FnMut(&dyn Display, &dyn Display) + 's;

/// A field name in lower case.
pub(crate) struct LowerCase<'a>(pub(crate) &'a str);

impl Display for LowerCase<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        self.0.chars().try_for_each(|character| f.write_char(character.to_ascii_lowercase()))
    }
}

/// Refuses the caller's fields that may be sent in HTTP/1.1 but not in HTTP/2 and HTTP/3.
pub(crate) fn check_caller_fields(fields: &CallerFields<'_>) -> Result<(), FieldError> {
    for (index, (name, _)) in fields.iter().enumerate() {
        let reserved = ["Keep-Alive", "TE"].into_iter();
        if let Some(name) = reserved.into_iter().find(|other| name.eq_ignore_ascii_case(other)) {
            return Err(FieldError::Reserved { index, name });
        }
    }
    Ok(())
}

/// Writes the caller's fields, without the whitespace around values. They must have been checked.
pub(crate) fn write(fields: &CallerFields<'_>, sink: &mut FieldSink<'_>) {
    for (name, value) in fields.iter() {
        sink(&LowerCase(name), &value.trim_matches([' ', '\t']));
    }
}
