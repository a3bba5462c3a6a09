//! Extensions of your own, and the grammar of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).
//!
//! This module parses lists of extensions and their parameters in one pass, without allocating, and
//! owns the reserved bits that custom extensions claim. It knows nothing about what an extension does.
//!
//! # Extensions of your own
//!
//! The [`Connection`](crate::Connection) checks reserved bits, unmasks, reassembles and enforces the
//! limits. The extension is your code:
//!
//! 1. Choose its reserved bits. While permessage-deflate is in use, RSV1 belongs to it.
//! 2. Offer it with [`client::Request::extensions`](crate::client::Request::extensions), and accept it
//!    with [`Accept::extensions`](crate::server::Accept::extensions). Check the parameters of the peer.
//! 3. If it was accepted, pass its bits to [`Connection::with_claims`](crate::Connection::with_claims)
//!    before anything is received.
//! 4. Send with [`send_extended`](crate::Connection::send_extended) or
//!    [`send_extension_frame`](crate::Connection::send_extension_frame), and receive with
//!    [`receive_extended`](crate::Connection::receive_extended).
//! 5. Check what you decode: the rules of the extension, the size, and that a text is UTF-8. If a check
//!    fails, call [`close`](crate::Connection::close).
//!
//! ```
//! use hybi::{
//!     CloseCode, Config, Connection, Error, ExtendedEvent, Inbox, Server,
//!     extension::{Claims, ExtendedMessage},
//!     frame::{Kind, Reserved},
//! };
//!
//! /// Inverts each byte of a binary message.
//! const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2);
//!
//! fn invert(payload: &[u8]) -> Vec<u8> {
//!     payload.iter().map(|byte| !byte).collect()
//! }
//!
//! /// Echoes inverted messages.
//! fn answer(
//!     websocket: &mut Connection<Server>,
//!     inbox: &mut Inbox,
//!     outbox: &mut Vec<u8>,
//! ) -> Result<(), Error> {
//!     while let Some(event) = websocket.receive_extended(inbox, outbox)? {
//!         match event {
//!             ExtendedEvent::Message(message) if message.kind == Kind::Binary => {
//!                 let decoded = invert(message.payload);
//!                 let payload = &invert(&decoded);
//!                 websocket.send_extended(ExtendedMessage { payload, ..message }, outbox)?;
//!             }
//!             ExtendedEvent::Message(_) => {
//!                 return websocket.close(CloseCode::PROTOCOL_ERROR, "inverted text", outbox);
//!             }
//!             ExtendedEvent::Event(_) | ExtendedEvent::Frame(_) => {}
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Both handshakes have accepted the extension.
//! let mut websocket = Connection::server(Config::new()).with_claims(CLAIMS)?;
//! # let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
//! # // FIN, RSV2 and binary; the masking key is 0.
//! # inbox.copy_from(b"\xa2\x83\0\0\0\0\x9e\x9d\x9c\xa1\x80\0\0\0\0");
//! # answer(&mut websocket, &mut inbox, &mut outbox)?;
//! # assert_eq!(outbox, b"\xa2\x03\x9e\x9d\x9c\x88\x0f\x03\xeainverted text");
//! # Ok(())
//! # }
//! ```
//!
//! The [guide](https://github.com/hybi/hybi/blob/main/docs/embedding.md#17-extensions-of-your-own) shows
//! the handshake, extensions after compression, and extensions with frames of their own.
//!
//! # Parsing
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

mod claims;

pub use claims::{Claims, ExtendedMessage, ExtensionFrame};

use crate::http1::token::{
    Elements, elements, is_token_byte, split_once, split_token, trim, trim_start,
};

/// The maximum number of elements in one list, including empty ones, and of parameters of one
/// extension.
pub const MAX_ELEMENTS: usize = 32;

/// A list of extensions is malformed, or exceeds [`MAX_ELEMENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of extensions is malformed or has too many elements (RFC 6455, section 9.1)")]
pub struct ExtensionSyntax;

/// Parses the value of a `Sec-WebSocket-Extensions` field. The whole value is checked at once; the
/// iterator then returns the extensions.
///
/// # Errors
///
/// The value is malformed: an empty list, nothing after a `;` or `=`, an unterminated quoted value,
/// a quoted value that is not a token, or a byte that no token contains. Also if the list or the
/// parameters of one extension exceed [`MAX_ELEMENTS`].
pub fn parse(value: &[u8]) -> Result<Extensions<'_>, ExtensionSyntax> {
    let mut rest = value;
    let mut has_any = false;
    // Empty elements count: RFC 9110, section 5.6.1.2, asks recipients to accept only a reasonable
    // number.
    let mut count = 0;
    loop {
        has_any |= Extension::check(&mut rest)?;
        count += 1;
        if count > MAX_ELEMENTS {
            return Err(ExtensionSyntax);
        }
        match rest.split_first() {
            None if has_any => return Ok(parsed(value)),
            Some((b',', after)) => rest = after,
            _ => return Err(ExtensionSyntax),
        }
    }
}

/// The extensions of a list that [`parse`] has accepted. The grammar is not checked again.
pub(crate) const fn parsed(value: &[u8]) -> Extensions<'_> {
    Extensions { elements: elements(value) }
}

/// The extensions of a list whose grammar has been checked.
///
/// Even a quoted value is a token and contains no comma, so the list is split at every comma.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    elements: Elements<'a>,
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        let element = self.elements.next()?;
        let (name, rest) = split_token(element);
        let name = core::str::from_utf8(name).ok()?;
        Some(Extension { name, parameters: trim_start(rest) })
    }
}

/// One extension with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    name: &'a str,
    /// The rest of the element, from the first `;` on.
    parameters: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The name of the extension; names are case-sensitive.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The parameters of the extension, in order.
    pub const fn parameters(&self) -> Parameters<'a> {
        Parameters { rest: self.parameters }
    }

    /// Checks the extension at the start of `rest`, up to the next comma, and advances `rest` past
    /// it. Returns `false` for an empty element.
    fn check(rest: &mut &'a [u8]) -> Result<bool, ExtensionSyntax> {
        skip_space(rest);
        if matches!(rest.first(), None | Some(b',')) {
            return Ok(false);
        }
        consume_token(rest)?;
        skip_space(rest);
        let mut count = 0;
        while !matches!(rest.first(), None | Some(b',')) {
            Parameter::check(rest)?;
            count += 1;
            if count > MAX_ELEMENTS {
                return Err(ExtensionSyntax);
            }
        }
        Ok(true)
    }
}

impl Extension<'_> {
    /// Writes the element as a list contains it, with unquoted values.
    pub(crate) fn write(&self, sink: &mut impl FnMut(&str)) {
        sink(self.name);
        for parameter in self.parameters() {
            sink("; ");
            sink(parameter.name());
            if let Some(value) = parameter.value() {
                sink("=");
                value.raw.split('\\').for_each(&mut *sink);
            }
        }
    }
}

/// Writes the element as a list contains it, with unquoted values.
impl core::fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut result = Ok(());
        self.write(&mut |part| result = result.and_then(|()| f.write_str(part)));
        result
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
        // The rest starts with a `;`. No quoted value contains one.
        let (_, rest) = self.rest.split_first()?;
        let parameter = split_once(rest, b';').map_or(rest, |(parameter, _)| parameter);
        self.rest = rest.get(parameter.len()..).unwrap_or_default();
        let (name, value) = split_token(trim(parameter));
        let value = match trim(value).split_first() {
            Some((_, value)) => Some(Value { raw: core::str::from_utf8(unquoted(value)).ok()? }),
            None => None,
        };
        Some(Parameter { name: core::str::from_utf8(name).ok()?, value })
    }
}

/// The value without the quotes around it, if it is quoted.
fn unquoted(value: &[u8]) -> &[u8] {
    let value = trim(value);
    if let [b'"', quoted @ .., b'"'] = value { quoted } else { value }
}

/// A parameter: a name, and optionally a value.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    name: &'a str,
    value: Option<Value<'a>>,
}

impl<'a> Parameter<'a> {
    /// The name of the parameter.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The value of the parameter, if it has one.
    pub const fn value(&self) -> Option<Value<'a>> {
        self.value
    }

    /// Checks the parameter at the start of `rest`, including its `;`, and advances `rest` past it.
    fn check(rest: &mut &'a [u8]) -> Result<(), ExtensionSyntax> {
        consume_byte(rest, b';')?;
        skip_space(rest);
        consume_token(rest)?;
        skip_space(rest);
        if rest.first() == Some(&b'=') {
            consume_byte(rest, b'=')?;
            skip_space(rest);
            Value::check(rest)?;
            skip_space(rest);
        }
        Ok(())
    }
}

/// The value of a parameter. A quoted value is equal to the token that results from removing its
/// quotes and escapes.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// The text between the quotes, with escapes. Without them, it is a token.
    raw: &'a str,
}

impl<'a> Value<'a> {
    /// The bytes of the value, without escapes.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + 'a {
        // A token contains no backslash, so each one is an escape.
        self.raw.bytes().filter(|&byte| byte != b'\\')
    }

    /// Checks the value at the start of `rest`, and advances `rest` past it.
    fn check(rest: &mut &'a [u8]) -> Result<(), ExtensionSyntax> {
        if rest.first() != Some(&b'"') {
            return consume_token(rest);
        }
        consume_byte(rest, b'"')?;
        let quoted = *rest;
        loop {
            // Fast path: most values have no escapes.
            *rest = split_token(rest).1;
            // Section 9.1: without escapes, the value is a token.
            while let [b'\\', byte, after @ ..] = *rest
                && is_token_byte(*byte)
            {
                *rest = after;
            }
            match rest.first() {
                Some(b'"') => break,
                Some(byte) if is_token_byte(*byte) => {}
                _ => return Err(ExtensionSyntax),
            }
        }
        if rest.len() == quoted.len() {
            return Err(ExtensionSyntax);
        }
        consume_byte(rest, b'"')
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

fn consume_byte(rest: &mut &[u8], byte: u8) -> Result<(), ExtensionSyntax> {
    match rest.split_first() {
        Some((first, after)) if *first == byte => {
            *rest = after;
            Ok(())
        }
        _ => Err(ExtensionSyntax),
    }
}

fn consume_token(rest: &mut &[u8]) -> Result<(), ExtensionSyntax> {
    let (token, after) = split_token(rest);
    *rest = after;
    if token.is_empty() { Err(ExtensionSyntax) } else { Ok(()) }
}

fn skip_space(rest: &mut &[u8]) {
    *rest = trim_start(rest);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{string::String, vec::Vec};

    use super::*;

    /// Names and unescaped values of an extension's parameters.
    fn parameters<'a>(extension: &Extension<'a>) -> Vec<(&'a str, Option<String>)> {
        let value = |value: Value<'_>| value.bytes().map(char::from).collect();
        extension.parameters().map(|p| (p.name(), p.value().map(value))).collect()
    }

    // 6455-9.1-a
    #[test]
    fn extensions_and_parameters_are_returned_in_order() {
        let list = b"foo , ,bar;a;b=1 ;\tc=\"d\"; a = \"\\e\\f\",\tbaz";
        let extensions: Vec<_> = parse(list).unwrap().collect();
        let names: Vec<_> = extensions.iter().map(Extension::name).collect();
        assert_eq!(names, ["foo", "bar", "baz"]);
        assert_eq!(parameters(&extensions[0]), []);
        let value = |value: &str| Some(String::from(value));
        let expected = [("a", None), ("b", value("1")), ("c", value("d")), ("a", value("ef"))];
        assert_eq!(parameters(&extensions[1]), expected);
        assert_eq!(parameters(&extensions[2]), []);
    }

    // 6455-9.1-a
    #[test]
    fn a_quoted_value_equals_the_token_inside_it() {
        let extension = parse(b"x; a=\"1\\0\"; b=10").unwrap().next().unwrap();
        for parameter in extension.parameters() {
            let value = parameter.value().unwrap();
            assert!(value == *"10" && value != *"1\\0" && value != *"1" && value != *"100");
        }
    }

    // 6455-9.1-a, 6455-9.1-b
    #[test]
    fn a_malformed_list_is_refused() {
        let lists: [&[u8]; 24] = [
            b"",
            b" \t",
            b",",
            b", ,",
            b";",
            b"a;",
            b"a; ;b",
            b"a b",
            b"=b",
            b"a=b",
            b"a;=b",
            b"a;b=",
            b"a;b=,c",
            b"a;b==c",
            b"a;b=c d",
            b"a;b=\"",
            b"a;b=\"\"",
            b"a;b=\"c",
            b"a;b=\"c d\"",
            b"a;b=\"c,d\"",
            b"a;b=\"c\\\"",
            b"a;b=\"c\"d",
            b"a;b=\"\\,\"",
            b"\xe9",
        ];
        for list in lists {
            assert_eq!(parse(list).err(), Some(ExtensionSyntax), "{}", list.escape_ascii());
        }
    }

    #[test]
    fn elements_and_parameters_are_limited() {
        let elements = |count: usize| std::vec!["a"; count].join(",");
        let parameters = |count: usize| String::from("a") + &";b".repeat(count);
        for list in [elements, parameters] {
            assert!(parse(list(MAX_ELEMENTS).as_bytes()).is_ok());
            assert!(parse(list(MAX_ELEMENTS + 1).as_bytes()).is_err());
        }
        // Empty elements count.
        assert!(parse([&b"a"[..], &[b','; MAX_ELEMENTS - 1]].concat().as_slice()).is_ok());
        assert!(parse([&b"a"[..], &[b','; MAX_ELEMENTS]].concat().as_slice()).is_err());
    }

    // The iterators expect text that was checked before. On any other text they end early.
    #[test]
    fn an_unchecked_list_ends_an_iterator_without_a_panic() {
        for list in [&b"\xff"[..], b"a;\xff=\xfe", b"a;b=\"\xff", b";;==\"\"\\", b"a;\"\\"] {
            for extension in parsed(list) {
                assert!(parameters(&extension).len() <= 4);
            }
        }
    }
}
