//! The start of a string from the caller, as stored in errors.

/// The maximum length in bytes.
const MAX: usize = 30;

/// The start of a string: at most 30 bytes, so that an error can hold it without an allocator.
///
/// [`Display`](core::fmt::Display) writes it in quotes, with control characters escaped, and with
/// `...` if it is truncated.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Excerpt {
    bytes: [u8; MAX],
    /// At most [`MAX`], and on a character boundary.
    length: u8,
    is_truncated: bool,
}

/// Keeps as many complete characters as fit.
impl From<&str> for Excerpt {
    fn from(text: &str) -> Self {
        let kept = (0..=MAX).rev().find_map(|end| text.get(..end)).unwrap_or_default();
        let mut excerpt =
            Self { bytes: [0; MAX], length: 0, is_truncated: kept.len() < text.len() };
        for (place, byte) in excerpt.bytes.iter_mut().zip(kept.bytes()) {
            *place = byte;
            excerpt.length += 1;
        }
        excerpt
    }
}

impl Excerpt {
    /// The string, truncated to 30 bytes.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl core::fmt::Display for Excerpt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}{}", self.as_str(), if self.is_truncated { "..." } else { "" })
    }
}

impl core::fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_text_is_truncated_at_a_character_boundary() {
        let table = [
            ("", "\"\""),
            ("X-Field", "\"X-Field\""),
            ("a\r\nb", r#""a\r\nb""#),
            ("123456789012345678901234567890", "\"123456789012345678901234567890\""),
            ("1234567890123456789012345678901", "\"123456789012345678901234567890\"..."),
            ("12345678901234567890123456789\u{e9}", "\"12345678901234567890123456789\"..."),
        ];
        for (text, shown) in table {
            let excerpt = Excerpt::from(text);
            assert_eq!(excerpt.to_string(), shown);
            assert_eq!(std::format!("{excerpt:?}"), shown);
            assert!(text.starts_with(excerpt.as_str()));
        }
    }
}
