//! Data to be compressed.

use std::fmt::Write;

/// Text as people write it, near enough: words from a list, the next one drawn at random.
pub(super) fn prose(length: usize) -> String {
    const WORDS: &str = "the of and a to in is you that it he was for on are as with his they I \
        at be this have from or one had by word but not what all were we when your can said there \
        use an each which she do how their if will up other about out many then them these so some \
        her would make like him into time has look two more write go see number no way could \
        people my than first water been call who oil its now find long down day did get come made \
        may part";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut text = String::with_capacity(length + 16);
    let mut numbers = Numbers(1);
    while text.len() < length {
        text.push_str(words[numbers.next() as usize % words.len()]);
        text.push(' ');
    }
    text
}

/// Records as a program sends them.
pub(super) fn records(length: usize) -> String {
    let mut text = String::with_capacity(length + 100);
    let mut numbers = Numbers(2);
    while text.len() < length {
        let (id, price) = (numbers.next() % 10_000, numbers.next() % 100_000);
        let _ =
            write!(text, "{{\"id\":{id},\"symbol\":\"HYBI\",\"price\":{price},\"side\":\"buy\"}},");
    }
    text
}

pub(super) fn random(length: usize) -> Vec<u8> {
    let mut numbers = Numbers(3);
    (0..length).map(|_| numbers.next() as u8).collect()
}

/// Numbers without a pattern, always the same ones.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
