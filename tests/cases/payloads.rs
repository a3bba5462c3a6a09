//! Payloads of the kinds that chapter 12 compresses, made by a generator of pseudorandom numbers.

/// What the messages are taken from.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Json,
    /// A picture: a smooth gradient with noise.
    Image,
    Prose,
    Html,
    /// A document whose streams are compressed already.
    Document,
}

/// The length of a source.
const LENGTH: usize = 200_000;

const WORDS: [&str; 16] = [
    "river", "the", "of", "Mühle", "stone", "and", "über", "light", "a", "morning", "in", "größer",
    "wind", "to", "letter", "night",
];

impl Source {
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Json | Self::Html)
    }

    /// A part of the source. `index` counts the parts.
    fn part(self, index: usize, numbers: &mut Numbers) -> String {
        let mut word = || WORDS[numbers.below(WORDS.len())];
        match self {
            Self::Json => {
                let (name, city) = (word(), word());
                let (value, flag) = (numbers.below(100_000), numbers.below(2) == 1);
                format!(
                    "{{\"id\":{index},\"name\":\"{name} {city}\",\"v\":{value},\"on\":{flag}}},\n"
                )
            }
            Self::Html => {
                let (title, link) = (word(), word());
                format!(
                    "<tr class=\"row\"><td>{title}</td><td><a href=\"/{index}\">{link}</a></td></tr>\n"
                )
            }
            _ => (0..12).map(|_| word()).collect::<Vec<_>>().join(" ") + ".\n",
        }
    }

    /// The characters of a text; bytes as characters below U+0100 otherwise.
    fn characters(self) -> Vec<char> {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let byte = |number: usize| char::from(number.to_le_bytes()[0]);
        match self {
            Self::Image => {
                (0..LENGTH).map(|at| byte(at / 512 + at % 512 / 3 + numbers.below(4))).collect()
            }
            Self::Document => (0..LENGTH)
                .map(|at| match at % 4096 {
                    0..200 => byte(b"endstream endobj <</Filter/FlateDecode>> "[at % 41].into()),
                    _ => byte(numbers.below(256)),
                })
                .collect(),
            _ => {
                let parts = (0..)
                    .flat_map(|index| self.part(index, &mut numbers).chars().collect::<Vec<_>>());
                parts.take(LENGTH).collect()
            }
        }
    }
}

/// Messages of a length in characters or bytes, each of which begins where the previous one ends.
pub(crate) struct Payloads {
    source: Source,
    characters: Vec<char>,
    length: usize,
    start: usize,
}

impl Payloads {
    pub(crate) fn new(source: Source, length: usize) -> Self {
        Self { source, characters: source.characters(), length, start: 0 }
    }
}

impl Iterator for Payloads {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let rest = self.characters[self.start..].iter().copied();
        let characters = rest.chain(self.characters.iter().copied()).take(self.length);
        self.start = (self.start + self.length) % self.characters.len();
        Some(if self.source.is_text() {
            characters.collect::<String>().into()
        } else {
            characters.map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
        })
    }
}

/// Xorshift numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
