//! The checks of both heads of an opening handshake, field by field.
//!
//! The checks of the endpoints stop at the first fault. These find all of them.

use alloc::vec::Vec;

use super::{Check, Extensions, Field, Rule};
use crate::{
    deflate::{self, NAME},
    extension::{self, Extension},
    handshake::{Authority, Uri, key::Key, parse_version},
    http1::{
        Head, HeadFault, HeadLimits, ReceivedHeaders,
        body::{Message, has_body},
        known::{Known, Name},
        scanner::{Scanner, reread_request},
        start_line::{Kind, RequestLine},
        token::{check_names, elements},
    },
};

/// The checked fields of a head.
pub(super) struct Checked<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// Rules that are broken elsewhere: in the start line, or by a missing field.
    pub(super) others: Vec<Rule>,
}

impl Checked<'_> {
    pub(super) fn is_valid(&self) -> bool {
        let is_broken = |field: &Field<'_>| matches!(field.check, Check::Broken(_));
        self.others.is_empty() && !self.fields.iter().any(is_broken)
    }

    /// The broken rules, each with its offset: that of the first field that breaks it, or `start`.
    pub(super) fn violations(&self, start: u64) -> Vec<(u64, Rule)> {
        let mut violations: Vec<_> = self.others.iter().map(|rule| (start, *rule)).collect();
        for field in &self.fields {
            if let Check::Broken(rule) = field.check
                && !violations.iter().any(|(_, known)| *known == rule)
            {
                violations.push((field.offset, rule));
            }
        }
        violations
    }
}

/// Whether a request asks for a WebSocket.
pub(super) fn asks(known: &Known<'_>) -> bool {
    known.has_token(Name::Upgrade, "websocket")
}

/// Checks a request for a WebSocket (RFC 6455, section 4.1).
pub(super) fn check_request<'a>(
    line: &RequestLine<'_>,
    known: &Known<'a>,
    position: Position,
) -> Checked<'a> {
    let mut others = Vec::new();
    if line.method != "GET" || line.minor == 0 {
        others.push(Rule::RequestLine);
    }
    if !line.target.starts_with('/') && Uri::parse_target(line.target).is_err() {
        others.push(Rule::Target);
    }
    let required = [Name::Host, Name::Connection, Name::Key, Name::Version];
    let check = |name| request_field(name, known);
    others.extend(missing(known, &required, check));
    Checked { fields: fields(known.headers(), position, check), others }
}

/// Checks a response that accepts a WebSocket (RFC 6455, section 4.1).
pub(super) fn check_response<'a>(
    minor: u8,
    known: &Known<'a>,
    request: &Known<'_>,
    extensions: Result<(), Rule>,
    position: Position,
) -> Checked<'a> {
    let mut others = Vec::new();
    if minor == 0 {
        others.push(Rule::ResponseSyntax);
    }
    let required = [Name::Upgrade, Name::Connection, Name::Accept];
    let check = |name| response_field(name, known, request, extensions);
    others.extend(missing(known, &required, check));
    Checked { fields: fields(known.headers(), position, check), others }
}

/// The fields of a head that is not part of an opening handshake.
pub(super) fn unchecked<'a>(known: &Known<'a>, position: Position) -> Checked<'a> {
    let fields = fields(known.headers(), position, |_| Check::Unused);
    Checked { fields, others: Vec::new() }
}

/// Where the bytes of a head are in the stream.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// The address of the first byte of the buffer.
    pub(super) address: usize,
    /// The offset of that byte in the stream.
    pub(super) offset: u64,
}

impl Position {
    /// The offset of a part of the buffer.
    fn of(self, part: &str) -> u64 {
        self.offset + part.as_ptr().addr().saturating_sub(self.address) as u64
    }
}

/// All fields with their results. Each name is checked once, however often it occurs.
fn fields<'a>(
    headers: ReceivedHeaders<'a>,
    position: Position,
    check: impl Fn(Name) -> Check,
) -> Vec<Field<'a>> {
    let mut checked: Vec<(Name, Check)> = Vec::new();
    let mut result = |name: Name| {
        if let Some((_, result)) = checked.iter().find(|(known, _)| *known == name) {
            return *result;
        }
        let result = check(name);
        checked.push((name, result));
        result
    };
    let field = |(name, value): (&'a str, &'a [u8])| Field {
        name,
        value,
        offset: position.of(name),
        check: Name::of(name).map_or(Check::Unused, &mut result),
    };
    headers.iter().map(field).collect()
}

/// The rules that missing fields break.
fn missing(known: &Known<'_>, names: &[Name], check: impl Fn(Name) -> Check) -> Vec<Rule> {
    let missing = names.iter().filter(|name| known.values(**name).is_empty());
    let rule = |name: &Name| match check(*name) {
        Check::Broken(rule) => Some(rule),
        Check::Unused | Check::Valid => None,
    };
    missing.filter_map(rule).collect()
}

fn request_field(name: Name, known: &Known<'_>) -> Check {
    let values = known.values(name);
    match name {
        Name::Host => valid_or(known.only(name).is_some_and(is_host), Rule::Host),
        Name::Upgrade => Check::Valid,
        Name::Connection => valid_or(known.has_token(name, "upgrade"), Rule::RequestConnection),
        Name::Key if values.is_repeated() => Check::Broken(Rule::KeyRepeated),
        Name::Key => valid_or(known.only(name).and_then(Key::parse).is_some(), Rule::Key),
        Name::Version if values.is_repeated() => Check::Broken(Rule::VersionRepeated),
        Name::Version => {
            valid_or(known.only(name).and_then(parse_version) == Some(13), Rule::Version)
        }
        Name::Protocol => {
            let names = known.all(name).flat_map(elements);
            let is_list = known.all(name).all(|value| elements(value).next().is_some());
            valid_or(is_list && check_names(names).is_ok(), Rule::OfferedSubprotocols)
        }
        Name::Extensions => valid_or(are_extensions(known), Rule::Extensions),
        Name::Origin if values.is_repeated() => Check::Broken(Rule::Origin),
        Name::Origin => {
            valid_or(known.only(name).is_some_and(<[u8]>::is_ascii), Rule::OriginSyntax)
        }
        Name::ContentLength | Name::TransferEncoding => {
            valid_or(!has_body(&Message::Request(known)), Rule::Body)
        }
        Name::Expect | Name::Key1 | Name::Accept => Check::Unused,
    }
}

fn response_field(
    name: Name,
    known: &Known<'_>,
    request: &Known<'_>,
    extensions: Result<(), Rule>,
) -> Check {
    match name {
        Name::Upgrade => {
            let is_websocket = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
            valid_or(known.only(name).is_some_and(is_websocket), Rule::Upgrade)
        }
        Name::Connection => valid_or(known.has_token(name, "upgrade"), Rule::ResponseConnection),
        Name::Accept => {
            // Without a valid key, no value is right.
            let key = request.only(Name::Key).and_then(Key::parse);
            let is_right = |key: Key| known.only(name) == Some(&key.accept());
            valid_or(key.is_some_and(is_right), Rule::Accept)
        }
        Name::Protocol => {
            let is_offered = |chosen: &[u8]| {
                request.all(name).flat_map(elements).any(|offered| offered == chosen)
            };
            valid_or(known.only(name).is_some_and(is_offered), Rule::Subprotocol)
        }
        Name::Extensions => match extensions {
            Ok(()) => Check::Valid,
            Err(rule) => Check::Broken(rule),
        },
        _ => Check::Unused,
    }
}

/// The extensions in use after this response, or the rule that it breaks.
pub(super) fn extensions(known: &Known<'_>, request: &Known<'_>) -> Result<Extensions, Rule> {
    if !are_extensions(known) {
        return Err(Rule::Extensions);
    }
    let (accepted, offered) = (parsed(known), parsed(request));
    let (mut compression, mut has_others) = (None, false);
    for (index, extension) in accepted.iter().enumerate() {
        let is_same = |other: &Extension<'_>| other.name() == extension.name();
        if accepted.iter().take(index).any(is_same) {
            return Err(Rule::ExtensionTwice);
        }
        if !offered.iter().any(is_same) {
            return Err(Rule::ExtensionNotOffered);
        }
        if extension.name() == NAME {
            let offers = offered.iter().filter(|offer| offer.name() == NAME).copied();
            let negotiated = deflate::negotiated(offers, extension);
            compression = Some(negotiated.map_err(|_| Rule::DeflateParameters)?);
        } else {
            has_others = true;
        }
    }
    Ok(match compression {
        _ if has_others => Extensions::Other(compression),
        Some(negotiated) => Extensions::Deflate(negotiated),
        None => Extensions::None,
    })
}

fn parsed<'a>(known: &Known<'a>) -> Vec<Extension<'a>> {
    known.all(Name::Extensions).flat_map(extension::parsed).collect()
}

fn are_extensions(known: &Known<'_>) -> bool {
    known.all(Name::Extensions).all(|value| extension::parse(value).is_ok())
}

fn is_host(value: &[u8]) -> bool {
    core::str::from_utf8(value).is_ok_and(|host| Authority::parse(host).is_ok())
}

const fn valid_or(is_valid: bool, rule: Rule) -> Check {
    if is_valid { Check::Valid } else { Check::Broken(rule) }
}

/// The fields of a request head that was checked before.
pub(super) fn reread(bytes: &[u8]) -> Option<Known<'_>> {
    let (head, _) = reread_request(bytes)?;
    head.fields().check().ok()
}

/// The offset of the first byte that is not valid in a head. A scanner checks from left to right, so
/// a longer prefix than a faulty one is faulty too.
pub(super) fn fault_offset(bytes: &[u8], kind: Kind, limits: HeadLimits) -> usize {
    let is_faulty =
        |length: usize| Scanner::new(kind, limits).scan(&bytes[..length], usize::MAX).is_err();
    let (mut valid, mut faulty) = (0, bytes.len());
    while faulty - valid > 1 {
        let middle = valid.midpoint(faulty);
        if is_faulty(middle) { faulty = middle } else { valid = middle }
    }
    valid
}

/// Whether the fault is a limit, and not a mistake of the sender.
pub(super) const fn is_limit(fault: HeadFault) -> bool {
    matches!(
        fault,
        HeadFault::StartLineTooLong
            | HeadFault::LineTooLong
            | HeadFault::TooManyFields
            | HeadFault::TooManyElements
            | HeadFault::TooLong
    )
}

/// Checks the grammar of a head, and the limits on its lists.
pub(super) fn known(head: Head<'_>, limits: HeadLimits) -> Result<Known<'_>, HeadFault> {
    let known = head.fields().check()?;
    known.check_lists(limits)?;
    Ok(known)
}
