//! An inflater (RFC 1951), as plain as can be, that refuses distances beyond a window.

/// Inflates the messages of one direction.
pub(crate) struct Inflater {
    window: usize,
    /// All that was inflated and may be referred to.
    output: Vec<u8>,
}

struct Bits {
    bytes: Vec<u8>,
    /// The next bit.
    at: usize,
}

/// A Huffman code: how many codes there are of each length, and the symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Inflater {
    /// With a window of 2^`bits` bytes.
    pub(crate) fn new(bits: u8) -> Self {
        Self { window: 1 << bits, output: Vec::new() }
    }

    /// Forgets the window.
    pub(crate) fn forget(&mut self) {
        self.output.clear();
    }

    /// Inflates a message; the next one may refer to it.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        let start = self.output.len();
        let mut bits = Bits { bytes: [payload, &[0, 0, 0xff, 0xff]].concat(), at: 0 };
        while bits.at < bits.bytes.len() * 8 {
            assert_eq!(bits.take(1), 0, "no final block is ever sent");
            match bits.take(2) {
                0 => self.stored(&mut bits),
                1 => {
                    let lengths = [(144, 8), (112, 9), (24, 7), (8, 8)];
                    let lengths = lengths.iter().flat_map(|&(count, length)| vec![length; count]);
                    let literals = Code::new(&lengths.collect::<Vec<_>>());
                    self.block(&mut bits, &literals, &Code::new(&[5; 30]));
                }
                2 => {
                    let (literals, distances) = dynamic(&mut bits);
                    self.block(&mut bits, &literals, &distances);
                }
                _ => panic!("there is no such block"),
            }
        }
        assert_eq!(bits.at, bits.bytes.len() * 8, "a message ends on a byte");
        assert!(bits.bytes.ends_with(&[0, 0, 0xff, 0xff]));
        self.output[start..].to_vec()
    }

    fn stored(&mut self, bits: &mut Bits) {
        bits.at = bits.at.next_multiple_of(8);
        let length = bits.take(16);
        assert_eq!(bits.take(16), !length & 0xffff);
        for _ in 0..length {
            let byte = bits.take(8);
            self.output.push(u8::try_from(byte).unwrap());
        }
    }

    fn block(&mut self, bits: &mut Bits, literals: &Code, distances: &Code) {
        loop {
            let symbol = literals.read(bits);
            if symbol == 256 {
                return;
            }
            if symbol < 256 {
                self.output.push(u8::try_from(symbol).unwrap());
                continue;
            }
            let length = match symbol {
                257..=264 => symbol - 254,
                265..=284 => {
                    let extra = (symbol - 261) / 4;
                    3 + ((4 + (symbol - 261) % 4) << extra) + bits.take(extra)
                }
                _ => 258,
            };
            let symbol = distances.read(bits);
            let distance = if symbol < 4 {
                symbol + 1
            } else {
                let extra = symbol / 2 - 1;
                1 + ((2 + symbol % 2) << extra) + bits.take(extra)
            };
            assert!(distance <= self.window, "{distance} bytes back, beyond {}", self.window);
            assert!(distance <= self.output.len(), "{distance} bytes back, before the beginning");
            for _ in 0..length {
                self.output.push(self.output[self.output.len() - distance]);
            }
        }
    }
}

/// The codes at the start of a block that brings its own (section 3.2.7).
fn dynamic(bits: &mut Bits) -> (Code, Code) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, count) = (bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4);
    let mut lengths = [0; 19];
    for place in &ORDER[..count] {
        lengths[*place] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits) {
            16 => (*lengths.last().unwrap(), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (literals, distances) = lengths.split_at(literals);
    (Code::new(literals), Code::new(distances))
}

impl Bits {
    fn take(&mut self, count: usize) -> usize {
        let bits =
            (self.at..self.at + count).map(|at| usize::from(self.bytes[at / 8] >> (at % 8) & 1));
        let value = bits.rev().fold(0, |value, bit| value << 1 | bit);
        self.at += count;
        value
    }
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        for &length in lengths {
            counts[length] += 1;
        }
        counts[0] = 0;
        let of = |length| (0..lengths.len()).filter(move |&symbol| lengths[symbol] == length);
        Self { counts, symbols: (1..16).flat_map(of).collect() }
    }

    fn read(&self, bits: &mut Bits) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        panic!("no such code")
    }
}

#[test]
fn the_examples_of_the_rfc() {
    let mut inflater = Inflater::new(15);
    assert_eq!(inflater.message(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), b"Hello");
    assert_eq!(inflater.message(&[0xf2, 0x00, 0x11, 0x00, 0x00]), b"Hello");
    let blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflater.message(&blocks), b"Hello");
    assert_eq!(inflater.message(&[0x00]), b"");
}

#[test]
#[should_panic(expected = "5 bytes back, beyond 4")]
fn distances_beyond_the_window_are_refused() {
    let mut inflater = Inflater::new(2);
    inflater.message(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    inflater.message(&[0xf2, 0x00, 0x11, 0x00, 0x00]);
}
