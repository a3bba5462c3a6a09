//! Tokens and comma lists (RFC 9110, section 5.6).

use super::head::MAX_ELEMENTS;

/// Whether `bytes` is a token; a token is not empty.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_length(bytes) == bytes.len()
}

/// The number of leading bytes that may be in a token. Checks 16 bytes at a time, because a token
/// may be as long as a line.
pub(crate) fn token_length(bytes: &[u8]) -> usize {
    let are_token = |piece: &[u8; PIECE]| {
        piece.iter().fold(0, |delimiters, &byte| delimiters | is_delimiter(byte)) == 0
    };
    let pieces = bytes.as_chunks().0.iter().take_while(|piece| are_token(piece)).count();
    let skipped = PIECE * pieces;
    let rest = bytes[skipped..].iter();
    skipped + rest.take_while(|&&byte| is_token_byte(byte)).count()
}

/// Returns 0 for a byte that may be in a token, and 1 otherwise. Branch-free, so that LLVM
/// vectorizes it.
#[inline]
fn is_delimiter(byte: u8) -> u8 {
    let within = |first: u8, last: u8| u8::from(byte.wrapping_sub(first) <= last - first);
    let is = |other: u8| u8::from(byte == other);
    (1 ^ within(b'!', b'~'))
        | within(b'(', b')')
        | within(b':', b'@')
        | within(b'[', b']')
        | is(b'"')
        | is(b',')
        | is(b'/')
        | is(b'{')
        | is(b'}')
}

/// A fault in a list of distinct tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamesFault {
    /// The name at this index, from 0, is not a token.
    NotToken(usize),
    /// A name occurs twice.
    Repeated,
    /// There are more names than [`MAX_ELEMENTS`].
    TooMany,
}

/// Checks that all names are tokens and no two are equal.
pub(crate) fn check_names<'a>(names: impl Iterator<Item = &'a [u8]>) -> Result<(), NamesFault> {
    check_distinct(names, is_token)
}

/// Checks that all names are valid and no two are equal.
pub(crate) fn check_distinct<'a>(
    names: impl Iterator<Item = &'a [u8]>,
    is_valid: impl Fn(&[u8]) -> bool,
) -> Result<(), NamesFault> {
    /// Up to here, comparing all pairs is faster than sorting.
    const FEW: usize = 12;
    let mut few = [&[][..]; FEW];
    let mut names = names.enumerate();
    let mut count = 0;
    for (place, (index, name)) in few.iter_mut().zip(&mut names) {
        if !is_valid(name) {
            return Err(NamesFault::NotToken(index));
        }
        (*place, count) = (name, index + 1);
    }
    if count < FEW {
        let few = &few[..count];
        let is_repeated = |(index, name)| few[..index].contains(name);
        let is_distinct = !few.iter().enumerate().any(is_repeated);
        return if is_distinct { Ok(()) } else { Err(NamesFault::Repeated) };
    }
    let mut many = [&[][..]; MAX_ELEMENTS];
    many[..FEW].copy_from_slice(&few);
    for (index, name) in names {
        if !is_valid(name) {
            return Err(NamesFault::NotToken(index));
        }
        *many.get_mut(index).ok_or(NamesFault::TooMany)? = name;
        count = index + 1;
    }
    let many = &mut many[..count];
    many.sort_unstable();
    let is_repeated = |pair: &[&[u8]]| pair[0] == pair[1];
    if many.windows(2).any(is_repeated) { Err(NamesFault::Repeated) } else { Ok(()) }
}

#[inline]
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// A table, because most bytes of a head are looked up.
static TOKEN: [bool; 256] = {
    let mut is_token = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        is_token[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+')
            || matches!(byte, b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
        byte += 1;
    }
    is_token
};

/// The elements of a comma-separated list, without surrounding whitespace. Empty elements are
/// skipped (RFC 9110, section 5.6.1.2).
pub(crate) const fn elements(value: &[u8]) -> Elements<'_> {
    Elements { rest: Some(value) }
}

/// The iterator that [`elements`] returns.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    /// The rest of the value after the last comma found; `None` at the end.
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some(value) = self.rest {
            let comma = find(value, b',');
            self.rest = comma.map(|comma| &value[comma + 1..]);
            let element = trim(&value[..comma.unwrap_or(value.len())]);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// The number of bytes checked per step: one vector.
const PIECE: usize = 16;

/// The offset of the first `needle`.
#[inline]
pub(crate) fn find(bytes: &[u8], needle: u8) -> Option<usize> {
    let has = |piece: &[u8; PIECE]| {
        piece.iter().fold(0, |has, &byte| has | u8::from(byte == needle)) != 0
    };
    let (pieces, _) = bytes.as_chunks::<PIECE>();
    let skipped = PIECE * pieces.iter().take_while(|piece| !has(piece)).count();
    Some(skipped + bytes[skipped..].iter().position(|&byte| byte == needle)?)
}

/// Subtracts the number of `needle` bytes from `room`; `None` if there are more. It stops as soon
/// as `room` is used up, so a value full of them costs no more.
pub(crate) fn count_down(mut room: usize, mut bytes: &[u8], needle: u8) -> Option<usize> {
    while let Some(at) = find(bytes, needle) {
        room = room.checked_sub(1)?;
        bytes = &bytes[at + 1..];
    }
    Some(room)
}

/// Removes optional whitespace from both ends.
#[inline]
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    match value {
        [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => trim_whitespace(value),
        _ => value,
    }
}

fn trim_whitespace(value: &[u8]) -> &[u8] {
    let mut value = &value[space_length(value)..];
    // There may be a whole line of spaces.
    while let Some(rest) = value.strip_suffix(&[b' '; PIECE]) {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The number of leading bytes of optional whitespace.
#[inline]
pub(crate) fn space_length(bytes: &[u8]) -> usize {
    // Fast path: there is rarely more than one.
    match bytes {
        [b' ' | b'\t', b' ' | b'\t', ..] => {}
        [b' ' | b'\t', ..] => return 1,
        _ => return 0,
    }
    run_length(bytes, |byte| u8::from(byte != b' ') & u8::from(byte != b'\t'))
}

/// The number of leading bytes that may be in a request target. A `#` may not: a fragment is never
/// sent.
pub(crate) fn target_length(bytes: &[u8]) -> usize {
    let is_visible = |byte: u8| u8::from(byte.wrapping_sub(b'!') <= b'~' - b'!');
    run_length(bytes, |byte| (1 ^ is_visible(byte)) | u8::from(byte == b'#'))
}

/// The number of leading bytes for which `is_other` returns 0. Checks 16 bytes at a time.
#[inline]
fn run_length(bytes: &[u8], is_other: impl Fn(u8) -> u8) -> usize {
    let are_all =
        |piece: &[u8; PIECE]| piece.iter().fold(0, |others, &byte| others | is_other(byte)) == 0;
    let skipped = PIECE * bytes.as_chunks().0.iter().take_while(|piece| are_all(piece)).count();
    skipped + bytes[skipped..].iter().take_while(|&&byte| is_other(byte) == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9110, section 5.6.2
    #[test]
    fn the_bytes_of_a_token() {
        let others = b"!#$%&'*+-.^_`|~";
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || others.contains(&byte);
            assert_eq!(is_token_byte(byte), expected, "{byte:#x}");
            for at in (0..40).step_by(if cfg!(miri) { 13 } else { 1 }) {
                let mut token = [b'a'; 40];
                token[at] = byte;
                assert_eq!(token_length(&token), if expected { 40 } else { at }, "{byte:#x}");
            }
            assert_eq!(token_length(&[byte; 40]), if expected { 40 } else { 0 }, "{byte:#x}");
        }
    }
}
