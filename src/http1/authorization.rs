//! The `Authorization` and `Proxy-Authorization` fields: Basic (RFC 7617) and Bearer (RFC 6750).

use base64::{Engine, engine::general_purpose::STANDARD};

/// The credentials of the client.
#[derive(Clone, Copy)]
pub(crate) enum Authorization<'a> {
    Basic { user: &'a str, password: &'a str },
    Bearer(&'a str),
}

/// Why credentials cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthorizationFault {
    /// The user name contains a colon or a control character.
    UserName,
    /// The password contains a control character.
    Password,
    /// The token is outside its grammar.
    BearerToken,
}

impl Authorization<'_> {
    pub(crate) fn check(self) -> Result<(), AuthorizationFault> {
        let has_control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
        match self {
            // RFC 7617, section 2: the colon ends the user name.
            Self::Basic { user, .. } if user.contains(':') || has_control(user) => {
                Err(AuthorizationFault::UserName)
            }
            Self::Basic { password, .. } if has_control(password) => {
                Err(AuthorizationFault::Password)
            }
            Self::Bearer(token) if !is_token68(token) => Err(AuthorizationFault::BearerToken),
            _ => Ok(()),
        }
    }

    /// Writes the field line with this name and its CRLF.
    pub(crate) fn write(self, name: &str, sink: &mut impl FnMut(&[u8])) {
        sink(name.as_bytes());
        sink(b": ");
        self.write_value(sink);
        sink(b"\r\n");
    }

    /// Writes the value of the field.
    pub(crate) fn write_value(self, sink: &mut impl FnMut(&[u8])) {
        match self {
            Self::Basic { user, password } => {
                sink(b"Basic ");
                write_base64([user, ":", password].into_iter().flat_map(str::bytes), sink);
            }
            Self::Bearer(token) => {
                sink(b"Bearer ");
                sink(token.as_bytes());
            }
        }
    }
}

/// RFC 6750, section 2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(token: &str) -> bool {
    let characters = token.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !characters.is_empty() && characters.bytes().all(is_allowed)
}

/// Writes base64 in pieces of 48 bytes, so that the input may have any length without an allocator.
fn write_base64(mut bytes: impl Iterator<Item = u8>, sink: &mut impl FnMut(&[u8])) {
    // A multiple of 3 bytes needs no padding.
    let mut piece = [0; 48];
    loop {
        let mut length = 0;
        for (place, byte) in piece.iter_mut().zip(&mut bytes) {
            *place = byte;
            length += 1;
        }
        let mut encoded = [0; 64];
        // 48 bytes make 64 characters.
        let bytes = piece.get(..length).unwrap_or_default();
        let written = STANDARD.encode_slice(bytes, &mut encoded);
        debug_assert!(written.is_ok());
        sink(encoded.get(..written.unwrap_or_default()).unwrap_or_default());
        if length < piece.len() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String, vec::Vec};

    use super::*;

    fn written(authorization: Authorization<'_>) -> String {
        let mut bytes = Vec::new();
        authorization.write("Authorization", &mut |part| bytes.extend_from_slice(part));
        String::from_utf8(bytes).unwrap()
    }

    // RFC 7617, sections 2 and 2.1
    #[test]
    fn the_examples_of_rfc_7617() {
        let basic = |user, password| written(Authorization::Basic { user, password });
        let aladdin = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
        assert_eq!(basic("Aladdin", "open sesame"), aladdin);
        assert_eq!(basic("test", "123\u{a3}"), "Authorization: Basic dGVzdDoxMjPCow==\r\n");
    }

    #[test]
    fn credentials_of_any_length_are_encoded() {
        for length in 0..200 {
            let password = "p".repeat(length);
            let basic = written(Authorization::Basic { user: "u", password: &password });
            let encoded = basic.trim_end().strip_prefix("Authorization: Basic ").unwrap();
            let mut decoded = std::vec![0; 256];
            let decoded_length = STANDARD.decode_slice(encoded, &mut decoded).unwrap();
            assert_eq!(decoded[..decoded_length], *format!("u:{password}").as_bytes());
        }
    }

    // RFC 6750, section 2.1
    #[test]
    fn the_characters_of_a_bearer_token() {
        for byte in 0..=0x7f_u8 {
            let character = char::from(byte);
            let expected = character.is_ascii_alphanumeric() || "-._~+/".contains(character);
            assert_eq!(is_token68(&format!("a{character}b")), expected, "{character:?}");
        }
        for (token, expected) in
            [("mF_9.B5f-4.1JqM", true), ("a=", true), ("a==", true), ("", false), ("=", false)]
        {
            assert_eq!(is_token68(token), expected, "{token}");
        }
    }
}
