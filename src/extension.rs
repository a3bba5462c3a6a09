//! Extensions: the grammar of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).
//!
//! This module reads and checks lists of extensions with their parameters, in one pass and without
//! allocating. It knows nothing of what an extension does.
//!
//! ```
//! let offers = hybi::extension::parse(b"foo, permessage-deflate; client_max_window_bits=\"10\"")?;
//! let deflate = offers.last().unwrap();
//! assert_eq!(deflate.name(), "permessage-deflate");
//! let bits = deflate.parameters().next().unwrap();
//! assert_eq!(bits.name(), "client_max_window_bits");
//! assert!(bits.value().unwrap() == *"10");
//! # Ok::<(), hybi::extension::ExtensionSyntax>(())
//! ```

#[cfg(feature = "deflate")]
pub mod deflate;

use crate::handshake::token::{is_token_byte, token_length};

/// The most elements in one field, the empty ones included, and the most parameters of one
/// extension.
pub const MAX_ELEMENTS: usize = 32;

/// A list of extensions outside the grammar, or with more than [`MAX_ELEMENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list of extensions is outside the grammar (RFC 6455, section 9.1)")]
pub struct ExtensionSyntax;

/// Reads the value of a `Sec-WebSocket-Extensions` field: all of it is checked at once, the
/// extensions are handed out one by one.
///
/// # Errors
///
/// The value is outside the grammar: an empty list, a `;` or `=` with nothing behind it, a quote
/// that does not end, a quoted value that is not a token, a byte that is no token's.
pub fn parse(value: &[u8]) -> Result<Extensions<'_>, ExtensionSyntax> {
    let mut rest = value;
    let mut has_any = false;
    // Empty elements count too: RFC 9110, section 5.6.1.2, asks for no more than a few.
    let mut count = 0;
    loop {
        has_any |= Extension::take(&mut rest)?.is_some();
        count += 1;
        if count > MAX_ELEMENTS {
            return Err(ExtensionSyntax);
        }
        match rest.split_first() {
            None if has_any => return Ok(Extensions { rest: value }),
            Some((b',', after)) => rest = after,
            _ => return Err(ExtensionSyntax),
        }
    }
}

/// The extensions of a list that [`parse`] has accepted, without looking at all of it again.
pub(crate) const fn parsed(value: &[u8]) -> Extensions<'_> {
    Extensions { rest: value }
}

/// A list of extensions whose grammar has been checked.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        loop {
            let extension = Extension::take(&mut self.rest).ok()?;
            let comma = self.rest.split_first();
            if let Some((_, after)) = comma {
                self.rest = after;
            }
            // Lists may have empty elements (RFC 9110, section 5.6.1).
            if extension.is_some() || comma.is_none() {
                return extension;
            }
        }
    }
}

/// One extension with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    name: &'a str,
    /// What stands behind the name, from the first `;` on.
    parameters: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Its name; names compare with regard to case.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Its parameters, in order.
    pub const fn parameters(&self) -> Parameters<'a> {
        Parameters { rest: self.parameters }
    }

    /// Takes one from the front, up to the next comma; `None` for an empty element.
    fn take(rest: &mut &'a [u8]) -> Result<Option<Self>, ExtensionSyntax> {
        skip_space(rest);
        if matches!(rest.first(), None | Some(b',')) {
            return Ok(None);
        }
        let name = take_token(rest)?;
        skip_space(rest);
        let parameters = *rest;
        let mut count = 0;
        while !matches!(rest.first(), None | Some(b',')) {
            Parameter::take(rest)?;
            count += 1;
            if count > MAX_ELEMENTS {
                return Err(ExtensionSyntax);
            }
        }
        let parameters = &parameters[..parameters.len() - rest.len()];
        Ok(Some(Self { name, parameters }))
    }
}

/// The parameters of an extension.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        Parameter::take(&mut self.rest).ok()
    }
}

/// A parameter: a name, perhaps with a value.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    name: &'a str,
    value: Option<Value<'a>>,
}

impl<'a> Parameter<'a> {
    /// Its name.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Its value, if it has one.
    pub const fn value(&self) -> Option<Value<'a>> {
        self.value
    }

    /// Takes one from the front, beginning with its `;`.
    fn take(rest: &mut &'a [u8]) -> Result<Self, ExtensionSyntax> {
        take_byte(rest, b';')?;
        skip_space(rest);
        let name = take_token(rest)?;
        skip_space(rest);
        let mut value = None;
        if rest.first() == Some(&b'=') {
            take_byte(rest, b'=')?;
            skip_space(rest);
            value = Some(Value::take(rest)?);
            skip_space(rest);
        }
        Ok(Self { name, value })
    }
}

/// The value of a parameter. A quoted one counts for what it says, whatever is escaped in it.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// What stands between the quotes, escapes and all; a token once they are taken out.
    raw: &'a str,
}

impl<'a> Value<'a> {
    /// Its characters, without escapes.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + 'a {
        // No token has a backslash in it, so each one is an escape.
        self.raw.bytes().filter(|&byte| byte != b'\\')
    }

    fn take(rest: &mut &'a [u8]) -> Result<Self, ExtensionSyntax> {
        if rest.first() != Some(&b'"') {
            return Ok(Self { raw: take_token(rest)? });
        }
        take_byte(rest, b'"')?;
        let quoted = *rest;
        let mut length = 0;
        loop {
            match rest {
                [b'"', ..] => break,
                // Section 9.1: unescaped, the value is a token.
                [b'\\', byte, after @ ..] if is_token_byte(*byte) => *rest = after,
                [byte, after @ ..] if is_token_byte(*byte) => *rest = after,
                _ => return Err(ExtensionSyntax),
            }
            length += 1;
        }
        if length == 0 {
            return Err(ExtensionSyntax);
        }
        let raw = &quoted[..quoted.len() - rest.len()];
        take_byte(rest, b'"')?;
        Ok(Self { raw: core::str::from_utf8(raw).map_err(|_| ExtensionSyntax)? })
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

fn take_byte(rest: &mut &[u8], byte: u8) -> Result<(), ExtensionSyntax> {
    match rest.split_first() {
        Some((first, after)) if *first == byte => {
            *rest = after;
            Ok(())
        }
        _ => Err(ExtensionSyntax),
    }
}

fn take_token<'a>(rest: &mut &'a [u8]) -> Result<&'a str, ExtensionSyntax> {
    let (token, after) = rest.split_at(token_length(rest));
    if token.is_empty() {
        return Err(ExtensionSyntax);
    }
    *rest = after;
    core::str::from_utf8(token).map_err(|_| ExtensionSyntax)
}

fn skip_space(rest: &mut &[u8]) {
    while let [b' ' | b'\t', after @ ..] = rest {
        *rest = after;
    }
}
