//! A reference implementation of `Sec-WebSocket-Accept` (RFC 6455, section 4.2.2), with SHA-1 and base64.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` for this key.
pub fn accept(key: &[u8]) -> String {
    base64(&sha1(&[key, GUID].concat()))
}

/// Whether this is 16 bytes in base64. The unused bits of the last digit may be set.
pub fn is_key(value: &[u8]) -> bool {
    let digits = value.strip_suffix(b"==").unwrap_or_default();
    digits.len() == 22 && digits.iter().all(|digit| ALPHABET.contains(digit))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let known = digit <= chunk.len();
            let index = bits >> (6 * (3 - digit)) & 63;
            text.push(if known { ALPHABET[index].into() } else { '=' });
        }
    }
    text
}

/// RFC 3174, section 6.1.
#[allow(clippy::many_single_char_names)] // the RFC's names
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_be_bytes());

    let mut h: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.as_chunks::<4>().0.chunks(16) {
        let mut w: Vec<u32> = block.iter().map(|word| u32::from_be_bytes(*word)).collect();
        for t in 16..80 {
            w.push((w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (t, w) in w.into_iter().enumerate() {
            let (f, k) = match t {
                0..20 => (b & c | !b & d, 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e);
            let next = sum.wrapping_add(w).wrapping_add(k);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
        for (h, sum) in h.iter_mut().zip([a, b, c, d, e]) {
            *h = h.wrapping_add(sum);
        }
    }
    let mut digest = [0; 20];
    for (bytes, h) in digest.as_chunks_mut::<4>().0.iter_mut().zip(h) {
        *bytes = h.to_be_bytes();
    }
    digest
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_section_1_3() {
        assert_eq!(super::accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(super::is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
    }
}
