//! The checks of a request (RFC 6455, section 4.2.1).
//!
//! They work on header fields from any source: this crate's HTTP/1.1 parser or another one. Each
//! check returns the value that it validated, so no caller can have the value without the check.

use super::{ConnectFault, Refusal};
use crate::{
    extension,
    handshake::{Uri, key::Key, parse_version, uri::Authority},
    http1::{
        HeadFault,
        body::{Message, has_body},
        known::{Known, Name, Values},
        token::{NamesFault, check_names, elements, split_text_once},
    },
};

/// The validated fields of a WebSocket request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) asked: Asked,
    /// The host of the request target if it has one, otherwise the `Host` field.
    pub(crate) host: Authority<'a>,
    pub(crate) origin: Option<&'a str>,
    /// The `Sec-WebSocket-Protocol` fields.
    pub(crate) subprotocols: Values<'a>,
    /// The `Sec-WebSocket-Extensions` fields.
    pub(crate) extensions: Values<'a>,
}

/// How a client asks for a WebSocket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// With `Upgrade` in HTTP/1.1. The response must prove that the key was received.
    Upgrade(Key),
    /// With an extended CONNECT, which needs no key. Some gateways send one nevertheless.
    Connect(Option<Key>),
}

/// Whether the fields ask for a WebSocket, validly or not.
pub(crate) fn asks_for_websocket(fields: &Known<'_>) -> bool {
    fields.has_token(Name::Upgrade, "websocket")
}

/// Checks the fields of a request for a WebSocket.
///
/// `target_host` is the host of a target in absolute form. It replaces the `Host` field.
pub(crate) fn check_offer<'a>(
    fields: &Known<'a>,
    target_host: Option<Authority<'a>>,
) -> Result<Offer<'a>, Refusal> {
    // RFC 9112, section 3.2: exactly one Host, even if the target replaces it (section 3.2.2).
    let host = fields.only(Name::Host).and_then(parse_host).ok_or(Refusal::Host)?;
    let host = target_host.unwrap_or(host);
    // Frames follow the head, and must not be read as a body.
    if has_body(&Message::Request(fields)) {
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
    check_choices(fields, Asked::Upgrade(key), host)
}

/// Checks the fields of an extended CONNECT (RFC 8441, section 5).
pub(super) fn check_connect<'a>(
    fields: &Known<'a>,
    host: Authority<'a>,
) -> Result<Offer<'a>, Refusal> {
    // A length, 0 included, contradicts the DATA frames that follow (RFC 9113, section 8.1.1).
    if !fields.values(Name::ContentLength).is_empty() {
        return Err(Refusal::Body);
    }
    if !fields.values(Name::Expect).is_empty() {
        return Err(Refusal::Expectation);
    }
    check_version(fields).map_err(|refusal| match refusal {
        Refusal::UnsupportedVersion(version) => ConnectFault::UnsupportedVersion(version).into(),
        // The drafts knew no HTTP/2, and a key is not needed.
        Refusal::Hixie75 | Refusal::Hixie76 => Refusal::NoVersion,
        other => other,
    })?;
    let key = fields.only(Name::Key).and_then(Key::parse);
    check_choices(fields, Asked::Connect(key), host)
}

/// Checks what a client offers, and its origin.
#[inline]
fn check_choices<'a>(
    fields: &Known<'a>,
    asked: Asked,
    host: Authority<'a>,
) -> Result<Offer<'a>, Refusal> {
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
        origins if origins.is_repeated() => return Err(Refusal::Origin),
        origins => origins.only(),
    };
    let origin = match origin {
        Some(value) if value.is_ascii() => core::str::from_utf8(value).ok(),
        Some(_) => return Err(Refusal::OriginSyntax),
        None => None,
    };
    Ok(Offer { asked, host, origin, subprotocols, extensions })
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

/// Section 4.2.1, item 6. Also recognizes the drafts before `Sec-WebSocket-Version`.
fn check_version(fields: &Known<'_>) -> Result<(), Refusal> {
    let versions = fields.values(Name::Version);
    if versions.is_repeated() {
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

/// RFC 9112, section 3.2: an HTTP/1.1 request has exactly one `Host` field, an HTTP/1.0 request at
/// most one. It must be valid; it is empty if the target has no host.
pub(crate) fn has_valid_host(fields: &Known<'_>, minor: u8) -> bool {
    let is_valid = |host: &[u8]| host.is_empty() || parse_host(host).is_some();
    let may_lack = minor == 0 && fields.values(Name::Host).is_empty();
    may_lack || fields.only(Name::Host).is_some_and(is_valid)
}

/// The path of a request target, and its host if it is in absolute form (RFC 9112, section 3.2).
pub(super) fn parse_target(target: &str) -> Option<(Option<Authority<'_>>, &str)> {
    if target.starts_with('/') {
        return Some((None, path_of(target)));
    }
    let (host, path) = Uri::parse_target(target).ok()?;
    Some((Some(host), path))
}

/// The target without its query.
pub(super) fn path_of(target: &str) -> &str {
    split_text_once(target, b'?').map_or(target, |(path, _)| path)
}

/// Parses a single host, with or without a port.
pub(super) fn parse_host(value: &[u8]) -> Option<Authority<'_>> {
    // The grammar of a name allows a comma, but no real name has one: this is two hosts joined into
    // one field.
    if value.contains(&b',') {
        return None;
    }
    Authority::parse(core::str::from_utf8(value).ok()?).ok()
}
