//! Validates text in the widest vectors of the processor: 64 bytes at a time with AVX-512, 32 with
//! AVX2.
//!
//! Every fault of UTF-8 shows in two adjacent bytes, with one exception: a missing or superfluous
//! third or fourth byte. Three nibbles decide about two bytes: both of the first byte, and the upper
//! one of the second. So each kind of fault is three sets of nibbles. A table for each of the three
//! nibbles has a byte for each value, with a bit for each kind of fault. Two bytes have a fault if
//! the three bytes from the tables have a bit in common. One instruction looks up all nibbles of a
//! vector. The method is that of Keiser and Lemire, "Validating UTF-8 in less than one instruction
//! per byte" (2021).
//!
//! Short text is checked in the same way, with zeros after it. In a loop over its bytes, the processor
//! would mispredict about one branch for each character.

pub(in crate::raw) mod avx2;
pub(in crate::raw) mod avx512;

/// Nibbles, a bit for each.
type Set = u16;

/// An inclusive range of nibbles.
const fn nibbles(from: u8, to: u8) -> Set {
    (u16::MAX >> (15 - to)) & (u16::MAX << from)
}

const ANY: Set = nibbles(0x0, 0xf);
const ASCII: Set = nibbles(0x0, 0x7);
const CONTINUATION: Set = nibbles(0x8, 0xb);
const LEAD: Set = nibbles(0xc, 0xf);

/// The kinds of faults of two bytes: sets of the upper and the lower nibble of the first byte, and of
/// the upper nibble of the second.
const FAULTS: [[Set; 3]; 8] = [
    // A character without a continuation.
    [LEAD, ANY, ASCII | LEAD],
    // A continuation without a beginning.
    [ASCII, ANY, CONTINUATION],
    // Overlong: C0 and C1; E0 before 80 to 9F.
    [nibbles(0xc, 0xc), nibbles(0x0, 0x1), CONTINUATION],
    [nibbles(0xe, 0xe), nibbles(0x0, 0x0), nibbles(0x8, 0x9)],
    // A surrogate: ED before A0 to BF.
    [nibbles(0xe, 0xe), nibbles(0xd, 0xd), nibbles(0xa, 0xb)],
    // Above U+10FFFF: F4 before 90 to BF, and F5 to FF.
    [nibbles(0xf, 0xf), nibbles(0x4, 0xf), nibbles(0x9, 0xb)],
    // The same before 80 to 8F, from F5 on; and overlong: F0 before 80 to 8F.
    [nibbles(0xf, 0xf), nibbles(0x0, 0x0) | nibbles(0x5, 0xf), nibbles(0x8, 0x8)],
    // Two continuations: a fault unless they belong to a character of three or four bytes. It has the
    // top bit, which the check compares with that.
    [CONTINUATION, ANY, CONTINUATION],
];

/// The table of the first, second or third nibble.
const fn table(kind: usize) -> [u8; 16] {
    let mut table = [0; 16];
    let mut fault = 0;
    while fault < 8 {
        let mut nibble = 0;
        while nibble < 16 {
            if FAULTS[fault][kind] >> nibble & 1 == 1 {
                table[nibble] |= 1 << fault;
            }
            nibble += 1;
        }
        fault += 1;
    }
    table
}

/// The tables of the upper and the lower nibble of the first byte, and of the upper nibble of the
/// second.
const TABLES: [[u8; 16]; 3] = [table(0), table(1), table(2)];

/// The largest value of each byte of a vector if a character ends before the index `end`.
const fn complete<const N: usize>(end: usize) -> [u8; N] {
    let mut largest = [0xff; N];
    largest[end - 3] = 0xef;
    largest[end - 2] = 0xdf;
    largest[end - 1] = 0xbf;
    largest
}
