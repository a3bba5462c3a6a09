//! The negotiation: what header fields ask for and answer (RFC 6455, sections 4.1 and 4.2).
//!
//! It works on any iterator of names and values, so that a request may come from this crate's own
//! HTTP/1.1 parser or from somebody else's. Each check is one function, which yields what was
//! found; there is no way to have the result without the check.

use super::{
    client::Failure,
    head::HeadFault,
    key::Key,
    known::{self, Known, Name, Values},
    server::Refusal,
    token::{NamesFault, check_distinct, check_names, elements},
    uri::Authority,
};
use crate::extension;
#[cfg(feature = "deflate")]
use crate::extension::deflate::{self, Deflate, Parameters};

/// A header field, its name in any case, its value perhaps with whitespace around it.
pub(crate) type FieldRef<'a> = (&'a str, &'a [u8]);

/// What a client asks for: a request for a WebSocket whose every field is sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) key: Key,
    /// What the target names, or `Host`.
    pub(crate) host: Authority<'a>,
    pub(crate) origin: Option<&'a str>,
    /// The fields that list subprotocols, and those that list extensions.
    pub(crate) subprotocols: Values<'a>,
    pub(crate) extensions: Values<'a>,
}

/// Whether the fields ask for a WebSocket, soundly or not.
pub(crate) fn asks_for_websocket<'a>(
    fields: &Known<'a, impl Iterator<Item = FieldRef<'a>> + Clone>,
) -> bool {
    fields.has_token(Name::Upgrade, "websocket")
}

/// Checks the fields of a request for a WebSocket.
///
/// A target in absolute form names the host itself.
pub(crate) fn check_offer<'a>(
    fields: &Known<'a, impl Iterator<Item = FieldRef<'a>> + Clone>,
    target_host: Option<Authority<'a>>,
) -> Result<Offer<'a>, Refusal> {
    // RFC 9112, section 3.2: exactly one Host, even if the target replaces it (section 3.2.2).
    let host = fields.only(Name::Host).and_then(parse_host).ok_or(Refusal::Host)?;
    let host = target_host.unwrap_or(host);
    // What follows the head are frames; they must not be taken for a body.
    let length = fields.values(Name::ContentLength);
    let has_length = !length.is_empty() && length.only() != Some(b"0");
    if has_length || !fields.values(Name::TransferEncoding).is_empty() {
        return Err(Refusal::Body);
    }
    if !fields.values(Name::Expect).is_empty() {
        return Err(Refusal::Expectation);
    }
    // Section 4.2.1, item 4.
    if !fields.has_token(Name::Connection, "upgrade") {
        return Err(Refusal::Connection);
    }
    check_version(fields)?;
    // Item 5: exactly one key.
    let key = fields.only(Name::Key).and_then(Key::parse).ok_or(Refusal::Key)?;
    let subprotocols = fields.values(Name::Protocol);
    if !subprotocols.is_empty() {
        check_subprotocols(fields.all(Name::Protocol))?;
    }
    let extensions = fields.values(Name::Extensions);
    if fields.all(Name::Extensions).any(|value| extension::parse(value).is_err()) {
        return Err(Refusal::Extensions);
    }
    // RFC 6454, section 7.3: at most one Origin.
    let origin = match fields.values(Name::Origin) {
        origins if origins.are_several() => return Err(Refusal::Origin),
        origins => origins.only(),
    };
    let origin = match origin {
        Some(value) if value.is_ascii() => core::str::from_utf8(value).ok(),
        Some(_) => return Err(Refusal::OriginSyntax),
        None => None,
    };
    Ok(Offer { key, host, origin, subprotocols, extensions })
}

/// Section 4.1, item 10: distinct tokens, at least one in each field.
fn check_subprotocols<'a>(
    mut lists: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<(), Refusal> {
    check_names(lists.clone().flat_map(elements)).map_err(|fault| match fault {
        NamesFault::TooMany => Refusal::Head(HeadFault::TooManyElements),
        NamesFault::NotToken(_) | NamesFault::Repeated => Refusal::Subprotocols,
    })?;
    let are_lists = lists.all(|value| elements(value).next().is_some());
    if are_lists { Ok(()) } else { Err(Refusal::Subprotocols) }
}

/// What a server accepted.
#[derive(Clone, Copy)]
pub(crate) struct Agreement<'a> {
    pub(crate) subprotocol: Option<&'a str>,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<Parameters>,
}

/// What a client offered, to hold the answer against.
#[derive(Clone, Copy)]
pub(crate) struct Offered<'a> {
    pub(crate) accept: [u8; 28],
    pub(crate) subprotocols: &'a [&'a str],
    pub(crate) extensions: &'a str,
    pub(crate) requires_subprotocol: bool,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<&'a Deflate>,
}

/// Checks the fields of a response that accepts a WebSocket (section 4.1).
pub(crate) fn check_answer<'a>(
    fields: &Known<'a, impl Iterator<Item = FieldRef<'a>> + Clone>,
    offered: &Offered<'_>,
) -> Result<Agreement<'a>, Failure> {
    // Item 2.
    let upgrade = fields.only(Name::Upgrade);
    if !upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
        return Err(Failure::Upgrade);
    }
    // Item 3.
    if !fields.has_token(Name::Connection, "upgrade") {
        return Err(Failure::Connection);
    }
    // Item 4; section 11.3.3: never twice.
    if fields.only(Name::Accept) != Some(&offered.accept) {
        return Err(Failure::Accept);
    }
    if !fields.values(Name::Extensions).is_empty() {
        check_extensions(fields.all(Name::Extensions), offered)?;
    }
    // Item 6; section 11.3.4: one token, once.
    let chosen = match fields.values(Name::Protocol) {
        chosen if chosen.are_several() => return Err(Failure::Subprotocol),
        chosen => chosen.only(),
    };
    let subprotocol = match chosen {
        None if offered.requires_subprotocol => return Err(Failure::NoSubprotocol),
        None => None,
        Some(value) => {
            let value = core::str::from_utf8(value).map_err(|_| Failure::Subprotocol)?;
            if !offered.subprotocols.contains(&value) {
                return Err(Failure::Subprotocol);
            }
            Some(value)
        }
    };
    Ok(Agreement {
        subprotocol,
        #[cfg(feature = "deflate")]
        deflate: check_deflate(fields.all(Name::Extensions), offered)?,
    })
}

/// The versions of WebSocket that a server says it speaks (section 4.4).
pub(crate) fn versions<'a>(
    fields: impl Iterator<Item = FieldRef<'a>> + Clone,
) -> impl Iterator<Item = u8> + Clone {
    known::values(fields, Name::Version).flat_map(elements).filter_map(parse_version)
}

/// Section 4.2.1, item 6, and what older drafts did in its place.
fn check_version<'a>(
    fields: &Known<'a, impl Iterator<Item = FieldRef<'a>> + Clone>,
) -> Result<(), Refusal> {
    let versions = fields.values(Name::Version);
    if versions.are_several() {
        return Err(Refusal::Version);
    }
    let has = |name| !fields.values(name).is_empty();
    match versions.only().map(parse_version) {
        Some(Some(13)) => Ok(()),
        Some(Some(other)) => Err(Refusal::UnsupportedVersion(other)),
        Some(None) => Err(Refusal::Version),
        None if has(Name::Key1) => Err(Refusal::Hixie76),
        None if !has(Name::Key) && has(Name::Origin) => Err(Refusal::Hixie75),
        None => Err(Refusal::NoVersion),
    }
}

/// 0 to 255 in decimal, without leading zeros (section 4.3).
fn parse_version(value: &[u8]) -> Option<u8> {
    let canonical = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    if !canonical || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(value).ok()?.parse().ok()
}

impl Offered<'_> {
    fn has_extension(&self, name: &str) -> bool {
        #[cfg(feature = "deflate")]
        if self.deflate.is_some() && name == deflate::NAME {
            return true;
        }
        let mut offers = extension::parsed(self.extensions.as_bytes());
        offers.any(|offer| offer.name() == name)
    }
}

/// RFC 7692, section 7: what the answer to our offer means.
#[cfg(feature = "deflate")]
fn check_deflate<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    offered: &Offered<'_>,
) -> Result<Option<Parameters>, Failure> {
    let Some(deflate) = offered.deflate else { return Ok(None) };
    let mut answers = values.flat_map(extension::parsed);
    match answers.find(|answer| answer.name() == deflate::NAME) {
        Some(answer) => deflate.check(&answer).map(Some).map_err(|_| Failure::Deflate),
        None => Ok(None),
    }
}

/// Section 9.1: only what was offered, and each once.
fn check_extensions<'a>(
    mut values: impl Iterator<Item = &'a [u8]> + Clone,
    offered: &Offered<'_>,
) -> Result<(), Failure> {
    let mut accepted = values.clone().flat_map(extension::parsed);
    if values.any(|value| extension::parse(value).is_err()) {
        return Err(Failure::Extensions);
    }
    // Check for duplicates first, so that no more names are looked up than were offered.
    let names = accepted.clone().map(|extension| extension.name().as_bytes());
    check_distinct(names, |_| true).map_err(|fault| match fault {
        NamesFault::TooMany => Failure::Head(HeadFault::TooManyElements),
        NamesFault::NotToken(_) | NamesFault::Repeated => Failure::ExtensionTwice,
    })?;
    if accepted.any(|extension| !offered.has_extension(extension.name())) {
        return Err(Failure::ExtensionNotOffered);
    }
    Ok(())
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 has a `Host`, and no request has two, or an invalid
/// one. It is empty where the target names no host.
pub(crate) fn has_valid_host<'a>(
    fields: &Known<'a, impl Iterator<Item = FieldRef<'a>> + Clone>,
    minor: u8,
) -> bool {
    let is_valid = |host: &[u8]| host.is_empty() || parse_host(host).is_some();
    let may_lack = minor == 0 && fields.values(Name::Host).is_empty();
    may_lack || fields.only(Name::Host).is_some_and(is_valid)
}

/// A single host, with or without a port.
fn parse_host(value: &[u8]) -> Option<Authority<'_>> {
    // A comma may stand in a name, but nobody's name has one: it is two hosts in one field.
    if value.contains(&b',') {
        return None;
    }
    Authority::parse(core::str::from_utf8(value).ok()?).ok()
}
