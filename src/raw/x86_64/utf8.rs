//! Validating text in the widest vectors that the processor has: 64 bytes at a time in AVX-512, 32
//! in AVX2.
//!
//! What is wrong with UTF-8 shows in two bytes that stand side by side, but for one thing: whether
//! a third or fourth byte is missing or one too many. Of the two bytes, three halves decide: both
//! of the first and the upper one of the second. So each kind of fault is three sets of halves, a
//! byte of eight bits says in which of the sets of which fault a half is, and where the three
//! bytes have a bit in common, there is that fault. A vector looks up as many halves as it has bytes
//! in one instruction. The method is that of Keiser and Lemire, "Validating UTF-8 in less than one
//! instruction per byte" (2021).

pub(in crate::raw) mod avx2;
pub(in crate::raw) mod avx512;

/// Fewer bytes than these take less time one by one.
pub(in crate::raw) const FEW: usize = 32;

/// Halves of bytes, a bit for each.
type Set = u16;

/// The inclusive range of halves.
const fn halves(from: u8, to: u8) -> Set {
    (u16::MAX >> (15 - to)) & (u16::MAX << from)
}

const ANY: Set = halves(0x0, 0xf);
const ASCII: Set = halves(0x0, 0x7);
const CONTINUATION: Set = halves(0x8, 0xb);
const LEAD: Set = halves(0xc, 0xf);

/// What may be wrong with two bytes: the upper and the lower half of the first, the upper half of
/// the second.
const FAULTS: [[Set; 3]; 8] = [
    // A character that begins and does not go on.
    [LEAD, ANY, ASCII | LEAD],
    // One that goes on without having begun.
    [ASCII, ANY, CONTINUATION],
    // Overlong: C0 and C1; E0 before 80 to 9F.
    [halves(0xc, 0xc), halves(0x0, 0x1), CONTINUATION],
    [halves(0xe, 0xe), halves(0x0, 0x0), halves(0x8, 0x9)],
    // A surrogate: ED before A0 to BF.
    [halves(0xe, 0xe), halves(0xd, 0xd), halves(0xa, 0xb)],
    // Above U+10FFFF: F4 before 90 to BF, and F5 to FF.
    [halves(0xf, 0xf), halves(0x4, 0xf), halves(0x9, 0xb)],
    // The same before 80 to 8F, from F5 on; and overlong: F0 before 80 to 8F.
    [halves(0xf, 0xf), halves(0x0, 0x0) | halves(0x5, 0xf), halves(0x8, 0x8)],
    // Two continuations: a fault unless a character of three or four bytes is going on. It has the
    // top bit, in which `look_at` finds out about that.
    [CONTINUATION, ANY, CONTINUATION],
];

/// In which sets of the first, second or third kind each half is, a bit for each fault.
const fn table(kind: usize) -> [u8; 16] {
    let mut table = [0; 16];
    let mut fault = 0;
    while fault < 8 {
        let mut half = 0;
        while half < 16 {
            if FAULTS[fault][kind] >> half & 1 == 1 {
                table[half] |= 1 << fault;
            }
            half += 1;
        }
        fault += 1;
    }
    table
}

/// The tables of the upper and the lower half of the first byte, and the upper half of the second.
const TABLES: [[u8; 16]; 3] = [table(0), table(1), table(2)];

/// The most that may stand before this place in a vector, if another character begins there.
const fn complete<const N: usize>(end: usize) -> [u8; N] {
    let mut most = [0xff; N];
    most[end - 3] = 0xef;
    most[end - 2] = 0xdf;
    most[end - 1] = 0xbf;
    most
}
