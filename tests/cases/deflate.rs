//! DEFLATE (RFC 1951) without the codec of the crate.
//!
//! The deflater writes blocks of all three kinds in turn. The inflater refuses distances beyond its
//! window.

/// The longest match.
const MAX_MATCH: usize = 258;

/// The order in which the lengths of the code length code are sent (section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Both directions of a peer.
pub(crate) struct Codec {
    deflater: Deflater,
    inflater: Inflater,
}

/// The parameters of a direction.
#[derive(Clone, Copy)]
pub(crate) struct Direction {
    pub(crate) window_bits: u8,
    pub(crate) context_takeover: bool,
}

impl Codec {
    /// For what the peer sends, and for what it receives.
    pub(crate) fn new(sending: Direction, receiving: Direction) -> Self {
        Self { deflater: Deflater::new(sending), inflater: Inflater::new(receiving) }
    }

    /// The payload of a message (RFC 7692, section 7.2.1).
    pub(crate) fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        self.deflater.compress(message)
    }

    /// The message in a payload (RFC 7692, section 7.2.2).
    pub(crate) fn decompress(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        self.inflater.decompress(payload)
    }
}

struct Deflater {
    window: usize,
    context_takeover: bool,
    /// Previous messages, as far as the window reaches, and then the message.
    data: Vec<u8>,
    /// One more than the index of the latest three bytes with each hash; 0 if there are none.
    latest: Vec<u32>,
    /// Counts the blocks, so that their kinds take turns.
    blocks: usize,
    /// Fixed and dynamic Huffman codes.
    codes: [[Vec<(u32, u32)>; 2]; 2],
}

impl Deflater {
    fn new(direction: Direction) -> Self {
        let codes = [fixed(), even()].map(|lengths| lengths.map(|lengths| encoding(&lengths)));
        Self {
            window: 1 << direction.window_bits,
            context_takeover: direction.context_takeover,
            data: Vec::new(),
            latest: vec![0; 1 << 12],
            blocks: 0,
            codes,
        }
    }

    fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        if !self.context_takeover {
            self.data.clear();
            self.latest.fill(0);
        } else if self.data.len() > 4 * self.window {
            self.data.drain(..self.data.len() - self.window);
            self.latest.fill(0);
            (0..self.data.len().saturating_sub(2)).for_each(|index| self.note(index));
        }
        let mut start = self.data.len();
        self.data.extend_from_slice(message);
        let mut bits = BitWriter::default();
        while start < self.data.len() {
            let end = self.data.len().min(start + 0x4000);
            let kind = [1, 2, 0][self.blocks % 3];
            self.blocks += 1;
            bits.put(kind << 1, 3);
            match kind {
                0 => self.store(start, end, &mut bits),
                _ => self.block(kind, start, end, &mut bits),
            }
            start = end;
        }
        // An empty stored block follows, without its last four bytes.
        bits.put(0, 3);
        bits.align();
        bits.bytes
    }

    fn store(&mut self, start: usize, end: usize, bits: &mut BitWriter) {
        bits.align();
        let length = u16::try_from(end - start).unwrap();
        bits.bytes.extend_from_slice(&length.to_le_bytes());
        bits.bytes.extend_from_slice(&(!length).to_le_bytes());
        bits.bytes.extend_from_slice(&self.data[start..end]);
        (start..end.saturating_sub(2)).for_each(|index| self.note(index));
    }

    fn block(&mut self, kind: u32, start: usize, end: usize, bits: &mut BitWriter) {
        if kind == 2 {
            put_even_lengths(bits);
        }
        let mut index = start;
        while index < end {
            let (length, distance) = self.find(index, end);
            if length < 3 {
                self.put(kind, 0, usize::from(self.data[index]), bits);
            } else {
                let symbol = (257..=285).rev().find(|symbol| length_of(*symbol).0 <= length);
                let symbol = symbol.unwrap();
                let (least, extra) = length_of(symbol);
                self.put(kind, 0, symbol, bits);
                bits.put(u32::try_from(length - least).unwrap(), extra);
                let symbol = (0..30).rev().find(|symbol| distance_of(*symbol).0 <= distance);
                let symbol = symbol.unwrap();
                let (least, extra) = distance_of(symbol);
                self.put(kind, 1, symbol, bits);
                bits.put(u32::try_from(distance - least).unwrap(), extra);
            }
            let next = index + length.max(1);
            (index..next.min(end.saturating_sub(2))).for_each(|index| self.note(index));
            index = next;
        }
        self.put(kind, 0, 256, bits);
    }

    fn put(&self, kind: u32, which: usize, symbol: usize, bits: &mut BitWriter) {
        let (code, length) = self.codes[kind as usize - 1][which][symbol];
        bits.put(code, length);
    }

    /// The length and distance of the latest match; a length below 3 if there is none.
    fn find(&self, index: usize, end: usize) -> (usize, usize) {
        if end - index < 3 {
            return (0, 0);
        }
        let Some(found) = (self.latest[self.hash(index)] as usize).checked_sub(1) else {
            return (0, 0);
        };
        let distance = index - found;
        if distance > self.window {
            return (0, 0);
        }
        let (old, new) = (&self.data[found..], &self.data[index..end]);
        let pairs = old.iter().zip(new).take(MAX_MATCH);
        (pairs.take_while(|(old, new)| old == new).count(), distance)
    }

    fn note(&mut self, index: usize) {
        let hash = self.hash(index);
        self.latest[hash] = u32::try_from(index + 1).unwrap();
    }

    fn hash(&self, index: usize) -> usize {
        let [a, b, c] = [0, 1, 2].map(|offset| usize::from(self.data[index + offset]));
        (a << 7 ^ b << 4 ^ c) & 0xfff
    }
}

struct Inflater {
    window: usize,
    context_takeover: bool,
    output: Vec<u8>,
}

impl Inflater {
    fn new(direction: Direction) -> Self {
        let window = 1 << direction.window_bits;
        Self { window, context_takeover: direction.context_takeover, output: Vec::new() }
    }

    fn decompress(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let before = self.output.len().saturating_sub(self.window);
        self.output.drain(..before);
        if !self.context_takeover {
            self.output.clear();
        }
        let start = self.output.len();
        let bytes = [payload, &[0, 0, 0xff, 0xff]].concat();
        let mut bits = BitReader { bytes: &bytes, position: 0, buffer: 0, count: 0 };
        loop {
            let produced = self.output.len();
            if bits.take(1)? == 1 {
                return Err("a final block".into());
            }
            let kind = bits.take(2)?;
            match kind {
                0 => self.stored(&mut bits)?,
                1 => self.block(&mut bits, &fixed())?,
                2 => {
                    let lengths = read_lengths(&mut bits)?;
                    self.block(&mut bits, &lengths)?;
                }
                _ => return Err("an invalid block".into()),
            }
            if bits.is_at_end() {
                if kind != 0 || self.output.len() != produced {
                    return Err("no empty block at the end".into());
                }
                return Ok(self.output[start..].to_vec());
            }
        }
    }

    fn stored(&mut self, bits: &mut BitReader<'_>) -> Result<(), String> {
        bits.align();
        let (length, complement) = (bits.take(16)?, bits.take(16)?);
        if length ^ complement != 0xffff {
            return Err("an invalid stored block".into());
        }
        for _ in 0..length {
            let byte = bits.take(8)?;
            self.output.push(u8::try_from(byte).unwrap());
        }
        Ok(())
    }

    fn block(&mut self, bits: &mut BitReader<'_>, lengths: &[Vec<u32>; 2]) -> Result<(), String> {
        let [literals, distances] = lengths.each_ref().map(|lengths| decoding(lengths));
        loop {
            let symbol = bits.symbol(&literals)?;
            if symbol == 256 {
                return Ok(());
            }
            if let Ok(literal) = u8::try_from(symbol) {
                self.output.push(literal);
                continue;
            }
            let (least, extra) = length_of(symbol);
            let length = least + bits.take(extra)? as usize;
            let (least, extra) = distance_of(bits.symbol(&distances)?);
            let distance = least + bits.take(extra)? as usize;
            if distance > self.window || distance > self.output.len() {
                return Err(format!("{distance} bytes back, with {}", self.window));
            }
            for _ in 0..length {
                self.output.push(self.output[self.output.len() - distance]);
            }
        }
    }
}

/// The least length of a symbol from 257 to 285, and its number of extra bits (section 3.2.5).
fn length_of(symbol: usize) -> (usize, u32) {
    match symbol {
        257..=264 => (symbol - 254, 0),
        285 => (MAX_MATCH, 0),
        _ => {
            let extra = (symbol - 261) / 4;
            (3 + ((4 + (symbol - 261) % 4) << extra), u32::try_from(extra).unwrap())
        }
    }
}

/// The least distance of a symbol from 0 to 29, and its number of extra bits.
fn distance_of(symbol: usize) -> (usize, u32) {
    if symbol < 4 {
        return (symbol + 1, 0);
    }
    let extra = symbol / 2 - 1;
    (1 + ((2 + symbol % 2) << extra), u32::try_from(extra).unwrap())
}

/// The lengths of the fixed codes (section 3.2.6).
fn fixed() -> [Vec<u32>; 2] {
    let literals = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
    [literals, vec![5; 30]]
}

/// The lengths of complete codes in which all symbols have almost the same length.
fn even() -> [Vec<u32>; 2] {
    let literals = [vec![8; 128], vec![9; 60], vec![8; 98]].concat();
    [literals, [vec![4; 2], vec![5; 28]].concat()]
}

/// Writes the lengths of [`even`] (section 3.2.7): 4, 5, 8 and 9 have codes of two bits.
fn put_even_lengths(bits: &mut BitWriter) {
    bits.put(286 - 257, 5);
    bits.put(30 - 1, 5);
    bits.put(12 - 4, 4);
    let mut of_lengths = vec![0; 10];
    for length in [4, 5, 8, 9] {
        of_lengths[length] = 2;
    }
    for symbol in &ORDER[..12] {
        bits.put(of_lengths.get(*symbol).copied().unwrap_or(0), 3);
    }
    let codes = encoding(&of_lengths);
    for length in even().into_iter().flatten() {
        let (code, length) = codes[length as usize];
        bits.put(code, length);
    }
}

fn read_lengths(bits: &mut BitReader<'_>) -> Result<[Vec<u32>; 2], String> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut of_lengths = vec![0; 19];
    for symbol in &ORDER[..count] {
        of_lengths[*symbol] = bits.take(3)?;
    }
    let code = decoding(&of_lengths);
    let mut lengths: Vec<u32> = Vec::new();
    while lengths.len() < literals + distances {
        let symbol = bits.symbol(&code)?;
        let (length, repeated) = match symbol {
            16 => (*lengths.last().ok_or("nothing to repeat")?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            _ => (u32::try_from(symbol).unwrap(), 1),
        };
        lengths.extend((0..repeated).map(|_| length));
    }
    if lengths.len() > literals + distances {
        return Err("too many lengths".into());
    }
    let distances = lengths.split_off(literals);
    Ok([lengths, distances])
}

/// The code of each symbol, with its first bit lowest, and its length (section 3.2.2).
fn encoding(lengths: &[u32]) -> Vec<(u32, u32)> {
    let mut codes = vec![(0, 0); lengths.len()];
    let mut code = 0_u32;
    for length in 1..=15 {
        for symbol in (0..lengths.len()).filter(|symbol| lengths[*symbol] == length) {
            codes[symbol] = (code.reverse_bits() >> (32 - length), length);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// The symbol and the length of the code that begins each sequence of bits; a length of 0 if there
/// is none.
fn decoding(lengths: &[u32]) -> Vec<(usize, u32)> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut table = vec![(0, 0); 1 << longest];
    for (symbol, (code, length)) in encoding(lengths).into_iter().enumerate() {
        if length > 0 {
            for entry in table.iter_mut().skip(code as usize).step_by(1 << length) {
                *entry = (symbol, length);
            }
        }
    }
    table
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    buffer: u64,
    count: u32,
}

impl BitWriter {
    fn put(&mut self, bits: u32, count: u32) {
        self.buffer |= u64::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.buffer.to_le_bytes()[0]);
            self.buffer >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }
}

struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
    buffer: u64,
    count: u32,
}

impl BitReader<'_> {
    fn fill(&mut self) {
        while self.count <= 56 && self.position < self.bytes.len() {
            self.buffer |= u64::from(self.bytes[self.position]) << self.count;
            self.position += 1;
            self.count += 8;
        }
    }

    fn take(&mut self, count: u32) -> Result<u32, String> {
        self.fill();
        let bits = self.buffer & ((1 << count) - 1);
        self.skip(count)?;
        Ok(u32::try_from(bits).unwrap())
    }

    fn symbol(&mut self, code: &[(usize, u32)]) -> Result<usize, String> {
        self.fill();
        let index = usize::try_from(self.buffer & (code.len() as u64 - 1)).unwrap();
        match code[index] {
            (_, 0) => Err("an unknown code".into()),
            (symbol, length) => self.skip(length).map(|()| symbol),
        }
    }

    fn skip(&mut self, count: u32) -> Result<(), String> {
        self.count = self.count.checked_sub(count).ok_or("an incomplete message")?;
        self.buffer >>= count;
        Ok(())
    }

    fn align(&mut self) {
        let rest = self.count % 8;
        self.buffer >>= rest;
        self.count -= rest;
    }

    fn is_at_end(&self) -> bool {
        self.count == 0 && self.position == self.bytes.len()
    }
}
