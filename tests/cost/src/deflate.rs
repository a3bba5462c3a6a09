//! DEFLATE (RFC 1951): streams as an ordinary compressor makes them, and by hand.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use flate2::{Compress, Compression, FlushCompress, Status};

/// What a sender leaves out at the end of a message (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The longest match.
pub(crate) const LONGEST: usize = 258;

/// A message as an ordinary compressor makes it. The same one is not made twice: under callgrind,
/// this takes longest of all.
pub(crate) fn compress(data: &[u8], level: u32) -> Vec<u8> {
    type Made = HashMap<(u32, Vec<u8>), Vec<u8>>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().expect("nothing panics with it");
    made.entry((level, data.to_vec())).or_insert_with(|| compress_anew(data, level)).clone()
}

fn compress_anew(data: &[u8], level: u32) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut compressed = Vec::with_capacity(data.len() + data.len() / 1000 + 100);
    let status = compress.compress_vec(data, &mut compressed, FlushCompress::Sync);
    assert!(status.is_ok() && compress.total_in() == data.len() as u64);
    assert!(compressed.ends_with(&TAIL));
    compressed.truncate(compressed.len() - TAIL.len());
    compressed
}

/// A stream with a final block, which ends on a whole byte.
pub(crate) fn compress_to_end(data: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(6), false);
    let mut compressed = Vec::with_capacity(data.len() + 100);
    let status = compress.compress_vec(data, &mut compressed, FlushCompress::Finish);
    assert!(matches!(status, Ok(Status::StreamEnd)));
    compressed
}

/// Bits, the first one lowest (RFC 1951, section 3.1.1).
#[derive(Clone, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are in use; 0 for all.
    used: u32,
}

/// The prefix codes of a block: the lengths of the codes for literals and lengths, and for
/// distances.
#[derive(Clone)]
pub(crate) struct Codes {
    pub(crate) literals: Vec<u8>,
    pub(crate) distances: Vec<u8>,
}

impl Bits {
    /// Numbers start with their lowest bit.
    pub(crate) fn number(&mut self, value: u32, count: u32) -> &mut Self {
        for index in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> index & 1) as u8) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
        self
    }

    /// Codes start with their highest bit.
    fn code(&mut self, code: (u32, u32)) -> &mut Self {
        let (value, count) = code;
        self.number(value.reverse_bits() >> (32 - count.max(1)), count)
    }

    /// An empty stored block, which ends on a whole byte.
    pub(crate) fn empty_stored(&mut self) -> &mut Self {
        self.number(0, 3);
        self.used = 0;
        self.bytes.extend(TAIL);
        self
    }

    /// A block with the fixed codes and nothing in it.
    pub(crate) fn empty_fixed(&mut self) -> &mut Self {
        self.number(0b010, 3).number(0, 7)
    }

    /// The header of a block with these codes (RFC 1951, section 3.2.7).
    pub(crate) fn dynamic(&mut self, codes: &Codes) -> &mut Self {
        /// The order in which the lengths of the codes for lengths are sent.
        const ORDER: [usize; 19] =
            [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let symbols = run_lengths(&[&codes.literals[..], &codes.distances].concat());
        // The symbols that are used get codes as short as can be; the first ones may be shorter.
        let mut used: Vec<usize> = symbols.iter().map(|(symbol, ..)| *symbol).collect();
        used.sort_unstable_by_key(|symbol| (*symbol != 16, *symbol));
        used.dedup();
        let longest = used.len().max(2).next_power_of_two().trailing_zeros();
        let shorter = (1 << longest) - used.len().max(2);
        let mut lengths = [0_u32; 19];
        for (index, symbol) in used.iter().enumerate() {
            lengths[*symbol] = longest - u32::from(index < shorter);
        }
        let canonical = canonical(&lengths.iter().map(|length| *length as u8).collect::<Vec<_>>());
        self.number(0b100, 3)
            .number(codes.literals.len() as u32 - 257, 5)
            .number(codes.distances.len() as u32 - 1, 5)
            .number(15, 4);
        for symbol in ORDER {
            self.number(lengths[symbol], 3);
        }
        for (symbol, extra, count) in symbols {
            self.code(canonical[symbol]).number(extra, count);
        }
        self
    }

    /// A symbol of a code: a literal, a length, a distance, or the end of a block.
    pub(crate) fn symbol(&mut self, lengths: &[u8], symbol: usize) -> &mut Self {
        self.code(canonical(lengths)[symbol])
    }

    /// How many bytes there are, the last one perhaps in part.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The message: it ends with an empty stored block, whose last bytes are left out.
    pub(crate) fn message(mut self) -> Vec<u8> {
        self.empty_stored();
        self.bytes.truncate(self.bytes.len() - TAIL.len());
        self.bytes
    }
}

/// The lengths as they are sent: symbols, each with a number and how many bits it has.
fn run_lengths(lengths: &[u8]) -> Vec<(usize, u32, u32)> {
    let mut symbols = Vec::new();
    let mut rest = lengths;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|length| **length == first).count();
        let taken = match (first, run) {
            (0, 11..) => {
                symbols.push((18, run.min(138) as u32 - 11, 7));
                run.min(138)
            }
            (0, 3..) => {
                symbols.push((17, run as u32 - 3, 3));
                run
            }
            _ => {
                symbols.push((usize::from(first), 0, 0));
                let mut taken = 1;
                while run - taken >= 3 {
                    let more = (run - taken).min(6);
                    symbols.push((16, more as u32 - 3, 2));
                    taken += more;
                }
                taken
            }
        };
        rest = &rest[taken..];
    }
    symbols
}

/// The codes of these lengths, each with its length (RFC 1951, section 3.2.2).
fn canonical(lengths: &[u8]) -> Vec<(u32, u32)> {
    let mut codes = vec![(0, 0); lengths.len()];
    let mut code = 0;
    for length in 1..=15 {
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, other)| **other == length) {
            codes[symbol] = (code, u32::from(length));
            code += 1;
        }
        code <<= 1;
    }
    codes
}
