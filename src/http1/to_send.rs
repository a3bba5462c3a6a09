//! Header fields that the application adds to a request or a response.
//!
//! Nothing can be injected through them: names are tokens, values hold no control characters, and
//! fields that the engine writes itself, or that would change where the message ends, are refused.

use super::token::is_token;
use crate::Misuse;

/// A name and a value.
pub type HeaderField<'a> = (&'a str, &'a str);

const RESERVED: [&str; 6] =
    ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Expect"];
const RESERVED_PREFIXES: [&str; 2] = ["Proxy-", "Sec-WebSocket-"];

/// The application's fields.
#[derive(Clone, Copy, Default)]
pub(crate) struct OwnFields<'a>(pub(crate) &'a [HeaderField<'a>]);

/// Shows the names alone: values may be credentials.
impl core::fmt::Debug for OwnFields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Checks fields before a byte is written.
pub(crate) fn check(fields: OwnFields<'_>) -> Result<(), Misuse> {
    for (index, (name, value)) in fields.0.iter().enumerate() {
        if !is_token(name.as_bytes()) {
            return Err(Misuse::FieldName { index });
        }
        let has_prefix = |prefix: &&str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let is_name = |reserved: &&str| name.eq_ignore_ascii_case(reserved);
        let reserved = RESERVED.into_iter().find(is_name);
        if let Some(name) = reserved.or_else(|| RESERVED_PREFIXES.into_iter().find(has_prefix)) {
            return Err(Misuse::ReservedField { index, name });
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(Misuse::FieldValue { index });
        }
    }
    Ok(())
}

/// Writes checked fields, each with its end of line.
pub(crate) fn write(fields: OwnFields<'_>, sink: &mut dyn FnMut(&[u8])) {
    for (name, value) in fields.0 {
        for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            sink(part);
        }
    }
}
