//! Tokens and comma lists (RFC 9110, section 5.6).

use core::cmp::Ordering;

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
    let rest = bytes.get(skipped..).unwrap_or_default().iter();
    skipped + rest.take_while(|&&byte| is_token_byte(byte)).count()
}

/// The token at the start of `bytes`, which may be empty, and the rest.
#[inline]
pub(crate) fn split_token(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(token_length(bytes)).unwrap_or((bytes, &[]))
}

/// Returns 0 for a byte that may be in a token, and 1 otherwise. LLVM vectorizes comparisons whose
/// result is a number, but neither `matches!` nor a `bool` as the result.
#[inline]
fn is_delimiter(byte: u8) -> u8 {
    let within = |first: u8, last: u8| (first..=last).contains(&byte);
    u8::from(
        !within(b'!', b'~')
            || within(b'(', b')')
            || within(b':', b'@')
            || within(b'[', b']')
            || byte == b'"'
            || byte == b','
            || byte == b'/'
            || byte == b'{'
            || byte == b'}',
    )
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
        let mut rest = few.get(..count).unwrap_or_default();
        while let [name, others @ ..] = rest {
            if others.contains(name) {
                return Err(NamesFault::Repeated);
            }
            rest = others;
        }
        return Ok(());
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
    if are_distinct(&many, count) { Ok(()) } else { Err(NamesFault::Repeated) }
}

/// Whether the first `count` names are distinct: a merge sort that stops where two names are equal.
fn are_distinct(names: &[&[u8]; MAX_ELEMENTS], count: usize) -> bool {
    // The remainder shows that the index is in bounds.
    let name = |index: u8| names[usize::from(index) % MAX_ELEMENTS];
    let mut order: [u8; MAX_ELEMENTS] = core::array::from_fn(|index| index.to_le_bytes()[0]);
    let mut merged = order;
    let mut width = 1;
    while width < count.min(MAX_ELEMENTS) {
        let from = order.get(..count).unwrap_or_default().chunks(2 * width);
        for (pair, places) in from.zip(merged.chunks_mut(2 * width)) {
            let (left, right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            // Names are often in order already.
            if let ([.., last], [first, ..]) = (left, right)
                && name(*last) < name(*first)
            {
                pair.iter().zip(places).for_each(|(index, place)| *place = *index);
            } else if !merge(left, right, places, name) {
                return false;
            }
        }
        core::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    true
}

/// Merges the indices of two sorted runs of names into `places`. Returns `false` when two names are
/// equal.
#[inline]
fn merge<'a>(left: &[u8], right: &[u8], places: &mut [u8], name: impl Fn(u8) -> &'a [u8]) -> bool {
    let (mut left, mut right) = (left.iter(), right.iter());
    let (mut first, mut second) = (left.next(), right.next());
    for place in places {
        let is_left = match (first, second) {
            (Some(&first), Some(&second)) => match name(first).cmp(name(second)) {
                Ordering::Less => true,
                Ordering::Equal => return false,
                Ordering::Greater => false,
            },
            (first, _) => first.is_some(),
        };
        let (next, rest) =
            if is_left { (&mut first, &mut left) } else { (&mut second, &mut right) };
        let Some(&index) = *next else { break };
        *place = index;
        *next = rest.next();
    }
    true
}

#[inline]
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// A table, because most bytes of a head are looked up.
static TOKEN: [bool; 256] = {
    let mut is_token = [false; 256];
    let mut index = 0;
    while index < is_token.len() {
        let byte = index.to_le_bytes()[0];
        is_token[index] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+')
            || matches!(byte, b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
        index += 1;
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
            let (element, rest) = match split_once(value, b',') {
                Some((element, rest)) => (element, Some(rest)),
                None => (value, None),
            };
            self.rest = rest;
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// The number of bytes checked per step: one vector.
const PIECE: usize = 16;

/// The bytes before the first `needle`, and those after it.
#[inline]
pub(crate) fn split_once(bytes: &[u8], needle: u8) -> Option<(&[u8], &[u8])> {
    match bytes.split_at_checked(find(bytes, needle)?)? {
        (before, [_, after @ ..]) => Some((before, after)),
        _ => None,
    }
}

/// The text before the first `needle`, which is ASCII, and the text after it. The compiler cannot see
/// that the method of `str` does not panic.
#[inline]
pub(crate) fn split_text_once(text: &str, needle: u8) -> Option<(&str, &str)> {
    let (before, after) = text.split_at_checked(find(text.as_bytes(), needle)?)?;
    Some((before, after.get(1..)?))
}

/// The offset of the first `needle`.
#[inline]
pub(crate) fn find(bytes: &[u8], needle: u8) -> Option<usize> {
    let has = |piece: &[u8; PIECE]| {
        piece.iter().fold(0, |has, &byte| has | u8::from(byte == needle)) != 0
    };
    let (pieces, _) = bytes.as_chunks::<PIECE>();
    let skipped = PIECE * pieces.iter().take_while(|piece| !has(piece)).count();
    Some(skipped + bytes.get(skipped..)?.iter().position(|&byte| byte == needle)?)
}

/// Subtracts the number of `needle` bytes from `room`; `None` if there are more. It stops as soon
/// as `room` is used up, so a value full of them costs no more.
pub(crate) fn count_down(mut room: usize, mut bytes: &[u8], needle: u8) -> Option<usize> {
    while let Some((_, after)) = split_once(bytes, needle) {
        room = room.checked_sub(1)?;
        bytes = after;
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
    let mut value = trim_start(value);
    // There may be a whole line of spaces.
    while let Some(rest) = value.strip_suffix(&[b' '; PIECE]) {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Removes optional whitespace from the start.
#[inline]
pub(crate) fn trim_start(bytes: &[u8]) -> &[u8] {
    // Fast path: there is rarely more than one.
    match bytes {
        [b' ' | b'\t', b' ' | b'\t', ..] => {}
        [b' ' | b'\t', rest @ ..] => return rest,
        _ => return bytes,
    }
    let length = run_length(bytes, |byte| u8::from(byte != b' ') & u8::from(byte != b'\t'));
    bytes.get(length..).unwrap_or_default()
}

/// The number of leading bytes that may be in a request target. A `#` may not: a fragment is never
/// sent.
pub(crate) fn target_length(bytes: &[u8]) -> usize {
    run_length(bytes, |byte| u8::from(!byte.is_ascii_graphic() || byte == b'#'))
}

/// The number of leading bytes for which `is_other` returns 0. Checks 16 bytes at a time.
#[inline]
fn run_length(bytes: &[u8], is_other: impl Fn(u8) -> u8) -> usize {
    let are_all =
        |piece: &[u8; PIECE]| piece.iter().fold(0, |others, &byte| others | is_other(byte)) == 0;
    let skipped = PIECE * bytes.as_chunks().0.iter().take_while(|piece| are_all(piece)).count();
    let rest = bytes.get(skipped..).unwrap_or_default();
    skipped + rest.iter().take_while(|&&byte| is_other(byte) == 0).count()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String, vec::Vec};

    use super::*;

    // RFC 9110, section 5.6.2
    #[test]
    fn the_bytes_of_a_token() {
        let others = b"!#$%&'*+-.^_`|~";
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || others.contains(&byte);
            assert_eq!(is_token_byte(byte), expected, "{byte:#x}");
            assert_eq!(is_delimiter(byte), u8::from(!expected), "{byte:#x}");
            for at in (0..40).step_by(if cfg!(miri) { 13 } else { 1 }) {
                let mut token = [b'a'; 40];
                token[at] = byte;
                assert_eq!(token_length(&token), if expected { 40 } else { at }, "{byte:#x}");
            }
            assert_eq!(token_length(&[byte; 40]), if expected { 40 } else { 0 }, "{byte:#x}");
        }
    }

    // RFC 6455, section 4.1, item 10
    #[test]
    fn two_equal_names_are_found_among_any_number() {
        let names: Vec<_> = (0..MAX_ELEMENTS).map(|n| format!("{}", n * 37 % 128)).collect();
        for count in [2, 11, 12, 13, 31, 32, 33, 100, MAX_ELEMENTS] {
            let mut names: Vec<_> = names[..count].iter().map(String::as_bytes).collect();
            assert_eq!(check_names(names.iter().copied()), Ok(()), "{count}");
            for (one, other) in [(0, 1), (0, count - 1), (count / 2, 0), (count - 1, count - 2)] {
                let kept = names[one];
                names[one] = names[other];
                assert_eq!(check_names(names.iter().copied()), Err(NamesFault::Repeated));
                names[one] = kept;
            }
        }
        let too_many = names.iter().map(String::as_bytes).chain([&b"x"[..]]);
        assert_eq!(check_names(too_many), Err(NamesFault::TooMany));
    }
}
