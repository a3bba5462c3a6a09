//! Received header fields, parsed by this crate or by another HTTP implementation.

use super::token::{split_once, trim};

/// Received header fields. Fields with the same name keep their order on the wire.
///
/// Names are compared case-insensitively. Values are bytes, because HTTP does not restrict them to
/// ASCII (RFC 9110, section 5.5), without leading and trailing whitespace.
#[derive(Clone, Copy)]
pub struct ReceivedHeaders<'a> {
    source: Source<'a>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Complete field lines, each with its CRLF. Their grammar has been checked.
    Lines(&'a [u8]),
    /// Pairs of a name, which is a token, and a value.
    Pairs(&'a [(&'a [u8], &'a [u8])]),
    /// Fields that another HTTP implementation has parsed.
    #[cfg(feature = "http")]
    Map(&'a http::HeaderMap),
}

impl<'a> ReceivedHeaders<'a> {
    /// Wraps complete field lines, each with its CRLF, whose grammar has been checked.
    pub(crate) const fn of_lines(lines: &'a [u8]) -> Self {
        Self { source: Source::Lines(lines) }
    }

    /// Wraps names and values whose grammar has been checked.
    pub(crate) const fn of_pairs(pairs: &'a [(&'a [u8], &'a [u8])]) -> Self {
        Self { source: Source::Pairs(pairs) }
    }

    /// Wraps fields that another HTTP implementation has parsed.
    #[cfg(feature = "http")]
    pub(crate) const fn of_map(map: &'a http::HeaderMap) -> Self {
        Self { source: Source::Map(map) }
    }

    /// The field lines, unless another implementation of HTTP has parsed them.
    pub(crate) const fn lines(self) -> Option<&'a [u8]> {
        match self.source {
            Source::Lines(lines) => Some(lines),
            Source::Pairs(_) => None,
            #[cfg(feature = "http")]
            Source::Map(_) => None,
        }
    }

    /// The value of the first field with this name.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The values of all fields with this name, in order.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a [u8]> + Clone {
        ValuesOf { name, rest: self.iter() }
    }

    /// An iterator over the names and values of all fields.
    pub fn iter(self) -> ReceivedHeadersIter<'a> {
        ReceivedHeadersIter(match self.source {
            Source::Lines(lines) => Rest::Lines(lines),
            Source::Pairs(pairs) => Rest::Pairs(pairs.iter()),
            #[cfg(feature = "http")]
            Source::Map(map) => Rest::Map(MapIter { map, taken: 0, rest: map.iter() }),
        })
    }
}

impl<'a> IntoIterator for ReceivedHeaders<'a> {
    type Item = (&'a str, &'a [u8]);
    type IntoIter = ReceivedHeadersIter<'a>;

    fn into_iter(self) -> ReceivedHeadersIter<'a> {
        self.iter()
    }
}

/// Shows only the names: values may contain credentials.
impl core::fmt::Debug for ReceivedHeaders<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.iter().fmt(f)
    }
}

/// The iterator over [`ReceivedHeaders`].
#[derive(Clone)]
pub struct ReceivedHeadersIter<'a>(Rest<'a>);

#[derive(Clone)]
enum Rest<'a> {
    Lines(&'a [u8]),
    Pairs(core::slice::Iter<'a, (&'a [u8], &'a [u8])>),
    #[cfg(feature = "http")]
    Map(MapIter<'a>),
}

impl<'a> Iterator for ReceivedHeadersIter<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Rest::Lines(lines) => next_line(lines),
            Rest::Pairs(rest) => {
                let (name, value) = rest.next()?;
                Some((core::str::from_utf8(name).ok()?, value))
            }
            #[cfg(feature = "http")]
            Rest::Map(rest) => rest.next(),
        }
    }
}

impl core::fmt::Debug for ReceivedHeadersIter<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.clone().map(|(name, _)| name)).finish()
    }
}

/// The values of all fields of one name.
#[derive(Clone)]
struct ValuesOf<'n, 'a> {
    name: &'n str,
    rest: ReceivedHeadersIter<'a>,
}

impl<'a> Iterator for ValuesOf<'_, 'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match &mut self.rest.0 {
            Rest::Lines(lines) => next_value_of(lines, self.name.as_bytes()),
            Rest::Pairs(rest) => rest
                .find(|(name, _)| name.eq_ignore_ascii_case(self.name.as_bytes()))
                .map(|(_, value)| *value),
            #[cfg(feature = "http")]
            Rest::Map(rest) => {
                rest.find(|(name, _)| name.eq_ignore_ascii_case(self.name)).map(|(_, value)| value)
            }
        }
    }
}

/// The value of the next field of this name. The parts of other lines are not looked for, because the
/// lines of a hostile head are searched more than once.
fn next_value_of<'a>(lines: &mut &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    while let Some((line, rest)) = split_once(lines, b'\n') {
        *lines = rest;
        if let Some((start, [b':', value @ ..])) = line.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return Some(trim(value.strip_suffix(b"\r")?));
        }
    }
    None
}

fn next_line<'a>(lines: &mut &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let (name, rest) = split_once(lines, b':')?;
    let name = core::str::from_utf8(name).ok()?;
    let (value, rest) = split_once(rest, b'\n')?;
    *lines = rest;
    Some((name, trim(value.strip_suffix(b"\r")?)))
}

/// A cloneable iterator: that of the map does not implement `Clone`.
#[cfg(feature = "http")]
struct MapIter<'a> {
    map: &'a http::HeaderMap,
    taken: usize,
    rest: http::header::Iter<'a, http::HeaderValue>,
}

#[cfg(feature = "http")]
impl<'a> Iterator for MapIter<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.rest.next()?;
        self.taken += 1;
        Some((name.as_str(), trim(value.as_bytes())))
    }
}

#[cfg(feature = "http")]
impl Clone for MapIter<'_> {
    fn clone(&self) -> Self {
        let mut rest = self.map.iter();
        if let Some(last) = self.taken.checked_sub(1) {
            rest.nth(last);
        }
        Self { rest, ..*self }
    }
}
