//! A simple inflater (RFC 1951) that refuses distances beyond a window.

/// Inflates the messages of one direction.
pub(crate) struct Inflater {
    window: usize,
    /// The output that later messages may refer to.
    output: Vec<u8>,
}

struct Bits {
    bytes: Vec<u8>,
    /// The next bit.
    at: usize,
}

/// A Huffman code: the number of codes of each length, and the symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Inflater {
    /// An inflater with a window of 2^`bits` bytes.
    pub(crate) fn new(bits: u8) -> Self {
        Self { window: 1 << bits, output: Vec::new() }
    }

    /// Clears the window.
    pub(crate) fn forget(&mut self) {
        self.output.clear();
    }

    /// Inflates a message as this crate sends it. The next message may refer to it.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        let (message, has_final_block) = self.any_message(payload).unwrap();
        assert!(!has_final_block, "no final block is ever sent");
        message
    }

    /// Inflates a message as any peer may send it. Also returns whether it has a final block.
    ///
    /// `None` if it is invalid. A message must end with an empty stored block without its last four
    /// bytes (RFC 7692, section 7.2.1), or with a final block.
    pub(crate) fn any_message(&mut self, payload: &[u8]) -> Option<(Vec<u8>, bool)> {
        let start = self.output.len();
        let mut bits = Bits { bytes: [payload, &[0, 0, 0xff, 0xff]].concat(), at: 0 };
        let mut has_final_block = false;
        loop {
            let made = self.output.len();
            let is_final = bits.take(1)? == 1;
            let kind = bits.take(2)?;
            match kind {
                0 => self.stored(&mut bits)?,
                1 => {
                    let lengths = [(144, 8), (112, 9), (24, 7), (8, 8)];
                    let lengths = lengths.iter().flat_map(|&(count, length)| vec![length; count]);
                    let literals = Code::new(&lengths.collect::<Vec<_>>());
                    self.block(&mut bits, &literals, &Code::new(&[5; 30]))?;
                }
                2 => {
                    let (literals, distances) = dynamic(&mut bits)?;
                    self.block(&mut bits, &literals, &distances)?;
                }
                _ => return None,
            }
            has_final_block |= is_final;
            if is_final {
                bits.at = bits.at.next_multiple_of(8);
            }
            let ends_with_payload = is_final && bits.at == payload.len() * 8;
            let is_empty_stored = kind == 0 && self.output.len() == made;
            let ends_with_tail = is_empty_stored && bits.at == bits.bytes.len() * 8;
            if ends_with_payload || ends_with_tail {
                return Some((self.output[start..].to_vec(), has_final_block));
            }
        }
    }

    fn stored(&mut self, bits: &mut Bits) -> Option<()> {
        bits.at = bits.at.next_multiple_of(8);
        let length = bits.take(16)?;
        if bits.take(16)? != !length & 0xffff {
            return None;
        }
        for _ in 0..length {
            let byte = bits.take(8)?;
            self.output.push(u8::try_from(byte).unwrap());
        }
        Some(())
    }

    fn block(&mut self, bits: &mut Bits, literals: &Code, distances: &Code) -> Option<()> {
        loop {
            let symbol = literals.read(bits)?;
            if symbol == 256 {
                return Some(());
            }
            if symbol < 256 {
                self.output.push(u8::try_from(symbol).unwrap());
                continue;
            }
            let length = match symbol {
                257..=264 => symbol - 254,
                265..=284 => {
                    let extra = (symbol - 261) / 4;
                    3 + ((4 + (symbol - 261) % 4) << extra) + bits.take(extra)?
                }
                _ => 258,
            };
            let symbol = distances.read(bits)?;
            let distance = if symbol < 4 {
                symbol + 1
            } else {
                let extra = symbol / 2 - 1;
                1 + ((2 + symbol % 2) << extra) + bits.take(extra)?
            };
            assert!(distance <= self.window, "{distance} bytes back, beyond {}", self.window);
            if distance > self.output.len() {
                return None;
            }
            for _ in 0..length {
                self.output.push(self.output[self.output.len() - distance]);
            }
        }
    }
}

/// Reads the codes at the start of a dynamic block (section 3.2.7).
fn dynamic(bits: &mut Bits) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, count) = (bits.take(5)? + 257, bits.take(5)? + 1, bits.take(4)? + 4);
    let mut lengths = [0; 19];
    for place in &ORDER[..count] {
        lengths[*place] = bits.take(3)?;
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (literals, distances) = lengths.split_at(literals);
    Some((Code::new(literals), Code::new(distances)))
}

impl Bits {
    /// Reads the next `count` bits. `None` if there are fewer.
    fn take(&mut self, count: usize) -> Option<usize> {
        let end = self.at + count;
        if end > self.bytes.len() * 8 {
            return None;
        }
        let bits = (self.at..end).map(|at| usize::from(self.bytes[at / 8] >> (at % 8) & 1));
        self.at = end;
        Some(bits.rev().fold(0, |value, bit| value << 1 | bit))
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

    fn read(&self, bits: &mut Bits) -> Option<usize> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return Some(self.symbols[index + code - first]);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
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
