//! `Sec-WebSocket-Key` and `Sec-WebSocket-Accept` (RFC 6455, sections 4.1 and 4.2.2).

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::block_api::compress;

use crate::random::{Entropy, EntropyError};

/// Fixed by section 1.3. SHA-1 provides no security here: it only proves that the server speaks
/// WebSocket.
const GUID: &[u8; 36] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The initial state of SHA-1 (RFC 3174, section 6.1).
const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

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

    /// Parses the key of a client. 16 bytes make 22 characters and the padding. The last character
    /// may have non-zero bits after the last byte: the example in the RFC once had them (erratum
    /// 3150).
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let key: &[u8; 24] = value.try_into().ok()?;
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let (characters, padding) = key.split_at(22);
        (characters.iter().all(is_base64) && padding == b"==").then_some(Self(*key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The value of `Sec-WebSocket-Accept` for this key. The hash covers the key exactly as it was
    /// received.
    pub(crate) fn accept(&self) -> [u8; 28] {
        // The key, the GUID and the padding (RFC 3174, section 4) are always two blocks, so the hasher
        // needs no buffer.
        let mut blocks = [[0; 64]; 2];
        blocks[0][..24].copy_from_slice(&self.0);
        blocks[0][24..60].copy_from_slice(GUID);
        blocks[0][60] = 0x80;
        blocks[1][56..].copy_from_slice(&(60_u64 * 8).to_be_bytes());
        let mut state = INITIAL;
        compress(&mut state, &blocks);
        let digest = state.map(u32::to_be_bytes);
        let mut accept = [0; 28];
        // 20 bytes make 28 characters.
        let length = STANDARD.encode_slice(digest.as_flattened(), &mut accept);
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
    extern crate std;
    use super::*;

    // 6455-4.2.2-e, 6455-4.2.2-k
    #[test]
    fn the_example_of_section_1_3() {
        let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        assert_eq!(&key.accept(), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    // P-se-f
    #[test]
    fn debug_omits_the_key() {
        let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        assert!(std::format!("{key:?}").starts_with("Key("));
        assert!(!std::format!("{key:?}").contains("dGhl"));
    }

    // 6455-4.2.1-h
    #[test]
    fn the_characters_of_a_key() {
        // RFC 4648, table 1.
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for byte in 0..=u8::MAX {
            let mut key = *b"dGhlIHNhbXBsZSBub25jZQ==";
            key[5] = byte;
            let expected = alphabet.contains(&byte);
            assert_eq!(Key::parse(&key).is_some(), expected, "{byte:#x}");
        }
    }

    // 6455-4.2.1-h
    #[test]
    fn a_key_is_sixteen_bytes() {
        let wrong: [&[u8]; 10] = [
            b"",
            b"dGhlIHNhbXBsZSBub25j",     // 15 bytes
            b"dGhlIHNhbXBsZSBub25jZTE=", // 17 bytes
            b"dGhlIHNhbXBsZSBub25jZTEy", // 18 bytes
            b"dGhlIHNhbXBsZSBub25jZQ",   // no padding
            b"dGhlIHNhbXBsZSBub25jZQ=a",
            b"dGhlIHNhbXBsZSBub25jZ-==", // another alphabet
            b"dGhlIHNhbXBsZSBub25jZ!==",
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
