//! Payloads of each kind and any size.

use std::fmt;

use hybi::frame::Opcode;

/// The content of a payload.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Binary,
    /// Text with characters of one byte.
    Ascii,
    /// Text with characters of one to four bytes.
    MultiByte,
}

impl Kind {
    pub(crate) const fn opcode(self) -> Opcode {
        match self {
            Self::Binary => Opcode::Binary,
            Self::Ascii | Self::MultiByte => Opcode::Text,
        }
    }

    /// A payload of this kind.
    pub(crate) fn payload(self, size: usize) -> Vec<u8> {
        match self {
            // All byte values, so that it is neither ASCII nor UTF-8.
            Self::Binary => (0..=u8::MAX).rev().cycle().take(size).collect(),
            Self::Ascii => text("The kettle boils, and nobody is at home. ", size),
            Self::MultiByte => text("Ђак пише: «水は冷たい», und grüßt 🫖. ", size),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::MultiByte => "multi-byte",
        })
    }
}

/// Repeats the phrase, and fills the rest with dots if no further character fits.
fn text(phrase: &str, size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size);
    for character in phrase.chars().cycle() {
        if text.len() + character.len_utf8() > size {
            break;
        }
        text.push(character);
    }
    text.extend(std::iter::repeat_n('.', size - text.len()));
    text.into_bytes()
}
