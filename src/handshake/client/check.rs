//! The checks of a response (RFC 6455, section 4.1).

use super::{Failure, offered::Offered};
use crate::{
    deflate::Agreed,
    extension,
    handshake::parse_version,
    http1::{
        HeadFault, ReceivedHeaders,
        known::{Known, Name},
        token::{NamesFault, check_distinct, elements},
    },
};

/// What the server accepted.
#[derive(Clone, Copy)]
pub(crate) struct Agreement<'a> {
    pub(crate) subprotocol: Option<&'a str>,
    pub(crate) deflate: Agreed,
}

/// Checks the fields of a response that accepts a WebSocket (section 4.1).
pub(crate) fn check_answer<'a>(
    fields: &Known<'a>,
    offered: &Offered<'_>,
    accept: &[u8; 28],
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
    // Item 4. Section 11.3.3: at most once.
    if fields.only(Name::Accept) != Some(accept) {
        return Err(Failure::Accept);
    }
    check_choices(fields, offered)
}

/// Checks what a server chose of the offer, in any version of HTTP. No more is checked in a response to
/// an extended CONNECT: without a key, `Sec-WebSocket-Accept` means nothing (RFC 8441, section 5).
#[inline]
pub(crate) fn check_choices<'a>(
    fields: &Known<'a>,
    offered: &Offered<'_>,
) -> Result<Agreement<'a>, Failure> {
    if !fields.values(Name::Extensions).is_empty() {
        check_extensions(fields.all(Name::Extensions), offered)?;
    }
    // Item 6. Section 11.3.4: a single token, at most once.
    let chosen = match fields.values(Name::Protocol) {
        chosen if chosen.is_repeated() => return Err(Failure::Subprotocol),
        chosen => chosen.only(),
    };
    let subprotocol = match chosen {
        None if offered.requires_subprotocol => return Err(Failure::NoSubprotocol),
        None => None,
        Some(value) => {
            let value = core::str::from_utf8(value).map_err(|_| Failure::Subprotocol)?;
            if !offered.has_subprotocol(value) {
                return Err(Failure::Subprotocol);
            }
            Some(value)
        }
    };
    let accepted = fields.all(Name::Extensions).flat_map(extension::parsed);
    let deflate = offered.deflate.check(accepted).map_err(|_| Failure::Deflate)?;
    Ok(Agreement { subprotocol, deflate })
}

/// The versions of the WebSocket protocol that the server supports (section 4.4).
pub(crate) fn versions(headers: ReceivedHeaders<'_>) -> impl Iterator<Item = u8> + Clone {
    headers.all(Name::Version.text()).flat_map(elements).filter_map(parse_version)
}

/// Section 9.1: the server accepts only offered extensions, each at most once.
fn check_extensions<'a>(
    mut values: impl Iterator<Item = &'a [u8]> + Clone,
    offered: &Offered<'_>,
) -> Result<(), Failure> {
    let mut accepted = values.clone().flat_map(extension::parsed);
    if values.any(|value| extension::parse(value).is_err()) {
        return Err(Failure::Extensions);
    }
    // Check for duplicates first: this bounds the number of lookups by the number of offered
    // extensions.
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
