//! `Sec-WebSocket-Key` and `Sec-WebSocket-Accept` (RFC 6455, sections 4.1 and 4.2.2).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use sha1::{Digest, Sha1};

use crate::random::{Entropy, EntropyError};

/// Fixed by section 1.3. SHA-1 provides no security here: it only proves that the server speaks
/// WebSocket.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Accepts non-zero bits after the last byte: the example in the RFC once had them (erratum 3150).
const LENIENT_BITS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A `Sec-WebSocket-Key`: 16 bytes in base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key([u8; 24]);

impl Key {
    /// Generates a key.
    pub(crate) fn generate(entropy: &mut impl Entropy) -> Result<Self, EntropyError> {
        let mut nonce = [0; 16];
        entropy.fill(&mut nonce)?;
        let mut key = [0; 24];
        // 16 bytes make 24 characters.
        let length = STANDARD.encode_slice(nonce, &mut key);
        debug_assert_eq!(length, Ok(24));
        Ok(Self(key))
    }

    /// Parses the key of a client.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let key = value.try_into().ok()?;
        let mut nonce = [0; 18];
        let length = LENIENT_BITS.decode_slice(value, &mut nonce).ok()?;
        (length == 16).then_some(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The value of `Sec-WebSocket-Accept` for this key. The hash covers the key exactly as it was
    /// received.
    pub(crate) fn accept(&self) -> [u8; 28] {
        let digest = Sha1::new().chain_update(self.0).chain_update(GUID).finalize();
        let mut accept = [0; 28];
        // 20 bytes make 28 characters.
        let length = STANDARD.encode_slice(digest, &mut accept);
        debug_assert_eq!(length, Ok(28));
        accept
    }
}

/// Shows nothing: a key in a log helps only attackers.
impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 6455-4.2.2-e, 6455-4.2.2-k
    #[test]
    fn the_example_of_section_1_3() {
        let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        assert_eq!(&key.accept(), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    // 6455-4.2.1-h
    #[test]
    fn a_key_is_sixteen_bytes() {
        let wrong: [&[u8]; 9] = [
            b"",
            b"dGhlIHNhbXBsZSBub25j",     // 15 bytes
            b"dGhlIHNhbXBsZSBub25jZTE=", // 17 bytes
            b"dGhlIHNhbXBsZSBub25jZTEy", // 18 bytes
            b"dGhlIHNhbXBsZSBub25jZQ",   // no padding
            b"dGhlIHNhbXBsZSBub25jZQ=a",
            b"dGhlIHNhbXBsZSBub25jZ-==", // another alphabet
            b"dGhlIHNhb BsZSBub25jZQ==",
            b"dGhlIHNhbXBsZSBub25jZQ== ",
        ];
        for key in wrong {
            assert!(Key::parse(key).is_none(), "{}", key.escape_ascii());
        }
    }

    // P-sh-a
    #[test]
    fn pad_bits_are_hashed_as_received() {
        let canonical = Key::parse(b"AQIDBAUGBwgJCgsMDQ4PEA==").unwrap();
        let other = Key::parse(b"AQIDBAUGBwgJCgsMDQ4PEC==").unwrap();
        assert_ne!(canonical.accept(), other.accept());
    }
}
