//! The grammar of `Proxy-Authenticate` (RFC 9110, section 11).

use core::iter::FusedIterator;

use crate::http1::token::{split_token, trim_start};

/// A challenge: the name of an authentication scheme, and its parameters.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    scheme: &'a str,
    data: Data<'a>,
}

#[derive(Clone, Copy)]
enum Data<'a> {
    Token68(&'a str),
    /// They match the grammar.
    Parameters(&'a [u8]),
}

impl<'a> Challenge<'a> {
    /// The scheme, such as `Basic` or `Digest`; schemes compare without regard to case.
    pub const fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// The data that some schemes, such as `Negotiate`, send in place of parameters.
    pub const fn token68(&self) -> Option<&'a str> {
        match self.data {
            Data::Token68(token) => Some(token),
            Data::Parameters(_) => None,
        }
    }

    /// The parameters, in order, such as `realm`.
    pub const fn parameters(&self) -> Parameters<'a> {
        match self.data {
            Data::Token68(_) => Parameters { rest: &[] },
            Data::Parameters(rest) => Parameters { rest },
        }
    }

    /// The value of the first parameter of this name; names compare without regard to case.
    pub fn parameter(&self, name: &str) -> Option<ParameterValue<'a>> {
        let mut parameters = self.parameters();
        parameters.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Takes one from the front, up to the next one or the end.
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let scheme = take_token(rest)?;
        let after = trim_start(rest);
        if matches!(after.first(), None | Some(b',')) {
            *rest = after;
            return Some(Self { scheme, data: Data::Parameters(&[]) });
        }
        if after.len() == rest.len() {
            return None;
        }
        *rest = after;
        if let Some(token) = take_token68(rest) {
            return Some(Self { scheme, data: Data::Token68(token) });
        }
        let parameters = *rest;
        // A comma or the end follows each.
        take_parameter(rest)?;
        let mut end = parameters.len() - rest.len();
        // The next element of the list is one more parameter, or the next challenge.
        let mut next = *rest;
        while skip_commas(&mut next) && take_parameter(&mut next).is_some() {
            end = parameters.len() - next.len();
            *rest = next;
        }
        let parameters = parameters.get(..end).unwrap_or_default();
        Some(Self { scheme, data: Data::Parameters(parameters) })
    }
}

/// Shows only the scheme.
impl core::fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Challenge").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// The challenges in the value of one field. They end before the first malformed one, because its
/// end is unknown.
#[derive(Clone)]
pub(super) struct Challenges<'a> {
    rest: &'a [u8],
}

impl<'a> Challenges<'a> {
    pub(super) const fn of(value: &'a [u8]) -> Self {
        Self { rest: value }
    }
}

impl<'a> Iterator for Challenges<'a> {
    type Item = Challenge<'a>;

    fn next(&mut self) -> Option<Challenge<'a>> {
        let mut rest = core::mem::take(&mut self.rest);
        skip_commas(&mut rest);
        let challenge = Challenge::take(&mut rest)?;
        self.rest = rest;
        Some(challenge)
    }
}

/// The parameters of a challenge, each with its name.
#[derive(Clone)]
pub struct Parameters<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, ParameterValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let parameter = take_parameter(&mut self.rest)?;
        skip_commas(&mut self.rest);
        Some(parameter)
    }
}

impl FusedIterator for Parameters<'_> {}

/// Shows only the names.
impl core::fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.clone().map(|(name, _)| name)).finish()
    }
}

/// The value of a parameter.
#[derive(Clone, Copy)]
pub struct ParameterValue<'a> {
    /// A token, or the contents of a quoted string, with the backslashes.
    raw: &'a [u8],
}

impl<'a> ParameterValue<'a> {
    /// Its bytes, without the quotes and the backslashes of a quoted string.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        let mut raw = self.raw.iter().copied();
        core::iter::from_fn(move || match raw.next() {
            Some(b'\\') => raw.next(),
            byte => byte,
        })
    }
}

impl PartialEq<str> for ParameterValue<'_> {
    fn eq(&self, text: &str) -> bool {
        self.bytes().eq(text.bytes())
    }
}

/// Does not show the value.
impl core::fmt::Debug for ParameterValue<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ParameterValue(..)")
    }
}

fn take_token<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (token, after) = split_token(rest);
    *rest = after;
    core::str::from_utf8(token).ok().filter(|token| !token.is_empty())
}

/// Section 11.2; a comma or the end follows it.
fn take_token68<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let characters = rest.iter().take_while(|&&byte| is_allowed(byte)).count();
    let padding = rest.iter().skip(characters).take_while(|&&byte| byte == b'=').count();
    let (token, after) = rest.split_at_checked(characters + padding)?;
    let after = trim_start(after);
    if characters == 0 || !matches!(after.first(), None | Some(b',')) {
        return None;
    }
    *rest = after;
    core::str::from_utf8(token).ok()
}

/// Section 11.2: a token, `=`, and a token or a quoted string.
fn take_parameter<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, ParameterValue<'a>)> {
    let mut after = *rest;
    let name = take_token(&mut after)?;
    after = trim_start(trim_start(after).strip_prefix(b"=")?);
    let raw = match after {
        [b'"', quoted @ ..] => take_quoted(quoted, &mut after)?,
        _ => take_token(&mut after)?.as_bytes(),
    };
    after = trim_start(after);
    if !matches!(after.first(), None | Some(b',')) {
        return None;
    }
    *rest = after;
    Some((name, ParameterValue { raw }))
}

/// The contents of a quoted string, up to the quote that ends it. `after` becomes what follows.
fn take_quoted<'a>(quoted: &'a [u8], after: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = quoted;
    loop {
        rest = match rest {
            [b'"', others @ ..] => {
                *after = others;
                return quoted.get(..quoted.len() - rest.len());
            }
            [b'\\'] | [] => return None,
            [b'\\', _, others @ ..] | [_, others @ ..] => others,
        };
    }
}

/// Skips the comma before the next element, and empty elements; `false` if nothing follows.
fn skip_commas(rest: &mut &[u8]) -> bool {
    while let [b',' | b' ' | b'\t', after @ ..] = rest {
        *rest = after;
    }
    !rest.is_empty()
}
