//! The reference: a second, plain parser of the fields of an extended CONNECT.

use hybi::http2::Field;
use hybi_fuzz::accept;

/// The fields of a valid request that the check returns.
pub(crate) struct Reading<'a> {
    pub(crate) path: &'a [u8],
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) subprotocols: Vec<&'a [u8]>,
    pub(crate) extensions: Vec<&'a [u8]>,
    pub(crate) key: Option<&'a [u8]>,
}

impl<'a> Reading<'a> {
    /// RFC 8441, section 5, with the rules of RFC 9113, sections 8.2 and 8.3, and RFC 6455, section
    /// 4.2.1. `None` for any other request.
    pub(crate) fn of(fields: &[Field<'a>]) -> Option<Self> {
        let all = |name: &str| -> Vec<&'a [u8]> {
            let same = fields.iter().filter(|(other, _)| *other == name.as_bytes());
            same.map(|(_, value)| *value).collect()
        };
        let one = |name: &str| match all(name)[..] {
            [value] => Some(value),
            _ => None,
        };
        if !is_section(fields, &[":method", ":protocol", ":scheme", ":path", ":authority"]) {
            return None;
        }
        if one(":method")? != b"CONNECT" || !one(":protocol")?.eq_ignore_ascii_case(b"websocket") {
            return None;
        }
        let usual = match &one(":scheme")?.to_ascii_lowercase()[..] {
            b"https" => 443,
            b"http" => 80,
            _ => return None,
        };
        let path = one(":path")?;
        if path[0] != b'/' || path.iter().any(|b| !b.is_ascii_graphic() || *b == b'#') {
            return None;
        }
        let authority = authority(one(":authority")?, usual)?;
        match all("host")[..] {
            [] => {}
            [host] if self::authority(host, usual) == Some(authority) => {}
            _ => return None,
        }
        if !all("content-length").is_empty() || !all("expect").is_empty() {
            return None;
        }
        for name in ["sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions"]
        {
            let separators: &[u8] = if name.ends_with("extensions") { b",;" } else { b"," };
            let count = |value: &&[u8]| value.iter().filter(|b| separators.contains(b)).count() + 1;
            if all(name).iter().map(count).sum::<usize>() > 128 {
                return None;
            }
        }
        if one("sec-websocket-version")? != b"13" {
            return None;
        }
        let mut subprotocols = Vec::new();
        for value in all("sec-websocket-protocol") {
            let before = subprotocols.len();
            for name in elements(value, b',') {
                if !is_token(name) || subprotocols.contains(&name) {
                    return None;
                }
                subprotocols.push(name);
            }
            if subprotocols.len() == before {
                return None;
            }
        }
        let mut extensions = Vec::new();
        for value in all("sec-websocket-extensions") {
            extensions.extend(extension_names(value)?);
        }
        let origins = all("origin");
        if origins.len() > 1 || origins.iter().any(|origin| !origin.is_ascii()) {
            return None;
        }
        let key = one("sec-websocket-key").filter(|key| accept::is_key(key));
        Some(Self { path, origin: origins.first().copied(), subprotocols, extensions, key })
    }
}

/// Whether names, values and their order are sound.
pub(crate) fn is_section(fields: &[Field<'_>], pseudo: &[&str]) -> bool {
    let mut seen = Vec::new();
    let mut is_regular = false;
    for (name, value) in fields {
        if !is_value(value) {
            return false;
        }
        if pseudo.iter().any(|known| known.as_bytes() == *name) {
            if is_regular || seen.contains(name) || value.is_empty() {
                return false;
            }
            seen.push(*name);
            continue;
        }
        is_regular = true;
        if !is_name(name) || is_connection_specific(name, value) {
            return false;
        }
    }
    true
}

fn is_token(name: &[u8]) -> bool {
    let is_delimiter = |byte: &u8| b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && !is_delimiter(byte))
}

pub(crate) fn is_name(name: &[u8]) -> bool {
    is_token(name) && name.to_ascii_lowercase() == name
}

pub(crate) fn is_value(value: &[u8]) -> bool {
    let is_space = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
    !is_space(value.first())
        && !is_space(value.last())
        && value.iter().all(|byte| *byte == b'\t' || *byte >= 0x20 && *byte != 0x7f)
}

pub(crate) fn is_connection_specific(name: &[u8], value: &[u8]) -> bool {
    let names = ["connection", "upgrade", "transfer-encoding", "keep-alive", "proxy-connection"];
    names.iter().any(|other| other.as_bytes() == name)
        || name == b"te" && !value.eq_ignore_ascii_case(b"trailers")
}

/// The elements of a list that are not empty.
fn elements(value: &[u8], separator: u8) -> Vec<&[u8]> {
    let parts = value.split(|byte| *byte == separator).map(trim);
    parts.filter(|part| !part.is_empty()).collect()
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// RFC 6455, section 9.1: no comma and no semicolon stands in a quoted value, because it is a token.
pub(crate) fn extension_names(value: &[u8]) -> Option<Vec<&[u8]>> {
    let list = elements(value, b',');
    if list.is_empty() || value.split(|byte| *byte == b',').count() > 32 {
        return None;
    }
    list.into_iter()
        .map(|extension| {
            let mut parts = extension.split(|byte| *byte == b';').map(trim);
            let name = parts.next().filter(|name| is_token(name))?;
            let parameters: Vec<_> = parts.collect();
            let are_sound = parameters.len() <= 32 && parameters.into_iter().all(is_parameter);
            are_sound.then_some(name)
        })
        .collect()
}

fn is_parameter(parameter: &[u8]) -> bool {
    let Some(at) = parameter.iter().position(|byte| *byte == b'=') else {
        return is_token(parameter);
    };
    let (name, value) = (trim(&parameter[..at]), trim(&parameter[at + 1..]));
    is_token(name)
        && match value {
            [b'"', quoted @ .., b'"'] => {
                let mut rest = quoted;
                let mut unescaped = Vec::new();
                while let [b'\\', byte, after @ ..] | [byte, after @ ..] = rest {
                    unescaped.push(*byte);
                    rest = after;
                }
                is_token(&unescaped)
            }
            token => is_token(token),
        }
}

/// A host in one spelling, and its port.
fn authority(value: &[u8], usual: u16) -> Option<(String, u16)> {
    let text = str::from_utf8(value).ok().filter(|text| text.len() <= 512)?;
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        let address: std::net::Ipv6Addr = address.parse().ok()?;
        let port = if after.is_empty() { "" } else { after.strip_prefix(':')? };
        (address.to_string(), port)
    } else {
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        // A comma is allowed by the grammar, and not here.
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_allowed) {
            return None;
        }
        for after in name.split('%').skip(1) {
            let digits = after.as_bytes().get(..2)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
        }
        (name.to_ascii_lowercase(), port)
    };
    let digits = port.trim_start_matches('0');
    let port = match port {
        "" => usual,
        _ if digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        _ => digits.parse().ok().filter(|port| *port > 0)?,
    };
    Some((host, port))
}
